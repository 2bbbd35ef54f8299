"""Reading one metric: its pieces (chunks, and what of it lies in the tail), its points by page, its buckets."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from pluto.server.series import blocks, chunks
from pluto.server.series.cells import CELL, NAN_STEP, Cells, by_step, cells, merge
from pluto.server.series.chunks import Column, concatenate
from pluto.server.series.contract import Buckets, Floats, Integers, Points, Summary

EXACT_POINTS: Final = 4_096
"""Up to this many points a bucket, buckets are made from points alone."""
COARSE: Final = 8
"""Above that, cells count as one point each where they are at most this part of a bucket wide."""
AT_ONCE: Final = 262_144
"""Points decoded at a time for buckets."""


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

    def column(self, piece: int) -> Column:
        """The points of a piece."""
        if piece in self.loose:
            return self.loose[piece]
        first = int(self.firsts[piece])
        return next(chunks.read(self.db, self.name, first, first))[0]


def cell_of(column: Column) -> Cells:
    """One cell for all points; there is one at least."""
    ordered = column.in_step_order()
    return cells(ordered.steps, ordered.times, ordered.values, np.zeros(1, np.intp))


def find(db: sqlite3.Connection, name: int) -> Pieces:
    """The metric as it is in the file now."""
    rows = db.execute("SELECT first, count, cell FROM chunk WHERE name = ? ORDER BY first", (name,)).fetchall()
    firsts = [row[0] for row in rows]
    known = np.frombuffer(b"".join([row[2] for row in rows]), CELL)
    loose = {}
    tail = blocks.column(
        (block for (body,) in db.execute("SELECT body FROM tail ORDER BY id") for block in blocks.decode(body)), name
    )
    if tail.size:
        loose[len(rows)] = column = Column(tail.steps, tail.times, tail.values[0])
        firsts.append(rows[-1][0] + rows[-1][1] if rows else 0)
        known = np.concatenate((known, cell_of(column)))
    return Pieces(db, name, np.array(firsts, np.int64), known, loose)


def points_as_logged(
    pieces: Pieces, low: float | None, high: float | None, cursor: str | None, limit: int | None
) -> Points:
    """Points in the order logged."""
    after = -1 if cursor is None else _read_cursor(cursor)[1]

    def columns() -> Iterator[tuple[Column, Integers]]:
        for piece, (first, cell) in enumerate(zip(pieces.firsts.tolist(), pieces.cells)):
            if first + cell["count"] <= after + 1 or _outside(cell, low, high):
                continue
            column = pieces.column(piece)
            places = np.arange(first, first + len(column))
            keep = (places > after) & _within(column.steps, low, high)
            yield column.part(keep), places[keep]

    return _page(columns(), limit)


def points_by_step(
    pieces: Pieces, low: float | None, high: float | None, cursor: str | None, limit: int | None
) -> Points:
    """Points by step, ties in the order logged, NaN steps last."""
    step, place = (-np.inf, -1) if cursor is None else _read_cursor(cursor)

    def columns() -> Iterator[tuple[Column, Integers]]:
        for cluster in _clusters(pieces):
            last = pieces.cells["last_step"][cluster].max()
            if all(_outside(pieces.cells[piece], low, high) for piece in cluster) or (
                last < step and not (pieces.cells["nonfinite"][cluster] & NAN_STEP).any()
            ):
                continue
            found = [pieces.column(piece) for piece in cluster]
            places = np.concatenate([np.arange(len(column)) + pieces.firsts[piece] for piece, column in zip(cluster, found)])
            column = concatenate(found)
            if not (column.steps[1:] >= column.steps[:-1]).all():
                order = np.lexsort((places, column.steps))
                column, places = column.part(order), places[order]
            behind = (column.steps > step) | ((column.steps == step) & (places > place)) | np.isnan(column.steps)
            if np.isnan(step):
                behind = np.isnan(column.steps) & (places > place)
            keep = behind & _within(column.steps, low, high)
            yield column.part(keep), places[keep]

    return _page(columns(), limit)


def _clusters(pieces: Pieces) -> Iterator[list[int]]:
    """Groups of pieces, each group in the order logged, such that every step of one is at or below all steps of the next."""
    first_steps, last_steps = pieces.cells["first_step"].tolist(), pieces.cells["last_step"].tolist()
    unplaced = ((pieces.cells["nonfinite"] & NAN_STEP) != 0).tolist()
    cluster: list[int] = []
    highest, latest, open_ended = -np.inf, -1, False
    for piece in np.lexsort((pieces.firsts, pieces.cells["first_step"])).tolist():
        behind = first_steps[piece] > highest or (first_steps[piece] == highest and piece > latest)
        if cluster and behind and not open_ended:
            yield sorted(cluster)
            cluster, latest = [], -1
        cluster.append(piece)
        latest = max(latest, piece)
        highest = max(highest, last_steps[piece])
        open_ended = open_ended or unplaced[piece]
    if cluster:
        yield sorted(cluster)


def _page(columns: Iterator[tuple[Column, Integers]], limit: int | None) -> Points:
    if limit is not None and limit < 1:
        raise ValueError("the limit has to be 1 at least")
    found: list[Column] = []
    total, cursor = 0, None
    for column, places in columns:
        if limit is not None and total + len(column) > limit:
            room = limit - total
            if room:
                found.append(column.part(slice(room)))
                cursor = _write_cursor(column.steps[room - 1], places[room - 1])
            break
        if len(column):
            found.append(column)
            total += len(column)
            last = column.steps[-1], places[-1]
            if limit == total:
                cursor = _write_cursor(*last) if any(len(more) for more, _ in columns) else None
                break
    whole = concatenate(found)
    return Points(whole.steps, whole.times, whole.values, cursor)


def _write_cursor(step: float, place: int) -> str:
    return f"{struct.pack('>d', step).hex()}-{place}"


def _read_cursor(cursor: str) -> tuple[float, int]:
    step, _, place = cursor.partition("-")
    try:
        return struct.unpack(">d", bytes.fromhex(step))[0], int(place)
    except (ValueError, struct.error):
        raise ValueError(f"{cursor!r} is no cursor of a page of points") from None


def _within(steps: Floats, low: float | None, high: float | None) -> npt.NDArray[np.bool_]:
    keep = np.ones(len(steps), np.bool_)
    if low is not None:
        keep &= steps >= low
    if high is not None:
        keep &= steps <= high
    return keep


def _outside(cell: np.void, low: float | None, high: float | None) -> bool:
    return bool((low is not None and cell["last_step"] < low) or (high is not None and cell["first_step"] > high))


def buckets(pieces: Pieces, count: int, low: float | None, high: float | None) -> Buckets:
    """The metric in `count` ranges of equal width from `low` to `high`, or from the first step to the last."""
    if count < 1:
        raise ValueError("the number of buckets has to be 1 at least")
    firsts, known, loose = pieces.firsts, pieces.cells.copy(), dict(pieces.loose)
    odd = ((known["nonfinite"] & NAN_STEP) != 0) | ~np.isfinite(known["first_step"]) | ~np.isfinite(known["last_step"])
    for piece in np.flatnonzero(odd).tolist():
        column = pieces.column(piece)
        loose[piece] = column = column.part(np.isfinite(column.steps))
        if len(column):
            known[piece] = cell_of(column)[0]
        else:
            known["count"][piece] = 0
    low = None if low is None or low == -np.inf else low
    high = None if high is None or high == np.inf else high
    there = known["count"] > 0
    if low is not None:
        there &= known["last_step"] >= low
    if high is not None:
        there &= known["first_step"] <= high
    if not there.any():
        return _answer(np.empty(0, CELL))
    grid = Grid(
        float(known["first_step"][there].min() if low is None else low),
        float(known["last_step"][there].max() if high is None else high),
        count,
    )
    inside = there & (known["first_step"] >= grid.low) & (known["last_step"] <= grid.high)
    places = np.zeros(len(known), np.int64)
    places[inside] = grid.place(known["first_step"][inside])
    whole = inside.copy()
    whole[inside] = places[inside] == grid.place(known["last_step"][inside])
    parts, groups, ranks = [known[whole]], [places[whole]], [np.flatnonzero(whole)]
    rest = np.flatnonzero(there & ~whole)
    if int(known["count"][rest].sum()) > EXACT_POINTS * count:
        narrow = inside & ~whole & (known["last_step"] - known["first_step"] <= grid.width / COARSE)
        parts.append(known[narrow])
        groups.append(places[narrow])
        ranks.append(np.flatnonzero(narrow))
        for piece in np.flatnonzero(inside & ~whole & ~narrow).tolist():
            level = None if piece in loose else chunks.read_level(pieces.db, pieces.name, int(firsts[piece]))
            if level is not None and (level["last_step"] - level["first_step"]).max() <= grid.width / COARSE:
                parts.append(level)
                groups.append(grid.place(level["first_step"]))
                ranks.append(np.full(len(level), piece))
                rest = rest[rest != piece]
        rest = rest[~narrow[rest]]
    for batch in _batches(rest, known["count"]):
        found = _cut([loose[piece] if piece in loose else pieces.column(piece) for piece in batch], batch, grid)
        for listed, part in zip((parts, groups, ranks), found):
            listed.append(part)
    return _answer(merge(np.concatenate(parts), np.concatenate(groups), np.concatenate(ranks))[1])


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


def _cut(columns: list[Column], batch: list[int], grid: Grid) -> tuple[Cells, Integers, Integers]:
    """Cells of the points in the grid, the range of each, and the piece its last point is from."""
    column = concatenate(columns)
    order = by_step(column.steps, column.times)
    if order is not None:
        column = column.part(order)
    start = int(np.searchsorted(column.steps, grid.low, "left"))
    column = column.part(slice(start, int(np.searchsorted(column.steps, grid.high, "right"))))
    if not len(column):
        return np.empty(0, CELL), np.empty(0, np.int64), np.empty(0, np.int64)
    places = grid.place(column.steps)
    starts = np.flatnonzero(np.concatenate(([True], places[1:] != places[:-1])))
    lasts = np.append(starts[1:], len(column)) - 1 + start
    source = np.searchsorted(np.cumsum([len(part) for part in columns]), lasts if order is None else order[lasts], "right")
    made = cells(column.steps, column.times, column.values, starts)
    return made, places[starts], np.array(batch, np.int64)[source]


@dataclass(frozen=True, slots=True)
class Grid:
    """`count` ranges of equal width that lie side by side; the last one has both its ends."""

    low: float
    high: float
    count: int

    @property
    def width(self) -> float:
        """How many steps a range covers."""
        return self.high / self.count - self.low / self.count

    def place(self, steps: Floats) -> Integers:
        """The range each step is in, from 0. Steps lie within the grid; where they rise, so do the places."""
        if not self.high > self.low:
            return np.zeros(len(steps), np.int64)
        if np.isinf(self.high - self.low):
            part = (steps / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        else:
            part = (steps - self.low) / (self.high - self.low)
        part *= self.count
        places: Integers = part.astype(np.int64)
        return np.minimum(places, self.count - 1, out=places)


def summaries(db: sqlite3.Connection, names: Sequence[str] | None) -> dict[str, Summary]:
    """Summaries by name, of all metrics or those asked for."""
    ids = dict(db.execute("SELECT id, name FROM name ORDER BY id").fetchall())
    if names is not None:
        asked = set(names)
        ids = {id: name for id, name in ids.items() if name in asked}
    if names is None:
        found = db.execute("SELECT name, cell FROM chunk ORDER BY name, first").fetchall()
    else:
        found = [
            row
            for id in ids
            for row in db.execute("SELECT name, cell FROM chunk WHERE name = ? ORDER BY first", (id,)).fetchall()
        ]
    parts = [np.frombuffer(b"".join([row[1] for row in found]), CELL)] if found else []
    groups = [np.array([row[0] for row in found], np.int64)]
    ranks = [np.full(len(found), -1)]
    for (body,) in db.execute("SELECT body FROM tail ORDER BY id"):
        for block in blocks.decode(body):
            made, lasts = _cells_of_block(block)
            parts.append(made)
            groups.append(block.names.astype(np.int64))
            ranks.append(lasts)
    if not parts:
        return {}
    summed, made = merge(np.concatenate(parts), np.concatenate(groups), np.concatenate(ranks))
    by_id = dict(zip(summed.tolist(), (Summary(*row) for row in made[_SUMMARY].tolist())))
    return {name: by_id[id] for id, name in ids.items() if id in by_id}


_SUMMARY: Final = [field.name for field in fields(Summary)]


def _cells_of_block(block: blocks.Block) -> tuple[Cells, Integers]:
    """A cell for each metric of the block, and the order of the row its last point is from."""
    width, height = block.values.shape
    order = by_step(block.steps, block.times)
    if order is None:
        order = np.arange(height)
    made = cells(
        np.tile(block.steps[order], width),
        np.tile(block.times[order], width),
        np.ascontiguousarray(block.values[:, order]).reshape(-1),
        np.arange(0, width * height, height),
    )
    placed = height - int(np.isnan(block.steps).sum())
    last = block.orders[order[(placed or height) - 1]]
    return made, np.full(width, last)


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
