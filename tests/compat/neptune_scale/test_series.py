"""The steps of series, against a model that holds the rules one point at a time."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.neptune_scale.exceptions import (
    NeptunePreviewStepNotAfterLastCommittedStep,
    NeptuneSeriesPointDuplicate,
    NeptuneSeriesStepNonIncreasing,
    NeptuneSeriesStepNotAfterForkPoint,
    NeptuneSeriesTimestampDecreasing,
)
from pluto.compat.neptune_scale.sync.series import Steps

NAMES = st.sampled_from(["a", "b", "c", "d/e"])
CALLS = st.lists(
    st.tuples(
        st.dictionaries(NAMES, st.sampled_from([0.0, 1.0, 2, math.nan]), min_size=1),
        st.sampled_from([0, 1, 1.5, 2, 3, 4]),
        st.sampled_from([10.0, 11.0, 12.0]),
    ),
    max_size=12,
)


class Model:
    """The same, without any haste."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[float, float, float]] = {}

    def admit(self, data: dict[str, float], step: float, time: float) -> tuple[dict[str, float], set[type]]:
        kept, told = {}, set()
        for name, value in data.items():
            at, when, what = self.last.get(name, (-1, 0, 0))
            if step > at and time >= when:
                kept[name] = value
                self.last[name] = step, time, value
            elif step > at:
                told.add(NeptuneSeriesTimestampDecreasing)
            elif step == at and (what == value or (math.isnan(what) and math.isnan(value))):
                told.add(NeptuneSeriesPointDuplicate)
            else:
                told.add(NeptuneSeriesStepNonIncreasing)
        return kept, told


@given(CALLS)
def test_points_go_in_where_the_rules_say_so(calls: list[tuple[dict[str, Any], float, float]]) -> None:
    told: list[BaseException] = []
    steps, model = Steps(told.append), Model()
    for data, step, time in calls:
        told.clear()
        expected, problems = model.admit(data, step, time)
        kept = data if steps.again(data, step, time) else steps.admit(dict(data), step, time)
        assert kept is data or kept == expected or str(kept) == str(expected)
        assert list(kept) == list(expected)
        assert {type(one) for one in told} == problems
        assert len(told) == len(problems)


@given(CALLS)
def test_the_short_way_is_taken_only_where_the_long_one_would_keep_everything(
    calls: list[tuple[dict[str, Any], float, float]],
) -> None:
    long_told: list[BaseException] = []
    short, long = Steps([].append), Steps(long_told.append)
    for data, step, time in calls:
        long_told.clear()
        kept = long.admit(dict(data), step, time)
        if short.again(data, step, time):
            assert list(kept) == list(data)
            assert not long_told
        else:
            assert list(short.admit(dict(data), step, time)) == list(kept)


def test_the_short_way_is_for_plain_numbers_and_the_same_names() -> None:
    steps = Steps([].append)
    steps.admit({"a": 1.0, "b": 2.0}, 1, 0)
    assert not steps.again({"b": 2.0, "a": 1.0}, 2, 0)
    assert not steps.again({"a": 1.0}, 2, 0)
    assert not steps.again({"a": 1.0, "b": True}, 2, 0)
    assert not steps.again({"a": 1.0, "b": "2"}, 2, 0)
    assert not steps.again({}, 2, 0)
    assert steps.again({"a": 1.0, "b": 2}, 2, 0)
    steps.admit({"a": 1.0}, 3, 0)
    assert not steps.again({"a": 1.0, "b": 2}, 4, 0)


def test_what_comes_before_the_fork_is_the_parents() -> None:
    told: list[BaseException] = []
    steps = Steps(told.append, fork_step=5)
    assert steps.next("a") == 6
    assert steps.admit({"a": 1.0}, 5, 0) == {}
    assert steps.preview({"a": 1.0}, 4) == {}
    assert [type(one) for one in told] == [NeptuneSeriesStepNotAfterForkPoint] * 2
    assert steps.admit({"a": 1.0}, 5.000001, 0) == {"a": 1.0}


def test_previews_come_behind_what_is_settled_and_settle_nothing() -> None:
    told: list[BaseException] = []
    steps = Steps(told.append)
    assert steps.preview({"a": 1.0, "b": 1.0}, 3) == {"a": 1.0, "b": 1.0}
    assert steps.preview({"a": 2.0}, 2) == {"a": 2.0}
    steps.admit({"a": 1.0}, 3, 0)
    assert steps.preview({"a": 1.0, "b": 1.0}, 3) == {"b": 1.0}
    assert [type(one) for one in told] == [NeptunePreviewStepNotAfterLastCommittedStep]
    assert "`a` at step 3" in str(told[0])


def test_a_run_that_goes_on_goes_on_behind_what_it_had() -> None:
    told: list[BaseException] = []
    steps = Steps(told.append)
    steps.admit({"new": 1.0}, 1, 0)
    steps.follow({"a": (7.0, 0.5), "new": (9, 1.0)})
    assert steps.admit({"a": 0.5}, 7, 100) == {}
    assert steps.admit({"a": 0.6}, 7, 100) == {}
    assert [type(one) for one in told] == [NeptuneSeriesPointDuplicate, NeptuneSeriesStepNonIncreasing]
    assert steps.admit({"new": 2.0}, 2, 0) == {"new": 2.0}
    assert steps.next("a") == 8
    assert steps.next("other") == 0


def test_ten_thousand_points_that_come_again_take_no_time() -> None:
    told: list[BaseException] = []
    steps = Steps(told.append)
    data = {f"metric/{i}": float(i) for i in range(10_000)}
    steps.admit(data, 1, 0)
    assert steps.admit(data, 1, 0) == {}
    assert steps.admit(dict.fromkeys(data, 0.5), 0.5, 0) == {}
    assert len(told) == 2
