"""Files as calls hand them over, ready for the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.neptune_scale.sync.parameters import MAX_FILE_DESTINATION_LENGTH, MAX_FILE_MIME_TYPE_LENGTH
from pluto.compat.neptune_scale.sync.values import Intake
from pluto.compat.neptune_scale.types import File
from pluto.compat.neptune_scale.util import get_logger

if TYPE_CHECKING:
    from pluto.core.media import File as StoredFile

__all__ = ("guess_mime_type_from_bytes", "guess_mime_type_from_file", "prepared")

DEFAULT_MIME_TYPE: Final = "application/octet-stream"

_TYPES: Final = {
    ".yaml": "application/yaml", ".yml": "application/yaml", ".r": "text/x-r", ".md": "text/markdown",
    ".ipynb": "application/x-ipynb+json", ".sql": "application/x-sql", ".webp": "image/webp",
}  # fmt: skip
"""Extensions that Python may not know."""

_SIGNATURES: Final[tuple[tuple[int, bytes, str], ...]] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"%PDF", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (257, b"ustar", "application/x-tar"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/x-matroska"),
    (8, b"WAVE", "audio/x-wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/x-flac"),
    (0, b"OggS", "audio/ogg"),
)
"""Where in a file which bytes tell its type."""
_HEAD_BYTES: Final = 262


def prepared(files: dict[str, Any], intake: Intake) -> dict[str, StoredFile]:
    """The files that can be kept, by path. Those that can't be read are left out with a warning."""
    found = {}
    for path, given in intake.files(files).items():
        try:
            file = given if isinstance(given, File) else File(given)
            if not isinstance(file.source, (str, bytes, Path)):
                raise TypeError(f"a path or bytes are needed, not {type(file.source).__name__}")
            destination = None if file.destination is None else str(file.destination)
            mime = file.mime_type or _mime_type(file.source, destination)
            if destination is not None and len(destination) > MAX_FILE_DESTINATION_LENGTH:
                intake.refuse(f"A destination has at most {MAX_FILE_DESTINATION_LENGTH} characters (`{path}`)")
            elif len(mime) > MAX_FILE_MIME_TYPE_LENGTH:
                intake.refuse(f"A MIME type has at most {MAX_FILE_MIME_TYPE_LENGTH} characters (`{path}`)")
            else:
                found[path] = _kept(file, mime, destination)
        except (OSError, TypeError, ValueError, AttributeError) as error:
            get_logger().warning("Skipping file attribute `%s`: %s", path, error)
    return found


def guess_mime_type_from_file(local_path: Path | str, destination: str | None = None) -> str:
    """What a file is, by its name, else the name it shall have, else its first bytes. Raises `OSError`."""
    with open(local_path, "rb") as file:  # says what is wrong with a path that can't be read
        head = file.read(_HEAD_BYTES)
    return _by_name(local_path) or guess_mime_type_from_bytes(head, destination)


def guess_mime_type_from_bytes(data: bytes, destination: str | None = None) -> str:
    """What content is, by the name it shall have, else its first bytes."""
    named = None if destination is None else _by_name(destination)
    if named:
        return named
    for offset, mark, mime in _SIGNATURES:
        if data[offset : offset + len(mark)] == mark:
            return mime
    return DEFAULT_MIME_TYPE


def _by_name(name: Path | str) -> str | None:
    import mimetypes

    return mimetypes.guess_type(name)[0] or _TYPES.get(Path(name).suffix.lower())


def _mime_type(source: str | Path | bytes, destination: str | None) -> str:
    guess = guess_mime_type_from_bytes if isinstance(source, bytes) else guess_mime_type_from_file
    return guess(source, destination)  # type: ignore[arg-type]


def _kept(file: File, mime: str, destination: str | None) -> StoredFile:
    from pluto.core.media import File as StoredFile

    name = None if destination is None else Path(destination).name
    if name is None and isinstance(file.source, bytes):
        import mimetypes

        name = f"content{mimetypes.guess_extension(mime) or ''}"
    facts: dict[str, Any] = {"mime_type": mime}
    if file.size is not None:
        facts["size"] = int(file.size)
    if destination is not None:
        facts["destination"] = destination
    return StoredFile(file.source, name, metadata=facts)
