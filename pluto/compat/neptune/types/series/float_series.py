"""Numbers over steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pluto.compat.neptune.common.warnings import NeptuneUnsupportedValue, warn_once
from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.series.series import Series

__all__ = ["FloatSeries"]


def usable(value: float) -> bool:
    """Whether a number is kept in a series; one that is not finite is not, and a warning says so once."""
    if math.isfinite(value):
        return True
    warn_once(f"{value} is not kept in a series: the point is skipped", exception=NeptuneUnsupportedValue)
    return False


class FloatSeries(Series):
    """Numbers, of what `float()` takes; those that are not finite are left out with a warning.

    `min`, `max` and `unit` say how to draw them. Raises `TypeError` unless the values are a list, set or tuple.
    """

    def __init__(
        self,
        values: Any,
        min: float | None = None,
        max: float | None = None,
        unit: str | None = None,
        timestamps: Sequence[float] | None = None,
        steps: Sequence[float] | None = None,
    ) -> None:
        super().__init__(extract_if_stringify_value(values), steps, timestamps)
        self._min = min
        self._max = max
        self._unit = unit
        self._values, self._steps, self._timestamps = self.filter_unsupported_values(
            [float(value) for value in self._values], self._steps, self._timestamps, usable
        )

    @property
    def min(self) -> float | None:
        """The least value there can be."""
        return self._min

    @property
    def max(self) -> float | None:
        """The greatest value there can be."""
        return self._max

    @property
    def unit(self) -> str | None:
        """What the numbers count."""
        return self._unit

    def is_unsupported_float_with_warn(self, value: Any) -> bool:
        """Whether the number is kept; warns where it is not."""
        return not isinstance(value, float) or usable(value)

    def filter_unsupported_values(
        self,
        values: Iterable[Any],
        steps: Iterable[float | None],
        timestamps: Iterable[float],
        filter_by: Callable[[Any], bool],
    ) -> tuple[list[Any], list[float | None], list[float]]:
        """The values that `filter_by` keeps, with their steps and times."""
        kept = [row for row in zip(values, steps, timestamps, strict=True) if filter_by(row[0])]
        return [value for value, _, _ in kept], [step for _, step, _ in kept], [moment for _, _, moment in kept]

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_float_series`."""
        return visitor.visit_float_series(self)
