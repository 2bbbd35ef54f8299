"""`wandb.agent`: tries what a sweep has left, with a function, or with the sweep's program as a process of its own."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Final

import pluto.compat.wandb as wandb
from pluto.compat.wandb import env
from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.sdk.lib import sweep_trial
from pluto.compat.wandb.sdk.lib.runid import generate_id
from pluto.compat.wandb.sdk.wandb_sweep import check, find
from pluto.sweeps import command as commands
from pluto.sweeps import search
from pluto.sweeps.agent import chosen
from pluto.sweeps.registry import COMPLETED, FAILED, STOPPED
from pluto.sweeps.trial import Trial

_LOOK_S: Final = 1.0
_GROUP: Final[dict[str, Any]] = {"process_group": 0} if sys.version_info >= (3, 11) else {"preexec_fn": os.setpgrp}
_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
_instances = 0


class AgentError(Exception):
    """An agent that can't begin."""


class Agent:
    """Starts a process for each trial, one after another."""

    POLL_INTERVAL = 5
    REPORT_INTERVAL = 0
    KILL_DELAY = 30
    FLAPPING_MAX_SECONDS = 60
    FLAPPING_MAX_FAILURES = 3
    MAX_INITIAL_FAILURES = 5
    DEFAULT_SWEEP_COMMAND: ClassVar[list[str]] = list(commands.DEFAULT)
    SWEEP_COMMAND_ENV_VAR_REGEX: ClassVar[re.Pattern[str]] = commands.ENVIRONMENT

    def __init__(
        self,
        api: Any,  # noqa: ARG002
        queue: Any,  # noqa: ARG002
        sweep_id: str | None = None,
        function: Callable[[], Any] | None = None,
        in_jupyter: bool | None = None,  # noqa: ARG002
        count: int | None = None,
        forward_signals: bool = False,
        term_timeout: int | None = None,
        max_consecutive_failed_runs: int | None = None,
    ) -> None:
        """`api`, `queue` and `in_jupyter` are there for the original's sake: nothing here needs them."""
        if function is not None:
            raise AgentError("functions are called by wandb.agents.pyagent.Agent")
        if sweep_id is None:
            raise AgentError("sweep_id: is missing")
        self._registry, self._project = find(sweep_id)
        self._checked = check(self._registry.config)
        self._count = count
        self._forward_signals, self._term_timeout = forward_signals, term_timeout
        initial = env.get_agent_max_initial_failures(self.MAX_INITIAL_FAILURES)
        self._most_at_first = self.MAX_INITIAL_FAILURES if initial is None else initial
        self._most_in_a_row = math.inf if max_consecutive_failed_runs is None else max_consecutive_failed_runs
        self._kill_delay = env.get_agent_kill_delay(str(self.KILL_DELAY)) or self.KILL_DELAY
        self._start_time = time.monotonic()
        self._finished = self._failed = self._in_a_row = 0
        self._interrupts = 0

    def is_flapping(self) -> bool:
        """Whether too many trials have failed in the first minute."""
        if os.environ.get(env.AGENT_DISABLE_FLAPPING) == "true":
            return False
        early = time.monotonic() < self._start_time + self.FLAPPING_MAX_SECONDS
        return early and self._failed >= self.FLAPPING_MAX_FAILURES

    def is_failing(self) -> bool:
        """Whether most trials fail."""
        return self._failed >= self._finished and self._failed >= self._most_at_first

    def run(self) -> None:
        """Returns when `count` trials were made, nothing is left, too many have failed, or at Ctrl-C."""
        checked = self._checked
        if checked.program is None and (checked.command is None or "${program}" in checked.command):
            raise UsageError("program: the sweep names none; add one to its config, or give agent() a function")
        if checked.method == "bayes":
            search.require_optuna()
        wandb.termlog("Starting wandb agent 🕵️")
        for trial in chosen(
            self._registry, checked, limit=self._count or None, project=self._project, run_id=generate_id
        ):
            failed = self._try(trial)
            self._finished += not failed
            self._failed += failed
            self._in_a_row = self._in_a_row + 1 if failed else 0
            if self._interrupts:
                return
            if failed and self._gives_up():
                return

    def _gives_up(self) -> bool:
        if self._in_a_row >= self._most_in_a_row:
            wandb.termerror(f"Detected {self._in_a_row} consecutive failed runs, killing sweep.")
        elif self.is_flapping():
            wandb.termerror(
                f"Detected {self.FLAPPING_MAX_FAILURES} failed runs in the first {self.FLAPPING_MAX_SECONDS} seconds,"
                " shutting down."
            )
            wandb.termlog("To disable this check set WANDB_AGENT_DISABLE_FLAPPING=true")
        elif self.is_failing():
            wandb.termerror(f"Detected {self._most_at_first} failed runs in a row, shutting down.")
            wandb.termlog("To change this value set WANDB_AGENT_MAX_INITIAL_FAILURES=val")
        else:
            return False
        return True

    def _try(self, trial: Trial) -> bool:
        """Runs one trial; True where it failed."""
        registry, checked = self._registry, self._checked
        state = FAILED
        try:
            variables = sweep_trial.for_process(registry, trial, os.getcwd())
            file = Path(variables[env.SWEEP_PARAM_PATH]).with_suffix(".json")
            words = commands.command_line(checked.command, checked.program, trial.config, str(file))
            if checked.command is not None and "${args_json_file}" in checked.command:
                file.write_text(json.dumps(trial.config), encoding="utf-8")
            shown = " ".join(f'"{word}"' if " " in word else word for word in words)
            wandb.termlog(f"Agent Starting Run: {trial.run} with command: {shown}")
            try:
                # An empty input, so that the program in its own process group does not wait for the terminal's.
                process = subprocess.Popen(words, env=variables, stdin=subprocess.DEVNULL, **_GROUP)
            except OSError as error:
                wandb.termerror(f"Run {trial.run} could not be started: {error}")
                return True
            code, stopped = self._wait(process, trial)
            state = STOPPED if stopped else COMPLETED if code == 0 else FAILED
        finally:
            registry.end(trial.number, state, None)
        (now,) = [one for one in registry.trials() if one.number == trial.number]
        if now.state == FAILED:
            wandb.termerror(f"Run {trial.run} errored: exit code {code}")
        return now.state == FAILED

    def _wait(self, process: subprocess.Popen[bytes], trial: Trial) -> tuple[int, bool]:
        """Waits for the process; gives its exit code, and whether it was ended because the sweep wants that."""
        asked: float | None = None
        stopped = False
        with _Forwarding(process if self._forward_signals else None):
            while True:
                try:
                    return process.wait(_LOOK_S), stopped
                except subprocess.TimeoutExpired:
                    pass
                except KeyboardInterrupt:
                    self._interrupts += 1
                    if self._interrupts == 1:
                        asked = None if self._term_timeout is None else time.monotonic() + self._term_timeout
                        wandb.termlog("Ctrl-c pressed. Waiting for runs to end. Press ctrl-c again to terminate them.")
                    else:
                        asked = _end(process, self._kill_delay, at_once=self._interrupts > 2)
                    continue
                if asked is not None and time.monotonic() > asked:
                    asked = _end(process, self._kill_delay, at_once=True)
                elif asked is None and not self._interrupts and self._registry.is_to_stop(trial.number):
                    stopped = True
                    asked = _end(process, self._kill_delay)


