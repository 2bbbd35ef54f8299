"""Sweeps whose trials are calls of a function."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from pluto.sweeps.registry import COMPLETED, FAILED, STOPPED, Registry

GRID: dict[str, Any] = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "minimize"},
    "parameters": {"a": {"values": [1, 2]}, "net": {"parameters": {"width": {"values": [8, 16]}}}},
}


def states(root: Path, sweep: str) -> list[str]:
    return [one.state for one in Registry(root, sweep).trials()]


def test_each_combination_is_a_run_whose_values_are_locked(
    wandb: Any, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = wandb.sweep(GRID, entity="team", project="p")
    assert f"Create sweep with ID: {sweep}" in capsys.readouterr().out
    seen = []

    def train() -> None:
        with wandb.init(project="other", config={"a": 100, "lr": 0.1}) as run:
            run.config.a = 7
            run.config.update({"extra": 1})
            seen.append((run.config["a"], run.config["net"]["width"], run.config["lr"], run.project, run.entity))
            assert (run.sweep_id, run.sweep_url) == (sweep, None)
            assert run.id == os.environ["WANDB_RUN_ID"]
            run.log({"loss": run.config.a * run.config["net"]["width"]})

    wandb.agent(sweep, train)
    assert seen == [(a, width, 0.1, "p", "team") for a in (1, 2) for width in (8, 16)]
    told = capsys.readouterr().err
    assert "Ignoring project 'other' when running a sweep." in told
    assert "Config item 'a' was locked by 'sweep' (ignored update)." in told
    assert [one.objective for one in Registry(root, sweep).trials()] == [8, 16, 16, 32]
    assert wandb.run is None
    assert not {"WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH"} & os.environ.keys()
    with wandb.init(project="after", id="mine") as run:
        assert (run.project, run.id, run.sweep_id, dict(run.config)) == ("after", "mine", None, {})


def test_count_ends_an_agent_and_the_next_goes_on(wandb: Any, root: Path) -> None:
    sweep = wandb.sweep({**GRID, "project": "q"})
    seen: list[Any] = []

    def train() -> None:
        run = wandb.init()
        seen.append((run.config.a, run.config.net["width"], run.project))

    wandb.agent(f"q/{sweep}", train, count=3)
    wandb.agent(sweep, train, project="r")
    wandb.agent(sweep, lambda: pytest.fail("nothing is left"))
    assert seen == [(1, 8, "q"), (1, 16, "q"), (2, 8, "q"), (2, 16, "r")]
    assert states(root, sweep) == [COMPLETED] * 4


def test_a_run_opened_in_a_thread_is_one_of_the_trial(wandb: Any, root: Path) -> None:
    sweep = wandb.sweep(GRID)

    def train() -> None:
        def work() -> None:
            with wandb.init() as run:
                run.log({"loss": 5})

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    wandb.agent(sweep, train, count=1)
    assert Registry(root, sweep).trials()[0].objective == 5


def test_an_agent_survives_a_crash_and_says_what_it_was(
    wandb: Any, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = wandb.sweep(GRID)
    runs = []

    def train() -> None:
        runs.append(wandb.init())
        if len(runs) == 2:
            raise ValueError("bad luck")
        wandb.log({"loss": 1})

    wandb.agent(sweep, train)
    assert states(root, sweep) == [COMPLETED, FAILED, COMPLETED, COMPLETED]
    assert [run._exit_code for run in runs] == [0, 1, 0, 0]
    told = capsys.readouterr().err
    assert 'raise ValueError("bad luck")' in told
    assert f"Run {runs[1].id} errored: ValueError: bad luck" in told


@pytest.mark.parametrize(
    ("variables", "arguments", "trials", "text"),
    [
        ({}, {}, 3, "Detected 3 failed runs in the first 60 seconds, killing sweep."),
        ({}, {"max_consecutive_failed_runs": 2}, 2, "Detected 2 consecutive failed runs, killing sweep."),
        ({"WANDB_AGENT_DISABLE_FLAPPING": "true"}, {}, 4, "errored"),
    ],
)
def test_an_agent_whose_trials_all_fail_gives_up(
    wandb: Any,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    arguments: dict[str, int],
    trials: int,
    text: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    sweep = wandb.sweep(GRID)
    wandb.agent(sweep, lambda: 1 / 0, **arguments)
    assert states(root, sweep) == [FAILED] * trials
    assert text in capsys.readouterr().err


def test_ctrl_c_ends_the_agent_and_not_the_script(wandb: Any, root: Path) -> None:
    sweep = wandb.sweep(GRID)
    runs = []

    def train() -> None:
        runs.append(wandb.init())
        raise KeyboardInterrupt

    wandb.agent(sweep, train)
    assert states(root, sweep) == [FAILED]
    assert runs[0]._exit_code == 255


def test_the_objective_may_stand_in_a_nested_dict_or_the_summary(wandb: Any, root: Path) -> None:
    sweep = wandb.sweep({**GRID, "metric": {"name": "val.loss", "goal": "minimize"}})
    count = iter(range(1, 9))

    def train() -> None:
        run = wandb.init()
        number = next(count)
        if number == 1:
            run.log({"val": {"loss": 0.5}, "epoch": 1})
        elif number == 2:
            run.summary["val.loss"] = 0.25
        run.log({"other": float("nan")})

    wandb.agent(sweep, train, count=3)
    assert [one.objective for one in Registry(root, sweep).trials()] == [0.5, 0.25, None]


def test_hyperband_ends_what_does_worse(wandb: Any, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep = wandb.sweep(
        {
            "method": "grid",
            "metric": {"name": "loss", "goal": "minimize"},
            "parameters": {"level": {"values": [1, 2, 0]}},
            "early_terminate": {"type": "hyperband", "min_iter": 2, "eta": 2},
        }
    )
    steps = []

    def train() -> None:
        run = wandb.init()
        for step in range(4):
            try:
                run.log({"loss": run.config.level + 1 / (step + 1)})
            except Exception:
                pytest.fail("what ends a trial must pass an except Exception")
        steps.append(run.step)

    wandb.agent(sweep, train)
    assert states(root, sweep) == [COMPLETED, STOPPED, COMPLETED]
    assert steps == [4, 4]
    assert "was ended early by sweep" in capsys.readouterr().err


def test_run_cap_and_random(wandb: Any, root: Path) -> None:
    parameters = {
        "x": {"distribution": "beta", "a": 2, "b": 5},
        "q": {"distribution": "q_beta", "a": 1, "b": 1, "q": 0.5},
    }
    sweep = wandb.sweep({"method": "random", "parameters": parameters, "run_cap": 3})
    seen: list[Any] = []
    wandb.agent(sweep, lambda: seen.append(dict(wandb.init().config)))
    assert len({one["x"] for one in seen}) == 3
    assert all(0 < one["x"] < 1 and one["q"] in (0, 0.5, 1) for one in seen)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"parameters": {"a": {"value": 1}}}, "method: is missing"),
        ({"method": "luck", "parameters": {"a": {"value": 1}}}, "method: is one of grid, random, bayes"),
        ({"method": "grid"}, "parameters: is a dict"),
        ({"method": "grid", "parameters": {"a": {"valeus": [1]}}}, "parameters.a: give value"),
        ({"method": "grid", "parameters": {"a": {"min": 0.0, "max": 1.0}}}, "parameters.a: a grid needs values"),
        (
            {"method": "random", "parameters": {"a": {"distribution": "beta", "a": 0, "b": 1}}},
            "parameters.a.a: 0 is not",
        ),
        ({"method": "bayes", "parameters": {"a": {"min": 0.0, "max": 1.0}}}, "metric: a bayes sweep needs"),
        ({"method": "grid", "parameters": {"a": {"value": 1}}, "command": "run"}, "command: is a list"),
        (
            {"method": "grid", "parameters": {"a": {"value": 1}}, "controller": {"type": "x"}},
            "controller.type: is local",
        ),
    ],
)
def test_a_config_that_cant_be_used_names_the_field(wandb: Any, config: dict[str, Any], text: str) -> None:
    with pytest.raises(wandb.UsageError) as caught:
        wandb.sweep(config)
    assert text in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_calls_that_make_no_sense(wandb: Any) -> None:
    with pytest.raises(TypeError):
        wandb.sweep("config.yaml")
    with pytest.raises(wandb.UsageError, match="prior_runs"):
        wandb.sweep(lambda: GRID, prior_runs=["abc"])
    with pytest.raises(wandb.UsageError, match="there is no sweep 'nothere1'"):
        wandb.agent("nothere1", print)
    with pytest.raises(wandb.UsageError, match="Expected sweep_id"):
        wandb.agent("a/b/c/d", print)
    sweep = wandb.sweep(GRID)
    with pytest.raises(wandb.UsageError, match=r"^program: the sweep names none"):
        wandb.agent(sweep)
    with pytest.raises(TypeError, match="must be callable"):
        wandb.agent(sweep, 3)
    with pytest.raises(ValueError, match="at least 1"):
        wandb.agent(sweep, print, max_consecutive_failed_runs=0)


def test_a_disabled_run_has_the_values_too(wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    seen: list[Any] = []
    wandb.agent(wandb.sweep(GRID), lambda: seen.append(wandb.init().config["a"]), count=1)
    assert seen == [1]
