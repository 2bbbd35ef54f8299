"""A set of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pluto.compat.neptune.internal.utils import verify_collection_type, verify_type
from pluto.compat.neptune.types.value import Value

__all__ = ["FileSet"]


class FileSet(Value):
    """Files and folders, by their paths or patterns (`**` goes deep)."""

    def __init__(self, file_globs: str | Iterable[str]) -> None:
        verify_type("file_globs", file_globs, (str, Iterable))
        if isinstance(file_globs, str):
            file_globs = [file_globs]
        else:
            verify_collection_type("file_globs", file_globs, str)
        self.file_globs: list[str] = list(file_globs)

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_file_set`."""
        return visitor.visit_file_set(self)

    def __str__(self) -> str:
        return f"FileSet({self.file_globs})"
