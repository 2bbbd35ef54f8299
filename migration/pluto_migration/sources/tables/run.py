"""One run of one or several tables: a file, or the rows of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from pluto_migration.model import POINTS_AT_ONCE, Facts, Item, Points, Texts
from pluto_migration.source import Problems, SourceRun, fingerprint_of
from pluto_migration.sources.tables.columns import Column, Floats, Kind, Mask
from pluto_migration.sources.tables.piece import Piece, TableFile
from pluto_migration.sources.tables.roles import ROWS, Roles, Said
from pluto_migration.sources.tables.times import times_of, unit_of

_EXAMPLES: Final = 20
"""Cells of a column that are named one by one where they are no numbers."""


@dataclass(frozen=True, slots=True)
class Part:
    """What a file has of a run."""

    file: TableFile
    roles: Roles
    pieces: frozenset[int] | None = None
    """Which pieces have rows of it; None: all rows are its own."""
    share: float = 1.0
    """Of the file's rows."""


class TableRun(SourceRun):
    """Rows of tables. Without a column of times all is of the time that the user says, else of 1970."""

    def __init__(self, project: str, id: str, parts: Sequence[Part], said: Said) -> None:
        self.project, self.id, self.path = project, id, parts[0].file.path
        self._parts = parts
        self._said = said

    @property
    def name(self) -> str:
        """The id."""
        return self.id

    @property
    def created(self) -> int | None:
        """What the user says; None otherwise, and so the time of the first value."""
        return self._said.created

    @property
    def fingerprint(self) -> str:
        """Of the files, and of all that the user says of them."""
        return fingerprint_of({part.file.path for part in self._parts}, *sorted(self._said.settings.items()))

    @property
    def size(self) -> int:
        """Its share of the files."""
        return int(sum(part.file.path.stat().st_size * part.share for part in self._parts))

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:  # noqa: ARG002
        """Points and texts as they come, file after file."""
        reading = _Reading(self.id, self._said, problems)
        for part in self._parts:
            yield from reading.part(part)
        yield Facts(status="unknown", ended=reading.last)


