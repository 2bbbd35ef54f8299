"""Numbers that stand for rows (`digest.hashes`), in a sorted file: what is taken out is not in it any more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt


class Multiset:
    """The numbers in a file, which is sorted where it lies.

    `once`: a number that is there counts as there however often it is asked for.
    """

    def __init__(self, path: Path, *, once: bool = False) -> None:
        size = path.stat().st_size // 8
        self._once = once
        self._numbers: npt.NDArray[np.uint64] | None = None
        if size:
            numbers = np.memmap(path, np.uint64, "r+", shape=(size,))
            numbers.sort()
            self._numbers = numbers
            self._taken = np.memmap(path.with_suffix(".taken"), np.uint32, "w+", shape=(size,))

    @property
    def left(self) -> int:
        """How many numbers were not taken out; 0 where that is not counted."""
        if self._numbers is None or self._once:
            return 0
        return len(self._numbers) - int(self._taken.sum(dtype=np.int64))

    def take(self, numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which of the numbers are not in it; those that are, are taken out. Of equal ones the first go first."""
        there = self._numbers
        if there is None or not len(numbers):
            return np.ones(len(numbers), np.bool_)
        wanted, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        low = np.searchsorted(there, wanted, "left")
        high = np.searchsorted(there, wanted, "right")
        if self._once:
            return np.asarray((high == low)[place], np.bool_)
        found = np.flatnonzero(high > low)
        taken = np.zeros(len(wanted), np.int64)
        first = low[found]
        taken[found] = np.minimum(counts[found], high[found] - first - self._taken[first])
        self._taken[first] += taken[found].astype(np.uint32)
        # The how-manieth of its kind each number is.
        order = np.argsort(place, kind="stable")
        starts = np.cumsum(counts) - counts
        rank = np.empty(len(numbers), np.int64)
        rank[order] = np.arange(len(numbers)) - np.repeat(starts, counts)
        return np.asarray(rank >= taken[place], np.bool_)
