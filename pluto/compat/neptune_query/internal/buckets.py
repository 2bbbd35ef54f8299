"""Metrics in ranges of steps, a point from each range."""

from __future__ import annotations

import math
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

    if not len(part.steps):
        return frames.Bucketed(part.label, part.path, {})
    numbers = np.searchsorted(np.array(edges), part.steps, side="left")
    points = dict.fromkeys(np.unique(numbers).tolist(), (math.nan, math.nan))
    finite = np.isfinite(part.values)
    steps, values, numbers = part.steps[finite], part.values[finite], numbers[finite]
    points |= zip(numbers.tolist(), zip(steps.tolist(), values.tolist(), strict=True), strict=True)
    first = min(points)
    of_first = np.flatnonzero(numbers == first)
    if len(of_first):
        points[first] = float(steps[of_first[0]]), float(values[of_first[0]])
    return frames.Bucketed(part.label, part.path, points)