def _end(process: subprocess.Popen[bytes], delay: float, *, at_once: bool = False) -> float:
    """Asks a process to end, or kills it; gives the time by which it should be gone."""
    if at_once:
        process.kill()
    else:
        process.terminate()
    return time.monotonic() + delay


class _Forwarding:
    """Passes signals that reach this process on to another, while the block runs."""

    def __init__(self, process: subprocess.Popen[bytes] | None) -> None:
        self._process = process
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        process = self._process
        if process is None:
            return

        def forward(number: int, frame: Any) -> None:
            process.send_signal(number)
            before = self._before.get(number)
            if callable(before):
                before(number, frame)
            elif number in (signal.SIGTERM, signal.SIGHUP):
                raise SystemExit(128 + number)

        for number in _FORWARDED:
            try:
                self._before[number] = signal.signal(number, forward)
            except ValueError:  # not the main thread
                return

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)


def run_agent(
    sweep_id: str,
    function: Callable[[], Any] | None = None,
    in_jupyter: bool | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    forward_signals: bool = False,
    term_timeout: int | None = None,
    max_consecutive_failed_runs: int | None = None,
) -> None:
    """Starts the sweep's program for each trial."""
    if entity:
        env.set_entity(entity)
    if project:
        env.set_project(project)
    registry, where = find(sweep_id, entity, project)
    path = registry.sweep if where is None else f"{where}/{registry.sweep}"
    Agent(
        None, None, path, function, in_jupyter, count, forward_signals, term_timeout, max_consecutive_failed_runs
    ).run()


def agent(
    sweep_id: str,
    function: Callable[[], Any] | None = None,
    entity: str | None = None,
    project: str | None = None,
    count: int | None = None,
    forward_signals: bool = False,
    term_timeout: int | None = None,
    max_consecutive_failed_runs: int | None = None,
) -> None:
    """Runs trials of a sweep until it is through: calls `function` for each, or starts the sweep's program.

    Args:
        sweep_id: `id`, `project/id` or `entity/project/id`.
        function: Takes no arguments; the first `wandb.init()` in it gets the trial's values as config, locked.
        entity: Whose project the runs go to, if not the sweep's own.
        project: The project, if not the sweep's own.
        count: How many trials this agent makes; without it, a random sweep goes on until Ctrl-C or its `run_cap`.
        forward_signals: Whether signals are passed on to the process of a trial.
        term_timeout: Seconds that a process has to end after Ctrl-C.
        max_consecutive_failed_runs: So many trials in a row that fail end the agent.

    Raises:
        UsageError: a sweep there is not, or one without a program where no function is given.
        TypeError, ValueError: arguments that make no sense.
    """
    if max_consecutive_failed_runs is not None:
        if isinstance(max_consecutive_failed_runs, bool) or not isinstance(max_consecutive_failed_runs, int):
            raise TypeError("max_consecutive_failed_runs must be an integer or None")
        if max_consecutive_failed_runs < 1:
            raise ValueError("max_consecutive_failed_runs must be at least 1")
    global _instances
    _instances += 1
    try:
        if function:
            from pluto.compat.wandb.agents.pyagent import pyagent

            pyagent(sweep_id, function, entity, project, count, max_consecutive_failed_runs)
        else:
            run_agent(
                sweep_id, None, None, entity, project, count, forward_signals, term_timeout, max_consecutive_failed_runs
            )
    finally:
        _instances -= 1


def _is_running() -> bool:
    return bool(_instances)
