"""Reading parts: batches of rows of one run, sorted by what kind of attribute they belong to."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter.columns import Integers, codes

BROKEN: Final = (
    ValueError, KeyError, IndexError, TypeError, OverflowError, NotImplementedError, OSError, MemoryError, EOFError,
)  # fmt: skip
"""What comes of damaged files: Parquet's own exceptions are kinds of these."""
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_ROWS: Final = 1 << 16
_BYTES: Final = 16 << 20
"""A batch is about as big at most."""
_NAMED: Final = ("project_id", "run_id", "attribute_path", "attribute_type")
_TEXTS: Final = (*_NAMED, "string_value", "string_set_value", "file_value", "histogram_value.type")
"""What is read as numbers of the different texts in it: one that comes a million times takes its room once."""
_PROJECT, _RUN, _PATH, _TYPE = _NAMED


class Rows:
    """Rows of one run and one kind of attribute."""

    def __init__(self, batch: Any, paths: Integers, names: list[str], where: str) -> None:
        self._batch = batch
        self._paths = paths
        self._names = names
        self.where = where
        """The part, and the place in it, for messages."""

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    def column(self, name: str) -> Any:
        """A column; one without values where the part has none of the name."""
        at = self._batch.schema.get_field_index(name)
        if at >= 0:
            return self._batch.column(at)
        import pyarrow as pa

        return pa.nulls(len(self))

    @property
    def paths(self) -> list[str]:
        """The path of the attribute of each row."""
        return [self._names[code] for code in self._paths.tolist()]

    def groups(self) -> Iterator[tuple[str, Integers | slice]]:
        """The paths, each with the places of its rows, in order."""
        if not len(self._paths):
            return
        bounds = _bounds(self._paths)
        order: Integers | None = None
        ordered = self._paths
        if len(np.unique(ordered[bounds[:-1]])) < len(bounds) - 1:
            order = np.argsort(self._paths, kind="stable")
            ordered = self._paths[order]
            bounds = _bounds(ordered)
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield self._names[ordered[start]], slice(start, end) if order is None else order[start:end]


@contextlib.contextmanager
def parquet_file(path: Path) -> Iterator[Any]:
    """An open part. Raises `SourceError` for a file that is none, or damaged."""
    from pyarrow import parquet

    with contextlib.ExitStack() as opened:
        try:
            # Paths that are no UTF-8 are none to pyarrow.
            file = opened.enter_context(open(path, "rb"))
            plain = parquet.ParquetFile(file)
            columns = set(plain.schema_arrow.names)
            leaves = [plain.schema.column(at).path for at in range(len(plain.schema.names))]
            small = [leaf for leaf in leaves if leaf.startswith(_TEXTS)]
            file.seek(0)
            part = opened.enter_context(parquet.ParquetFile(file, read_dictionary=small))
        except BROKEN as error:
            raise SourceError(f"can't be read: {_first_line(error)}") from None
        lacking = [name for name in _NAMED if name not in columns]
        if lacking:
            raise SourceError(f"is no part of an export: it has no column {', '.join(lacking)}")
        yield part


def batches(path: Path, problems: Problems) -> Iterator[tuple[Any, str]]:
    """Record batches of a part, each with its place; what can't be read is noted, and passed over by row groups."""
    with contextlib.ExitStack() as opened:
        try:
            part = opened.enter_context(parquet_file(path))
            groups = part.metadata.num_row_groups
        except SourceError as error:
            problems.note(path, str(error))
            return
        for group in range(groups):
            where = f"{path}, row group {group}"
            rows = _row_group(part, group)
            while True:
                try:
                    batch = next(rows, None)
                except BROKEN as error:
                    problems.note(where, f"can't be read on: {_first_line(error)}")
                    break
                if batch is None:
                    break
                yield batch, where


def _row_group(part: Any, group: int) -> Iterator[Any]:
    # What is known of single columns is not asked for: where that is damaged, asking ends the process.
    facts = part.metadata.row_group(group)
    width = max(1, facts.total_byte_size // max(1, facts.num_rows))
    yield from part.iter_batches(max(1, min(_ROWS, _BYTES // width)), row_groups=[group], use_threads=False)


def ids(batch: Any) -> tuple[str, str] | None:
    """Project and run of a batch's first row."""
    found = []
    for name in (_PROJECT, _RUN):
        numbers, names = codes(batch.column(name))
        if not len(numbers) or numbers[0] < 0:
            return None
        found.append(names[numbers[0]])
    return found[0], found[1]


def by_kind(batch: Any, where: str, run: tuple[str, str], problems: Problems) -> Iterator[tuple[str, Rows]]:
    """The rows of a run, kind by kind. Rows of other runs, and such without a path, are noted.

    Raises one of `BROKEN` where it can't be told whose rows these are, and of which attributes.
    """
    foreign = np.zeros(batch.num_rows, np.bool_)
    for name, expected in zip((_PROJECT, _RUN), run, strict=True):
        numbers, names = codes(batch.column(name))
        fitting = [number for number, text in enumerate(names) if text == expected]
        foreign |= ~np.isin(numbers, fitting)
    paths, path_names = codes(batch.column(_PATH))
    kinds, kind_names = codes(batch.column(_TYPE))
    nameless = np.asarray([not name.strip("/") for name in path_names] + [True], np.bool_)[paths] & ~foreign
    for flags, what in ((foreign, "rows of another run"), (nameless, "rows without the path of an attribute")):
        if flags.any():
            problems.note(where, f"{int(flags.sum())} {what}: left out")
    out = foreign | nameless
    for code in np.unique(kinds[~out]).tolist():
        places = np.flatnonzero((kinds == code) & ~out)
        if len(places) == batch.num_rows:
            rows = batch
        elif int(places[-1]) - int(places[0]) + 1 == len(places):
            rows = batch.slice(int(places[0]), len(places))
        else:
            rows = batch.take(places)
        yield kind_names[code] if code >= 0 else "", Rows(rows, paths[places], path_names, where)


def raise_if_full(error: BaseException) -> None:
    """Raises the error again where it is that the disk takes no more: nothing is wrong with what was read then."""
    if isinstance(error, OSError) and error.errno in _FULL:
        raise error


def _bounds(numbers: Integers) -> Integers:
    """Where a number begins that is another than the one before, and the end."""
    return np.concatenate(([0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1, [len(numbers)])).astype(np.int64)


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
