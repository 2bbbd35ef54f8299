"""The trial that runs in this thread, for the run that joins it.

`pluto.init` asks `active()`: a run started inside an agent takes the trial's config (over its own), tag and, where it
names none, project, and hands itself over with `opened`. `Op.log` then tells `heard` the numbers it has stored.
"""

from __future__ import annotations

import contextlib
import contextvars
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

VARIABLE: Final = "PLUTO_SWEEP_TRIAL"
"""Names the trial (`sweep/number`) to a process that an agent has started for it."""


class TrialStopped(KeyboardInterrupt):
    """Raised by `log()` in a trial that was ended early: it ends the training function and the run as Ctrl-C would.

    Let it pass: the agent goes on with the next trial. An `except Exception` around a training step does not stop it.
    """


@dataclass
class Trial:
    """One combination being tried."""

    sweep: str
    number: int
    """Counts from 1 within the sweep."""
    config: dict[str, Any]
    """The chosen values, and the sweep's declaration as `sweep`. They win over the config given to `init`."""
    project: str | None
    metric: str | None
    better: Callable[[float], bool] = lambda value: True  # noqa: ARG005
    """Told each value of the metric; False ends the trial."""
    run: str | None = None
    """The id its run is to have, where the agent chooses it."""
    runs: list[Any] = field(default_factory=list)
    """The runs that joined, in order."""
    noted: Callable[[Trial], None] = lambda trial: None  # noqa: ARG005
    """Told that `last` or `stopped` has changed."""
    last: float | None = None
    """The last finite value of the metric: the trial's objective."""
    stopped: bool = False

    @property
    def tag(self) -> str:
        """The tag that makes runs one sweep."""
        return f"sweep:{self.sweep}"

    def opened(self, op: Any) -> None:
        """Takes note of a run of this trial."""
        self.runs.append(op)

    def heard(self, values: Mapping[str, Any]) -> None:
        """Takes note of what a run logged. Raises `TrialStopped` where that ends the trial."""
        if self.stopped:
            raise TrialStopped(f"trial {self.number} of sweep {self.sweep} was ended early")
        if self.metric is None or self.metric not in values:
            return
        value = float(values[self.metric])
        if not math.isfinite(value):
            return
        self.last = value
        self.stopped = not self.better(value)
        self.noted(self)
        if self.stopped:
            raise TrialStopped(f"trial {self.number} of sweep {self.sweep} does worse than the others: ended early")


_active: contextvars.ContextVar[Trial | None] = contextvars.ContextVar("pluto_trial", default=None)


def active() -> Trial | None:
    """The trial running in this thread (or task), or None."""
    return _active.get()


@contextlib.contextmanager
def running(trial: Trial) -> Iterator[None]:
    """Makes `trial` the active one while the block runs."""
    token = _active.set(trial)
    try:
        yield
    finally:
        _active.reset(token)
