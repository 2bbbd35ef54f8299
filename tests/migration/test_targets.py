"""What a stock server keeps of points, held against the lines that it is really sent."""

from __future__ import annotations

import json
import math
from collections import defaultdict, deque

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.targets import StockTarget, Target

from pluto.core import wire

Point = tuple[float, int, float]
STEPS = st.one_of(
    st.integers(0, 4).map(float), st.sampled_from([-1.0, 0.5, -0.0, 2.0**53, 2.0**54, 1e300, math.nan, math.inf])
)
VALUES = st.sampled_from([0.0, -0.0, 1.0, math.nan, math.inf, -math.inf, 5e-324, 1 / 3])
POINTS = st.lists(st.tuples(STEPS, st.integers(1_000_000, 1_004_000), VALUES), min_size=1, max_size=12)


def arrays(points: list[Point]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps, times, values = zip(*points, strict=True) if points else ((), (), ())
    return np.array(steps, np.float64), np.array(times, np.int64), np.array(values, np.float64)


def sent(points: list[Point]) -> dict[str, list[tuple[int, int, float]]]:
    """The rows of a server after it was sent the points: (step, time in ms, value) by name."""
    steps, rows = wire.Steps({}), defaultdict(list)
    for step, time, value in points:
        for line in wire.metric_lines(time, step, {"m": value}, steps):
            content = json.loads(line)
            for name, number in content["data"].items():
                rows[name].append((content["step"], content["time"], float(number)))
    return rows


def merged(rows: list[tuple[int, int, float]]) -> list[tuple[int, int, float]]:
    """What is left of rows once the server has merged them: one of each step, of the latest time, the last."""
    left: dict[int, tuple[int, int, float]] = {}
    for row in rows:
        if row[1] >= left.get(row[0], row)[1]:
            left[row[0]] = row
    return list(left.values())


def read(rows: dict[str, list[tuple[int, int, float]]]) -> list[Point]:
    """The points as they are read back, exact steps where they were sent."""
    exact: dict[tuple[int, int], deque[float]] = defaultdict(deque)
    for step, time, value in rows.get("m" + wire.COMPANION, []):
        exact[step, time].append(value)
    return [
        (exact[step, time].popleft() if exact[step, time] else float(step), time * 1000, value)
        for step, time, value in rows["m"]
    ]


@given(POINTS)
def test_what_is_expected_of_a_stock_server_is_what_it_has(points: list[Point]) -> None:
    target = StockTarget()
    for start in range(0, len(points), 5):
        target.add("m", *arrays(points[start : start + 5]))
    expected = target.series()["m"].facts()
    rows = sent(points)
    assert repr(target.found("m", [arrays(read(rows))]).facts()) == repr(expected)
    rows["m"] = merged(rows["m"])
    assert repr(target.found("m", [arrays(read(rows))]).facts()) == repr(expected)


@given(POINTS, st.data())
def test_a_point_that_it_lost_shows(points: list[Point], data: st.DataObject) -> None:
    target = StockTarget()
    target.add("m", *arrays(points))
    expected = target.series()["m"]
    rows = sent(points)
    rows["m"] = merged(rows["m"])
    there = read(rows)
    lost = data.draw(st.integers(0, len(there) - 1))
    found = target.found("m", [arrays(there[:lost] + there[lost + 1 :])])
    assert found.hash != expected.hash
    assert found.count == expected.count - 1


@given(POINTS)
def test_a_server_of_ours_keeps_everything(points: list[Point]) -> None:
    target = Target()
    target.add("m", *arrays(points))
    assert repr(target.series()["m"].facts()) == repr(target.found("m", [arrays(points[::-1])]).facts())
    assert target.notes == []


def test_what_gave_way_is_counted() -> None:
    target = StockTarget()
    target.add(
        "m", *arrays([(0.0, 1_000_500, 1.0), (0.0, 2_000_000, 2.0), (1.0, 3_000_000, 3.0), (0.5, 4_000_000, 4.0)])
    )
    digest = target.series()["m"]
    assert (digest.count, digest.sum) == (3, 9.0)
    assert target.notes == [
        "1 times of points: whole milliseconds there",
        "1 points that have their exact steps beside them, as `<name>/_step`",
        "1 points that gave way to another one at their step",
    ]
