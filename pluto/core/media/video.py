"""Moving pictures."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

from pluto.core.data.arrays import is_array
from pluto.core.media.base import File, no_more
from pluto.core.media.content import VIDEO, content_of, media_extension, raw_array

FORMATS = ("mp4", "webm", "gif")


class Video(File):
    """A video.

    `data` is a path, encoded bytes (MP4, WebM, GIF, OGG, AVI, MOV, MPG) or an open binary file, kept as they are; or
    frames as a numpy array or torch tensor: (T, C, H, W) or (T, H, W, C) with 1, 3 or 4 channels (alpha is left out),
    (T, H, W) for grey, or a batch of the first two, which becomes a grid. Where both would fit, the channels come
    first. Values are read as for `Image`. Frames are taken as they are now, and encoded later, in another process.

    `rate` (or `fps`) is the number of frames a second, for frames only. `format` is `mp4`, `webm` or `gif`: for
    frames, what to make of them (MP4 and WebM need the extra `video`; without `format` it is MP4 where that is
    installed, else GIF); for bytes, what they are.

    A moviepy clip has to be written to a file first (`clip.write_videofile(path)`), and the path given.

    Raises `TypeError`, `ValueError` or `FileNotFoundError`, naming the field, for what is none of this, and
    `ImportError` where the extra is missing.
    """

    tag = "Video"

    def __init__(
        self, data: Any, rate: float = 30, caption: str | None = None, format: str | None = None, **kwargs: Any
    ) -> None:
        rate = kwargs.pop("fps", rate)
        no_more(kwargs, self.tag)
        if isinstance(rate, bool) or not math.isfinite(rate) or not 0 < rate <= 1000:
            raise ValueError(f"Video rate: 0 to 1000 frames a second, not {rate!r}")
        if format is not None and format not in FORMATS:
            raise ValueError(f"Video format: {', '.join(FORMATS)}, not {format!r}")
        content = content_of(data, "Video data")
        if isinstance(content, Path):
            self._hold(content, caption=caption)
        elif content is not None:
            extension = f".{format}" if format else media_extension(content, VIDEO, "Video data")
            self._hold(content, extension=extension, caption=caption)
        elif is_array(data):
            if format in ("mp4", "webm") and importlib.util.find_spec("av") is None:
                raise ImportError(
                    f"Video format {format!r} needs PyAV: pip install 'pluto-ml[video]', or use format='gif'"
                )
            frames, parameters = raw_array(data, "Video data")
            parameters["axes"] = _axes(parameters["shape"])
            parameters["rate"] = float(rate)
            if format:
                parameters["format"] = format
            extension = f".{format}" if format else ""
            self._hold(frames, extension=extension, caption=caption, form="frames", parameters=parameters)
        elif hasattr(data, "write_videofile"):
            raise TypeError("Video data: write the clip to a file with write_videofile(path), and give the path")
        else:
            raise TypeError(
                f"Video data: a path, bytes, an open file, an array or a tensor is needed, not {type(data).__name__}"
            )


def _axes(shape: list[int]) -> str:
    """What the dimensions are: of `N` videos, `T`ime, `H`eight, `W`idth, `C`hannels."""
    if len(shape) == 3:
        return "THW"
    if len(shape) in (4, 5):
        batch = "N" if len(shape) == 5 else ""
        for axes in ("TCHW", "THWC"):
            if shape[-4:][axes.index("C")] in (1, 3, 4):
                return batch + axes
    raise ValueError(
        f"Video data: the shape is {tuple(shape)}; (T, C, H, W), (T, H, W, C) or (T, H, W) is needed, with 1, 3 or 4 "
        "channels, or a batch of the first two"
    )
