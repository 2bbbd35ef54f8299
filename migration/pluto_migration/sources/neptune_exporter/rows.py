"""The rows of a part: those of one run, sorted by the kind of attribute they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_exporter.columns import Integers, codes
from pluto_migration.sources.neptune_exporter.part import BROKEN, NAMED, Part, first_line

_PROJECT, _RUN, _PATH, _TYPE = NAMED


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


def batches(path: Path, problems: Problems) -> Iterator[tuple[Any, str]]:
    """Record batches of a part, each with its place; what can't be read is noted, and passed over by row groups."""
    try:
        part = Part(path)
    except SourceError as error:
        problems.note(path, str(error))
        return
    with part:
        for group in range(part.groups):
            where = f"{path}, row group {group}"
            rows = part.rows(group)
            while True:
                try:
                    batch = next(rows, None)
                except BROKEN as error:
                    problems.note(where, f"can't be read on: {first_line(error)}")
                    break
                if batch is None:
                    break
                yield batch, where


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


def _bounds(numbers: Integers) -> Integers:
    """Where a number begins that is another than the one before, and the end."""
    return np.concatenate(([0], np.flatnonzero(numbers[1:] != numbers[:-1]) + 1, [len(numbers)])).astype(np.int64)
