"""A field of type FileSet."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pluto.compat.neptune.api.dtos import FileEntry
from pluto.compat.neptune.attributes.attribute import Attribute
from pluto.compat.neptune.attributes.downloads import download_zip
from pluto.compat.neptune.exceptions import FileSetNotFound
from pluto.compat.neptune.internal.utils import verify_collection_type, verify_type
from pluto.compat.neptune.types.file_set import FileSet as FileSetVal

if TYPE_CHECKING:
    from pluto.compat.attributes import StoredFile
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["FileSet"]


class FileSet(Attribute):
    """Files by their relative paths."""

    def assign(self, value: FileSetVal | str | Iterable[str], *, wait: bool = False) -> None:
        """Puts what the paths or patterns match in the place of what is in it."""
        verify_type("value", value, (FileSetVal, str, Iterable))
        if isinstance(value, FileSetVal):
            value = value.file_globs
        self._upload(self._patterns("value", value), anew=True, wait=wait)

    def upload_files(self, globs: str | Iterable[str], *, wait: bool = False) -> None:
        """Adds what the paths or patterns match: files, and folders with all below; one of a name is replaced.

        They are called by their path within the folder they have in common (the current one, if that is below it).
        """
        self._upload(self._patterns("globs", globs), anew=False, wait=wait)

    def delete_files(self, paths: str | Iterable[str], *, wait: bool = False) -> None:
        """Removes files and folders, by their paths within the set."""
        names = set(self._patterns("paths", paths))
        self._perform(lambda fields: fields.remove_from_set(self._name, names), wait=wait)

    def download(self, destination: str | None = None, progress_bar: ProgressBarType | None = None) -> None:
        """Writes all as a ZIP archive to `destination`, or into it where that is a folder; None: the current one."""
        verify_type("destination", destination, (str, type(None)))
        download_zip(self._backend.save, self._backend.files(self._name), self._name, destination, progress_bar)

    def list_fileset_files(self, path: str | None = None) -> list[FileEntry]:
        """What is at the top of the set, or in the folder `path` of it. Raises `FileSetNotFound`."""
        inside = "" if not path else path.strip("/") + "/"
        files = [file for file in self._backend.files(self._name) if file.name.startswith(inside)]
        if inside and not files:
            raise FileSetNotFound(self._name, path or "")
        return _entries(files, inside)

    def _upload(self, patterns: Sequence[str], *, anew: bool, wait: bool) -> None:
        absolute = [os.path.abspath(pattern) for pattern in patterns]
        self._perform(lambda fields: fields.upload_set(self._name, absolute, anew=anew), wait=wait)

    @staticmethod
    def _patterns(name: str, given: str | Iterable[str]) -> list[str]:
        if isinstance(given, str):
            return [given]
        verify_collection_type(name, given, str)
        return list(given)


def _entries(files: Sequence[StoredFile], inside: str) -> list[FileEntry]:
    entries: dict[str, FileEntry] = {}
    for file in files:
        name, slash, _ = file.name[len(inside) :].partition("/")
        changed = dt.datetime.fromtimestamp(file.time / 1_000_000, dt.timezone.utc)
        if not slash:
            entries[name] = FileEntry(name, file.size, changed, "file")
        elif name not in entries or entries[name].mtime < changed:
            entries[name] = FileEntry(name, None, changed, "directory")
    return sorted(entries.values(), key=lambda entry: (entry.file_type, entry.name))
