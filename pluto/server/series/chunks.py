"""Chunks: the points of one metric in sealed columns, in the order logged, and how small ones become large ones."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import zstandard

from pluto.server.series.blocks import Block, join
from pluto.server.series.cells import CELL, Cells, Positions, by_step, cells
from pluto.server.series.columns import decode_floats, decode_integers, encode_floats, encode_integers, zstd
from pluto.server.series.contract import Damaged, Floats, Integers

FULL: Final = 16_384
"""Points of a chunk that is left as it is."""
LEVEL_POINTS: Final = 256
"""Points in a cell of a chunk's coarser level; the chunk's own cell is the level above."""
LEVEL_FROM: Final = 1_024
"""Points from which a chunk has a coarser level."""
FAN: Final = 4
"""This many chunks of about one size become one, so a point is written again log4(FULL) times at most."""


Axis: TypeAlias = tuple[bytes, bytes]
"""Encoded steps and times. Metrics logged in one row have it in common."""


@dataclass(frozen=True, slots=True)
class Column:
    """Points of one metric, in the order logged."""

    steps: Floats
    times: Integers
    values: Floats

    def __len__(self) -> int:
        return len(self.steps)

    @classmethod
    def room(cls, count: int) -> Column:
        """A column to be filled."""
        return cls(np.empty(count), np.empty(count, np.int64), np.empty(count))

    def put(self, other: Column) -> None:
        """Takes over points of another column, of equal length."""
        self.steps[:], self.times[:], self.values[:] = other.steps, other.times, other.values

    def part(self, which: slice | Positions | npt.NDArray[np.bool_]) -> Column:
        """Some of the points."""
        return Column(self.steps[which], self.times[which], self.values[which])

    def in_step_order(self) -> Column:
        """The points by step, then time, then as logged."""
        order = by_step(self.steps, self.times)
        return self if order is None else self.part(order)


def concatenate(columns: Sequence[Column]) -> Column:
    """The columns one behind the other."""
    if len(columns) == 1:
        return columns[0]
    return Column(
        np.concatenate([column.steps for column in columns]) if columns else np.empty(0),
        np.concatenate([column.times for column in columns]) if columns else np.empty(0, np.int64),
        np.concatenate([column.values for column in columns]) if columns else np.empty(0),
    )


def fold(db: sqlite3.Connection, blocks: Sequence[Block]) -> None:
    """Puts the points of `blocks` behind the chunks there are."""
    # Metrics of the same rows share their steps and times, which are then encoded once.
    blocks = join(blocks)
    where: dict[int, list[tuple[int, int]]] = {}
    for at, block in enumerate(blocks):
        for row, name in enumerate(block.names.tolist()):
            where.setdefault(name, []).append((at, row))
    axes = [_axis(Column(block.steps, block.times, block.values[0])) for block in blocks]
    for name, places in where.items():
        parts = [Column(blocks[at].steps, blocks[at].times, blocks[at].values[row]) for at, row in places]
        if len(places) == 1:
            _append(db, name, parts[0], axes[places[0][0]])
        else:
            orders = np.concatenate([blocks[at].orders for at, _ in places])
            _append(db, name, concatenate(parts).part(np.argsort(orders, kind="stable")), None)


def merge_small(db: sqlite3.Connection) -> None:
    """Makes neighbours that are not full into as few chunks as can be, for the whole run."""
    crowded = db.execute("SELECT name FROM chunk WHERE count < ? GROUP BY name HAVING count(*) > 1", (FULL,)).fetchall()
    for (name,) in crowded:
        run: list[tuple[int, int]] = []
        sizes = db.execute("SELECT first, count FROM chunk WHERE name = ? ORDER BY first", (name,)).fetchall()
        for first, count in [*sizes, (0, FULL)]:
            if count < FULL:
                run.append((first, count))
                continue
            if len(run) > 1:
                _write(db, name, run[0][0], _take(db, name, run), None)
            run = []


def _append(db: sqlite3.Connection, name: int, column: Column, axis: Axis | None) -> None:
    last = db.execute(
        "SELECT first, count FROM chunk WHERE name = ? ORDER BY first DESC LIMIT ?", (name, 8 * FAN)
    ).fetchall()
    first = sum(last[0]) if last else 0
    absorbed, total = 0, len(column)
    while True:
        alike = 0
        for _, count in last[absorbed:]:
            if count >= min(FULL, FAN * total):
                break
            alike += 1
        if alike < FAN - 1:
            break
        total += sum(count for _, count in last[absorbed : absorbed + alike])
        absorbed += alike
    if absorbed:
        taken = _take(db, name, last[absorbed - 1 :: -1])
        first, column, axis = last[absorbed - 1][0], concatenate([taken, column]), None
    _write(db, name, first, column, axis)


def _take(db: sqlite3.Connection, name: int, places: Sequence[tuple[int, int]]) -> Column:
    """Neighbouring chunks out of the file, in the order logged."""
    span = (name, places[0][0], places[-1][0])
    taken = Column.room(sum(count for _, count in places))
    read(db, *span, taken)
    db.execute("DELETE FROM chunk WHERE name = ? AND first BETWEEN ? AND ?", span)
    return taken


def _write(db: sqlite3.Connection, name: int, first: int, column: Column, axis: Axis | None) -> None:
    """Writes chunks. `axis` is the column's, where it is known already."""
    rows = []
    for start in range(0, len(column), FULL):
        part = column.part(slice(start, start + FULL))
        steps, times = axis if axis and len(part) == len(column) else _axis(part)
        ordered = part.in_step_order()
        cell = cells(ordered.steps, ordered.times, ordered.values, np.zeros(1, np.intp))
        rows.append(
            (name, first + start, len(part), cell.tobytes(), _levels(ordered), steps, times, encode_floats(part.values))
        )
    db.executemany(
        "INSERT INTO chunk (name, first, count, cell, levels, steps, times, vals) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
    )


