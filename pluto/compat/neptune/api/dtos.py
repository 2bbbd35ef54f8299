"""What a file set holds."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

__all__ = ["FileEntry"]


@dataclass
class FileEntry:
    """A file or folder of a set."""

    name: str
    size: int | None
    """Bytes; None for a folder."""
    mtime: datetime.datetime
    """When it was stored, UTC; of a folder, the newest file in it."""
    file_type: str
    """`file` or `directory`."""

    @classmethod
    def from_dto(cls, file_dto: Any) -> FileEntry:
        """The entry that something with `name`, `size`, `mtime` and `fileType` stands for."""
        return cls(file_dto.name, file_dto.size, file_dto.mtime, file_dto.fileType)
