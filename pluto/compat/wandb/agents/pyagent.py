"""The agent that calls a function for each trial."""

from __future__ import annotations

import math
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Final

import pluto.compat.wandb as wandb
from pluto.compat.wandb import env
from pluto.compat.wandb.sdk.lib import sweep_trial
from pluto.compat.wandb.sdk.lib.runid import generate_id
from pluto.compat.wandb.sdk.wandb_sweep import check, find
from pluto.sweeps import search
from pluto.sweeps.agent import chosen
from pluto.sweeps.registry import COMPLETED, FAILED, STOPPED, Registry
from pluto.sweeps.trial import Trial, TrialStopped

_STOPPED_CODE: Final = 1
_CTRL_C_CODE: Final = 255
_instances = 0


class Agent:
    """Tries what a sweep has left, one trial after another, in the thread that calls `run`."""

    FLAPPING_MAX_SECONDS = 60
    FLAPPING_MAX_FAILURES = 3
    MAX_INITIAL_FAILURES = 5

    def __init__(
        self,
        sweep_id: str,
        function: Callable[[], Any],
        entity: str | None = None,
        project: str | None = None,
        count: int | None = None,
        max_consecutive_failed_runs: int | None = None,
    ) -> None:
        self._registry, self._project = find(sweep_id, entity, project)
        self._checked = check(self._registry.config)
        self._function = function
        self._count = count
        self._most_in_a_row = math.inf if max_consecutive_failed_runs is None else max_consecutive_failed_runs
        initial = env.get_agent_max_initial_failures(self.MAX_INITIAL_FAILURES)
        self._most_at_first = self.MAX_INITIAL_FAILURES if initial is None else initial

    def run(self) -> None:
        """Returns when `count` trials were made, nothing is left, too many have failed, or at Ctrl-C."""
        if self._checked.method == "bayes":
            search.require_optuna()
        began = time.monotonic()
        failures = in_a_row = 0
        trials = chosen(
            self._registry, self._checked, limit=self._count or None, project=self._project, run_id=generate_id
        )
        for number, trial in enumerate(trials, 1):
            try:
                failed = self._try(trial)
            except KeyboardInterrupt:
                wandb.termlog("Ctrl + C detected. Stopping sweep.")
                return
            failures += failed
            in_a_row = in_a_row + 1 if failed else 0
            if failed and self._gives_up(number, failures, in_a_row, time.monotonic() - began):
                return

    def _gives_up(self, trials: int, failures: int, in_a_row: int, seconds: float) -> bool:
        """Whether so many have failed that the others need not be tried; says so."""
        advice = None
        if in_a_row >= self._most_in_a_row:
            text = f"{in_a_row} consecutive failed runs"
        elif os.environ.get(env.AGENT_DISABLE_FLAPPING) == "true":
            return False
        elif seconds < self.FLAPPING_MAX_SECONDS and failures >= self.FLAPPING_MAX_FAILURES:
            text = f"{self.FLAPPING_MAX_FAILURES} failed runs in the first {self.FLAPPING_MAX_SECONDS} seconds"
            advice = "To disable this check set WANDB_AGENT_DISABLE_FLAPPING=true"
        elif self._most_at_first < failures and failures >= trials:
            text = f"{self._most_at_first} failed runs in a row at start"
            advice = "To change this value set WANDB_AGENT_MAX_INITIAL_FAILURES=val"
        else:
            return False
        wandb.termerror(f"Detected {text}, killing sweep.")
        if advice:
            wandb.termlog(advice)
        return True

    def _try(self, trial: Trial) -> bool:
        """Runs one trial; True where it failed. Ctrl-C passes."""
        registry = self._registry
        state, code = FAILED, 1
        wandb.teardown()
        values = sweep_trial.variables(registry, trial, os.environ.get(env.DIR, ""))
        try:
            with sweep_trial.in_environment(values), sweep_trial.under_way(trial):
                wandb.termlog(f"Agent Starting Run: {trial.run} with config:")
                for name, value in trial.config.items():
                    wandb.termlog(f"\t{name}: {value}")
                try:
                    state, code = self._call(trial, registry)
                except KeyboardInterrupt:
                    code = _CTRL_C_CODE
                    raise
                finally:
                    wandb.finish(exit_code=code)
                    wandb.teardown(code)
        finally:
            registry.end(trial.number, state, trial.last)
        if trial.metric is not None and trial.last is None and state == COMPLETED:
            wandb.termwarn(f"Run {trial.run} logged no {trial.metric!r}, the metric of sweep {registry.sweep}.")
        return state == FAILED

    def _call(self, trial: Trial, registry: Registry) -> tuple[str, int]:
        """The state that the function leaves the trial in, and its runs' exit code."""
        try:
            self._function()
        except TrialStopped:
            wandb.termlog(f"Run {trial.run} was ended early by sweep {registry.sweep}.")
            return STOPPED, _STOPPED_CODE
        except SystemExit as left:
            if left.code in (None, 0):
                return COMPLETED, 0
            wandb.termerror(f"Run {trial.run} errored: exit code {left.code}")
            return FAILED, left.code if isinstance(left.code, int) else 1
        except Exception as error:  # noqa: BLE001  whatever a training function raises fails its trial and no other
            print(traceback.format_exc(), file=sys.stderr)  # noqa: T201  also into the run's own lines
            wandb.termerror(f"Run {trial.run} errored: {type(error).__name__}: {error}")
            return FAILED, 1
        return (STOPPED, _STOPPED_CODE) if trial.stopped else (COMPLETED, 0)


def pyagent(
    sweep_id: str,
    function: Callable[[], Any],
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    max_consecutive_failed_runs: int | None = None,
) -> None:
    """Calls `function` for each trial of a sweep."""
    global _instances
    if not callable(function):
        raise TypeError("function parameter must be callable!")
    agent = Agent(sweep_id, function, entity, project, count, max_consecutive_failed_runs)
    _instances += 1
    try:
        agent.run()
    finally:
        _instances -= 1


def is_running() -> bool:
    """Whether an agent is at work in this process."""
    return bool(_instances)
