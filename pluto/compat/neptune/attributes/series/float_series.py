"""A field of type FloatSeries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.attributes.series.fetchable_series import FetchableSeries
from pluto.compat.neptune.attributes.series.series import steps_of
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.types.series.float_series import FloatSeries as FloatSeriesVal
from pluto.compat.neptune.types.series.float_series import usable

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import FieldWriter, Operation
    from pluto.compat.neptune.types.series.series import Series as SeriesVal

__all__ = ["FloatSeries"]


class FloatSeries(FetchableSeries):
    """Numbers over steps."""

    kind = AttributeKind.FLOAT_SERIES
    max_batch_size = 100
    operation_cls = FloatSeriesVal

    def append_one(self, value: float, step: float | None, timestamp: float | None) -> None:
        """Adds one number, by the shortest way."""
        if math.isfinite(value) or usable(value):
            with self._container._lock:
                self._container._backend.log_float(self._name, value, step, timestamp)

    def configure(
        self,
        min: float | None = None,
        max: float | None = None,
        unit: str | None = None,
        wait: bool = False,
    ) -> None:
        """Says between which values to draw it, and what the numbers count."""
        verify_type("min", min, (float, int))
        verify_type("max", max, (float, int))
        verify_type("unit", unit, str)
        self._perform(lambda fields: fields.configure(self._name, min, max, unit), wait=wait)

    def _begin(self, fields: FieldWriter, value: SeriesVal) -> None:
        super()._begin(fields, value)
        assert isinstance(value, FloatSeriesVal)
        if (value.min, value.max, value.unit) != (None, None, None):
            fields.configure(self._name, value.min, value.max, value.unit)

    def _as_value(self, values: Any, **kwargs: Any) -> FloatSeriesVal:
        return FloatSeriesVal(values, **kwargs)

    def _is_value(self, value: Any) -> bool:
        return isinstance(value, FloatSeriesVal)

    def _append(self, value: SeriesVal) -> Operation:
        return lambda fields: fields.append_floats(self._name, value.values, steps_of(value), value.timestamps)
