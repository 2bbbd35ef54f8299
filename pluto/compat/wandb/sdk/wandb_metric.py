"""What `define_metric` gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


class Metric:
    """A definition of a metric: what counts its steps, and what the summary has of it."""

    def __init__(
        self,
        name: str,
        step_metric: str | None = None,
        step_sync: bool | None = None,
        hidden: bool | None = None,
        summary: Sequence[str] | None = None,
        overwrite: bool | None = None,
    ) -> None:
        self._name = name
        self._step_metric = step_metric
        self._step_sync = step_metric is not None if step_sync is None else step_sync
        self._hidden = hidden
        self._summary = summary
        self._overwrite = overwrite
        self._goal: str | None = None
        self._callback: Callable[[Metric], Any] | None = None

    @property
    def name(self) -> str:
        """The metric, or a prefix and `*`."""
        return self._name

    @property
    def step_metric(self) -> str | None:
        """The metric that counts its steps."""
        return self._step_metric

    @property
    def step_sync(self) -> bool | None:
        """Whether its rows get the last value of the step metric where they have none."""
        return self._step_sync

    @property
    def summary(self) -> tuple[str, ...] | None:
        """What the summary has of it."""
        return None if self._summary is None else tuple(self._summary)

    @property
    def hidden(self) -> bool | None:
        """Whether it is left out of automatic charts."""
        return self._hidden

    def _set_callback(self, callback: Callable[[Metric], Any]) -> None:
        self._callback = callback

    def _commit(self) -> None:
        if self._callback is not None:
            self._callback(self)
