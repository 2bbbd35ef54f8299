"""What kinds of attributes there are, and the values of those that hold one value."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias


class AttributeKind(str, enum.Enum):
    """What an attribute is. The values are the type names of Neptune's query client, where it has one."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    DATETIME = "datetime"
    STRING_SET = "string_set"
    FILE = "file"
    FILE_SET = "file_set"
    FLOAT_SERIES = "float_series"
    STRING_SERIES = "string_series"
    FILE_SERIES = "file_series"
    HISTOGRAM_SERIES = "histogram_series"
    ARTIFACT = "artifact"
    GIT_REF = "git_ref"
    RUN_STATE = "run_state"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class GitCommit:
    """Where a repository stood."""

    commit: str
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    date: datetime | None = None
    dirty: bool = False
    branch: str | None = None
    remotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """A file that is referred to, and not kept."""

    path: str
    """Relative to what was tracked."""
    hash: str
    kind: str
    """`Local` or `S3`."""
    metadata: tuple[tuple[str, str], ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class TrackedFiles:
    """What an artifact refers to. As an atom it is read without its files; `AttributeReader.tracked` gives them."""

    hash: str
    files: tuple[TrackedFile, ...] = ()
    size: int | None = None


Atom: TypeAlias = bool | int | float | str | datetime | frozenset[str] | GitCommit | TrackedFiles
"""The value of an attribute that holds one. Its Python type tells the kind; datetimes are aware, and read as UTC."""

SERIES: Final = frozenset({
    AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES, AttributeKind.FILE_SERIES, AttributeKind.HISTOGRAM_SERIES,
})  # fmt: skip
FILES: Final = frozenset({AttributeKind.FILE, AttributeKind.FILE_SET, AttributeKind.FILE_SERIES})
ATOMS: Final = frozenset(AttributeKind) - SERIES - FILES
