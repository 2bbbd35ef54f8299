"""Metrics in ranges of steps, for any points: against a loop over points and ranges."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.neptune_query.internal import frames
from pluto.compat.neptune_query.internal.buckets import in_ranges, limits

values = st.sampled_from([0.0, 1.5, -2.0, math.nan, math.inf, -math.inf])
steps = st.integers(-4, 20).map(lambda step: step / 2)
series = st.dictionaries(steps, values, max_size=8).map(lambda points: sorted(points.items()))


def part(path: str, points: list[tuple[float, float]]) -> frames.Part:
    at, found = np.array(points, float).reshape(-1, 2).T
    return frames.Part("e", path, at, np.zeros(len(at), np.int64), found)


@given(st.lists(series, min_size=1, max_size=3), st.integers(1, 6))
def test_each_range_has_one_point_of_each_metric(metrics: list[list[tuple[float, float]]], count: int) -> None:
    parts = [part(f"m{number}", points) for number, points in enumerate(metrics)]
    edges = limits(parts, count)
    frame = frames.buckets([in_ranges(one, edges) for one in parts], edges, "experiment")

    all_steps = [step for points in metrics for step, _ in points]
    low, high = min(all_steps, default=0.0), max(all_steps, default=0.0)
    ranges = [(low, low)] if low == high else [(edges[n], edges[n + 1]) for n in range(count)]
    assert edges[0] == low and edges[-1] == high and all(np.diff(edges) > 0)

    expected: dict[tuple[float, float], list[float]] = {}
    for place, points in enumerate(metrics):
        met = False
        for left, right in ranges:
            within = [(x, y) for x, y in points if left < x <= right or (left == low and x == low)]
            finite = [(x, y) for x, y in within if math.isfinite(y)]
            # The first step of all is a range of its own that is joined to the first one: its point stands before.
            at_start = [(x, y) for x, y in finite if x == low]
            if finite:
                chosen = (at_start or (finite if not met and not _only_at(within, low) else finite[::-1]))[0]
                expected.setdefault((left, right), [math.nan] * 2 * len(metrics))[2 * place : 2 * place + 2] = chosen
            met = met or bool(within)
    assert [(one.left, one.right) for one in frame.index] == sorted(expected)
    for number, points in enumerate(sorted(expected)):
        np.testing.assert_equal(frame.iloc[number].tolist(), expected[points])
    assert frame.columns.tolist() == [("e", f"m{n}", axis) for n in range(len(metrics)) for axis in "xy"]
    assert all(isinstance(one, pd.Interval) for one in frame.index)


def _only_at(within: list[tuple[float, float]], low: float) -> bool:
    """Whether the first point of a range is the first step of all, which counts as the range before it."""
    return bool(within) and within[0][0] == low
