"""Agents with functions that tell the trial themselves: what `pluto.init` and `Op.log` do is in test_sweep_runs.py."""

from __future__ import annotations

import json
import logging
import math
import random
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pluto.sweeps import SweepError, TrialStopped, active, agent, sweep
from pluto.sweeps.registry import COMPLETED, FAILED, STOPPED, Registry
from pluto.sweeps.trial import Trial
from tests.programs import Scripts

GRID: dict[str, Any] = {"parameters": {"a": {"values": [1, 2]}, "b": {"values": ["x", "y"]}}}
LOSS = {"name": "loss", "goal": "minimize"}


def trial() -> Trial:
    found = active()
    assert found is not None
    return found


def chosen() -> dict[str, Any]:
    return {name: value for name, value in trial().config.items() if name != "sweep"}


def test_a_grid_is_tried_once_and_a_second_agent_finds_nothing_left() -> None:
    seen: list[dict[str, Any]] = []
    made = sweep(GRID, project="p")
    agent(made, lambda: seen.append(chosen()), count=3)
    assert seen == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}]
    agent(made, lambda: seen.append(chosen()))
    assert seen[3:] == [{"a": 2, "b": "y"}]
    agent(made, lambda: pytest.fail("nothing is left"))
    assert active() is None


def test_a_trial_carries_declaration_tag_and_project() -> None:
    made = sweep(GRID, project="p")
    seen: list[Trial] = []
    agent(f"someone/p/{made}", lambda: seen.append(trial()), count=1)
    (one,) = seen
    assert one.config["sweep"] == {"id": made, "method": "grid", "parameters": GRID["parameters"]}
    assert (one.tag, one.project) == (f"sweep:{made}", "p")
    agent(made, lambda: seen.append(trial()), count=1, project="q")
    assert seen[1].project == "q"


def test_a_crash_fails_its_trial_only_and_a_later_agent_tries_it_again(root: Path) -> None:
    made = sweep(GRID)
    seen = []

    def function() -> None:
        seen.append(chosen())
        if len(seen) == 2:
            raise ValueError("bad luck")

    agent(made, function)
    assert len(seen) == 4
    assert [one.state for one in Registry(root, made).trials()] == [COMPLETED, FAILED, COMPLETED, COMPLETED]
    agent(made, function)
    assert seen[4:] == [{"a": 1, "b": "y"}]


def test_five_failures_in_a_row_end_the_agent() -> None:
    made = sweep({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}})
    seen = []

    def function() -> None:
        seen.append(1)
        raise ValueError("always")

    with pytest.raises(SweepError, match="5 trials in a row failed") as caught:
        agent(made, function, count=20)
    assert len(seen) == 5
    assert isinstance(caught.value.__cause__, ValueError)


def test_sys_exit_ends_a_trial_and_ctrl_c_ends_the_agent(root: Path) -> None:
    made = sweep(GRID)
    codes = iter([SystemExit(0), SystemExit(3), KeyboardInterrupt()])

    def function() -> None:
        raise next(codes)

    with pytest.raises(KeyboardInterrupt):
        agent(made, function)
    assert [one.state for one in Registry(root, made).trials()] == [COMPLETED, FAILED, FAILED]


