"""Distributions of numbers, counted in the caller: what travels is a few dozen counts."""

from __future__ import annotations

import math
import sys
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

from pluto.core.data.arrays import as_numpy, is_array
from pluto.core.data.base import Data

Number = int | float

_LARGEST: Final = sys.float_info.max
_EVEN: Final = 1e-3
"""How far, in bins, an edge may lie from its place for bins to count as even: edges are often float32."""


class Histogram(Data):
    """How often the numbers of `data` fall into each of `bins` bins.

    `data`: numbers as a list (nested as you like), a numpy array or a torch tensor of any shape, counted into `bins`
    bins of equal width between the smallest and the largest finite number, or between the edges in `bins`, which then
    is a sequence (numbers outside are not counted). Or counts that you have already: a tuple `(counts, edges)` as
    `numpy.histogram` gives it, or any pair of sequences with `bins=None`.

    Numbers that are not finite are left out, and their count is in the payload as `nonFinite`. With no finite number
    at all, the counts are 0 between 0 and 1. Numbers that are all equal lie in bins around them.

    Raises `TypeError` and `ValueError` for what can't be counted.
    """

    tag = "Histogram"

    def __init__(self, data: Any, bins: Any = 64) -> None:
        self._left_out = 0
        if bins is None or _is_counted(data):
            if not isinstance(data, (tuple, list)) or len(data) != 2:
                raise ValueError("Histogram data: with bins=None, a pair (counts, edges) is needed")
            self._freq = [_count(value) for value in _listed(data[0], "Histogram counts")]
            edges = _edges(data[1])
            if len(self._freq) + 1 != len(edges):
                raise ValueError(
                    f"Histogram data: {len(self._freq)} counts need {len(self._freq) + 1} edges, not {len(edges)}"
                )
        elif isinstance(bins, int) and not isinstance(bins, bool):
            if bins < 1:
                raise ValueError(f"Histogram bins: at least 1, not {bins}")
            edges = self._count_even(data, bins)
        else:
            edges = _edges(bins)
            self._count_between(data, edges)
        self._edges: list[float] = edges
        self._uniform = _even(edges)

    @classmethod
    def counted(cls, counts: Sequence[int], low: float, high: float, left_out: int = 0) -> Histogram:
        """Counts of even bins between two edges, made elsewhere; `left_out` numbers were not finite."""
        made = cls((counts, even_edges(low, high, len(counts))))
        made._left_out = left_out
        return made

    @property
    def counts(self) -> list[int | float]:
        """How many numbers lie in each bin."""
        return self._freq

    @property
    def edges(self) -> list[float]:
        """Where the bins begin, and where the last one ends."""
        return self._edges

    def _payload(self) -> dict[str, Any]:
        if self._uniform:
            payload: dict[str, Any] = {
                "freq": self._freq,
                "maxFreq": max(self._freq),
                "bins": {"min": self._edges[0], "max": self._edges[-1], "num": len(self._freq)},
                "shape": "uniform",
            }
        else:
            payload = {"freq": self._freq, "maxFreq": max(self._freq), "bins": self._edges, "shape": "generic"}
        if self._left_out:
            payload["nonFinite"] = self._left_out
        return payload

    def _count_even(self, data: Any, bins: int) -> list[float]:
        if is_array(data):
            values = self._finite(data)
            low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
        else:
            numbers = self._numbers(data)
            low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
        edges = even_edges(*widened(low, high, bins), bins)
        if is_array(data):
            self._freq = _counted(values, edges)
        else:
            self._freq = _placed(numbers, edges)
        return edges

    def _count_between(self, data: Any, edges: list[float]) -> None:
        if is_array(data):
            import numpy

            self._freq = [int(n) for n in numpy.histogram(self._finite(data), edges)[0]]
        else:
            inside = [x for x in self._numbers(data) if edges[0] <= x <= edges[-1]]
            self._freq = _placed(inside, edges)

    def _finite(self, data: Any) -> Any:
        import numpy

        values = as_numpy(data, "Histogram data").reshape(-1)
        if values.dtype.kind == "b":
            return values.view(numpy.uint8)
        if values.dtype.kind == "f":
            if values.dtype.itemsize == 2:
                values = values.astype(numpy.float32)  # sums and edges of float16 overflow
            finite = numpy.isfinite(values)
            if not finite.all():
                self._left_out = int(values.size - numpy.count_nonzero(finite))
                values = values[finite]
        return values

    def _numbers(self, data: Any) -> list[float]:
        numbers = _listed(data, "Histogram data")
        finite = [x for x in numbers if math.isfinite(x)]
        self._left_out = len(numbers) - len(finite)
        return finite


