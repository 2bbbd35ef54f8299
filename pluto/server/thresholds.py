"""Runs that want to be stopped when a metric gets somewhere: `loggerSettings.trigger`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from pluto.server.series.contract import Summary

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def metrics_of(trigger: object) -> list[str]:
    """The metrics a trigger, `{metric: {"operator", "threshold"}}`, has a usable threshold for."""
    return [name for name in trigger if _limit(trigger[name]) is not None] if isinstance(trigger, Mapping) else []


def reached(trigger: Mapping[str, Any], summaries: Mapping[str, Summary], since_us: int) -> dict[str, Any] | None:
    """The first threshold that a metric's last value has reached, None while there is none.

    A value from before `since_us`, when the run began or went on, stops nothing: else no stopped run could be resumed.
    """
    for name, summary in summaries.items():
        limit = _limit(trigger.get(name))
        if limit is None or summary.last_time < since_us:
            continue
        sign, threshold = limit
        if _COMPARISONS[sign](summary.last, threshold):
            return {"metric": name, "operator": sign, "threshold": threshold, "value": summary.last}
    return None


def _limit(condition: object) -> tuple[str, float] | None:
    if not isinstance(condition, Mapping):
        return None
    sign, threshold = condition.get("operator"), condition.get("threshold")
    if not isinstance(sign, str) or sign not in _COMPARISONS:
        return None
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)):
        return None
    try:
        return sign, float(threshold)
    except OverflowError:
        return None
