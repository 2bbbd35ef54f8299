"""A piece of a table, and files that give them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from pluto_migration.source import Problems
from pluto_migration.sources.tables.columns import Column, Mask


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows, one behind the other."""

    number: int
    """Which piece of the file it is; the same whenever it is read."""
    rows: int
    columns: Mapping[str, Column]

    def taken(self, rows: Mask) -> Piece:
        """Some of the rows."""
        if rows.all():
            return self
        return Piece(self.number, int(rows.sum()), {name: one.taken(rows) for name, one in self.columns.items()})


class TableFile(ABC):
    """A file with a table. Cheap to make, and to send to another process."""

    at_once: int | None = None
    """Columns that are read at once, where each takes memory of its own and can be read alone; None: all."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Its columns. Raises `SourceError` where it can't be read."""

    @abstractmethod
    def pieces(
        self, problems: Problems, columns: Collection[str] | None = None, wanted: AbstractSet[int] | None = None
    ) -> Iterator[Piece]:
        """Its rows in order: with all columns or some, all pieces or those of these numbers.

        What can't be read is noted. Raises `SourceError` where nothing can.
        """


def unlike(names: Sequence[str]) -> list[str]:
    """The names, each once and none empty: the same one again gets a number."""
    found: dict[str, None] = {}
    for place, name in enumerate(names):
        whole = name or f"column {place + 1}"
        other, count = whole, 1
        while other in found:
            other, count = f"{whole}.{count}", count + 1
        found[other] = None
    return list(found)