class _Reading:
    """What has to be remembered from piece to piece, so that a column is always of one kind."""

    def __init__(self, run: str, said: Said, problems: Problems) -> None:
        self._run = run
        self._said = said
        self._problems = problems
        self._kinds: dict[str, Kind] = dict.fromkeys(said.texts, "text")
        self._unit = said.unit
        self._told: dict[str, set[str]] = {}
        self._rows = 0
        self._before = said.created or 0
        """The time of the row before."""
        self._again = False
        """Whether the rows are gone through for further columns: what there is to say of them is said."""
        self.last: int | None = None

    def part(self, part: Part) -> Iterator[Item]:
        """What a file has of the run."""
        roles, file = part.roles, part.file
        named = (roles.run, roles.step, roles.time, roles.metric, roles.value)
        own = [name for name in dict.fromkeys(named) if name and name != ROWS]
        others = [name for name in file.names() if name not in own]
        if roles.time is None and self._said.created is None:
            self._problems.note(
                file.path, "it has no column of times: all is of 1970, unless --set created=… says better"
            )
        if roles.form == "long":
            for name in others:
                self._problems.note(file.path, f"column {name!r} has no meaning in the long form: it is left out")
            others = []
        before = self._rows, self._before
        width = file.at_once or len(others) or 1
        for start in range(0, len(others) or 1, width):
            (self._rows, self._before), self._again = before, start > 0
            for piece in file.pieces(self._problems, [*own, *others[start : start + width]], part.pieces):
                if part.pieces is not None and roles.run is not None:
                    piece = piece.taken(piece.columns[roles.run].equal(self._run))
                if piece.rows:
                    yield from self._piece(piece, roles, file.path)
        self._again = False

    def _piece(self, piece: Piece, roles: Roles, where: Path) -> Iterator[Item]:
        steps, finite = self._steps(piece, roles, where)
        times, told = self._times(piece, roles, where)
        if told.any():
            latest = int(times[told & finite].max(initial=times[told][0]))
            self.last = latest if self.last is None else max(self.last, latest)
        if roles.form == "wide":
            own = {roles.run, roles.step, roles.time}
            for name, column in piece.columns.items():
                if name not in own:
                    yield from self._column(name, column, steps, times, finite, where, name)
            return
        names = np.array([name or "" for name in piece.columns[roles.metric].texts()], dtype=object)
        if (names == "").any():
            self._problems.note(where, "rows without a metric's name are left out")
        for name in dict.fromkeys(names.tolist()):
            if name:
                rows: Mask = names == name
                column = piece.columns[roles.value].taken(rows)
                yield from self._column(name, column, steps[rows], times[rows], finite[rows], where, roles.value)

    def _steps(self, piece: Piece, roles: Roles, where: Path) -> tuple[Floats, Mask]:
        """The steps of the rows, and which rows have one."""
        if roles.step == ROWS:
            first, self._rows = self._rows, self._rows + piece.rows
            return np.arange(first, self._rows, dtype=np.float64), np.ones(piece.rows, bool)
        steps, valid, junk = piece.columns[roles.step].numbers()
        self._note(where, roles.step, [] if self._again else junk, "no step: its row is left out")
        finite = valid & np.isfinite(steps)
        if int(finite.sum()) + len(junk) < piece.rows and not self._again:
            self._problems.note(where, "rows without a step are left out")
        return steps, finite

    def _times(self, piece: Piece, roles: Roles, where: Path) -> tuple[Any, Mask]:
        """The times of the rows; one that is none has that of the row before."""
        if roles.time is None:
            return np.full(piece.rows, self._before, np.int64), np.zeros(piece.rows, bool)
        column = piece.columns[roles.time]
        if self._unit is None and column.kind == "number":
            values, valid, _ = column.numbers(rounded=True)
            self._unit = unit_of(values[valid])
        times, valid, junk = times_of(column, self._unit)
        self._note(where, roles.time, [] if self._again else junk, "no time")
        if not valid.all():
            if not self._again:
                self._problems.note(where, "rows without a time have that of the row before")
            last = np.maximum.accumulate(np.where(valid, np.arange(piece.rows), -1))
            times = np.where(last >= 0, times[np.maximum(last, 0)], self._before)
        self._before = int(times[-1])
        return times, valid

    def _column(
        self, name: str, column: Column, steps: Any, times: Any, finite: Mask, where: Path, told_as: str
    ) -> Iterator[Item]:
        kind = self._kinds.get(name) or column.kind
        if kind == "none":
            return
        self._kinds[name] = kind
        if kind == "other":
            self._problems.note(where, f"column {name!r} holds neither numbers nor texts: it is left out")
        elif kind == "number":
            values, valid, junk = column.numbers()
            self._note(where, told_as, junk, "no number that can be kept")
            wanted = valid & finite
            if not wanted.all():
                steps, times, values = steps[wanted], times[wanted], values[wanted]
            for start in range(0, len(steps), POINTS_AT_ONCE):
                part = slice(start, start + POINTS_AT_ONCE)
                yield Points(name, steps[part], times[part], values[part])
        else:
            cells = column.texts()
            rows = [row for row in np.flatnonzero(finite).tolist() if cells[row] is not None]
            if rows:
                yield Texts(name, steps[rows].tolist(), times[rows].tolist(), [cells[row] or "" for row in rows])

    def _note(self, where: Path, column: str, cells: list[str], what: str) -> None:
        told = self._told.setdefault(column, set())
        for cell in cells:
            if cell in told or len(told) < _EXAMPLES:
                told.add(cell)
                self._problems.note(where, f"column {column!r}: {cell[:100]!r} is {what}")
            else:
                self._problems.note(where, f"column {column!r}: further cells are {what}")
