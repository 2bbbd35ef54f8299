"""Sweeps whose trials are processes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pluto.sweeps.registry import COMPLETED, FAILED, STOPPED, Registry
from tests.programs import Scripts

PROGRAM = """
import json, sys, os
import pluto.compat.wandb as wandb
run = wandb.init(config={"lr": 5})
with open("seen.jsonl", "a") as file:
    file.write(json.dumps([run.id, run.project, run.sweep_id, dict(run.config), sys.argv[1:]]) + "\\n")
for step in range(3):
    run.log({"loss": run.config["lr"] * (step + 1)})
if run.config["lr"] == 2:
    os._exit(3)
"""


def config(place: Path, **more: Any) -> dict[str, Any]:
    program = place / "train.py"
    program.write_text(PROGRAM)
    return {
        "method": "grid",
        "metric": {"name": "loss", "goal": "minimize"},
        "parameters": {"lr": {"values": [1, 2, 3]}},
        "program": str(program),
        "command": [sys.executable, "${program}", "${args_no_hyphens}"],
        **more,
    }


def test_each_trial_is_a_process_with_the_values_as_arguments_and_config(wandb: Any, root: Path, place: Path) -> None:
    sweep = wandb.sweep(config(place), project="p")
    wandb.agent(sweep)
    trials = Registry(root, sweep).trials()
    assert [one.state for one in trials] == [COMPLETED, FAILED, COMPLETED]
    assert (trials[0].objective, trials[2].objective) == (3, 9)
    seen = [json.loads(line) for line in (place / "seen.jsonl").read_text().splitlines()]
    assert seen == [[trials[at].run, "p", sweep, {"lr": at + 1}, [f"lr={at + 1}"]] for at in range(3)]


def test_agents_of_several_processes_share_a_sweep(wandb: Any, root: Path, place: Path, scripts: Scripts) -> None:
    given = config(place, parameters={"lr": {"values": [1, 3, 4, 5]}})
    sweep = wandb.sweep(given, project="p")
    source = f"import pluto.compat.wandb as wandb\nwandb.agent({sweep!r})"
    agents = [scripts.start(source) for _ in range(2)]
    ends = [(one.communicate(timeout=120), one.returncode) for one in agents]
    assert [code for _, code in ends] == [0, 0], ends
    trials = Registry(root, sweep).trials()
    assert sorted(one.objective or 0 for one in trials) == [3, 9, 12, 15]
    assert {one.state for one in trials} == {COMPLETED}


def test_hyperband_ends_a_program(wandb: Any, root: Path, place: Path) -> None:
    rules = {"type": "hyperband", "min_iter": 2, "eta": 2}
    sweep = wandb.sweep(config(place, parameters={"lr": {"values": [1, 3]}}, early_terminate=rules), project="p")
    wandb.agent(sweep)
    assert [one.state for one in Registry(root, sweep).trials()] == [COMPLETED, STOPPED]


def test_a_program_that_cant_be_started_fails_its_trial(
    wandb: Any, root: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = wandb.sweep(config(place, command=["/nowhere/python", "${program}"]), project="p")
    wandb.agent(sweep, max_consecutive_failed_runs=2)
    assert [one.state for one in Registry(root, sweep).trials()] == [FAILED, FAILED]
    told = capsys.readouterr().err
    assert "could not be started" in told
    assert "Detected 2 consecutive failed runs" in told


def test_the_json_file_is_written(wandb: Any, root: Path, place: Path) -> None:
    code = "import sys, shutil; shutil.copy(sys.argv[1], 'copied.json')"
    sweep = wandb.sweep(config(place, command=[sys.executable, "-c", code, "${args_json_file}"]), project="p")
    wandb.agent(sweep, count=1)
    assert json.loads((place / "copied.json").read_text()) == {"lr": 1}
