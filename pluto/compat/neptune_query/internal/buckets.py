"""Metrics in ranges of steps, a point from each range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.context import reading
from pluto.compat.neptune_query.internal.metrics import read

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.neptune_query.internal.wanted import Points, Target


def fetch(target: Target, wanted: Points, count: int) -> pd.DataFrame:
    """The metrics in `count` ranges of equal width, the same ones for all of them."""
    frames.pandas()
    with reading() as reader:
        parts = read(reader, target, wanted)
    edges = limits(parts, count)
    return frames.buckets([in_ranges(part, edges) for part in parts], edges, target.container)


def limits(parts: Sequence[frames.Part], count: int) -> list[float]:
    """The limits of the ranges: from the first step of all to the last; only one where all points have one step."""
    steps = [part.steps for part in parts if len(part.steps)]
    low = min((float(one[0]) for one in steps), default=0.0)
    high = max((float(one[-1]) for one in steps), default=0.0)
    if low == high:
        return [low]
    width = (high - low) / count
    return [*(low + width * number for number in range(count)), high]


def in_ranges(part: frames.Part, edges: Sequence[float]) -> frames.Bucketed:
    """Of the first range that has points the first finite one, of the others the last; NaN where none is finite."""
    import numpy as np

    numbers = np.searchsorted(np.array(edges), part.steps, side="left")
    found = np.unique(numbers)
    x, y = np.full(len(found), np.nan), np.full(len(found), np.nan)
    finite = np.isfinite(part.values)
    steps, values = part.steps[finite], part.values[finite]
    places = np.searchsorted(found, numbers[finite])
    # Points come by step: of several for one place the last one stays.
    x[places], y[places] = steps, values
    of_first = np.flatnonzero(places == 0)
    if len(of_first):
        x[0], y[0] = steps[of_first[0]], values[of_first[0]]
    return frames.Bucketed(part.label, part.path, found, x, y)
