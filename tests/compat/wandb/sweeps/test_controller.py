"""A script that chooses the trials itself."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.wandb.wandb_controller import ControllerError, SweepRun
from pluto.sweeps.registry import COMPLETED, STOPPED, Registry

CONFIG: dict[str, Any] = {
    "method": "grid",
    "metric": {"name": "loss", "goal": "maximize"},
    "parameters": {"a": {"values": [1, 2]}},
    "controller": {"type": "local"},
}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.compat.wandb.wandb_controller._EVERY_S", 0.02)
    monkeypatch.setattr(importlib.import_module("pluto.sweeps.agent"), "_WAIT_S", 0.02)


def run_with_agent(wandb: Any, tuner: Any, train: Any) -> None:
    controller = threading.Thread(target=tuner.run, kwargs={"verbose": True})
    controller.start()
    wandb.agent(tuner.sweep_id, train)
    controller.join(60)
    assert not controller.is_alive()


def test_a_grid_is_chosen_here(wandb: Any, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tuner = wandb.controller(CONFIG)
    seen: list[int] = []

    def train() -> None:
        seen.append(wandb.init().config.a)
        wandb.log({"loss": seen[-1]})

    run_with_agent(wandb, tuner, train)
    assert seen == [1, 2]
    assert tuner.done()
    capsys.readouterr()
    tuner.print_summary()
    tuner.print_space()
    out = capsys.readouterr().out
    assert "{'loss': 2.0} {'a': {'value': 2}}" in out
    assert "a: {'values': [1, 2]}" in out


def test_functions_may_search_and_stop(wandb: Any, root: Path) -> None:
    def search(config: dict[str, Any], runs: list[SweepRun]) -> SweepRun | None:
        assert config["method"] == "custom"
        return SweepRun(config={"a": {"value": 10 * (len(runs) + 1)}}) if len(runs) < 2 else None

    def stopping(config: dict[str, Any], runs: list[SweepRun]) -> list[SweepRun]:
        return [run for run in runs if run.state == "running" and run.config["a"]["value"] == 20]

    tuner = wandb.controller()
    with pytest.raises(ControllerError, match="Must configure"):
        tuner.create()
    tuner.configure_search(search)
    tuner.configure_stopping(lambda given: stopping)
    tuner.configure_metric("loss", "minimize")
    tuner.configure_parameter("a", values=[1, 2])
    tuner.configure_name("mine")
    tuner.create()
    stopped = threading.Event()

    def train() -> None:
        run = wandb.init()
        run.log({"loss": 1.0})
        if run.config.a == 20:
            while not stopped.wait(0.01):  # until the controller has seen it
                run.log({"loss": 1.0})

    run_with_agent(wandb, tuner, train)
    trials = Registry(root, tuner.sweep_id).trials()
    assert [(one.config, one.state) for one in trials] == [({"a": 10}, COMPLETED), ({"a": 20}, STOPPED)]


def test_what_a_controller_refuses(wandb: Any) -> None:
    with pytest.raises(ControllerError, match="local controller"):
        wandb.controller({**CONFIG, "controller": {"type": "cloud"}}).step()
    with pytest.raises(ControllerError, match="Must specify or create"):
        wandb.controller().step()
    with pytest.raises(ControllerError, match="Unhandled sweep controller type"):
        wandb.controller(3)
    tuner = wandb.controller(CONFIG)
    with pytest.raises(ControllerError, match="already created"):
        tuner.create()
    tuner.step()
    with pytest.raises(ControllerError, match="after sweep has been started"):
        tuner.configure_name("late")
