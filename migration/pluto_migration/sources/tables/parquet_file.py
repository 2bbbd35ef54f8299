"""Parquet files, read a few thousand rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.tables.columns import Arrow
from pluto_migration.sources.tables.piece import Piece, TableFile, unlike

_CELLS: Final = 4 << 20
"""Cells that are held at once."""
_BUFFER_BYTES: Final = 1 << 16
"""Of each column: without it all of a row group lies in memory, compressed."""
_MOST_ROWS: Final = 1 << 16
_FEWEST_ROWS: Final = 256


class ParquetFile(TableFile):
    """A Parquet file. Its pieces are parts of its row groups. Fields of structs are columns of their own."""

    at_once = 32

    def names(self) -> Sequence[str]:
        """Those of structs with their fields, a dot between."""
        with self._opened() as file:
            return unlike([name for field in file.schema_arrow for name in _flat(field)])

    def pieces(
        self, problems: Problems, columns: Collection[str] | None = None, wanted: AbstractSet[int] | None = None
    ) -> Iterator[Piece]:
        """A row group that can't be read is noted, and the others are."""
        import pyarrow as pa

        with self._opened() as file:
            names = unlike([name for field in file.schema_arrow for name in _flat(field)])
            outer = None
            if columns is not None:
                outer = [f.name for f in file.schema_arrow if any(name in columns for name in _flat(f))]
            rows = max(_FEWEST_ROWS, min(_MOST_ROWS, _CELLS // max(1, min(len(names), self.at_once))))
            end, last = 0, None if wanted is None else max(wanted, default=-1)
            for group in range(file.num_row_groups):
                begin, end = end, end - (-file.metadata.row_group(group).num_rows // rows)
                if wanted is not None and wanted.isdisjoint(range(begin, end)):
                    continue
                try:
                    batches = file.iter_batches(rows, row_groups=[group], columns=outer)
                    for number, batch in enumerate(batches, begin):
                        if wanted is None or number in wanted:
                            yield _piece(number, batch, columns)
                        if number == last:
                            return
                except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
                    problems.note(self.path, f"the rest of row group {group} can't be read: {_short(error)}")

    def _opened(self) -> Any:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise SourceError("Parquet files need pyarrow: pip install 'pluto-ml[migrate]'") from error
        try:
            return pq.ParquetFile(self.path, buffer_size=_BUFFER_BYTES)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise SourceError(f"{self.path} can't be read: {_short(error)}") from error


def _piece(number: int, batch: Any, columns: Collection[str] | None) -> Piece:
    import pyarrow as pa

    table = pa.Table.from_batches([batch])
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    found = {
        name: Arrow(table.column(place))
        for place, name in enumerate(unlike(table.column_names))
        if columns is None or name in columns
    }
    return Piece(number, table.num_rows, dict(found))


def _flat(field: Any) -> Iterator[str]:
    import pyarrow as pa

    if not pa.types.is_struct(field.type):
        yield field.name
        return
    for inner in field.type:
        for name in _flat(inner):
            yield f"{field.name}.{name}"


def _short(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
