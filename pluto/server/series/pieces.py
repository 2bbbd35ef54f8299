"""The pieces a metric lies in: its chunks, and what of it is in the tail."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from pluto.server.series import blocks, chunks
from pluto.server.series.cells import CELL, Cells, Positions, cells
from pluto.server.series.chunks import Column, concatenate
from pluto.server.series.contract import Integers


@dataclass(frozen=True, slots=True)
class Pieces:
    """Where a metric's points are, in the order logged."""

    db: sqlite3.Connection
    name: int
    firsts: Integers
    """Place of each piece's first point in the order logged."""
    cells: Cells
    loose: dict[int, Column]
    """Pieces that are in memory, by position in `cells`: the tail, the last of them."""

    def column(self, which: list[int]) -> Column:
        """The points of some pieces, given by rising position, one behind the other."""
        ends = self.cells["count"][which].cumsum().tolist()
        whole = Column.room(ends[-1] if ends else 0)
        start = 0
        for _, run in groupby(enumerate(which), lambda at: (at[1] - at[0], at[1] in self.loose)):
            places, side_by_side = zip(*run, strict=True)
            end = ends[places[-1]]
            part, start = whole.part(slice(start, end)), end
            if side_by_side[0] in self.loose:
                part.put(concatenate([self.loose[piece] for piece in side_by_side]))
            else:
                span = self.firsts[side_by_side[0]], self.firsts[side_by_side[-1]]
                chunks.read(self.db, self.name, int(span[0]), int(span[1]), part)
        return whole


def cell_of(column: Column) -> Cells:
    """One cell for all points; there is one at least."""
    ordered = column.in_step_order()
    return cells(ordered.steps, ordered.times, ordered.values, np.zeros(1, np.intp))


def find(db: sqlite3.Connection, name: int) -> Pieces:
    """The metric as it is in the file now."""
    rows = db.execute("SELECT first, count, cell FROM chunk WHERE name = ? ORDER BY first", (name,)).fetchall()
    firsts = [row[0] for row in rows]
    known = np.array([], CELL) if not rows else np.frombuffer(b"".join([row[2] for row in rows]), CELL)
    loose = {}
    tail = blocks.column(
        (block for (body,) in db.execute("SELECT body FROM tail ORDER BY id") for block in blocks.decode(body)), name
    )
    if tail.size:
        loose[len(rows)] = column = Column(tail.steps, tail.times, tail.values[0])
        firsts.append(rows[-1][0] + rows[-1][1] if rows else 0)
        known = np.concatenate((known, cell_of(column)))
    return Pieces(db, name, np.array(firsts, np.int64), known, loose)


def without(pieces: Pieces, odd: Positions) -> Pieces:
    """The metric less its steps that are not finite; they are in the `odd` pieces only. A piece may come to nothing."""
    known, loose = pieces.cells.copy(), dict(pieces.loose)
    for piece in odd.tolist():
        column = pieces.column([piece])
        loose[piece] = kept = column.part(np.isfinite(column.steps))
        known[piece] = cell_of(kept)[0] if len(kept) else np.zeros(1, CELL)[0]
    return Pieces(pieces.db, pieces.name, pieces.firsts, known, loose)
