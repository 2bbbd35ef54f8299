"""What users hand over as content: paths, bytes and open files; and what bytes are, by their first few."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Final

from pluto.core.data.arrays import as_numpy

Array = tuple[bytes, dict[str, Any]]
"""Raw values in C order, and the parameters that say what they are."""


def existing_file(path: str | os.PathLike[str], what: str) -> Path:
    """The absolute path of a regular file that is there. Raises `FileNotFoundError` or `ValueError` naming `what`."""
    found = Path(path).expanduser().absolute()
    if not found.exists():
        raise FileNotFoundError(f"{what}: there is no file {str(path)!r}")
    if not found.is_file():
        raise ValueError(f"{what}: {str(path)!r} is not a regular file")
    return found


def content_of(value: Any, what: str) -> bytes | Path | None:
    """The bytes of bytes and open files (a `BytesIO` as a whole), the path of a path, None for anything else."""
    if isinstance(value, (str, os.PathLike)):
        return existing_file(value, what)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, io.BytesIO):
        return value.getvalue()
    if isinstance(value, io.IOBase) or (hasattr(value, "read") and hasattr(value, "seek")):
        content = value.read()
        return content.encode() if isinstance(content, str) else bytes(content)
    return None


def raw_array(value: Any, what: str) -> Array:
    """The values of an array, copied: what happens to it afterwards has no effect."""
    array = as_numpy(value, what)
    if array.size == 0:
        raise ValueError(f"{what}: the array of shape {array.shape} is empty")
    return array.tobytes(), {"shape": list(array.shape), "dtype": array.dtype.str}


IMAGE: Final = {".png", ".jpg", ".gif", ".webp", ".bmp", ".tiff", ".avif", ".heic", ".ico", ".svg"}
AUDIO: Final = {".wav", ".mp3", ".ogg", ".flac", ".m4a", ".aac"}
VIDEO: Final = {".mp4", ".webm", ".gif", ".ogg", ".avi", ".mov", ".mpg"}

_BRANDS = {b"avif": ".avif", b"avis": ".avif", b"heic": ".heic", b"mif1": ".heic", b"M4A ": ".m4a", b"qt  ": ".mov"}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"BM", ".bmp"),
    (b"II*\x00", ".tiff"),
    (b"MM\x00*", ".tiff"),
    (b"\x00\x00\x01\x00", ".ico"),
    (b"ID3", ".mp3"),
    (b"OggS", ".ogg"),
    (b"fLaC", ".flac"),
    (b"\x1aE\xdf\xa3", ".webm"),
    (b"\x00\x00\x01\xba", ".mpg"),
)
_RIFF = {b"WAVE": ".wav", b"WEBP": ".webp", b"AVI ": ".avi"}


def extension_by_content(content: bytes) -> str:
    """The extension, with its dot, that belongs to the content; empty if it is not known."""
    head = content[:512]
    if head[:4] in (b"RIFF", b"RF64"):
        return _RIFF.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], ".mp4")
    for start, extension in _STARTS:
        if head.startswith(start):
            return extension
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return ".aac"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return ".mp3"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!--")) and b"<svg" in content[:4096]:
        return ".svg"
    return ""


def media_extension(content: bytes, known: set[str], what: str) -> str:
    """The extension of encoded media of one sort. Raises `ValueError` for bytes that are none of them."""
    extension = extension_by_content(content)
    if extension not in known:
        names = ", ".join(sorted(name[1:] for name in known))
        raise ValueError(f"{what}: these bytes are none of {names}; log other content as a File")
    return extension
