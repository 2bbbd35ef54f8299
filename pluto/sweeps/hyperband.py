"""Early termination: trials that do worse than most when they reach a band are ended."""

from __future__ import annotations

import math

from pluto.sweeps.config import Hyperband, Metric
from pluto.sweeps.registry import Registry


class Judge:
    """Follows one trial's metric and says whether it may go on.

    At each band (so many values logged) its best value so far is held against those of all trials that came as far: it
    goes on among the best 1/eta of them. Not strict, it also goes on while fewer than eta trials have come so far.
    """

    def __init__(self, registry: Registry, number: int, metric: Metric, rules: Hyperband) -> None:
        self._registry, self._number, self._metric, self._rules = registry, number, metric, rules
        self._count = 0
        self._best: float | None = None

    def __call__(self, value: float) -> bool:
        """Takes the next value of the metric; False ends the trial."""
        self._count += 1
        if self._best is None or self._metric.better(value, self._best):
            self._best = value
        if self._count not in self._rules.bands:
            return True
        others = self._registry.at_band(self._number, self._count, self._best)
        if len(others) < self._rules.eta and not self._rules.strict:
            return True
        others.sort(reverse=self._metric.maximize)
        worst_kept = others[math.ceil(len(others) / self._rules.eta) - 1]
        return not self._metric.better(worst_kept, self._best)