def _axis(column: Column) -> Axis:
    return encode_floats(column.steps), encode_integers(column.times)


def _levels(ordered: Column) -> bytes | None:
    if len(ordered) < LEVEL_FROM or not np.isfinite(ordered.steps).all():
        return None
    level = cells(ordered.steps, ordered.times, ordered.values, np.arange(0, len(ordered), LEVEL_POINTS))
    # Field by field, so that like lies beside like.
    return zstd.compress(b"".join(np.ascontiguousarray(level[field]).tobytes() for field in _FIELDS))


_FIELDS: Final = CELL.names or ()


def read(db: sqlite3.Connection, name: int, first: int, last: int, out: Column) -> None:
    """Fills `out` with the chunks whose first points lie from `first` to `last` in the order logged."""
    rows = db.execute(
        "SELECT count, steps, times, vals FROM chunk WHERE name = ? AND first BETWEEN ? AND ? ORDER BY first",
        (name, first, last),
    )
    at = 0
    try:
        for count, steps, times, values in rows:
            part = out.part(slice(at, at + count))
            decode_floats(steps, part.steps)
            decode_integers(times, part.times)
            decode_floats(values, part.values)
            at += count
        if at != len(out):
            raise ValueError(f"{at} points where {len(out)} should be")
    except (ValueError, KeyError, struct.error, zstandard.ZstdError) as error:
        raise Damaged(f"a chunk of points can't be read: {error}") from error


def read_level(db: sqlite3.Connection, name: int, first: int) -> Cells | None:
    """The coarser level of a chunk, if it has one."""
    row = db.execute("SELECT count, levels FROM chunk WHERE name = ? AND first = ?", (name, first)).fetchone()
    if row is None or row[1] is None:
        return None
    count = -(-row[0] // LEVEL_POINTS)
    try:
        data = zstd.decompress(row[1])
    except zstandard.ZstdError as error:
        raise Damaged(f"a chunk of points can't be read: {error}") from error
    level = np.empty(count, CELL)
    for at, field in enumerate(_FIELDS):
        level[field] = np.frombuffer(data, CELL[field], count, at * count * 8)
    return level
