"""The files of an export: row groups, and columns of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pluto_migration.source import Problems, SourceError

STEP: Final = "_step"
BROKEN: Final = (ValueError, KeyError, IndexError, TypeError, OverflowError, NotImplementedError, OSError, MemoryError,
                 EOFError)  # fmt: skip
"""What comes of damaged files: Parquet's own exceptions are kinds of these."""
_MOST_ROWS: Final = 1 << 27
"""Rows of the biggest row group that is believed."""
_ROWS_PER_BYTE: Final = 64
"""Times and values differ, so that a row takes some room, however well a file is packed."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A row group of a part."""

    part: int
    number: int
    rows: int
    first: float
    last: float


class Parts:
    """The parts of one run, open."""

    def __init__(self, paths: Sequence[Path], problems: Problems) -> None:
        """Raises `SourceError` where none of them can be read."""
        self.paths = list(paths)
        self.damaged: set[tuple[int, int]] = set()
        """Parts and row groups of which not all columns could be read."""
        self._problems = problems
        self._open = ExitStack()
        self._files: dict[int, Any] = {}
        self._sizes = {number: path.stat().st_size for number, path in enumerate(self.paths)}
        reasons = []
        for number, path in enumerate(self.paths):
            try:
                self._files[number] = self._opened(path)
            except SourceError as error:
                problems.note(path, str(error))
                reasons.append(f"{path}: {error}")
        if not self._files:
            self._open.close()
            raise SourceError("; ".join(reasons[:3]))

    def close(self) -> None:
        """Closes the files."""
        self._open.close()

    @property
    def columns(self) -> list[str]:
        """The names of all columns, in the order of the files."""
        names = [name for file in self._files.values() for name in file.schema_arrow.names]
        return list(dict.fromkeys(names))

    def groups(self) -> Iterator[Group]:
        """All row groups whose steps can be read."""
        for part, file in self._files.items():
            for number in range(file.metadata.num_row_groups):
                facts = file.metadata.row_group(number)
                if not facts.num_rows:
                    continue
                if facts.num_rows > _MOST_ROWS or facts.num_rows > _ROWS_PER_BYTE * self._sizes[part]:
                    self.note(part, number, f"says that it has {facts.num_rows} rows, which is not believed")
                    continue
                table = self._read(part, number, [STEP])
                if table is None:
                    continue
                steps, valid = numbers(table.column(STEP))
                if len(steps) != facts.num_rows:
                    self.note(part, number, f"says that it has {facts.num_rows} rows, and has {len(steps)} steps")
                    continue
                if not valid.all():
                    self.note(part, number, f"{int((~valid).sum())} rows without a step are left out")
                if valid.any():
                    yield Group(part, number, len(steps), float(steps[valid].min()), float(steps[valid].max()))

    def read(self, group: Group, columns: Sequence[str]) -> dict[str, Any]:
        """Columns of a row group by name, as arrays of Arrow, as far as it has them and they can be read."""
        names = set(self._files[group.part].schema_arrow.names)
        wanted = [name for name in columns if name in names]
        if not wanted:
            return {}
        table = self._read(group.part, group.number, wanted, quietly=len(wanted) > 1)
        if table is None:
            if len(wanted) == 1:
                return {}
            each: dict[str, Any] = {}
            for name in wanted:
                each |= self.read(group, [name])
            return each
        found = {name: table.column(table.schema.get_field_index(name)).combine_chunks() for name in wanted}
        for name in [name for name, array in found.items() if not _has(array, group.rows)]:
            self.damaged.add((group.part, group.number))
            self.note(group.part, group.number, f"{name!r} has another number of rows")
            del found[name]
        return found

    def note(self, part: int, group: int, what: str) -> None:
        """Notes a problem with a row group."""
        self._problems.note(f"{self.paths[part]}, row group {group}", what)

    def _opened(self, path: Path) -> Any:
        from pyarrow import parquet

        try:
            # Paths that are no UTF-8 are none to pyarrow.
            raw = self._open.enter_context(path.open("rb"))
            file = self._open.enter_context(parquet.ParquetFile(raw))
            names = file.schema_arrow.names
        except BROKEN as error:
            raise SourceError(f"can't be read: {_first_line(error)}") from None
        if STEP not in names:
            raise SourceError(f"has no column {STEP}, and so is no history of W&B; the source `parquet` reads others")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SourceError(f"has several columns of the name {twice[0]!r}")
        return file

    def _read(self, part: int, group: int, columns: Sequence[str], *, quietly: bool = False) -> Any:
        try:
            table = self._files[part].read_row_group(group, columns=list(columns), use_threads=False)
            table.validate(full=True)
        except BROKEN as error:
            if not quietly:
                self.damaged.add((part, group))
                self.note(part, group, f"{', '.join(map(repr, columns))} can't be read: {_first_line(error)}")
            return None
        return table


def numbers(array: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """The values of a column of numbers as doubles, and which there are; of any other column none."""
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    valid = np.asarray(array.is_valid().to_numpy(zero_copy_only=False), bool)
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_decimal(array.type)):
        return np.zeros(len(array)), np.zeros(len(array), bool)
    # Half floats go through numpy: Arrow does not convert all of them.
    if pa.types.is_decimal(array.type):
        array = array.cast(pa.float64(), safe=False)
    zero = pa.scalar(0).cast(array.type) if not pa.types.is_float16(array.type) else pa.scalar(np.float16(0))
    return np.asarray(array.fill_null(zero).to_numpy(zero_copy_only=False), np.float64), valid


def _has(array: Any, rows: int) -> bool:
    """Whether a column, and all fields of it, have as many rows."""
    import pyarrow as pa

    if len(array) != rows:
        return False
    return not pa.types.is_struct(array.type) or all(_has(inner, rows) for inner in array.flatten())


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__
