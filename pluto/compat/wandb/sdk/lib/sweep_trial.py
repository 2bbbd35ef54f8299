"""A trial of a sweep, between the agent that has chosen its values and the runs that are opened in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb import env
from pluto.compat.wandb.sdk.lib.config_util import save_config_file_from_dict
from pluto.sweeps.joining import of_environment
from pluto.sweeps.registry import Registry
from pluto.sweeps.trial import VARIABLE, Trial

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run

_current: Trial | None = None
"""The trial whose function runs in this process: whichever thread opens a run, it joins."""


class Listener:
    """What a run of a trial tells it."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def heard_row(self, data: Mapping[str, Any]) -> None:
        """Takes note of a call of `log`. Raises `TrialStopped` where that ends the trial."""
        name = self.trial.metric
        value = None if name is None else _found(data, name)
        if name is None or value is None:
            self.trial.heard({})
            return
        try:
            number = float(value)
        except (TypeError, ValueError):
            return
        self.trial.heard({name: number})

    def summed_up(self, run: Run) -> None:
        """At the run's end: where the metric was never logged, the summary may have it."""
        trial = self.trial
        if trial.metric is None or trial.last is not None:
            return
        value = _found(run.summary._as_dict(), trial.metric)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            trial.last = float(value)
            trial.noted(trial)


def join(run: Run) -> None:
    """Makes a run one of the trial that is under way, if there is one."""
    trial = _current or of_environment()
    if trial is None or trial.sweep != run._settings.sweep_id:
        return
    run._trial = listener = Listener(trial)
    run._on_finish.append(lambda: listener.summed_up(run))
    trial.opened(run)


@contextlib.contextmanager
def under_way(trial: Trial) -> Iterator[None]:
    """Makes runs of this process, in whatever thread, join the trial while the block runs."""
    global _current
    _current = trial
    try:
        yield
    finally:
        _current = None


def variables(registry: Registry, trial: Trial, folder: str) -> dict[str, str]:
    """Variables of a process, or of a block, in which `init` opens the trial's run. Writes the file of its values."""
    run = str(trial.run)
    values = {name: {"value": value} for name, value in trial.config.items()}
    path = Path(folder) / "wandb" / f"sweep-{registry.sweep}" / f"config-{run}.yaml"
    save_config_file_from_dict(path, values)
    found = {
        env.RUN_ID: run,
        env.SWEEP_ID: registry.sweep,
        env.SWEEP_PARAM_PATH: str(path),
    }
    entity, _, project = (trial.project or "").rpartition("/")
    if project:
        found[env.PROJECT] = project
    if entity:
        found[env.ENTITY] = entity
    return found


def for_process(registry: Registry, trial: Trial, folder: str) -> dict[str, str]:
    """The environment of a process that is started for the trial."""
    named = {VARIABLE: f"{registry.sweep}/{trial.number}", env.DIR: os.environ.get(env.DIR) or folder}
    return {**os.environ, **variables(registry, trial, named[env.DIR]), **named}


@contextlib.contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """Has these variables set while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _found(data: Any, name: str) -> Any:
    """The value of a metric, whose name may be that of one in a nested dict."""
    if not isinstance(data, Mapping):
        return None
    if name in data:
        return data[name]
    head, dot, rest = name.partition(".")
    return _found(data.get(head), rest) if dot else None
