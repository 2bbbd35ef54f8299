"""A field of type File."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune.attributes.atoms.atom import Atom
from pluto.compat.neptune.attributes.downloads import download_stored, the_only
from pluto.compat.neptune.internal.types.file_types import FileType
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.types.atoms.file import File as FileVal

if TYPE_CHECKING:
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["File"]


class File(Atom):
    """A file."""

    def assign(self, value: FileVal, *, wait: bool = False) -> None:
        """Sets it, as it is now. Raises `TypeError` for what is no `neptune.types.File`."""
        verify_type("value", value, FileVal)
        with _at_hand(value) as file:
            self._perform(lambda fields: fields.upload(self._name, file), wait=wait)

    def upload(self, value: Any, *, wait: bool = False) -> None:
        """Sets it to what `File.create_from` makes of the value."""
        self.assign(FileVal.create_from(value), wait=wait)

    def download(self, destination: str | None = None, progress_bar: ProgressBarType | None = None) -> None:
        """Writes it to `destination`, or into it where that is a folder; None: the current one."""
        verify_type("destination", destination, (str, type(None)))
        file = the_only(self._backend.files(self._name), self._name)
        download_stored(self._backend.save, file, destination, progress_bar)

    def fetch_extension(self) -> str:
        """The extension, without a dot; may be empty."""
        return the_only(self._backend.files(self._name), self._name).extension


@contextlib.contextmanager
def _at_hand(file: FileVal) -> Iterator[FileVal]:
    """The file with a content that can be read more than once, and a path that a change of folder does not affect."""
    if file.file_type is FileType.LOCAL_FILE:
        yield FileVal.from_path(os.path.abspath(file.path), extension=file.extension)
    elif file.file_type is FileType.STREAM:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="pluto-") as folder:
            path = os.path.join(folder, "stream")
            file._save(path)
            yield FileVal.from_path(path, extension=file.extension)
    else:
        yield file
