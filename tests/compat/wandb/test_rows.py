"""Which row a call of log belongs to, and what it adds. The expected rows are those of the original in offline mode."""

from __future__ import annotations

import collections
import datetime
import enum
import math
import threading
import types
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pluto.protocol import records
from pluto.protocol.rows import each_of
from tests.compat.wandb.journals import config, history, parts


def test_each_call_is_a_row(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    assert run.step == 0
    run.log({"loss": 1.0})
    run.log({"loss": 0.5, "acc": 1})
    assert run.step == 2
    run.finish()
    assert history(root) == [{"loss": 1.0, "_step": 0}, {"loss": 0.5, "acc": 1, "_step": 1}]


def test_commit_false_leaves_the_row_open(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1, "b": 1}, commit=False)
    run.log({"b": 2}, commit=False)
    assert run.step == 0
    run.log({"c": 3})
    run.log({"d": 4}, commit=False)
    run.finish()
    assert history(root) == [{"a": 1, "b": 2, "c": 3, "_step": 0}, {"d": 4, "_step": 1}]


def test_steps_name_rows_and_leave_them_open(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, step=10)
    run.log({"b": 2}, step=10)
    run.log({"c": 3})
    assert run.step == 11
    run.log({"d": 4}, step=12, commit=True)
    assert run.step == 13
    run.log({"e": 5}, step=20)
    run.log({"f": 6}, step=30)
    run.finish()
    assert history(root) == [
        {"a": 1, "b": 2, "c": 3, "_step": 10},
        {"d": 4, "_step": 12},
        {"e": 5, "_step": 20},
        {"f": 6, "_step": 30},
    ]


def test_a_step_that_is_over_takes_nothing(wandb: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, step=10)
    run.log({"b": 2}, step=5)
    run.log({"c": 3}, step=-1)
    run.log({"d": 4}, step=10, commit=True)
    run.log({"e": 5}, step=10)
    run.finish()
    assert history(root) == [{"a": 1, "d": 4, "_step": 10}]
    said = capsys.readouterr().err
    assert "step 5 that is less than the current step 10. Steps must be monotonically increasing" in said
    assert "step 10 that is less than the current step 11" in said


def test_an_open_row_is_finished_before_a_later_one(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, commit=False)
    run.log({"b": 2}, step=3, commit=True)
    run.log({"c": 3}, commit=False)
    run.log({"d": 4}, step=7)
    run.finish()
    assert history(root) == [{"a": 1, "_step": 0}, {"b": 2, "_step": 3}, {"c": 3, "_step": 4}, {"d": 4, "_step": 7}]


def test_nothing_logged_is_a_row_too(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({})
    run.log({}, step=300)
    run.log({}, commit=False)
    assert run.step == 300
    run.log({"a": {}})
    run.finish()
    assert history(root) == [{"_step": 0}, {"_step": 300}]


@pytest.mark.parametrize(("commit", "rows"), [(0, 0), (1, 1), (np.bool_(True), 1), (np.bool_(False), 0)])
def test_commit_is_what_is_true(wandb: ModuleType, commit: Any, rows: int) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, commit=commit)
    assert run.step == rows


@pytest.mark.parametrize(("step", "row"), [(np.int64(5), 5), (np.array(8), 8), (2**53, 2**53)])
def test_steps_that_are_whole_numbers(wandb: ModuleType, root: Path, step: Any, row: int) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, step=step)
    run.finish()
    assert history(root) == [{"a": 1, "_step": row}]


@pytest.mark.parametrize("step", [3.0, 4.5, np.float64(6.0), True, "7", np.array([9])])
def test_steps_that_are_none(wandb: ModuleType, root: Path, step: Any) -> None:
    run = wandb.init(project="p")
    with pytest.raises(TypeError):
        run.log({"a": 1}, step=step)
    run.finish()
    assert history(root) == []


