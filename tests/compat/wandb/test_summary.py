"""The summary and definitions of metrics. Expectations are the original's in offline mode, but where a test says so."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.compat.wandb.journals import config, history

OWN = ("_step", "_runtime", "_timestamp")


def shown(summary: Any) -> dict[str, Any]:
    """The summary as plain dicts, less what every row has."""
    found = {name: shown(summary[name]) if hasattr(summary[name], "keys") else summary[name] for name in summary.keys()}
    return {name: value for name, value in found.items() if name not in OWN}


def test_last_values_of_finished_rows(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1, "n": {"x": 1, "y": 2}, "lit.x": 5})
    run.log({"n": {"y": 3}})
    run.log({"open": 1}, commit=False)
    run.log({"none": None}, step=7)
    assert shown(run.summary) == {"a": 1, "n": {"x": 1, "y": 3}, "lit.x": 5, "open": 1}
    assert run.summary["_step"] == 2
    assert run.summary["_runtime"] >= 0
    assert isinstance(run.summary["_timestamp"], float)
    run.log({})
    assert run.summary["_step"] == 7


def test_a_number_in_the_place_of_a_dict_and_back(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.log({"n": {"x": 1}})
    run.log({"n": 5})
    assert shown(run.summary) == {"n": 5}
    run.log({"n": {"z": 1}})
    assert shown(run.summary) == {"n": {"z": 1}}


def test_assigning(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"acc": 1, "n": {"x": 1, "y": 2}})
    run.summary["acc"] = 5
    run.summary.best = 7
    run.summary["n"]["x"] = 9
    run.summary.update({"d": {"e": 1}})
    run.summary["d"]["f"] = 2
    assert shown(run.summary) == {"acc": 5, "best": 7, "n": {"x": 9, "y": 2}, "d": {"e": 1, "f": 2}}
    run.log({"acc": 2})
    assert run.summary["acc"] == 2
    del run.summary["best"]
    del run.summary["n"]["x"]
    del run.summary["never there"]
    assert shown(run.summary) == {"acc": 2, "n": {"y": 2}, "d": {"e": 1, "f": 2}}
    run.finish()
    assert config(root)["_wandb"]["summary"] == {
        "acc": [1, 5], "best": [2], "n.x": [2], "d": [1, {"e": 1}], "d.f": [1, 2], "never there": [2],
    }  # fmt: skip


def test_what_assigned_values_become(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    for name, value in {
        "none": None, "nan": math.nan, "small": np.arange(3), "f": np.float32(2), "set": {1}, "arr": np.arange(50),
    }.items():  # fmt: skip
        run.summary[name] = value
    found = shown(run.summary)
    statistics = found.pop("arr")
    assert found == {"small": [0, 1, 2], "f": 2.0, "set": [1]}
    assert statistics == {
        "_type": "numpy.ndarray", "var": 208.25, "mean": 24.5, "min": 0, "max": 49, "10%": pytest.approx(4.9),
        "25%": 12.25, "75%": 36.75, "90%": pytest.approx(44.1), "size": 50,
    }  # fmt: skip
    with pytest.raises(TypeError):
        run.summary["o"] = object()


def test_reading(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1, "n": {"x": 1}})
    summary = run.summary
    assert (summary.a, summary["a"], summary.get("a"), summary.get("b"), summary.get("b", 3)) == (1, 1, 1, None, 3)
    assert summary.n.x == 1
    assert summary.get("n") == {"x": 1}
    assert dict(summary)["a"] == 1
    assert ("a" in summary, "b" in summary) == (True, False)
    for missing in (lambda: summary.b, lambda: summary["b"], lambda: summary["n"]["z"]):
        with pytest.raises(KeyError):
            missing()
    run.finish()


def test_after_the_end(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1})
    run.finish()
    assert run.summary.keys() == []
    assert "Summary data not available in finished run" in capsys.readouterr().err
    with pytest.raises(wandb.UsageError):
        run.summary["a"] = 2


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("min", {"min": 1}), ("max", {"max": 3}), ("mean", {"mean": 2.0}), ("last", {"last": 2}),
        ("first", {"first": 1}),
        ("MAX,min", {"max": 3, "min": 1}), (None, 2),
    ],
)  # fmt: skip
def test_what_is_asked_for(wandb: ModuleType, kinds: str | None, expected: Any) -> None:
    run = wandb.init(project="p")
    run.define_metric("a", summary=kinds)
    for value in (1, 3, 2):
        run.log({"a": value})
    assert shown(run.summary) == {"a": expected}


def test_none_takes_it_out(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.define_metric("a", summary="none")
    run.log({"a": 1, "b": 1})
    run.define_metric("b", summary="none,max")
    assert shown(run.summary) == {}
    run.log({"b": 1})
    assert shown(run.summary) == {}


def test_definitions_add_up_and_are_overwritten(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1})
    run.define_metric("a", summary="max")
    assert shown(run.summary) == {"a": {"max": 1}}
    run.log({"a": 3})
    run.define_metric("a", summary="min", hidden=True)
    run.log({"a": 2})
    assert shown(run.summary) == {"a": {"max": 3, "min": 1}}
    run.define_metric("a", overwrite=True)
    assert shown(run.summary) == {"a": 2}
    run.finish()
    assert config(root)["_wandb"]["m"]["a"] == {
        "step_metric": None, "step_sync": False, "hidden": False, "summary": [], "goal": None,
    }  # fmt: skip


def test_assigning_ends_the_aggregation(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.define_metric("a", summary="max")
    run.log({"a": 3})
    run.summary["a"] = 5
    assert shown(run.summary) == {"a": 5}
    run.log({"a": 1})
    assert shown(run.summary) == {"a": 1}
    run.define_metric("a", summary="min")
    run.log({"a": 7})
    assert shown(run.summary) == {"a": {"max": 7, "min": 1}}


def test_globs(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.log({"seen/a": 1})
    run.define_metric("seen/*", summary="max")
    run.define_metric("x*", summary="max")
    run.define_metric("xy", hidden=True)
    run.define_metric("_u*", summary="max")
    run.define_metric("e.*", summary="max")
    for value in (2, 1):
        run.log({"seen/a": value, "xz": value, "xy": value, "_under": value, "e": {"b": value}})
    assert shown(run.summary) == {
        "seen/a": {"max": 2}, "xz": {"max": 2}, "xy": 1, "_under": 1, "e": {"b": {"max": 2}},
    }  # fmt: skip


def test_dots_are_nested_names(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.define_metric("a.b", summary="max")
    run.define_metric("c\\.d", summary="max")
    for value in (2, 1):
        run.log({"a": {"b": value}, "c.d": value, "a.b2": value})
    assert shown(run.summary) == {"a": {"b": {"max": 2}}, "c.d": {"max": 2}, "a.b2": 1}


def test_nan_does_not_poison(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.define_metric("a", summary="max,min")
    for value in (1, math.nan, 2):
        run.log({"a": value})
    assert shown(run.summary) == {"a": {"max": 2, "min": 1}}


def test_step_metrics_are_put_in(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.define_metric("*", step_metric="gs")
    run.log({"a": 1, "gs": 5})
    run.log({"b": 1})
    run.log({"gs": 7})
    run.log({"c": {"d": 1}})
    run.log({"a": 2})
    run.log({"a": 3}, commit=False)
    run.log({"gs": 9})
    assert run.summary["gs"] == 9
    run.finish()
    assert history(root) == [
        {"a": 1, "gs": 5, "_step": 0}, {"b": 1, "gs": 5, "_step": 1}, {"gs": 7, "_step": 2},
        {"c.d": 1, "gs": 7, "_step": 3}, {"a": 2, "gs": 7, "_step": 4}, {"a": 3, "gs": 9, "_step": 5},
    ]  # fmt: skip


def test_a_step_metric_never_logged_is_0_and_may_be_nested(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.define_metric("q", step_metric="sub.step")
    run.log({"q": 1})
    run.log({"sub": {"step": 3}})
    run.log({"q": 2, "other": 1})
    run.log({"other": 1})
    assert shown(run.summary) == {"q": 2, "sub": {"step": 3}, "other": 1}
    run.finish()
    assert history(root) == [
        {"q": 1, "sub.step": 0, "_step": 0}, {"sub.step": 3, "_step": 1},
        {"q": 2, "other": 1, "sub.step": 3, "_step": 2},
        {"other": 1, "_step": 3},
    ]  # fmt: skip


def test_step_sync_is_said_or_follows(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.define_metric("k", step_metric="s", step_sync=False)
    run.log({"k": 1})
    run.define_metric("k", step_sync=True)
    run.log({"k": 1})
    run.log({"k": 1})
    run.finish()
    assert history(root) == [{"k": 1, "_step": 0}, {"k": 1, "s": 0, "_step": 1}, {"k": 1, "s": 0, "_step": 2}]


def test_what_a_definition_says_of_itself(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    metric = run.define_metric("m", step_metric=run.define_metric("s"), hidden=True, summary="min")
    assert (metric.name, metric.step_metric, metric.step_sync, metric.summary, metric.hidden) == (
        "m", "s", True, ("min",), True,
    )  # fmt: skip
    assert run.define_metric("plain").summary is None
    run.finish()
    assert config(root)["_wandb"]["m"]["m"] == {
        "step_metric": "s", "step_sync": True, "hidden": True, "summary": ["min"], "goal": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": None}, {"name": "a*b"}, {"name": 3}, {"name": "a", "step_metric": 4},
        {"name": "a", "summary": "median"}, {"name": "a", "summary": ["min"]}, {"name": "a", "hidden": "x"},
        {"name": "a", "summary": "max, min"}, {"name": "a", "goal": "upwards"},
    ],
)  # fmt: skip
def test_definitions_that_make_no_sense(wandb: ModuleType, wrong: dict[str, Any]) -> None:
    run = wandb.init(project="p")
    with pytest.raises(wandb.Error):
        run.define_metric(**wrong)


def test_the_older_goal_and_best(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    run.define_metric("acc", goal="maximize", summary="best")
    run.define_metric("loss", goal="minimize", summary="best")
    for value in (1, 3, 2):
        run.log({"acc": value, "loss": value})
    assert shown(run.summary) == {"acc": {"best": 3}, "loss": {"best": 1}}
    assert capsys.readouterr().err.count("of older releases") == 1


def test_booleans_and_texts(wandb: ModuleType, root: Path) -> None:
    """Unlike the original, which takes booleans and texts for 0."""
    run = wandb.init(project="p")
    run.define_metric("*", summary="max,last")
    for value in (True, False):
        run.log({"flag": value, "text": str(value)})
    assert shown(run.summary) == {"flag": {"max": 1, "last": False}, "text": {"last": "False"}}
    run.finish()
    assert config(root)["_wandb"]["bools"] == {"flag": True}
