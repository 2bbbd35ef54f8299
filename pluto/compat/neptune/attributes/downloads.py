"""Writing stored files to where users want them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol

from pluto.compat.neptune.exceptions import FetchAttributeNotFoundException
from pluto.compat.neptune.internal.backends.utils import construct_progress_bar

if TYPE_CHECKING:
    from pluto.compat.attributes import RunAttributes, StoredFile
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["download_file", "download_file_set", "download_stored", "download_zip", "the_only"]

Save = Callable[["StoredFile", Path], Any]
_SMALL_BYTES: Final = 1 << 20
"""Files below are written without showing a bar."""


class Reader(Protocol):
    """What is needed of an `AttributeReader`."""

    def files(self, run: RunAttributes, path: str) -> list[StoredFile]:
        """The files of an attribute."""

    def download(self, file: StoredFile, destination: Path) -> Path:
        """Writes one of them to exactly this place."""


def download_file(
    reader: Reader, run: RunAttributes, path: str, destination: str | None, progress_bar: ProgressBarType | None
) -> None:
    """Writes the file of a File attribute, as its `download` does."""
    download_stored(reader.download, the_only(reader.files(run, path), path), destination, progress_bar)


def download_file_set(
    reader: Reader, run: RunAttributes, path: str, destination: str | None, progress_bar: ProgressBarType | None
) -> None:
    """Writes the files of a FileSet attribute, as its `download` does."""
    download_zip(reader.download, reader.files(run, path), path, destination, progress_bar)


def the_only(files: Sequence[StoredFile], path: str) -> StoredFile:
    """The one file of an attribute. Raises `FetchAttributeNotFoundException` where it has none."""
    if not files:
        raise FetchAttributeNotFoundException(path)
    return files[-1]


def download_stored(
    save: Save, file: StoredFile, destination: str | None, progress_bar: ProgressBarType | None
) -> None:
    """Writes a file to `destination`, or into it where that is a folder (None: the current one).

    Its name is the last part of the path it was logged under, with its extension.
    """
    last = file.path.rsplit("/", 1)[-1]
    target = _target(destination, f"{last}.{file.extension}" if file.extension else last)
    with construct_progress_bar(False if file.size < _SMALL_BYTES else progress_bar, f"Fetching {target.name}") as bar:
        save(file, target)
        bar.update(by=file.size, total=file.size)


def download_zip(
    save: Save,
    files: Sequence[StoredFile],
    path: str,
    destination: str | None,
    progress_bar: ProgressBarType | None,
) -> None:
    """Writes files as one ZIP archive, with entries for the folders they lie in, to a place as `download_stored`."""
    import tempfile
    import zipfile

    target = _target(destination, path.rsplit("/", 1)[-1] + ".zip")
    total = sum(file.size for file in files)
    folders = {"/", *(f"{folder}/" for file in files for folder in _folders(file.name))}
    with (
        construct_progress_bar(False if total < _SMALL_BYTES else progress_bar, f"Fetching {target.name}") as bar,
        tempfile.TemporaryDirectory(prefix=".pluto-", dir=target.parent) as scratch,
    ):
        archive = Path(scratch, "archive")
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
            for folder in sorted(folders):
                written.writestr(folder, b"")
            for file in files:
                content = Path(scratch, "content")
                save(file, content)
                written.write(content, file.name)
                bar.update(by=file.size, total=total)
        os.replace(archive, target)


def _target(destination: str | None, name: str) -> Path:
    target = Path(destination or ".")
    return target / name if destination is None or target.is_dir() else target


def _folders(name: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(name).parents if str(parent) not in (".", "/")]
