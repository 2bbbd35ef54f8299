"""What a `Run` accepts, and what it says of the rest; nothing is kept here."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.neptune_scale import NeptuneLoggingHandler, Run
from pluto.compat.neptune_scale.types import File, Histogram
from tests.compat.neptune_scale.conftest import Said


@pytest.fixture
def run() -> Run:
    return Run(mode="disabled")


def call(*_: object) -> None:
    """A callback."""


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"run_id": 1}, TypeError),
        ({"run_id": ""}, ValueError),
        ({"run_id": "a/b"}, ValueError),
        ({"run_id": "é" * 366}, ValueError),
        ({"project": 1}, TypeError),
        ({"project": "alone"}, ValueError),
        ({"project": "a/b/c"}, ValueError),
        ({"api_token": 1}, TypeError),
        ({"experiment_name": 1}, TypeError),
        ({"experiment_name": ""}, ValueError),
        ({"experiment_name": "x" * 731}, ValueError),
        ({"creation_time": "2024-01-01"}, TypeError),
        ({"fork_run_id": 1, "fork_step": 1}, TypeError),
        ({"fork_run_id": "a/b", "fork_step": 1}, ValueError),
        ({"fork_run_id": "parent"}, ValueError),
        ({"fork_step": 1}, ValueError),
        ({"fork_step": "1", "fork_run_id": "parent"}, TypeError),
        ({"log_directory": 1}, TypeError),
        ({"async_lag_threshold": 1.0}, ValueError),
        ({"on_async_lag_callback": call}, ValueError),
        ({"async_lag_threshold": "1", "on_async_lag_callback": call}, TypeError),
        ({"on_async_lag_callback": 1, "async_lag_threshold": 1}, TypeError),
        ({"on_queue_full_callback": 1}, TypeError),
        ({"on_network_error_callback": 1}, TypeError),
        ({"on_error_callback": 1}, TypeError),
        ({"on_warning_callback": 1}, TypeError),
        ({"enable_console_log_capture": 1}, TypeError),
        ({"runtime_namespace": 1}, TypeError),
        ({"system_namespace": 1}, TypeError),
    ],
)
def test_arguments_that_make_no_sense_are_refused_in_every_mode(
    arguments: dict[str, Any], error: type[Exception]
) -> None:
    named = next(iter(arguments))
    for mode in ("disabled", "offline", "async"):
        with pytest.raises(error, match=named):
            Run(mode=mode, **{"project": "team/tests", **arguments})
    assert not Path(".neptune").exists()


def test_the_project_of_the_environment_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_PROJECT", "alone")
    with pytest.raises(ValueError, match="project"):
        Run(mode="disabled")


def test_the_longest_names_are_fine() -> None:
    Run(mode="disabled", run_id="é" * 365, experiment_name="x" * 730, fork_run_id="y" * 730, fork_step=0)


@pytest.mark.parametrize("step", [-1, -0.5, 1e12, 10**12, math.nan, math.inf])
def test_a_step_out_of_range_is_a_value_error(run: Run, step: float) -> None:
    calls: list[Callable[[], None]] = [
        lambda: run.log_metrics({"a": 1}, step),
        lambda: run.log_string_series({"a": "x"}, step),
        lambda: run.log_histograms({"a": Histogram([0, 1], [1])}, step),
        lambda: run.log_files({"a": b"x"}, step),
        lambda: run.log(step=step, metrics={"a": 1}),
    ]
    for log in calls:
        with pytest.raises(ValueError, match="step"):
            log()


def test_a_step_is_a_number(run: Run) -> None:
    for log in (run.log_metrics, run.log_string_series, run.log_histograms, run.log_files):
        with pytest.raises(TypeError, match="step"):
            log({}, step="1")  # type: ignore[operator]
        if log != run.log_metrics:
            with pytest.raises(TypeError, match="step"):
                log({}, step=None)  # type: ignore[operator]
    run.log_metrics({}, step=None)  # type: ignore[arg-type]
    run.log_metrics({}, step=True)


@pytest.mark.parametrize("data", [None, [1], 1, "text"])
def test_metrics_are_a_dict(run: Run, data: Any) -> None:
    with pytest.raises(TypeError, match="metrics"):
        run.log_metrics(data, 1)


def test_a_preview_says_so(run: Run) -> None:
    run.log_metrics({"a": 1}, 1, preview=True)
    run.log_metrics({"a": 1}, 1, preview=True, preview_completion=0.0)
    run.log_metrics({"a": 1}, 1, preview=True, preview_completion=1.0)
    run.log_metrics({"a": 1}, 1, preview_completion=1.0)
    with pytest.raises(ValueError, match="preview"):
        run.log_metrics({"a": 1}, 1, preview_completion=0.5)
    for completion in (-0.1, 1.1):
        with pytest.raises(ValueError, match="preview_completion"):
            run.log_metrics({"a": 1}, 1, preview=True, preview_completion=completion)
    with pytest.raises(TypeError, match="preview_completion"):
        run.log_metrics({"a": 1}, 1, preview=True, preview_completion=1)
    with pytest.raises(TypeError, match="preview"):
        run.log_metrics({"a": 1}, 1, preview=1)  # type: ignore[arg-type]


def test_a_timestamp_is_a_datetime(run: Run) -> None:
    for log in (run.log_metrics, run.log_string_series, run.log_histograms, run.log_files):
        log({}, 1, timestamp=datetime(2024, 1, 1))  # type: ignore[operator]
        with pytest.raises(TypeError, match="timestamp"):
            log({}, 1, timestamp=1.0)  # type: ignore[operator]
    with pytest.raises(TypeError, match="timestamp"):
        run.log(timestamp=1.0)  # type: ignore[arg-type]


def test_other_collections_are_dicts(run: Run) -> None:
    calls: dict[str, Callable[[], None]] = {
        "configs": lambda: run.log_configs([1]),
        "string_series": lambda: run.log_string_series([1], 1),  # type: ignore[arg-type]
        "histograms": lambda: run.log_histograms([1], 1),  # type: ignore[arg-type]
        "files": lambda: run.assign_files([1]),  # type: ignore[arg-type]
        "file_series": lambda: run.log_files([1], 1),  # type: ignore[arg-type]
        "tags_add": lambda: run.log(tags_add=[1]),  # type: ignore[arg-type]
        "tags_remove": lambda: run.log(tags_remove=[1]),  # type: ignore[arg-type]
    }
    for name, log in calls.items():
        with pytest.raises(TypeError, match=name):
            log()
    with pytest.raises(TypeError, match="configs"):
        run.log(configs=[1])  # type: ignore[arg-type]


def test_a_disabled_run_takes_everything_and_keeps_nothing(run: Run, here: Path, root: Path) -> None:
    run.log_metrics({"a": object()}, 1)  # type: ignore[dict-item]
    run.log_metrics({"a": 1}, 1, preview=True)
    run.log_configs({"a": object()})
    run.log_configs(None)
    run.log_string_series({"a": "x"}, 1)
    run.log_histograms({"a": Histogram([0, 1], [1])}, 1)
    run.assign_files({"a": File(b"x")})
    run.log_files({"a": "missing"}, 1)
    run.add_tags(["x"])
    run.remove_tags(["x"], group_tags=True)
    run.log(1, metrics={"a": 1})
    NeptuneLoggingHandler(run=run).emit(logging.makeLogRecord({"msg": "text"}))
    assert run.wait_for_submission(0)
    assert run.wait_for_processing()
    assert run.get_run_url()
    with pytest.raises(ValueError, match="experiment"):
        run.get_experiment_url()
    run.close(1)
    run.close()
    run.terminate()
    assert list(here.iterdir()) == []
    assert not root.exists()


def test_the_mode_of_the_environment_counts_where_none_is_given(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setenv("NEPTUNE_MODE", "disabled")
    with Run() as run:
        run.log_metrics({"a": 1}, 1)
    assert not root.exists()


def test_an_unknown_mode_keeps_nothing_and_says_so(root: Path, said: Said) -> None:
    with Run(mode="sync") as run:  # type: ignore[arg-type]
        run.log_metrics({"a": 1}, 1)
    assert not root.exists()
    assert "'sync'" in said.text


@pytest.mark.parametrize("argument", ["resume", "max_queue_size", "system_namespace"])
def test_arguments_of_earlier_versions_are_taken_with_a_word(argument: str, said: Said) -> None:
    Run(mode="disabled", **{argument: {"resume": True, "max_queue_size": 5, "system_namespace": "x"}[argument]})  # type: ignore[arg-type]
    (warning,) = said.warnings()
    assert f"`{argument}` is deprecated" in warning


def test_ids_that_are_made_up_differ_and_can_be_read() -> None:
    ids = {Run(mode="disabled")._run_id for _ in range(20)}
    assert len(ids) == 20
    for made in ids:
        words = made.split("-")
        assert len(words) == 4
        assert words[2].isdigit()
        assert len(words[2]) == 17


def test_the_logging_handler_checks_its_arguments(run: Run) -> None:
    with pytest.raises(TypeError, match="run"):
        NeptuneLoggingHandler(run=1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="level"):
        NeptuneLoggingHandler(run=run, level="INFO")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="attribute_path"):
        NeptuneLoggingHandler(run=run, attribute_path=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="attribute_path"):
        NeptuneLoggingHandler(run=run, attribute_path="x" * 1025)
