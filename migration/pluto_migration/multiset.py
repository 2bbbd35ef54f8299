"""Numbers that stand for rows (`digest.hashes`), in a sorted file: what is taken out is not in it any more."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

AT_ONCE: Final = 1 << 22
"""Numbers that are sorted in memory at a time."""


class Multiset:
    """The numbers in a file, which is sorted first. However many there are, few of them are in memory.

    They are spread evenly, as hashes are. `once`: a number that is there counts as there however often it is asked for.
    """

    def __init__(self, path: Path, *, once: bool = False) -> None:
        size = path.stat().st_size // 8
        self._once = once
        self._numbers: npt.NDArray[np.uint64] | None = None
        if size:
            _sort(path, size)
            self._numbers = np.memmap(path, np.uint64, "r", shape=(size,))
            self._taken = np.memmap(path.with_suffix(".taken"), np.uint32, "w+", shape=(size,))
            # The last number of each stretch, by which it is told where to look.
            self._starts = np.arange(0, size, AT_ONCE)
            self._lasts = np.array(self._numbers[np.minimum(self._starts + AT_ONCE, size) - 1])

    @property
    def left(self) -> int:
        """How many numbers were not taken out; 0 where that is not counted."""
        if self._numbers is None or self._once:
            return 0
        taken = 0
        for start in range(0, len(self._numbers), AT_ONCE):
            taken += int(self._taken[start : start + AT_ONCE].sum(dtype=np.int64))
            _release(self._taken)
        return len(self._numbers) - taken

    def take(self, numbers: Words) -> npt.NDArray[np.bool_]:
        """Which of the numbers are not in it; those that are, are taken out. Of equal ones the first go first."""
        there = self._numbers
        if there is None or not len(numbers):
            return np.ones(len(numbers), np.bool_)
        wanted, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        low, high = self._places(wanted, "left"), self._places(wanted, "right")
        if self._once:
            return np.asarray((high == low)[place], np.bool_)
        taken = np.zeros(len(wanted), np.int64)
        found = np.flatnonzero(high > low)
        for some in np.split(found, np.searchsorted(low[found], self._starts[1:])):
            first = low[some]
            taken[some] = np.minimum(counts[some], high[some] - first - self._taken[first])
            self._taken[first] += taken[some].astype(np.uint32)
            _release(self._taken)
        # The how-manieth of its kind each number is.
        order = np.argsort(place, kind="stable")
        starts = np.cumsum(counts) - counts
        rank = np.empty(len(numbers), np.int64)
        rank[order] = np.arange(len(numbers)) - np.repeat(starts, counts)
        return np.asarray(rank >= taken[place], np.bool_)

    def _places(self, wanted: Words, side: Literal["left", "right"]) -> npt.NDArray[np.int64]:
        """Where sorted numbers belong, as `numpy.searchsorted` tells it; one stretch is looked at after the other."""
        assert self._numbers is not None
        found = np.full(len(wanted), len(self._numbers), np.int64)
        stretches = np.searchsorted(self._lasts, wanted, side)
        edges = np.searchsorted(stretches, np.arange(len(self._starts) + 1))
        for start, low, high in zip(self._starts, edges, edges[1:], strict=False):
            if low < high:
                stretch = self._numbers[start : start + AT_ONCE]
                found[low:high] = start + np.searchsorted(stretch, wanted[low:high], side)
                _release(self._numbers)
        return found


def _sort(path: Path, size: int) -> None:
    """Sorts the file: a range of numbers after the other, each in a file of its own before."""
    parts = -(-size // AT_ONCE)
    places = [path.with_suffix(f".{part}") for part in range(parts)] if parts > 1 else [path]
    if parts > 1:
        edges = np.array([(part << 64) // parts for part in range(1, parts)], np.uint64)
        files = [place.open("wb") for place in places]
        try:
            with path.open("rb") as whole:
                while len(block := np.fromfile(whole, np.uint64, AT_ONCE)):
                    block.sort()
                    for file, some in zip(files, np.split(block, np.searchsorted(block, edges)), strict=True):
                        some.tofile(file)
        finally:
            for file in files:
                file.close()
    blocks = (np.fromfile(place, np.uint64) for place in places)
    if parts == 1:
        found = next(blocks)
        found.sort()
        found.tofile(path)
        return
    with path.open("wb") as whole:
        for place, block in zip(places, blocks, strict=True):
            block.sort()
            block.tofile(whole)
            place.unlink()


def _release(array: npt.NDArray[np.uint64] | npt.NDArray[np.uint32]) -> None:
    """Lets the system have the pages that were looked at: what was written to them is in the file."""
    mapped = getattr(array, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
