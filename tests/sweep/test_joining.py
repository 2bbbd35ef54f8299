"""Trials whose program is a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pluto.sweeps.agent import chosen
from pluto.sweeps.config import check
from pluto.sweeps.joining import of_environment
from pluto.sweeps.registry import COMPLETED, RUNNING, STOPPED, Registry
from pluto.sweeps.trial import VARIABLE

LOSS = {"name": "loss", "goal": "minimize"}
PROGRAM = """
import sys
import pluto
op = pluto.init(project="p", mode="offline")
for value in {values}:
    op.log({{"loss": value}})
op.finish()
"""


def run(registry: Registry, number: int, values: list[float]) -> int:
    environment = {**os.environ, VARIABLE: f"{registry.sweep}/{number}"}
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(values=values)], env=environment, timeout=60)
    return done.returncode


def test_a_native_run_of_the_process_reports_the_objective(root: Path) -> None:
    registry = Registry.create(root, {"parameters": {"a": {"values": [1, 2]}}, "metric": LOSS}, "p")
    (trial, _) = chosen(registry, check(registry.config), run_id=lambda: "abc")
    assert (trial.run, registry.trials()[0].run) == ("abc", "abc")
    assert run(registry, 1, [3.0, 1.0, 2.0]) == 0
    assert (registry.trials()[0].state, registry.trials()[0].objective) == (RUNNING, 2.0)
    registry.end(1, COMPLETED, None)
    assert (registry.trials()[0].state, registry.trials()[0].objective) == (COMPLETED, 2.0)


def test_one_that_was_stopped_says_so_and_stays_so(root: Path) -> None:
    config = {"parameters": {"a": {"values": [1]}}, "metric": LOSS, "controller": {"type": "local"}}
    registry = Registry.create(root, config, "p")
    registry.enqueue({"a": 1})
    assert registry.claim_queued("abc") == (1, {"a": 1})
    registry.ask_to_stop([1])
    assert run(registry, 1, [3.0, 1.0]) != 0
    registry.end(1, COMPLETED, None)
    assert (registry.trials()[0].state, registry.trials()[0].objective) == (STOPPED, 3.0)


def test_a_trial_there_is_not_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry.create(root, {"parameters": {"a": {"values": [1]}}}, "p")
    monkeypatch.setenv(VARIABLE, f"{registry.sweep}/7")
    with pytest.raises(ValueError, match="names no trial"):
        of_environment()


def test_agents_obey_the_state_and_a_controller(root: Path) -> None:
    config: dict[str, Any] = {"parameters": {"a": {"values": [1, 2, 3]}}, "controller": {"type": "local"}}
    registry = Registry.create(root, config, "p")
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        registry.enqueue({"a": 7} if len(waits) == 1 else None)

    found = [one.config for one in chosen(registry, check(config), wait=wait)]
    assert (found, len(waits)) == ([{"a": 7}], 2)
    plain = Registry.create(root, {"parameters": config["parameters"]}, "p")
    plain.state = STOPPED
    assert list(chosen(plain, check(plain.config))) == []


def test_files_of_earlier_releases_are_read(root: Path) -> None:
    import sqlite3

    made = Registry.create(root, {"parameters": {"a": {"values": [1]}}}, "p")
    with sqlite3.connect(made.path) as file:
        file.executescript(
            "DROP TABLE queue; ALTER TABLE sweep DROP COLUMN state; ALTER TABLE trial DROP COLUMN run;"
            "ALTER TABLE trial DROP COLUMN config; ALTER TABLE trial DROP COLUMN stop"
        )
    file.close()
    old = Registry(root, made.sweep)
    assert (old.state, old.trials(), old.queued()) == (RUNNING, [], 0)