def test_a_step_out_of_range(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    with pytest.raises(ValueError, match="range"):
        run.log({"a": 1}, step=2**70)


@pytest.mark.parametrize("data", [[1], None, "a", 3, {1: 2}, {None: 1}, {"x": 1, 2: 3}])
def test_what_can_not_be_logged(wandb: ModuleType, root: Path, data: Any) -> None:
    run = wandb.init(project="p")
    with pytest.raises(TypeError):
        run.log(data)
    run.finish()
    assert history(root) == []


def test_any_mapping_is_taken_and_left_alone(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    nested = {"z": {"y": np.float32(1)}}
    run.log(nested)
    assert nested == {"z": {"y": np.float32(1)}}
    assert isinstance(nested["z"]["y"], np.float32)
    run.log(collections.OrderedDict(a=1))
    run.log(types.MappingProxyType({"b": 2}))
    run.finish()
    assert history(root) == [{"z.y": 1.0, "_step": 0}, {"a": 1, "_step": 1}, {"b": 2, "_step": 2}]


def test_names_of_nested_dicts_are_joined_and_kept(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": {"b": 1, "c": {"d": 2, 3: 4}}, "lit.x": 5})
    run.finish()
    assert history(root) == [{"a.b": 1, "a.c.d": 2, "a.c.3": 4, "lit.x": 5, "_step": 0}]
    nested = {"a.b": ["a", "b"], "a.c.d": ["a", "c", "d"], "a.c.3": ["a", "c", "3"]}
    assert config(root)["_wandb"]["nested"] == nested


def test_names_of_the_row_itself(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"_step": 77, "_runtime": 77, "a": 1})
    run.log({"_timestamp": 7.5, "": 1, " ": 2, "_own": 3, "a\nb": 4, "ü": 5})
    assert run.summary["_timestamp"] == 7.5
    run.finish()
    assert history(root) == [
        {"a": 1, "_step": 0},
        {"_timestamp": 7.5, " ": 2, "_own": 3, "a\nb": 4, "ü": 5, "_step": 1},
    ]


class _Colour(enum.Enum):
    RED = 1


class _Number(enum.IntEnum):
    ONE = 1


@dataclass
class _Point:
    x: int = 1
    y: float = 0.5


class _Thing:
    pass


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (1, 1), (0.5, 0.5), (True, True), ("text", "text"), (None, None), (math.inf, math.inf), (2**70, float(2**70)),
        (10**400, math.inf), (-(10**400), -math.inf), (np.float32(0.1), 0.10000000149011612), (np.int64(4), 4),
        (np.bool_(True), True), (np.array([7.0]), 7.0), (np.array(3), 3), (np.array([[2]]), 2),
        (np.arange(5), [0, 1, 2, 3, 4]), (np.ones((2, 2)), [[1.0, 1.0], [1.0, 1.0]]), (np.array([]), []),
        ((1, 2), [1, 2]), ([], []), ([None], [None]), ([1, [2, np.float32(3)]], [1, [2, 3.0]]), ({1, 2}, [1, 2]),
        (b"ab", "ab"), (datetime.datetime(2020, 1, 2), "2020-01-02T00:00:00"),
        (datetime.date(2020, 1, 2), "2020-01-02"), (datetime.time(1, 2), "01:02:00"),
        (_Colour.RED, 1),
        (datetime.timedelta(seconds=3), "PT3S"), (Path("/a"), "/a"),
        (_Number.ONE, 1), (Decimal("1.5"), "1.5"), (1 + 2j, "1+2j"), (len, "builtins.len"),
        (_Thing, f"{__name__}._Thing"), ("x\ud800", "x\ufffd\ufffd\ufffd"), (np.array(["a", "b"]), ["a", "b"]),
        (np.array([1 + 2j]), "1+2j"), (np.datetime64("2020-01-01"), "2020-01-01"),
        ({"_type": "thing", "v": np.arange(3)}, {"_type": "thing", "v": [0, 1, 2]}),
    ],
)  # fmt: skip
def test_what_values_become(wandb: ModuleType, root: Path, value: Any, kept: Any) -> None:
    run = wandb.init(project="p")
    run.log({"v": value})
    run.log({"v": value})
    run.finish()
    found = [row["v"] for row in history(root)]
    assert found == [kept, kept]
    assert [type(each) for each in found] == [type(kept), type(kept)]


def test_nan_stays(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"v": math.nan, "w": np.float32("nan"), "l": [math.nan]})
    run.finish()
    (row,) = history(root)
    assert math.isnan(row["v"])
    assert math.isnan(row["w"])
    assert math.isnan(row["l"][0])


def test_a_dataclass_is_a_dict(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"v": _Point()})
    run.finish()
    assert history(root) == [{"v.x": 1, "v.y": 0.5, "_step": 0}]