def test_random_counts_the_trials_of_the_whole_sweep_and_never_repeats() -> None:
    made = sweep({"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}})
    seen: list[float] = []
    agent(made, lambda: seen.append(chosen()["a"]), count=3)
    agent(made, lambda: seen.append(chosen()["a"]), count=5)
    agent(made, lambda: seen.append(chosen()["a"]), count=5)
    assert len(set(seen)) == len(seen) == 5


def test_random_needs_an_end() -> None:
    config = {"method": "random", "parameters": {"a": {"min": 0.0, "max": 1.0}}}
    with pytest.raises(ValueError, match="a random sweep has no end of its own"):
        agent(sweep(config), lambda: None)
    seen: list[int] = []
    agent(sweep({**config, "run_cap": 4}), lambda: seen.append(1))
    assert len(seen) == 4


def test_the_target_ends_the_sweep() -> None:
    seen = []
    made = sweep({**GRID, "metric": {**LOSS, "target": 0.5}})

    def function() -> None:
        seen.append(1)
        trial().heard({"loss": 1 / len(seen)})

    agent(made, function)
    assert len(seen) == 2


def test_the_objective_is_the_last_finite_value_of_the_metric(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    made = sweep({**GRID, "metric": LOSS})

    def function() -> None:
        for value in (3.0, 1.0, 2.0, math.nan):
            trial().heard({"loss": value, "other": 9})

    agent(made, function, count=1)
    assert Registry(root, made).trials()[0].objective == 2.0
    with caplog.at_level(logging.WARNING, "pluto"):
        agent(made, lambda: None, count=1)
    assert "logged no 'loss'" in caplog.text


@pytest.mark.parametrize("goal", ["minimize", "maximize"])
def test_bayes_learns(goal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The id seeds the search: this one makes the test the same each time.
    monkeypatch.setattr(random.SystemRandom, "choices", lambda self, letters, k: letters[:k])
    parameters = {
        "x": {"min": -10.0, "max": 10.0},
        "kind": {"values": ["good", "bad"]},
        "fixed": {"value": 7},
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
    }
    made = sweep({"method": "bayes", "metric": {"name": "score", "goal": goal}, "parameters": parameters})
    sign = 1 if goal == "minimize" else -1
    scores: list[float] = []

    def function() -> None:
        config = chosen()
        assert config["fixed"] == 7
        scores.append(config["x"] ** 2 + 100 * (config["kind"] == "bad"))
        trial().heard({"score": sign * scores[-1]})

    agent(made, function, count=20)
    agent(made, function, count=40)  # goes on from what the first has learned
    assert len(scores) == 40
    assert statistics.median(scores[20:]) < statistics.median(scores[:10]) / 5


def test_bayes_without_optuna_says_how_to_get_it(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import sys
        sys.modules["optuna"] = None
        from pluto.sweeps import agent, sweep
        made = sweep({"method": "bayes", "metric": {"name": "x"}, "parameters": {"a": {"min": 0.0, "max": 1.0}}})
        try:
            agent(made, lambda: None, count=1)
        except ImportError as error:
            print(error)
        """
    )
    assert "pip install 'pluto-ml[sweep]'" in done.stdout


def test_early_termination_ends_what_does_worse(root: Path) -> None:
    rules = {"type": "hyperband", "min_iter": 2, "eta": 2}
    values = {"values": [1, 2, 3, 4, 0]}
    made = sweep({"metric": LOSS, "parameters": {"level": values}, "early_terminate": rules})
    steps: Counter[int] = Counter()

    def function() -> None:
        level = chosen()["level"]
        for step in range(5):
            steps[level] += 1
            try:
                trial().heard({"loss": level + 1 / (step + 1)})
            except Exception:
                pytest.fail("TrialStopped must pass an except Exception")

    agent(made, function)
    # The first has nobody to be held against; the best so far always goes on; the others end at the first band.
    assert steps == {1: 5, 2: 2, 3: 2, 4: 2, 0: 5}
    states = [one.state for one in Registry(root, made).trials()]
    assert states == [COMPLETED, STOPPED, STOPPED, STOPPED, COMPLETED]


def test_a_stopped_trial_stays_stopped() -> None:
    one = Trial("s", 1, {}, None, "loss", better=lambda value: False)
    for _ in range(2):
        with pytest.raises(TrialStopped):
            one.heard({"loss": 1.0})
    with pytest.raises(TrialStopped):
        one.heard({"other": 1.0})


def test_processes_share_a_sweep_without_repeating_a_trial(root: Path, scripts: Scripts) -> None:
    made = sweep({"parameters": {"a": {"min": 1, "max": 30}}})
    source = f"""
        import json
        from pluto.sweeps import active, agent
        seen = []
        agent({made!r}, lambda: seen.append(active().config["a"]))
        print(json.dumps(seen))
    """
    processes = [scripts.start(source) for _ in range(3)]
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    tried = [value for out, _ in results for value in json.loads(out)]
    assert sorted(tried) == list(range(1, 31))


@pytest.mark.parametrize(("function", "count"), [("train", 1), (print, -1)])
def test_wrong_arguments(function: Any, count: int) -> None:
    made = sweep(GRID)
    with pytest.raises((TypeError, ValueError)):
        agent(made, function, count=count)


def test_the_name_of_the_declaration_is_taken() -> None:
    with pytest.raises(ValueError, match=r"^parameters\.sweep: the name is taken"):
        sweep({"parameters": {"sweep": {"value": 1}}})
