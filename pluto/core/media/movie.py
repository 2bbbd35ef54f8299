"""Frames → MP4, WebM or GIF, a frame at a time. Imported by the uploader only: it needs numpy."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pluto.core.media.pixels import channels_last, grid, to_bytes

if TYPE_CHECKING:
    from pluto.core.media.pixels import Bytes, Numbers

_CODECS = {"mp4": ("libx264", "libopenh264", "h264", "mpeg4"), "webm": ("libvpx-vp9", "libvpx")}


def best_format() -> str:
    """What frames become when nobody said: MP4 where the encoder is installed, else GIF."""
    return "mp4" if importlib.util.find_spec("av") is not None else "gif"


def write_movie(values: Numbers, axes: str, rate: float, form: str, path: Path) -> None:
    """Writes the frames as a movie of the given format."""
    frames = _frames(values, axes)
    if form == "gif":
        _write_gif(frames, rate, path)
    else:
        _write_video(frames, rate, form, path)


def _frames(values: Numbers, axes: str) -> Iterator[Bytes]:
    """The frames as (H, W, 3) pixels."""
    convert = to_bytes(values)
    time = axes.index("T")
    for i in range(values.shape[time]):
        frame = channels_last(np.take(values, i, axis=time), axes.replace("T", ""))
        if "N" in axes:
            frame = grid(frame, width=max(1, round(len(frame) ** 0.5)))
        pixels = convert(frame)
        yield np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else np.ascontiguousarray(pixels[..., :3])


def _write_gif(frames: Iterator[Bytes], rate: float, path: Path) -> None:
    from PIL import Image

    images = (Image.fromarray(frame).quantize(256) for frame in frames)
    first = next(images)
    # GIF counts in hundredths of a second, and viewers slow down what is shorter than two of them.
    duration = max(20, round(100 / rate) * 10)
    first.save(path, "GIF", save_all=True, append_images=images, duration=duration, loop=0)


def _write_video(frames: Iterator[Bytes], rate: float, form: str, path: Path) -> None:
    try:
        import av
    except ImportError:
        raise ImportError(f"{form} needs PyAV: pip install 'pluto-ml[video]', or use format='gif'") from None
    codec = next((name for name in _CODECS[form] if name in av.codecs_available), None)
    if codec is None:
        raise ImportError(f"this build of PyAV has no encoder for {form}; use format='gif'")
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=Fraction(rate).limit_denominator(1001))
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            if not number:
                height, width = frame.shape[:2]
                stream.width, stream.height = width + width % 2, height + height % 2
            # Its colours are stored for 2×2 pixels at once: the last row or column is doubled where one is missing.
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
            for packet in stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
