"""The beta distribution: which value has a share of the probability below it."""

from __future__ import annotations

import math
from typing import Final

_STEPS: Final = 300
_EXACT: Final = 1e-14
_TINY: Final = 1e-300


class Beta:
    """The beta distribution over 0 to 1 with the shapes `a` and `b`, both above 0."""

    def __init__(self, a: float, b: float) -> None:
        self.a, self.b = float(a), float(b)
        self._log_norm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)

    def cdf(self, x: float) -> float:
        """The probability of a value up to `x`."""
        if x <= 0 or x >= 1:
            return float(x >= 1)
        front = math.exp(self._log_norm + self.a * math.log(x) + self.b * math.log1p(-x))
        # The fraction converges fast on one side of the mean only; the other is its mirror image.
        if x < (self.a + 1) / (self.a + self.b + 2):
            return min(front * _fraction(self.a, self.b, x) / self.a, 1.0)
        return max(1 - front * _fraction(self.b, self.a, 1 - x) / self.b, 0.0)

    def inv_cdf(self, share: float) -> float:
        """The value below which this share of the probability lies; 0 and 1 at the ends."""
        if share <= 0 or share >= 1:
            return float(share >= 1)
        low, high = 0.0, 1.0
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if middle in (low, high):
                break
            if self.cdf(middle) < share:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / _not_zero(1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _not_zero(1 + even * d)
        c = _not_zero(1 + even / c)
        found *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _not_zero(1 + odd * d)
        c = _not_zero(1 + odd / c)
        found *= d * c
        if abs(d * c - 1) < _EXACT:
            break
    return found


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
