"""Rows of runs."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import pytest

from pluto.compat.wandb.apis.reading import rows as reading
from pluto.compat.wandb.apis.reading.system import shown

OWN = ("_runtime", "_timestamp")


def plain(rows: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in OWN} for row in rows]


@pytest.fixture
def run(online: ModuleType) -> Any:
    """A run with rows of all kinds, read back."""
    with online.init(project="p", entity="team", id="r") as run:
        run.log({"loss": 1.0, "n": 1, "ok": True, "t": "x", "deep": {"er": 1}})
        run.log({"loss": 0.5, "n": 2, "ok": False, "l": [1, 2], "none": None})
        run.log({})
        run.log({"loss": math.nan, "n": 3}, step=10)
        run.log({"t": "y", "_timestamp": 17.5}, step=11)
        run.log({"inf": -math.inf}, step=20)
    return online.Api().run("team/p/r")


EXPECTED: list[dict[str, Any]] = [
    {"_step": 0, "loss": 1.0, "n": 1, "ok": True, "t": "x", "deep.er": 1},
    {"_step": 1, "loss": 0.5, "n": 2, "ok": False, "l": [1, 2], "none": None},
    {"_step": 2},
    {"_step": 10, "n": 3},
    {"_step": 11, "t": "y"},
    {"_step": 20, "inf": -math.inf},
]


def without_nan(rows: Any) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value == value} for row in plain(rows)]


def test_every_row_comes_back(run: Any) -> None:
    rows = list(run.scan_history())
    assert without_nan(rows) == EXPECTED
    assert math.isnan(rows[3]["loss"])
    assert [type(row["n"]) for row in rows if "n" in row] == [int] * 3
    assert rows[0]["ok"] is True
    assert rows[1]["ok"] is False
    assert rows[4]["_timestamp"] == 17.5
    assert all(row["_timestamp"] > 1e9 for index, row in enumerate(rows) if index != 4)
    assert [row["_runtime"] for row in rows] == sorted(row["_runtime"] for row in rows)
    assert without_nan(run.beta_scan_history()) == EXPECTED
    assert run.lastHistoryStep == 20


def test_a_scan_can_be_gone_through_again(run: Any) -> None:
    scan = run.scan_history()
    assert without_nan(scan) == without_nan(scan) == EXPECTED
    assert scan.max_step == 20


PARTS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 10, 11, 20]),
    ({"min_step": 1}, [1, 2, 10, 11, 20]),
    ({"max_step": 10}, [0, 1, 2]),
    ({"max_step": 11, "min_step": 2}, [2, 10]),
    ({"max_step": 1000}, [0, 1, 2, 10, 11, 20]),
    ({"min_step": 21}, []),
    ({"min_step": 3, "max_step": 3}, []),
    ({"keys": ["loss"]}, [0, 1, 10]),
    ({"keys": ["loss", "t"]}, [0]),
    ({"keys": ["t"], "min_step": 1}, [11]),
    ({"keys": ["loss", "nothing"]}, []),
    ({"keys": ["_step"]}, [0, 1, 2, 10, 11, 20]),
    ({"keys": ["_runtime"]}, [0, 1, 2, 10, 11, 20]),
    ({"keys": ["none"]}, [1]),
]


def test_parts_of_the_rows(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ROWS", 1)  # so that pages are as small as asked for
    for given, steps in PARTS:
        for page_size in (1, 7, 1000):
            found = list(run.scan_history(page_size=page_size, **given))
            assert [row["_step"] for row in found] == steps, given
            assert all(set(row) == {*given["keys"], "_step"} for row in found if "keys" in given)


def test_history_is_a_frame_or_a_list(run: Any) -> None:
    frame = run.history()
    assert frame["_step"].tolist() == [0, 1, 2, 10, 11, 20]
    assert {"loss", "n", "t", "deep.er", "_runtime", "_timestamp"} <= set(frame.columns)
    rows = run.history(pandas=False)
    assert without_nan(rows) == EXPECTED
    keyed = run.history(keys=["loss", "n"])
    assert keyed.columns.tolist() == ["_step", "loss", "n"]
    assert len(keyed) == 3
    assert run.history(keys=["loss"], x_axis="n", pandas=False)[:2] == [{"n": 1, "loss": 1.0}, {"n": 2, "loss": 0.5}]
    assert run.history(keys=["nothing"], pandas=False) == []


def test_samples_are_evenly_chosen(run: Any) -> None:
    assert [row["_step"] for row in run.history(samples=2, pandas=False)] == [0, 20]
    assert [row["_step"] for row in run.history(samples=3, pandas=False)] in ([0, 2, 20], [0, 10, 20])
    assert [row["_step"] for row in run.history(samples=2, keys=["loss"], pandas=False)] == [0, 10]
    assert len(run.history(samples=None, pandas=False)) == 6
    with pytest.raises(Exception, match="samples is at least 1"):
        run.history(samples=0)


def test_histories_of_many_runs(online: ModuleType, run: Any) -> None:
    del run
    with online.init(project="p", entity="team", id="s") as other:
        other.log({"loss": 3})
    runs = online.Api().runs("team/p")
    rows = runs.histories(keys=["loss"])
    assert [(row["run_id"], row["_step"]) for row in rows] == [("r", 0), ("r", 1), ("r", 10), ("s", 0)]
    frame = runs.histories(keys=["loss"], format="pandas")
    assert frame.columns.tolist() == ["_step", "loss", "run_id"]
    with pytest.raises(Exception, match="Invalid format"):
        runs.histories(format="csv")


def test_rows_of_a_fork_begin_with_its_parents(online: ModuleType) -> None:
    with online.init(project="p", id="parent") as parent:
        for number in range(5):
            parent.log({"a": number, "t": str(number)})
    with online.init(project="p", id="child", fork_from="parent?_step=2") as child:
        child.log({"a": 30, "t": "new"})
    run = online.Api().run("p/child")
    assert [row["a"] for row in run.scan_history()] == [0, 1, 2, 30]
    assert [row["t"] for row in run.scan_history()] == ["0", "1", "2", "new"]
    assert [row["_step"] for row in run.scan_history(keys=["a"])] == [0, 1, 2, 3]
    assert run.summary["a"] == 30


def test_rows_of_a_long_run(online: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_ROWS", 500)
    with online.init(project="p", id="long") as run:
        for number in range(3000):
            run.log({"a": number, "b": number / 2} if number % 3 else {"a": number})
    read = online.Api().run("p/long")
    assert [row["a"] for row in read.scan_history()] == list(range(3000))
    assert [row["_step"] for row in read.scan_history(keys=["b"])] == [n for n in range(3000) if n % 3]
    assert len(read.history(pandas=False)) == 500


def test_summary_metrics_with_definitions(online: ModuleType) -> None:
    with online.init(project="p", id="d") as run:
        run.define_metric("loss", summary="min,max,mean")
        run.define_metric("gone", summary="none")
        for value in (3, 1, 2):
            run.log({"loss": value, "gone": value, "deep": {"x": value}})
        run.summary["best"] = "three"
    read = online.Api().run("p/d")
    own = dict(run.summary)
    assert read.summary["loss"] == {"min": 1, "max": 3, "mean": 2.0}
    assert read.summary["deep"]["x"] == 2
    assert {name: value for name, value in read.summary_metrics.items() if name not in OWN} == {
        "loss": {"min": 1, "max": 3, "mean": 2.0}, "deep": {"x": 2}, "best": "three", "_step": 2,
    }  # fmt: skip
    assert "gone" not in own
    assert "gone" not in read.summary


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sys/cpu.percentage.3", ("system.cpu.3.cpu_percent", 1)),
        ("sys/gpu.1.tesla-t4.memory.used", ("system.gpu.1.memoryAllocatedBytes", 1)),
        ("sys/gpu.1.tesla-t4.memory.utilization", ("system.gpu.1.memory", 1)),
        ("sys/gpu.0.a.b.utilization", ("system.gpu.0.gpu", 1)),
        ("sys/gpu.0.x.power", ("system.gpu.0.powerWatts", 1e-3)),
        ("sys/process.rss", ("system.proc.memory.rssMB", 1 / 2**20)),
        ("sys/something.new", ("system.something.new", 1)),
    ],
)
def test_names_of_what_a_machine_is_measured_by(name: str, expected: tuple[str, float]) -> None:
    assert shown(name) == expected


def test_the_machine_is_read_apart(online: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB__DISABLE_STATS", "false")
    with online.init(project="p", id="m", settings={"x_stats_sampling_interval": 0.1}) as run:
        run.log({"a": 1})
        from tests.waiting import until

        until(lambda: run._op.flush(10) and online.Api().run("p/m").system_metrics, 30, "a sample")
    read = online.Api().run("p/m")
    assert plain(read.scan_history()) == [{"_step": 0, "a": 1}]
    rows = read.history(stream="system", pandas=False)
    assert rows
    assert all("_step" not in row and row["_timestamp"] > 1e9 for row in rows)
    assert all(name.startswith("system.") for row in rows for name in row if name not in OWN)
    assert "system.cpu" in read.system_metrics
    assert read.lastHistoryStep == 0


@pytest.mark.parametrize(
    ("values", "is_bool", "expected"),
    [
        ([1.0, 2.0], False, [1, 2]),
        ([1.0, 2.5], False, [1.0, 2.5]),
        ([1.0, 0.0], True, [True, False]),
        ([1.0, 7.0], True, [True, 7]),
        ([1e300], False, [1e300]),
        ([], False, []),
        ([math.inf, 1.0], False, [math.inf, 1.0]),
    ],
)
def test_numbers_come_back_as_they_were_logged(values: list[float], is_bool: bool, expected: list[Any]) -> None:
    import numpy as np

    found = reading.as_logged(np.array(values, float), is_bool)
    assert found == expected
    assert [type(value) for value in found] == [type(value) for value in expected]
