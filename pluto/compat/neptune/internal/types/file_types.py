"""The three forms of a file: a path, content in memory, a stream."""

from __future__ import annotations

import enum
import io
import os
from typing import Any

from pluto.compat.neptune.exceptions import NeptuneException, StreamAlreadyUsedException
from pluto.compat.neptune.internal.utils import verify_type

__all__ = ["FileComposite", "FileType", "InMemoryComposite", "LocalFileComposite", "StreamComposite"]


class FileType(enum.Enum):
    """The form."""

    LOCAL_FILE = "LOCAL_FILE"
    IN_MEMORY = "IN_MEMORY"
    STREAM = "STREAM"


class FileComposite:
    """A file of some form. What a form does not have raises `NeptuneException`."""

    file_type: FileType

    def __init__(self, extension: str) -> None:
        verify_type("extension", extension, str)
        self._extension = extension

    @property
    def extension(self) -> str:
        """The extension, without a dot; may be empty."""
        return self._extension

    @property
    def path(self) -> str:
        """Where it lies."""
        raise NeptuneException(f"a File of form {self.file_type.value} has no path")

    @property
    def content(self) -> bytes:
        """What is in it."""
        raise NeptuneException(f"a File of form {self.file_type.value} has no content at hand")

    def save(self, path: str) -> None:  # noqa: ARG002  for those that have a content
        """Writes the content to a file."""
        raise NeptuneException(f"a File of form {self.file_type.value} is a file already")


class LocalFileComposite(FileComposite):
    """A file on disk."""

    file_type = FileType.LOCAL_FILE

    def __init__(self, path: str, extension: str | None = None) -> None:
        super().__init__(extension or os.path.splitext(path)[1][1:])
        self._path = path

    @property
    def path(self) -> str:
        """Where it lies."""
        return self._path

    def __str__(self) -> str:
        return f"File(path={self._path})"


class InMemoryComposite(FileComposite):
    """Bytes, or a text that becomes UTF-8."""

    file_type = FileType.IN_MEMORY

    def __init__(self, content: str | bytes, extension: str | None = None) -> None:
        text = isinstance(content, str)
        super().__init__(extension or ("txt" if text else "bin"))
        self._content = content.encode() if isinstance(content, str) else content

    @property
    def content(self) -> bytes:
        """What is in it."""
        return self._content

    def save(self, path: str) -> None:
        """Writes the content to a file."""
        with open(path, "wb") as file:
            file.write(self._content)

    def __str__(self) -> str:
        return "File(content=...)"


class StreamComposite(FileComposite):
    """A stream, which is read once: a second time raises `StreamAlreadyUsedException`."""

    file_type = FileType.STREAM

    def __init__(self, stream: Any, seek: int | None = 0, extension: str | None = None) -> None:
        verify_type("stream", stream, io.IOBase)
        verify_type("extension", extension, (str, type(None)))
        if seek is not None and stream.seekable():
            stream.seek(seek)
        super().__init__(("txt" if isinstance(stream, io.TextIOBase) else "bin") if extension is None else extension)
        self._stream = stream
        self._read = False

    def _chunk(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        return data.encode() if isinstance(data, str) else bytes(data or b"")

    def _once(self) -> None:
        if self._read:
            raise StreamAlreadyUsedException
        self._read = True

    @property
    def content(self) -> bytes:
        """The rest of the stream."""
        self._once()
        return self._chunk()

    def save(self, path: str) -> None:
        """Writes the rest of the stream to a file."""
        self._once()
        with open(path, "wb") as file:
            while chunk := self._chunk(io.DEFAULT_BUFFER_SIZE):
                file.write(chunk)

    def __str__(self) -> str:
        return f"File(stream={self._stream})"
