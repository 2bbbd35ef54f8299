"""Which row groups are read together, so that rows come by step, and none twice that two files have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pluto_migration.sources.wandb_parquet.parts import STEP, Group, Parts, numbers

STAMP: Final = "_timestamp"
_ROWS: Final = 1 << 18
"""About how many rows are read together."""
_US: Final = 1e6
_LATEST: Final = float(1 << 62)

Mask = npt.NDArray[np.bool_]


def windows(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Row groups that follow each other in steps; those with steps in common are never apart."""
    window: list[Group] = []
    rows, last = 0, -np.inf
    for group in sorted(groups, key=lambda one: (one.first, one.last, one.part, one.number)):
        if window and rows >= _ROWS and group.first > last:
            yield window
            window, rows = [], 0
        window.append(group)
        rows += group.rows
        last = max(last, group.last)
    if window:
        yield window


@dataclass(frozen=True, eq=False)
class Window:
    """The rows of some row groups, by step, and within one step in the order of the files."""

    groups: Sequence[Group]
    order: npt.NDArray[np.int64]
    """The place of each row among the rows of all the groups."""
    steps: npt.NDArray[np.float64]
    times: npt.NDArray[np.int64]
    parts: npt.NDArray[np.int64]
    shared: Mask
    """Rows at steps that several files have."""

    @property
    def rows(self) -> int:
        """How many there are in the groups."""
        return sum(group.rows for group in self.groups)

    def placed(self, per_group: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Values of the groups, one after the other, put into the order of the window."""
        return np.concatenate(per_group)[self.order]

    def first_of(self, valid: Mask, same: Sequence[Any]) -> Mask:
        """Which of the rows with a value are no repetition of one that another file has. `same`: what tells values."""
        chosen: Mask = valid.copy()
        candidates = np.flatnonzero(valid & self.shared)
        seen: dict[tuple[float, int, Any], int] = {}
        for at in candidates.tolist():
            key = (float(self.steps[at]), int(self.times[at]), same[at])
            if seen.setdefault(key, int(self.parts[at])) != self.parts[at]:
                chosen[at] = False
        return chosen


def opened(parts: Parts, groups: Sequence[Group], before: int) -> tuple[Window, int]:
    """The window of some groups; gives the last time in it, too. `before`: the time of rows that have none."""
    groups = sorted(groups, key=lambda one: (one.part, one.number))
    steps, stamps, have, of_part = [], [], [], []
    for group in groups:
        found = parts.read(group, [STEP, STAMP])
        values, valid = _column(found, STEP, group.rows)
        seconds, timed = _seconds(found, group.rows)
        steps.append(np.where(valid, values, np.nan))
        stamps.append(seconds)
        have.append(timed)
        of_part.append(np.full(group.rows, group.part, np.int64))
    step = np.concatenate(steps)
    order = np.argsort(step, kind="stable")
    order = order[: int((~np.isnan(step)).sum())]
    step, part = step[order], np.concatenate(of_part)[order]
    times, last = _times(np.concatenate(stamps)[order], np.concatenate(have)[order], before)
    return Window(groups, order, step, times, part, _shared(step, part)), last


def _column(found: dict[str, Any], name: str, rows: int) -> tuple[npt.NDArray[np.float64], Mask]:
    return numbers(found[name]) if name in found else (np.zeros(rows), np.zeros(rows, bool))


def _seconds(found: dict[str, Any], rows: int) -> tuple[npt.NDArray[np.float64], Mask]:
    import pyarrow as pa

    array = found.get(STAMP)
    if array is not None and pa.types.is_timestamp(array.type):
        whole, valid = numbers(array.cast(pa.timestamp("us"), safe=False).cast(pa.int64()))
        return whole / _US, valid
    return _column(found, STAMP, rows)


def _times(seconds: npt.NDArray[np.float64], have: Mask, before: int) -> tuple[npt.NDArray[np.int64], int]:
    """Times in microseconds; a row without one has the time of the row before it."""
    if not len(seconds):
        return np.zeros(0, np.int64), before
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.round(seconds * _US)
    have = have & np.isfinite(scaled) & (np.abs(scaled) < _LATEST)
    times = np.where(have, scaled, 0).astype(np.int64)
    at = np.maximum.accumulate(np.where(have, np.arange(len(times)), -1))
    filled = np.where(at >= 0, times[np.maximum(at, 0)], before)
    return filled, int(filled[-1])


def _shared(steps: npt.NDArray[np.float64], parts: npt.NDArray[np.int64]) -> Mask:
    """Rows at steps that more than one part has; `steps` rise."""
    shared = np.zeros(len(steps), bool)
    if len(np.unique(parts)) < 2:
        return shared
    starts = np.flatnonzero(np.diff(steps, prepend=np.nan) != 0)
    low, high = np.minimum.reduceat(parts, starts), np.maximum.reduceat(parts, starts)
    several: Mask = np.repeat(low != high, np.diff(np.append(starts, len(steps))))
    return several
