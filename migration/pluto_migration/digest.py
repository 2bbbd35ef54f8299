"""What many rows are in a few numbers that do not depend on their order, and are made while the rows stream by.

The content hash of points. A row is its step, time and value as three unsigned numbers of 64 bits `s`, `t`, `v` (steps
and values by their IEEE bits, so that -0.0, and each NaN, is itself). With `m`, the finaliser of SplitMix64,

    m(x): x ^= x >> 30; x *= 0xBF58476D1CE4E5B9; x ^= x >> 27; x *= 0x94D049BB133111EB; x ^= x >> 31
    h(k) = m(m(m(k ^ s) ^ t) ^ v)            for k = 0x9E3779B97F4A7C15 and k = 0xD1B54A32D192ED03

the hash is the two sums of h(k) over all rows, modulo 2^64 each, as 32 hexadecimal digits. Rows of any other kind have
the sum, modulo 2^128, of the BLAKE2b digests (16 bytes) of their JSON texts. A row too many, too few or changed shows;
so does one that is there twice.

Sums are exact: every finite value is added as a whole number times a power of two, and rounded once, at the end.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_KEYS: Final = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_MASK: Final = 2**128 - 1
_LOWEST: Final = 1100
"""More than the lowest exponent of a double lies below 0."""


class SeriesDigest:
    """One metric: `add` takes its points, in any number of pieces."""

    def __init__(self) -> None:
        self.count = 0
        self.nans = 0
        self.infinities = 0
        self.first: tuple[float, int] | None = None
        """The lowest step, and of several points there the lowest time."""
        self.last: tuple[float, int] | None = None
        self.min = math.inf
        self.max = -math.inf
        self._lanes = [0, 0]
        self._sums: dict[int, int] = {}

    def add(self, steps: Floats, times: Integers, values: Floats) -> None:
        """Adds points, given as arrays of equal length."""
        if not len(steps):
            return
        self.count += len(steps)
        for lane, words in enumerate(hashes(steps, times, values)):
            self._lanes[lane] = (self._lanes[lane] + int(words.sum(dtype=np.uint64))) & 0xFFFFFFFFFFFFFFFF
        finite = values[np.isfinite(values)]
        nans = int(np.isnan(values).sum())
        self.nans += nans
        self.infinities += len(values) - len(finite) - nans
        if len(finite):
            # -0.0 and 0.0 are one minimum.
            self.min = min(self.min, float(finite.min()) + 0.0)
            self.max = max(self.max, float(finite.max()) + 0.0)
            self._add_exactly(finite)
        for end in (_lowest(steps, times), _highest(steps, times)):
            self.first = end if self.first is None else min(self.first, end, key=_by_step)
            self.last = end if self.last is None else max(self.last, end, key=_by_step)

    @property
    def sum(self) -> float:
        """The sum of the finite values, rounded once."""
        total = sum(amount << (exponent + _LOWEST) for exponent, amount in self._sums.items())
        try:
            return total / (1 << (_LOWEST + 53))
        except OverflowError:
            return math.inf if total > 0 else -math.inf

    @property
    def hash(self) -> str:
        """The content hash, 32 hexadecimal digits."""
        return "".join(f"{lane:016x}" for lane in self._lanes)

    def facts(self) -> dict[str, Any]:
        """All of it by name, for comparison and for receipts."""
        first, last = self.first or (None, None), self.last or (None, None)
        empty = self.count == self.nans + self.infinities
        return {
            "count": self.count,
            "first step": _told(first[0]),
            "first time": first[1],
            "last step": _told(last[0]),
            "last time": last[1],
            "min": None if empty else self.min,
            "max": None if empty else self.max,
            "sum": None if empty else self.sum,
            "NaN": self.nans,
            "infinite": self.infinities,
            "hash": self.hash,
        }

    def _add_exactly(self, finite: Floats) -> None:
        mantissas, exponents = np.frexp(finite)
        whole = (mantissas * 2.0**53).astype(np.int64)
        places = exponents.astype(np.int64) + _LOWEST
        # Sums of halves stay below 2^53 for a piece of up to 2^26 points, so that they are exact as doubles.
        high = np.bincount(places, weights=whole >> 26)
        low = np.bincount(places, weights=whole & 0x3FFFFFF)
        for place in np.flatnonzero((high != 0) | (low != 0)).tolist():
            amount = (int(high[place]) << 26) + int(low[place])
            self._sums[place - _LOWEST] = self._sums.get(place - _LOWEST, 0) + amount


class RowsDigest:
    """Rows of any kind: texts, data, console lines, files."""

    def __init__(self) -> None:
        self.count = 0
        self.first: tuple[float, int] | None = None
        self.last: tuple[float, int] | None = None
        self._total = 0

    def add(self, step: float, time: int, *content: Any) -> None:
        """Adds a row: where it stands, and what it says, as JSON. A step of -0.0 is 0, as in a database's columns."""
        row = [bits(step + 0.0), time, *content]
        self._total = (self._total + int.from_bytes(row_hash(row), "big")) & _MASK
        self.count += 1
        here = (float(step) + 0.0, time)
        self.first = here if self.first is None else min(self.first, here, key=_by_step)
        self.last = here if self.last is None else max(self.last, here, key=_by_step)

    @property
    def hash(self) -> str:
        """The content hash, 32 hexadecimal digits."""
        return f"{self._total:032x}"

    def facts(self) -> dict[str, Any]:
        """All of it by name."""
        first, last = self.first or (None, None), self.last or (None, None)
        return {
            "count": self.count,
            "first step": _told(first[0]),
            "first time": first[1],
            "last step": _told(last[0]),
            "last time": last[1],
            "hash": self.hash,
        }


def hashes(steps: Floats, times: Integers, values: Floats) -> Iterator[Words]:
    """Both hashes of each point."""
    words = [np.ascontiguousarray(column).view(np.uint64) for column in (steps, times, values)]
    for key in _KEYS:
        mixed = np.full(len(steps), key, np.uint64)
        for word in words:
            mixed = _mixed(mixed ^ word)
        yield mixed


def row_hash(row: Any) -> bytes:
    """The hash of anything JSON has, 16 bytes."""
    return hashlib.blake2b(canonical(row).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def canonical(value: Any) -> str:
    """One text for what is equal as JSON: keys sorted, no spaces; 1 and 1.0 differ, NaN and ±Infinity have theirs."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def bits(number: float) -> str:
    """A double's 64 bits, as text."""
    return struct.pack(">d", number).hex()


def _mixed(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _FIRST
    words = (words ^ (words >> np.uint64(27))) * _SECOND
    mixed: Words = words ^ (words >> np.uint64(31))
    return mixed


def _told(step: float | None) -> float | str | None:
    """A step that equals itself."""
    return "NaN" if step is not None and math.isnan(step) else step


def _by_step(end: tuple[float, int]) -> tuple[bool, float, int]:
    """An order that a step that is no number has a place in: behind all others."""
    step, time = end
    return (True, 0.0, time) if math.isnan(step) else (False, step, time)


def _lowest(steps: Floats, times: Integers) -> tuple[float, int]:
    lowest = np.fmin.reduce(steps)
    at = steps == lowest if not np.isnan(lowest) else np.isnan(steps)
    return float(lowest) + 0.0, int(times[at].min())


def _highest(steps: Floats, times: Integers) -> tuple[float, int]:
    missing = np.isnan(steps)
    highest = math.nan if missing.any() else float(steps.max())
    at = missing if math.isnan(highest) else steps == highest
    return highest + 0.0, int(times[at].max())
