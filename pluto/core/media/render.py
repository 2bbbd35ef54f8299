"""Media records → files. Runs in the uploader, never in the training process.

Each form of content (`records.Media.form`) has a function here that writes one file:

| form | content | becomes |
|---|---|---|
| `file` | a file's bytes | the same |
| `pixels` | an array: `shape`, `dtype`, `axes` | PNG |
| `mask` | a byte of class id a pixel: `shape` | PNG, class ids in the red channel |
| `samples` | an array: `shape`, `dtype`, `channels_first`, `rate` | WAV |
| `frames` | an array: `shape`, `dtype`, `axes`, `rate`, `format` | MP4, WebM or GIF |
"""

from __future__ import annotations

import json
import math
import mimetypes
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pluto.core.media.names import extension_of, safe_name
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.core.media.pixels import Numbers

_MIME: Final = {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".heic": "image/heic",
    ".webm": "video/webm",
    ".flac": "audio/flac",
}


class RenderError(ValueError):
    """The content can't be made a file, now or ever. An `OSError` (disk full) may be tried again."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A file ready to be sent."""

    path: Path
    """In the output folder; content that is a file already stays where it is."""
    file_name: str
    """The name it shall have, with extension: one harmless path component."""
    file_type: str
    """Extension without dot, or `mask`."""
    mime: str
    caption: str | None
    annotations: str | None
    """JSON text."""
    metadata: str | None
    """JSON text."""


def render(media: records.Media, blob_path: Path | None, out_dir: Path) -> list[Rendered]:
    """The files of a media record; what is made for it lies in `out_dir` under names nobody else has.

    `blob_path` is where the record's blob lies, None if its content is inline. Raises `RenderError` if this can never
    become a file, and `OSError` where reading or writing failed.
    """
    if media.form != "file" and media.form not in _WRITERS:
        raise RenderError(f"{media.form!r} is no form of content that this version knows")
    if media.inline is None and blob_path is None:
        raise RenderError("there is no content")
    if media.form == "file":
        extension = extension_of(media.file_name)
        path = blob_path if media.inline is None else _inline(media.inline, extension, out_dir)
        assert path is not None
    else:
        extension, write = _WRITERS[media.form](media)
        path = _new_file(out_dir, extension)
        try:
            values = _array(media, blob_path)
            write(values, path)
        except BaseException as error:
            path.unlink(missing_ok=True)
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise RenderError(f"{media.file_name}: {type(error).__name__}: {error}") from error
            raise
    name = safe_name(media.file_name)
    if not name.lower().endswith(extension):
        name = safe_name(media.file_name + extension)
    return [
        Rendered(
            path=path,
            file_name=name,
            file_type=str(media.parameters.get("file_type") or extension[1:]),
            mime=_MIME.get(extension) or mimetypes.guess_type(name)[0] or "application/octet-stream",
            caption=media.caption,
            annotations=json.dumps(media.annotations) if media.annotations else None,
            metadata=json.dumps(media.metadata) if media.metadata else None,
        )
    ]


def _new_file(out_dir: Path, extension: str) -> Path:
    handle, path = tempfile.mkstemp(suffix=extension, dir=out_dir)
    os.close(handle)
    return Path(path)


def _inline(content: bytes, extension: str, out_dir: Path) -> Path:
    path = _new_file(out_dir, extension)
    path.write_bytes(content)
    return path


def _array(media: records.Media, blob_path: Path | None) -> Numbers:
    """The values, mapped from disk where they lie there: nothing is read before it is needed."""
    import numpy

    shape = tuple(int(n) for n in media.parameters["shape"])
    dtype = numpy.dtype(str(media.parameters.get("dtype", "|u1")))
    if dtype.hasobject:
        raise ValueError("objects are no values")
    content = blob_path if media.inline is None else media.inline
    assert content is not None
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    if not shape or min(shape) < 1 or math.prod(shape) * dtype.itemsize != size:
        raise ValueError(f"{size} bytes are no array of {shape} {dtype}")
    if len(media.parameters.get("axes", shape)) != len(shape):
        raise ValueError(f"{media.parameters['axes']} are not the axes of {shape}")
    if isinstance(content, bytes):
        return numpy.frombuffer(content, dtype).reshape(shape)
    return numpy.memmap(content, dtype, "r", shape=shape)


Write = Callable[["Numbers", Path], None]


def _pixels(media: records.Media) -> tuple[str, Write]:
    def write(values: Numbers, path: Path) -> None:
        from PIL import Image

        from pluto.core.media.pixels import channels_last, grid, to_bytes

        axes = str(media.parameters["axes"])
        pixels = channels_last(values, axes)
        if "N" in axes:
            pixels = grid(pixels)
        grey = pixels.shape[-1] == 1
        if grey and values.dtype.str[1:] == "u2":  # the one kind of 16 bits that PNG and Pillow both have
            pixels = pixels.astype("<u2")
        else:
            pixels = to_bytes(values)(pixels)
        Image.fromarray(pixels[..., 0] if grey else pixels).save(path, "PNG")

    return ".png", write


def _mask(_: records.Media) -> tuple[str, Write]:
    def write(values: Numbers, path: Path) -> None:
        import numpy
        from PIL import Image

        rgb = numpy.zeros((*values.shape, 3), numpy.uint8)
        rgb[..., 0] = values
        Image.fromarray(rgb).save(path, "PNG")

    return ".png", write


def _samples(media: records.Media) -> tuple[str, Write]:
    def write(values: Numbers, path: Path) -> None:
        from pluto.core.media.sound import write_wav

        if media.parameters["channels_first"]:
            values = values.T
        write_wav(values if values.ndim == 2 else values.reshape(-1, 1), int(media.parameters["rate"]), path)

    return ".wav", write


def _frames(media: records.Media) -> tuple[str, Write]:
    from pluto.core.media.movie import best_format, write_movie

    form = str(media.parameters.get("format") or best_format())

    def write(values: Numbers, path: Path) -> None:
        write_movie(values, str(media.parameters["axes"]), float(media.parameters["rate"]), form, path)

    return f".{form}", write


_WRITERS: Final[dict[str, Callable[[records.Media], tuple[str, Write]]]] = {
    "pixels": _pixels,
    "mask": _mask,
    "samples": _samples,
    "frames": _frames,
}
