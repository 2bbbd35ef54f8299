"""Trials in processes of their own: an agent names the trial in the environment, and the program's run joins it."""

from __future__ import annotations

import atexit
import functools
import os
import time
from typing import Any, Final

from pluto.core.settings import resolve
from pluto.sweeps.config import SweepConfig, check
from pluto.sweeps.hyperband import Judge
from pluto.sweeps.registry import Registry
from pluto.sweeps.trial import VARIABLE, Trial

_EVERY_S: Final = 1.0


def values_of(checked: SweepConfig, point: Any, config: dict[str, Any] | None) -> dict[str, Any]:
    """The values of a trial: a controller's config, or those of its point."""
    return dict(config) if config is not None else checked.space.config(point)


def make_trial(
    registry: Registry, checked: SweepConfig, number: int, values: dict[str, Any], project: str | None
) -> Trial:
    """The trial of this number, that ends early where the sweep's rules say so."""
    metric = checked.metric
    trial = Trial(registry.sweep, number, values, project or registry.project, metric.name if metric else None)
    judge = Judge(registry, number, metric, checked.hyperband) if metric and checked.hyperband else None

    def better(value: float) -> bool:
        return not registry.is_to_stop(number) and (judge is None or judge(value))

    if judge is not None or checked.controlled:
        trial.better = better
    if checked.controlled:
        trial.noted = Reporter(registry)
    return trial


@functools.lru_cache(maxsize=1)
def _joined(named: str, process: int) -> Trial:  # noqa: ARG001  a forked child joins anew
    sweep, _, number = named.rpartition("/")
    registry = Registry(resolve().root, sweep)
    checked = check(registry.config)
    tried = next(one for one in registry.trials() if one.number == int(number))
    values = values_of(checked, tried.point, tried.config)
    trial = make_trial(registry, checked, tried.number, values, None)
    trial.noted = reporter = Reporter(registry)
    atexit.register(reporter.tell, trial)
    return trial


def of_environment() -> Trial | None:
    """The trial that this process was started for, or None. Raises `ValueError` for one there is not."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    try:
        return _joined(named, os.getpid())
    except StopIteration:
        raise ValueError(f"{VARIABLE}={named!r} names no trial") from None


class Reporter:
    """Tells the registry now and then how far the trial is: its agent is another process."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._told = 0.0
        self._what: tuple[float | None, bool] | None = None

    def __call__(self, trial: Trial) -> None:
        """Tells it when it is time to, and whenever the trial has been stopped."""
        if trial.stopped or time.monotonic() - self._told >= _EVERY_S:
            self.tell(trial)

    def tell(self, trial: Trial) -> None:
        """Tells what is not told yet."""
        what = (trial.last, trial.stopped)
        if what != self._what and what != (None, False):
            self._registry.report(trial.number, trial.last, stopped=trial.stopped)
            self._what, self._told = what, time.monotonic()
