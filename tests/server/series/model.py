"""A run's metrics as plain lists: what every store has to agree with."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

from pluto.server.series.contract import Buckets, Points, Summary

Point = tuple[float, int, float]


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


@dataclass
class Model:
    """Points by metric, in the order logged."""

    metrics: dict[str, list[Point]] = field(default_factory=dict)

    def add(self, name: str, step: float, time: int, value: float) -> None:
        self.metrics.setdefault(name, []).append((float(step), time, float(value)))

    def forget(self, names: Iterable[str]) -> None:
        for name in names:
            self.metrics.pop(name, None)

    def points(self, name: str, order: str, low: float | None = None, high: float | None = None) -> list[Point]:
        found = [
            p for p in self.metrics.get(name, []) if (low is None or p[0] >= low) and (high is None or p[0] <= high)
        ]
        if order == "step":
            found.sort(key=lambda p: (math.isnan(p[0]), 0 if math.isnan(p[0]) else p[0]))
        return found


def same_points(points: Points, expected: list[Point]) -> None:
    got = list(zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True))
    assert [(bits(s), t, bits(v)) for s, t, v in got] == [(bits(s), t, bits(v)) for s, t, v in expected]


def _numbers(points: list[Point]) -> tuple[int, int, float, float, float, float]:
    finite = [v for _, _, v in points if math.isfinite(v)]
    flags = 0
    for _, _, v in points:
        flags |= 1 if math.isnan(v) else 2 if v == math.inf else 4 if v == -math.inf else 0
    nothing = math.nan
    return (
        len(finite),
        flags,
        min(finite, default=nothing),
        max(finite, default=nothing),
        _sum(finite),
        _sum(v * v for v in finite),
    )


def _sum(values: Iterable[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def _same(got: float, expected: float) -> bool:
    """Equal, where -0.0 is 0.0 and NaN is NaN."""
    return got == expected or (math.isnan(got) and math.isnan(expected))


def _close(got: float, expected: float, scale: float) -> bool:
    if not math.isfinite(expected) or not math.isfinite(got) or scale > 1e300:
        return True
    return abs(got - expected) <= 1e-9 * scale + 1e-300


def _last(points: list[Point]) -> Point:
    """At the highest step, the latest time there, logged last."""
    placed = [(p[0], p[1], i) for i, p in enumerate(points) if not math.isnan(p[0])]
    return points[max(placed)[2]] if placed else max(((p[1], i, p) for i, p in enumerate(points)))[2]


def same_summary(got: Summary, points: list[Point]) -> None:
    finite, _, low, high, total, squares = _numbers(points)
    size = max((abs(v) for _, _, v in points if math.isfinite(v)), default=0.0) * len(points)
    last = _last(points)
    assert (got.count, got.finite) == (len(points), finite)
    assert _same(got.min, low)
    assert _same(got.max, high)
    assert _close(got.sum, total, size)
    assert _close(got.sum_squares, squares, size * size if size < 1e150 else math.inf)
    assert (bits(got.last), got.last_time) == (bits(last[2]), last[1])
    placed = [(p[0], p[1]) for p in points if not math.isnan(p[0])]
    if placed:
        assert got.last_step == last[0]
        assert (got.first_step, got.first_time) == min(placed)
    else:
        assert math.isnan(got.last_step)
        assert math.isnan(got.first_step)


def same_buckets(got: Buckets, points: list[Point], count: int, low: float | None, high: float | None) -> None:
    inside = [
        p for p in points if math.isfinite(p[0]) and (low is None or p[0] >= low) and (high is None or p[0] <= high)
    ]
    ranges: dict[int, list[Point]] = {}
    if inside:
        start = low if low is not None and low != -math.inf else min(p[0] for p in inside)
        end = high if high is not None and high != math.inf else max(p[0] for p in inside)
        scale = 1.0 if math.isfinite(end - start) else 2.0
        width = end / scale - start / scale
        edges = [(start / scale + width * (k / count)) * scale for k in range(1, count)]
        for p in inside:
            ranges.setdefault(sum(edge <= p[0] for edge in edges), []).append(p)
    expected = [ranges[place] for place in sorted(ranges)]
    assert got.counts.tolist() == [len(part) for part in expected]
    for i, part in enumerate(expected):
        finite, flags, least, most, total, _ = _numbers(part)
        last = _last(part)
        assert _same(got.min[i], least)
        assert _same(got.max[i], most)
        assert got.nonfinite[i] == flags
        if finite:
            size = max(abs(v) for _, _, v in part if math.isfinite(v)) * len(part)
            assert _close(float(got.mean[i]), total / finite, size)
        else:
            assert math.isnan(got.mean[i])
        assert got.steps[i] == min(p[0] for p in part)
        assert (got.last_steps[i], int(got.times[i]), bits(float(got.last[i]))) == (last[0], last[1], bits(last[2]))
