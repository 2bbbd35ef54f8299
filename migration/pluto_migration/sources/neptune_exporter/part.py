"""One part: a Parquet file, read a bounded number of rows at a time, whatever it says of itself."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from pluto_migration.source import SourceError

if TYPE_CHECKING:
    from typing_extensions import Self

BROKEN: Final = (
    ValueError, KeyError, IndexError, TypeError, OverflowError, NotImplementedError, OSError, MemoryError, EOFError,
)  # fmt: skip
"""What comes of damaged files: Parquet's own exceptions are kinds of these."""
NAMED: Final = ("project_id", "run_id", "attribute_path", "attribute_type")
"""Columns that every part has."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_ROWS: Final = 1 << 16
_BYTES: Final = 16 << 20
"""A batch is about as big at most,"""
_TEXT_BYTES: Final = 64 << 20
"""and its texts no bigger than this, if each were the longest."""
_FEW: Final = (*NAMED, "string_set_value", "histogram_value.type")
"""What is read as numbers of the different texts in it: one that comes a million times takes its room once."""
_MANY: Final = ("string_value", "file_value.path")
"""What is read as it is, since its texts differ. Those that come often are written once, and tell how long they get."""


class Part:
    """An open part. Raises `SourceError` for a file that is none, or damaged."""

    def __init__(self, path: Path) -> None:
        from pyarrow import parquet

        with contextlib.ExitStack() as opened:
            try:
                # Paths that are no UTF-8 are none to pyarrow.
                file = opened.enter_context(open(path, "rb"))
                plain = parquet.ParquetFile(file)
                columns = set(plain.schema_arrow.names)
                leaves = [plain.schema.column(at).path for at in range(len(plain.schema.names))]
                self._few = parquet.ParquetFile(file, read_dictionary=_of(leaves, _FEW))
                self._many = _of(leaves, _MANY)
                self._probe = parquet.ParquetFile(file, read_dictionary=self._many)
                self.groups = int(plain.metadata.num_row_groups)
            except BROKEN as error:
                raise SourceError(f"can't be read: {first_line(error)}") from None
            lacking = [name for name in NAMED if name not in columns]
            if lacking:
                raise SourceError(f"is no part of an export: it has no column {', '.join(lacking)}")
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def rows(self, group: int, columns: list[str] | None = None) -> Iterator[Any]:
        """Record batches of a row group; of some columns, or of all. Raises one of `BROKEN`."""
        # What is known of single columns is not asked for: where that is damaged, asking ends the process.
        facts = self._few.metadata.row_group(group)
        width = max(1, facts.total_byte_size // max(1, facts.num_rows))
        size = max(1, min(_ROWS, _BYTES // width, _TEXT_BYTES // self._longest(group)))
        yield from self._few.iter_batches(size, row_groups=[group], columns=columns, use_threads=False)

    def _longest(self, group: int) -> int:
        """Bytes of the longest text among those that are written once for all of a row group; 1 at least."""
        import pyarrow.compute as compute

        longest = 1
        if not self._many:
            return longest
        for batch in self._probe.iter_batches(1, row_groups=[group], columns=self._many, use_threads=False):
            for column in batch.columns:
                texts = column.field(0) if hasattr(column, "field") else column
                if hasattr(texts, "dictionary"):
                    found = compute.max(compute.binary_length(texts.dictionary)).as_py()
                    longest = max(longest, found or 1)
            break
        return longest


def first_line(error: BaseException) -> str:
    """What is wrong, in a line."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__


def raise_if_full(error: BaseException) -> None:
    """Raises the error again where it is that the disk takes no more: nothing is wrong with what was read then."""
    if isinstance(error, OSError) and error.errno in _FULL:
        raise error


def _of(leaves: list[str], names: tuple[str, ...]) -> list[str]:
    return [leaf for leaf in leaves if leaf in names or leaf.startswith(tuple(f"{name}." for name in names))]
