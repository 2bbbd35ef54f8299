"""Cells: what a stretch of one metric's points comes to. Summaries, buckets and a chunk's coarser levels are cells."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pluto.server.series.contract import Floats, Integers

CELL: Final = np.dtype(
    [
        ("count", "<i8"),
        ("finite", "<i8"),
        ("nonfinite", "<i8"),  # bit 0 NaN, bit 1 +Inf, bit 2 -Inf; bit 3 NaN among the steps
        ("min", "<f8"),
        ("max", "<f8"),
        ("sum", "<f8"),
        ("sum_squares", "<f8"),
        ("first_step", "<f8"),  # the lowest step and the earliest time there; NaN only if every step is
        ("first_time", "<i8"),
        ("last_step", "<f8"),  # the highest step, the latest time there, and of those the value logged last
        ("last_time", "<i8"),
        ("last", "<f8"),
    ]
)
"""On disk in every chunk: a new field means a migration."""

NAN_STEP: Final = 8

Cells = npt.NDArray[np.void]
Positions = npt.NDArray[np.intp]


def by_step(steps: Floats, times: Integers) -> Positions | None:
    """The order by step, then time, then as logged, with NaN steps last; None when the points are in it already."""
    with np.errstate(invalid="ignore"):
        rising = steps[1:] > steps[:-1]
        if rising.all() and not np.isnan(steps[:1]).any():
            return None
        if (rising | ((steps[1:] == steps[:-1]) & (times[1:] >= times[:-1]))).all():
            return None
    return np.lexsort((times, steps))


def cells(steps: Floats, times: Integers, values: Floats, starts: Positions, *, squares: bool = True) -> Cells:
    """A cell for each stretch that begins at one of `starts`; `starts` begins with 0 and rises.

    The points of a stretch are in the order of `by_step`. Without `squares` their sum is left at 0, which saves a third
    of the time.
    """
    made = np.empty(len(starts), CELL)
    count = np.diff(starts, append=len(steps))
    ends = starts + count
    made["count"] = count
    with np.errstate(all="ignore"):
        sums = np.add.reduceat(values, starts)
        # A sum tells of every NaN and Inf in it. (One may be Inf for its size: then the values are looked at.)
        if np.isfinite(sums).all():
            made["finite"] = count
            made["nonfinite"] = 0
            made["min"] = np.minimum.reduceat(values, starts)
            made["max"] = np.maximum.reduceat(values, starts)
            made["sum"] = sums
            kept = values
        else:
            finite = np.isfinite(values)
            made["finite"] = np.add.reduceat(finite.astype(np.int64), starts)
            flags = np.isnan(values) | ((values == np.inf) * np.int64(2)) | ((values == -np.inf) * np.int64(4))
            made["nonfinite"] = np.bitwise_or.reduceat(flags, starts)
            empty = made["finite"] == 0
            made["min"] = np.where(empty, np.nan, np.minimum.reduceat(np.where(finite, values, np.inf), starts))
            made["max"] = np.where(empty, np.nan, np.maximum.reduceat(np.where(finite, values, -np.inf), starts))
            kept = np.where(finite, values, 0.0)
            made["sum"] = np.add.reduceat(kept, starts)
        made["sum_squares"] = np.add.reduceat(kept * kept, starts) if squares else 0.0
    if np.isnan(steps[ends - 1]).any():
        placed = np.add.reduceat((~np.isnan(steps)).astype(np.int64), starts)
        made["nonfinite"] |= (placed < count) * np.int64(NAN_STEP)
        ends = np.where(placed > 0, starts + placed, ends)
    made["first_step"] = steps[starts]
    made["first_time"] = times[starts]
    made["last_step"] = steps[ends - 1]
    made["last_time"] = times[ends - 1]
    made["last"] = values[ends - 1]
    return made


def merge(parts: Cells, groups: Integers, ranks: Integers | None = None) -> tuple[Integers, Cells]:
    """The groups there are, rising, and a cell for each made of the parts in it.

    Where parts agree on step and time the later part has the last word: by `ranks`, else by position.
    """
    if not len(parts):
        return np.empty(0, np.int64), np.empty(0, CELL)
    if ranks is None:
        ranks = np.arange(len(parts))
    placed = ~np.isnan(parts["last_step"])
    order = np.lexsort((ranks, parts["last_time"], parts["last_step"], placed, groups))
    ordered, groups_in_order = parts[order], groups[order]
    starts = np.flatnonzero(np.concatenate(([True], groups_in_order[1:] != groups_in_order[:-1])))
    made = np.empty(len(starts), CELL)
    with np.errstate(all="ignore"):
        for field, reduce in _REDUCE.items():
            made[field] = reduce(np.ascontiguousarray(ordered[field]), starts)
    ends = np.append(starts[1:], len(ordered)) - 1
    for field in ("last_step", "last_time", "last"):
        made[field] = ordered[field][ends]
    order = np.lexsort((parts["first_time"], parts["first_step"], groups))
    for field in ("first_step", "first_time"):
        made[field] = parts[field][order][starts]
    return groups_in_order[starts], made


_REDUCE: Final[dict[str, Any]] = {
    "count": np.add.reduceat,
    "finite": np.add.reduceat,
    "nonfinite": np.bitwise_or.reduceat,
    "min": np.fmin.reduceat,
    "max": np.fmax.reduceat,
    "sum": np.add.reduceat,
    "sum_squares": np.add.reduceat,
}