def test_a_large_array_is_a_histogram(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"v": np.arange(100).reshape(10, 10), "l": [np.arange(40)], "zero": np.zeros(40)})
    run.finish()
    (row,) = history(root)
    counts, edges = np.histogram(np.arange(100), bins=32)
    assert row["v"] == {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}
    assert row["l"][0]["_type"] == "histogram"
    assert sum(row["zero"]["values"]) == 40
    assert (row["zero"]["bins"][0], row["zero"]["bins"][-1]) == (-0.5, 0.5)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (_Thing(), TypeError), ([_Thing()], TypeError), (range(3), TypeError), (b"\xff", UnicodeDecodeError),
        (np.array([math.nan] * 40), ValueError), (np.array([1, math.inf] * 40), ValueError),
    ],
)  # fmt: skip
def test_values_without_a_form(wandb: ModuleType, root: Path, value: Any, error: type[Exception]) -> None:
    run = wandb.init(project="p")
    with pytest.raises(error):
        run.log({"good": 1, "v": value})
    run.log({"next": 1})
    run.finish()
    assert history(root) == [{"next": 1, "_step": 0}]


def test_a_list_in_itself(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises((ValueError, RecursionError)):
        run.log({"v": ring})


def test_every_call_is_one_record_at_once(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1}, commit=False)
    assert [(part.values, part.step, part.flush) for part in parts(root)] == [({"a": 1}, 0, False)]
    run.log({"b": 2})
    assert [(part.values, part.step, part.flush) for part in parts(root)][1:] == [({"b": 2}, 0, True)]
    for step in range(3):
        run.log({"c": step}, step=step + 5)
    assert [(part.values, part.step, part.flush) for part in parts(root)][2:] == [
        ({"c": step}, step + 5, False) for step in range(3)
    ]


def test_names_known_and_unknown_mix(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    values: list[dict[str, Any]] = [{"a": 1}, {"a": "text"}, {"a": True, "b": 2}, {"a": 2**70}, {"b": 3.5}, {"a": None}]
    for value in values:
        run.log(value)
    run.finish()
    assert [{**value, "_step": step} for step, value in enumerate(values)] == history(root)


def test_threads_share_the_rows(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")

    def work(name: str) -> None:
        for index in range(200):
            run.log({name: index})

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert run.step == 800
    run.finish()
    rows = history(root)
    assert [row["_step"] for row in rows] == list(range(800))
    for number in range(4):
        assert [row[f"t{number}"] for row in rows if f"t{number}" in row] == list(range(200))


_keys = st.sampled_from(["a", "b", "c.d"])
_values = st.one_of(st.integers(-5, 5), st.floats(width=16, allow_nan=False), st.text(max_size=3), st.booleans())
_steps = st.none() | st.integers(0, 12)
_commits = st.sampled_from([None, True, False])
_calls = st.lists(st.tuples(st.dictionaries(_keys, _values, max_size=3), _steps, _commits), max_size=25)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_calls)
def test_rows_are_those_of_the_model(calls: list[tuple[dict[str, Any], int | None, bool | None]]) -> None:
    """Against the plain words of the model: one open row, flushed or left behind."""
    from pluto.compat.wandb.sdk.lib.definitions import Definitions
    from pluto.compat.wandb.sdk.lib.rows import Rows
    from pluto.core.journal import Row
    from pluto.core.uploader.rows import Rows as Merging

    class Run:
        def _set_config_wandb(self, key: Any, value: Any) -> None:
            pass

    journal: list[Row] = []
    rows = Rows(Run(), lambda kind, body: journal.append(Row(len(journal) + 1, kind, body, 1)), Definitions())  # type: ignore[arg-type]
    expected: list[dict[str, Any]] = []
    number, row = 0, None

    def flush() -> None:
        nonlocal row, number
        if row is not None:
            expected.append({**row, "_step": number})
        row = None

    for data, step, commit in calls:
        rows.log(data, step, commit)
        if step is not None:
            if step < number:
                continue
            if step > number:
                flush()
                number = step
        row = {**(row or {}), **data}
        if commit or (commit is None and step is None):
            flush()
            number += 1
    assert rows.number == number
    flush()
    merging = Merging()
    ready = merging.take(journal, 0, lambda row, error: None) + merging.finish(len(journal) + 1, 0)
    found = [each for row in ready for each in each_of(records.decode(row.kind, row.body))]
    assert [{**row.values, "_step": row.step} for row in found] == expected
    assert [row.seq for row in ready] == sorted({row.seq for row in ready})
