"""What a target keeps of what a run has, as far as that is not everything: applied to the source's side of a
comparison, and named in its report.

Pluto's own server, and the local store, keep all of it (`Target`). A stock server (`StockTarget`) has whole
milliseconds and whole steps, and one point for each step of a metric; docs/architecture.md has the whole of it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from pluto.core.wire import STEP_LIMIT
from pluto_migration.digest import Floats, Integers, SeriesDigest

Arrays = tuple[Floats, Integers, Floats]
Row = tuple[int, int, int]
"""The bits of a step, a time and a value."""


class Target:
    """A store that keeps everything as it is."""

    stock = False

    def __init__(self) -> None:
        self._digests: dict[str, SeriesDigest] = {}
        self._said: Counter[str] = Counter()

    def add(self, name: str, steps: Floats, times: Integers, values: Floats) -> None:
        """Takes points of the source."""
        self._digests.setdefault(name, SeriesDigest()).add(steps, times, values)

    def series(self) -> dict[str, SeriesDigest]:
        """All that was taken, as the target has it."""
        return self._digests

    def found(self, name: str, pages: Iterable[Arrays]) -> SeriesDigest:  # noqa: ARG002  others go by the name
        """What the target gives for a metric."""
        digest = SeriesDigest()
        for page in pages:
            digest.add(*page)
        return digest

    def moment(self, time: int) -> int:
        """A time as the target has it, microseconds."""
        return time

    def say(self, what: str, count: int = 1) -> None:
        """Notes something that the target could not keep as it was, and how many there are."""
        self._said[what] += count

    @property
    def notes(self) -> list[str]:
        """What the target could not keep as it was, in words."""
        return [f"{count:,} {what}" for what, count in self._said.items() if count]


class StockTarget(Target):
    """A stock server. A whole series is held at once, since what becomes of a point depends on those around it."""

    stock = True

    def __init__(self) -> None:
        super().__init__()
        self._pieces: dict[str, list[Arrays]] = {}
        self._limits: dict[str, Counter[Row]] = {}
        """Of points at steps that came again: how often each is to be there."""

    def add(self, name: str, steps: Floats, times: Integers, values: Floats) -> None:
        """Takes points of the source."""
        self._pieces.setdefault(name, []).append((steps, times, values))

    def series(self) -> dict[str, SeriesDigest]:
        """All that was taken, as the server has it."""
        for name, pieces in self._pieces.items():
            steps, times, values = (np.concatenate(columns) for columns in zip(*pieces, strict=True))
            pieces.clear()
            self._digests[name] = self._adapted(name, steps, times, values)
        self._pieces.clear()
        return self._digests

    def found(self, name: str, pages: Iterable[Arrays]) -> SeriesDigest:
        """What the server gives for a metric, less what it may have besides: points that others at their step replace.

        When it merges those is its own affair, so that they may be there or not.
        """
        digest = SeriesDigest()
        limits = self._limits.get(name)
        for page in pages:
            steps, times, values = _plain(*page)
            if limits is not None:
                left = Counter(limits)
                keep = np.ones(len(steps), np.bool_)
                for at, row in enumerate(_rows(steps, times, values)):
                    if row in limits:
                        keep[at] = left[row] > 0
                        left[row] -= 1
                steps, times, values = steps[keep], times[keep], values[keep]
            digest.add(steps, times, values)
        return digest

    def moment(self, time: int) -> int:
        """A time as the server has it: whole milliseconds."""
        return time // 1000 * 1000

    def _adapted(self, name: str, steps: Floats, times: Integers, values: Floats) -> SeriesDigest:
        self.say("times of points: whole milliseconds there", int((times % 1000 != 0).sum()))
        steps, times, values = _plain(steps, times // 1000 * 1000, values)
        with np.errstate(invalid="ignore"):
            whole = (steps == np.floor(steps)) & (steps >= 0) & (steps <= STEP_LIMIT)
        # A metric keeps its steps up to its first one that is none there; from then on every point has its own place.
        plain = len(steps) if whole.all() else int(np.argmin(whole))
        self.say("points that have their exact steps beside them, as `<name>/_step`", len(steps) - plain)
        steps[:plain] += 0.0  # a step of -0.0 is 0 there
        kept = _newest(steps[:plain], times[:plain])
        self.say("points that gave way to another one at their step", plain - len(kept))
        keep = np.concatenate([kept, np.arange(plain, len(steps))])
        if plain > len(kept):
            rows = _rows(steps, times, values)
            there = Counter(rows[at] for at in keep.tolist())
            self._limits[name] = Counter({row: there[row] for row in rows[:plain]})
        digest = SeriesDigest()
        digest.add(steps[keep], times[keep], values[keep])
        return digest


def _newest(steps: Floats, times: Integers) -> Integers:
    """Of the points at each step the place of the one that counts: of the latest time, and of those the last."""
    order = np.lexsort((np.arange(len(steps)), times, steps))
    ordered = steps[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = ordered[1:] != ordered[:-1]
    return np.sort(order[last]).astype(np.int64)


def _plain(steps: Floats, times: Integers, values: Floats) -> Arrays:
    """Points with the one NaN that JSON has."""
    return np.where(np.isnan(steps), math.nan, steps), times, np.where(np.isnan(values), math.nan, values)


def _rows(steps: Floats, times: Integers, values: Floats) -> list[Row]:
    columns = (np.ascontiguousarray(column).view(np.uint64).tolist() for column in (steps, times, values))
    return list(zip(*columns, strict=True))
