"""Every point of a metric, page by page."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from pluto.server.series.cells import NAN_STEP
from pluto.server.series.chunks import Column, concatenate
from pluto.server.series.contract import Floats, Integers, Points
from pluto.server.series.pieces import Pieces


def as_logged(pieces: Pieces, low: float | None, high: float | None, cursor: str | None, limit: int | None) -> Points:
    """Points in the order logged."""
    after = -1 if cursor is None else _read_cursor(cursor)[1]

    def columns() -> Iterator[tuple[Column, Integers]]:
        for piece, (first, cell) in enumerate(zip(pieces.firsts.tolist(), pieces.cells, strict=True)):
            if first + cell["count"] <= after + 1 or _outside(cell, low, high):
                continue
            column = pieces.column([piece])
            places = np.arange(first, first + len(column))
            keep = (places > after) & _within(column.steps, low, high)
            yield column.part(keep), places[keep]

    return _page(columns(), limit)


def by_step(pieces: Pieces, low: float | None, high: float | None, cursor: str | None, limit: int | None) -> Points:
    """Points by step, ties in the order logged, NaN steps last."""
    step, place = (-np.inf, -1) if cursor is None else _read_cursor(cursor)

    def columns() -> Iterator[tuple[Column, Integers]]:
        for cluster in _clusters(pieces):
            last = pieces.cells["last_step"][cluster].max()
            if all(_outside(pieces.cells[piece], low, high) for piece in cluster) or (
                last < step and not (pieces.cells["nonfinite"][cluster] & NAN_STEP).any()
            ):
                continue
            column, firsts = pieces.column(cluster), pieces.firsts[cluster].tolist()
            lengths = pieces.cells["count"][cluster].tolist()
            places = np.concatenate([np.arange(first, first + n) for first, n in zip(firsts, lengths, strict=True)])
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
    """Groups of pieces, each in the order logged, such that no step of a group is above one of the next."""
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
