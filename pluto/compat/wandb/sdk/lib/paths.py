"""Paths within runs and artifacts: relative, with slashes, on every system."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any

StrPath = str | os.PathLike[str]
FilePathStr = str
URIStr = str


class LogicalPath(str):
    """A path with slashes that is a text, and a `PurePosixPath` for all that a text can't do."""

    __slots__ = ()

    def __new__(cls, path: Any) -> LogicalPath:
        """`path` is a text, bytes, or a path of any kind."""
        if isinstance(path, LogicalPath):
            return super().__new__(cls, path)
        if hasattr(path, "as_posix"):
            return super().__new__(cls, str(PurePosixPath(path.as_posix())))
        text = os.fsdecode(path)
        if os.sep == "\\":
            text = text.replace("\\", "/")
        return super().__new__(cls, str(PurePosixPath(PurePath(text).as_posix())))

    def to_path(self) -> PurePosixPath:
        """The path as a path."""
        return PurePosixPath(self)

    def __getattr__(self, name: str) -> Any:
        try:
            found = getattr(self.to_path(), name)
        except AttributeError:
            raise AttributeError(f"{type(self).__qualname__!r} has no attribute {name!r}") from None
        if isinstance(found, PurePosixPath):
            return LogicalPath(found)
        if not callable(found):
            return found

        @wraps(found)
        def method(*args: Any, **kwargs: Any) -> Any:
            given = found(*args, **kwargs)
            return LogicalPath(given) if isinstance(given, PurePosixPath) else given

        return method

    def __truediv__(self, other: Any) -> LogicalPath:
        return LogicalPath(self.to_path() / LogicalPath(other))


def validate_relpath(path: StrPath) -> LogicalPath:
    """A path that stays where it is put. Raises `ValueError` for one that is absolute or climbs out."""
    found = LogicalPath(path)
    parts = PurePosixPath(found).parts
    outside = PurePosixPath(found).is_absolute() or PureWindowsPath(found).is_absolute() or PureWindowsPath(found).drive
    if not parts or outside or ".." in parts or "\0" in found:
        raise ValueError(f"Invalid path: {path!r}")
    return found


def validate_fspath(root: StrPath, relpath: StrPath) -> FilePathStr:
    """The path of a file below `root`. Raises `ValueError` for one that would be elsewhere."""
    return os.path.join(os.fspath(root), validate_relpath(relpath))