def widened(low: float, high: float, bins: int) -> tuple[float, float]:
    """The range, made wide enough for `bins` distinct bins where it is not."""
    edges = even_edges(low, high, bins)
    if all(a < b for a, b in pairwise(edges)):
        return low, high
    middle = low / 2 + high / 2
    half = max(0.5, abs(middle) * max(2.0**-40, bins * 2.0**-50))
    return max(middle - half, -_LARGEST), min(middle + half, _LARGEST)


def even_edges(low: float, high: float, bins: int) -> list[float]:
    """The `bins + 1` edges of even bins; the outer ones are exact."""
    step = high / bins - low / bins  # each term alone, since high - low can overflow
    if math.isfinite(high - low):
        step = (high - low) / bins
    return [low, *(low + i * step for i in range(1, bins)), high]


def _counted(values: Any, edges: list[float]) -> list[Number]:
    import numpy

    with numpy.errstate(over="ignore"):
        if math.isfinite(edges[-1] - edges[0]) and _fits(values, edges):
            kind = values.dtype.type if values.dtype.kind == "f" else float  # as numpy itself would take the range
            counts, _ = numpy.histogram(values, len(edges) - 1, (kind(edges[0]), kind(edges[-1])))
        else:
            counts, _ = numpy.histogram(values, edges)
    return [int(n) for n in counts]


def _fits(values: Any, edges: list[float]) -> bool:
    """Whether numpy's way by arithmetic, much faster than its search among given edges, is exact enough here."""
    import numpy

    kind = numpy.finfo(values.dtype if values.dtype.kind == "f" else float)
    width = (edges[-1] - edges[0]) / (len(edges) - 1)
    return width > max(abs(edges[0]), abs(edges[-1])) * float(kind.eps) * 16 and width > float(kind.tiny)


def _placed(numbers: list[float], edges: list[float]) -> list[Number]:
    counts: list[Number] = [0] * (len(edges) - 1)
    last = len(counts) - 1
    for x in numbers:
        counts[min(bisect_right(edges, x) - 1, last)] += 1
    return counts


def _is_counted(data: Any) -> bool:
    return (
        isinstance(data, tuple)
        and len(data) == 2
        and all(hasattr(part, "__len__") and not isinstance(part, (str, bytes)) for part in data)
        and len(data[1]) == len(data[0]) + 1
    )


def _edges(values: Any) -> list[float]:
    edges = _listed(values, "Histogram bins")
    if len(edges) < 2:
        raise ValueError("Histogram bins: at least two edges are needed")
    if not all(map(math.isfinite, edges)) or any(a >= b for a, b in pairwise(edges)):
        raise ValueError("Histogram bins: edges have to be finite and rising")
    return edges


def _even(edges: Sequence[float]) -> bool:
    places = even_edges(edges[0], edges[-1], len(edges) - 1)
    slack = (edges[-1] / 2 - edges[0] / 2) * 2 * _EVEN if math.isfinite(edges[-1] - edges[0]) else _LARGEST * _EVEN
    slack /= len(edges) - 1
    return all(abs(edge - place) <= slack for edge, place in zip(edges, places, strict=True))


def _count(value: float) -> Number:
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"Histogram counts: {value} is no count")
    return int(value) if value == int(value) else value


def _listed(values: Any, what: str) -> list[float]:
    if is_array(values):
        return [float(x) for x in as_numpy(values, what).reshape(-1).tolist()]
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise TypeError(f"{what}: a sequence of numbers is needed, not {type(values).__name__}")
    numbers: list[float] = []
    for value in values:
        if isinstance(value, (bool, int, float)):
            try:
                numbers.append(float(value))
            except OverflowError:
                numbers.append(math.inf if value > 0 else -math.inf)
        elif is_array(value) or isinstance(value, (list, tuple, range)):
            numbers.extend(_listed(value, what))
        else:
            try:
                numbers.append(value.__float__())
            except (AttributeError, TypeError, ValueError):
                raise TypeError(f"{what}: {type(value).__name__} is no number") from None
    return numbers
