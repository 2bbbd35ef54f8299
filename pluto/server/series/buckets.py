"""A metric in ranges of steps, for drawing: cells where they do, points where they must."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from pluto.server.series.cells import CELL, NAN_STEP, Cells, Positions, by_step, cells, merge
from pluto.server.series.chunks import read_level
from pluto.server.series.contract import Buckets, Floats, Integers
from pluto.server.series.pieces import Pieces, without

EXACT_POINTS: Final = 4_096
"""Up to this many points a bucket, buckets are made from points alone."""
COARSE: Final = 8
"""Above that, cells count as one point each where they are at most this part of a bucket wide."""
AT_ONCE: Final = 262_144
"""Points decoded at a time."""

Part: TypeAlias = tuple[Cells, Integers, Integers]
"""Cells, the range each is in, and the piece each cell's last point is from."""
_NOTHING: Final[Part] = (np.empty(0, CELL), np.empty(0, np.int64), np.empty(0, np.int64))


def buckets(pieces: Pieces, count: int, low: float | None, high: float | None) -> Buckets:
    """The metric in `count` ranges of equal width from `low` to `high`, or from the first step to the last."""
    if count < 1:
        raise ValueError("the number of buckets has to be 1 at least")
    known = pieces.cells
    odd = ((known["nonfinite"] & NAN_STEP) != 0) | ~np.isfinite(known["first_step"]) | ~np.isfinite(known["last_step"])
    if odd.any():
        pieces = without(pieces, np.flatnonzero(odd))
        known = pieces.cells
    low = None if low is None or low == -np.inf else low
    high = None if high is None or high == np.inf else high
    there = known["count"] > 0
    if low is not None:
        there &= known["last_step"] >= low
    if high is not None:
        there &= known["first_step"] <= high
    if not there.any():
        return _answer(np.empty(0, CELL))
    grid = Grid.of(
        float(known["first_step"][there].min() if low is None else low),
        float(known["last_step"][there].max() if high is None else high),
        count,
    )
    inside = there & (known["first_step"] >= grid.low) & (known["last_step"] <= grid.high)
    places = np.zeros(len(known), np.int64)
    places[inside] = grid.place(known["first_step"][inside])
    whole = inside.copy()
    whole[inside] = places[inside] == grid.place(known["last_step"][inside])
    found = [(known[whole], places[whole], np.flatnonzero(whole))]
    rest = np.flatnonzero(there & ~whole)
    if int(known["count"][rest].sum()) > EXACT_POINTS * count:
        found += _coarse(pieces, rest[inside[rest]], grid)
        taken = np.unique(np.concatenate([part[2] for part in found]))
        rest = np.setdiff1d(rest, taken)
    found += [_cut(pieces, batch, grid) for batch in _batches(rest, known["count"])]
    found = [part for part in found if len(part[0])]
    if len(found) == 1 and (found[0][1][1:] > found[0][1][:-1]).all():
        return _answer(found[0][0])
    parts, groups, ranks = (np.concatenate(column) for column in zip(*found, strict=True)) if found else _NOTHING
    return _answer(merge(parts, groups, ranks)[1])


def _coarse(pieces: Pieces, which: Positions, grid: Grid) -> Iterator[Part]:
    """What can be said of some pieces, all within the grid, by cells that are narrow beside a range."""
    for piece in which.tolist():
        levels = [pieces.cells[piece : piece + 1]]
        if piece not in pieces.loose:
            finer = read_level(pieces.db, pieces.name, int(pieces.firsts[piece]))
            levels += [] if finer is None else [finer]
        for level in levels:
            if _narrow(level, grid):
                yield level, grid.place(level["first_step"]), np.full(len(level), piece)
                break


def _narrow(level: Cells, grid: Grid) -> bool:
    return bool((level["last_step"] - level["first_step"]).max() <= grid.width / COARSE)


def _batches(which: Integers, counts: Integers) -> Iterator[list[int]]:
    """The pieces, so many at a time that their points are about `AT_ONCE`."""
    batch: list[int] = []
    points = 0
    for piece in which.tolist():
        batch.append(piece)
        points += int(counts[piece])
        if points >= AT_ONCE:
            yield batch
            batch, points = [], 0
    if batch:
        yield batch


def _cut(pieces: Pieces, batch: list[int], grid: Grid) -> Part:
    """Cells of the points in the grid, the range of each, and the piece its last point is from."""
    column = pieces.column(batch)
    order = by_step(column.steps, column.times)
    if order is not None:
        column = column.part(order)
    start = int(np.searchsorted(column.steps, grid.low, "left"))
    column = column.part(slice(start, int(np.searchsorted(column.steps, grid.high, "right"))))
    if not len(column):
        return _NOTHING
    starts, places = grid.starts(column.steps)
    lasts = np.append(starts[1:], len(column)) - 1 + start
    logged = lasts if order is None else order[lasts]
    source = np.searchsorted(pieces.cells["count"][batch].cumsum(), logged, "right")
    made = cells(column.steps, column.times, column.values, starts, squares=False)
    return made, places, np.array(batch, np.int64)[source]


@dataclass(frozen=True, slots=True)
class Grid:
    """Ranges of equal width that lie side by side. Each has its lower end, and the last one both."""

    low: float
    high: float
    edges: Floats
    """Where one range ends and the next begins."""
    width: float

    @classmethod
    def of(cls, low: float, high: float, count: int) -> Grid:
        """`count` ranges from `low` to `high`."""
        parts = np.arange(1, count) / count
        # Halves where the distance itself is more than a float can hold.
        scale = 1.0 if np.isfinite(high - low) else 2.0
        width = max(high / scale - low / scale, 0.0)
        return cls(low, high, (low / scale + width * parts) * scale, width / count * scale)

    def place(self, steps: Floats) -> Integers:
        """The range each step is in, from 0; steps lie within the grid."""
        return np.searchsorted(self.edges, steps, "right")

    def starts(self, steps: Floats) -> tuple[Positions, Integers]:
        """Where each range that has points begins in rising steps, and which ranges these are."""
        bounds = np.concatenate(([0], np.searchsorted(steps, self.edges, "left"), [len(steps)]))
        places = np.flatnonzero(bounds[1:] > bounds[:-1])
        return bounds[places], places


def _answer(found: Cells) -> Buckets:
    with np.errstate(all="ignore"):
        mean = found["sum"] / found["finite"]
    columns = {field: np.ascontiguousarray(found[field]) for field in CELL.names or ()}
    return Buckets(
        steps=columns["first_step"],
        counts=columns["count"],
        min=columns["min"],
        max=columns["max"],
        mean=mean,
        last=columns["last"],
        nonfinite=columns["nonfinite"],
        last_steps=columns["last_step"],
        times=columns["last_time"],
    )
