"""The steps of series: they rise, and a point that comes again counts once.

What the original's server found out later is found out here at once: a point whose step is not above the last one of
its series, one that is older, one before the fork. Such points are left out and told. Points of other processes that
write the same run at the same time are not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pluto.compat.neptune_scale.exceptions import (
    NeptunePreviewStepNotAfterLastCommittedStep,
    NeptuneScaleError,
    NeptuneScaleWarning,
    NeptuneSeriesPointDuplicate,
    NeptuneSeriesStepNonIncreasing,
    NeptuneSeriesStepNotAfterForkPoint,
    NeptuneSeriesTimestampDecreasing,
)

PLAIN: Final = frozenset({int, float})

Tell = Callable[["NeptuneScaleError | NeptuneScaleWarning"], None]


class _Call:
    """What was logged together last: series that stand at one step."""

    __slots__ = ("names", "step", "time", "values", "whole")

    def __init__(self, names: list[str], values: list[Any], step: float, time: float) -> None:
        self.names = names
        self.values = values
        self.step = step
        self.time = time
        self.whole = True
        """Whether none of its series has gone on without the others."""


class Steps:
    """Where the series of one kind stand. To be called under one lock."""

    def __init__(self, tell: Tell, fork_step: float | None = None) -> None:
        self._tell = tell
        self._fork_step = fork_step
        self._calls: dict[str, _Call] = {}

    def follow(self, stored: Mapping[str, tuple[float, Any]]) -> None:
        """Goes on behind what the run had before: last step and value of each series."""
        for name, (step, value) in stored.items():
            self._calls.setdefault(name, _Call([name], [value], step, 0))

    def again(self, data: dict[str, Any], step: float, time: float) -> bool:
        """Whether these are the series logged together before, further on, with plain numbers: the common case.

        Then that is where they stand now.
        """
        call = self._calls.get(next(iter(data), ""))
        if call is None or not call.whole or call.step >= step or call.time > time:
            return False
        if list(data) != call.names or not PLAIN.issuperset(map(type, data.values())):
            return False
        call.step, call.time, call.values = step, time, list(data.values())
        return True

    def admit(self, data: dict[str, Any], step: float, time: float) -> dict[str, Any]:
        """The points that go in; that is where their series stand now. All others are told, a kind of error once."""
        if self._fork_step is not None and step <= self._fork_step:
            self._tell(NeptuneSeriesStepNotAfterForkPoint(point=_point(data, step), last=self._fork_step))
            return {}
        before = self._before(data)
        if any(call.step >= step or call.time > time for call in before):
            data = self._newer(data, step, time)
        for call in before if data else ():
            call.whole = False
        self._calls.update(dict.fromkeys(data, _Call(list(data), list(data.values()), step, time)))
        return data

    def preview(self, data: dict[str, Any], step: float) -> dict[str, Any]:
        """The previews that go in: those of steps above what is settled."""
        if self._fork_step is not None and step <= self._fork_step:
            self._tell(NeptuneSeriesStepNotAfterForkPoint(point=_point(data, step), last=self._fork_step))
            return {}
        if all(call.step < step for call in self._before(data)):
            return data
        settled = {name: True for name in data if name in self._calls and self._calls[name].step >= step}
        last = self._calls[next(iter(settled))].step
        self._tell(NeptunePreviewStepNotAfterLastCommittedStep(point=_point(settled, step), last=last))
        return {name: value for name, value in data.items() if name not in settled}

    def next(self, name: str) -> int:
        """The step after the last one of a series; 0, or what comes after the fork, for a new one."""
        call = self._calls.get(name)
        last = self._fork_step if call is None else call.step
        return 0 if last is None else int(last) + 1

    def _before(self, data: Mapping[str, Any]) -> set[_Call]:
        calls: set[Any] = set(map(self._calls.get, data))
        calls.discard(None)
        return calls

    def _newer(self, data: dict[str, Any], step: float, time: float) -> dict[str, Any]:
        values: dict[_Call, dict[str, Any]] = {}
        told: dict[type, NeptuneScaleError | NeptuneScaleWarning] = {}
        kept = {}
        for name, value in data.items():
            call = self._calls.get(name)
            if call is None or (call.step < step and call.time <= time):
                kept[name] = value
                continue
            facts = {"point": _point([name], step), "last": call.step}
            problem: NeptuneScaleError | NeptuneScaleWarning
            if call.step < step:
                problem = NeptuneSeriesTimestampDecreasing(**facts)
            else:
                if call not in values:
                    values[call] = dict(zip(call.names, call.values, strict=True))
                same = call.step == step and _same(values[call][name], value)
                problem = NeptuneSeriesPointDuplicate(**facts) if same else NeptuneSeriesStepNonIncreasing(**facts)
            told.setdefault(type(problem), problem)
        for problem in told.values():
            self._tell(problem)
        return kept


def _same(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))


def _point(names: Iterable[str], step: float) -> str:
    return f"`{next(iter(names))}` at step {step}"
