"""Float series of many runs, read together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.attributes.layout import COMPLETION, PREVIEW
from pluto.compat.attributes.values import FloatPoints

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pluto.compat.attributes.monitoring import Gauge
    from pluto.compat.attributes.snapshot import RunAttributes
    from pluto.query import Client, Points

    Floats64 = npt.NDArray[np.float64]
    Integers64 = npt.NDArray[np.int64]

Ancestors: TypeAlias = Sequence[tuple["RunAttributes", float]]
_Place: TypeAlias = tuple[str, int, str]
"""Project, run and name."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One series: names of points from each run it is made of, oldest run first, and up to which step they count."""

    parts: list[tuple[_Place, float]]
    previews: tuple[_Place, _Place] | None = None
    gauge: Gauge | None = None


class Floats:
    """Gathers what is asked for, and reads it in few requests. The bounds belong to the series; `tail` is its end."""

    def __init__(
        self, client: Client, step_min: float | None, step_max: float | None, tail: int | None, *, previews: bool
    ) -> None:
        self._previews = previews
        self._client = client
        self._bounds = step_min, step_max
        self._tail = tail
        self._wanted: list[_Wanted] = []

    def ask(self, run: RunAttributes, path: str, ancestors: Ancestors = ()) -> None:
        """One more series."""
        gauge = run.gauges.get(path)
        if gauge is not None:
            self._wanted.append(_Wanted([(_place(run, name), float("inf")) for name in gauge.metrics], gauge=gauge))
            return
        parts = [
            (_place(source, source.names[path]), bound)
            for source, bound in reversed([(run, float("inf")), *ancestors])
            if source.kind(path) is AttributeKind.FLOAT_SERIES and path in source.names
        ]
        previews = None
        if self._previews and run.kind(path) is AttributeKind.FLOAT_SERIES and path in run.names:
            name = run.names[path]
            if name + PREVIEW in run.overview.names:
                previews = _place(run, name + PREVIEW), _place(run, name + COMPLETION)
        self._wanted.append(_Wanted(parts, previews))

    def points(self) -> list[FloatPoints]:
        """The series, in the order asked for."""
        whole = [place for one in self._wanted if one.gauge is not None for place, _ in one.parts]
        bounded = [place for one in self._wanted if one.gauge is None for place, _ in one.parts]
        bounded += [place for one in self._wanted for place in one.previews or ()]
        low, high = self._bounds
        # The end of a series may lie in several runs, or among its previews.
        simple = all(len(one.parts) < 2 and one.previews is None for one in self._wanted if one.gauge is None)
        found = self._read(whole, None, None, None)
        found |= self._read(bounded, low, high, None if self._tail is None or not simple else self._tail)
        return [self._cut(self._made(one, found)) for one in self._wanted]

    def _read(
        self, places: Sequence[_Place], low: float | None, high: float | None, tail: int | None
    ) -> dict[_Place, Points]:
        found: dict[_Place, Points] = {}
        for project in dict.fromkeys(place[0] for place in places):
            mine = list(dict.fromkeys(place for place in places if place[0] == project))
            read = self._client.many_points(
                project, [place[1:] for place in mine], step_min=low, step_max=high, tail=tail
            )
            found.update(zip(mine, read, strict=True))
        return found

    def _made(self, wanted: _Wanted, found: dict[_Place, Points]) -> FloatPoints:
        import numpy as np

        if wanted.gauge is not None:
            return _mean([found[place] for place, _ in wanted.parts], wanted.gauge.divisor)
        all_steps, all_times, all_values = [np.empty(0)], [np.empty(0, np.int64)], [np.empty(0)]
        for place, bound in wanted.parts:
            points = found[place]
            inside = points.steps <= bound
            all_steps.append(points.steps[inside])
            all_times.append(points.times[inside])
            all_values.append(points.values[inside])
        steps, times, values = np.concatenate(all_steps), np.concatenate(all_times), np.concatenate(all_values)
        steps, times, values = _each_step_once(steps, times, values)
        if wanted.previews is None:
            return FloatPoints(steps, times, values)
        preview, completion = (found[place] for place in wanted.previews)
        last = steps[-1] if len(steps) else -np.inf
        open_steps, open_times, open_values = _each_step_once(preview.steps, preview.times, preview.values)
        done_steps, _, done = _each_step_once(completion.steps, completion.times, completion.values)
        new = open_steps > last
        complete = dict(zip(done_steps.tolist(), done.tolist(), strict=True))
        return FloatPoints(
            np.concatenate((steps, open_steps[new])),
            np.concatenate((times, open_times[new])),
            np.concatenate((values, open_values[new])),
            {step: complete.get(step, 0.0) for step in open_steps[new].tolist()},
        )

    def _cut(self, points: FloatPoints) -> FloatPoints:
        import numpy as np

        low, high = self._bounds
        keep = np.ones(len(points.steps), bool)
        if low is not None:
            keep &= points.steps >= low
        if high is not None:
            keep &= points.steps <= high
        chosen = np.flatnonzero(keep)
        if self._tail is not None:
            chosen = chosen[-self._tail :]
        if len(chosen) == len(points.steps):
            return points
        steps = points.steps[chosen]
        there = set(steps.tolist()) if points.previews else set()
        previews = {step: done for step, done in points.previews.items() if step in there}
        return FloatPoints(steps, points.times[chosen], points.values[chosen], previews)


def _place(run: RunAttributes, name: str) -> _Place:
    readable = run.overview.readable
    return run.overview.project, run.id, name if readable is None else readable.sent(name)


def _each_step_once(steps: Floats64, times: Integers64, values: Floats64) -> tuple[Floats64, Integers64, Floats64]:
    """By rising step, the point logged last of each."""
    import numpy as np

    if len(steps) > 1 and not (steps[1:] > steps[:-1]).all():
        order = np.argsort(steps, kind="stable")
        steps, times, values = steps[order], times[order], values[order]
        last = np.append(steps[1:] != steps[:-1], True)
        steps, times, values = steps[last], times[last], values[last]
    return steps, times, values


def _mean(parts: Sequence[Points], divisor: float) -> FloatPoints:
    """The mean of series that were sampled together; samples count as steps."""
    import numpy as np

    by_time = []
    for points in parts:
        order = np.argsort(points.times, kind="stable")
        by_time.append((points.times[order], points.values[order]))
    count = max((len(times) for times, _ in by_time), default=0)
    longest = next((times for times, _ in by_time if len(times) == count), np.empty(0, np.int64))
    sums, counts = np.zeros(count), np.zeros(count)
    for times, values in by_time:
        at = np.searchsorted(longest, times)
        inside = at < count
        np.add.at(sums, at[inside], values[inside])
        np.add.at(counts, at[inside], 1)
    with np.errstate(invalid="ignore"):
        return FloatPoints(np.arange(count, dtype=np.float64), longest, sums / counts / divisor)
