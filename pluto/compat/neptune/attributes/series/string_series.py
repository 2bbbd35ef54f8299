"""A field of type StringSeries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.attributes.series.fetchable_series import FetchableSeries
from pluto.compat.neptune.attributes.series.series import steps_of
from pluto.compat.neptune.internal.utils import is_collection
from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.types.series.string_series import MAX_STRING_SERIES_VALUE_LENGTH
from pluto.compat.neptune.types.series.string_series import StringSeries as StringSeriesVal

if TYPE_CHECKING:
    from pluto.compat.neptune.internal.backends.backend import Operation
    from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
    from pluto.compat.neptune.types.series.series import Series as SeriesVal

__all__ = ["StringSeries"]


class StringSeries(FetchableSeries):
    """Texts over steps, each of up to 1,000 characters."""

    kind = AttributeKind.STRING_SERIES
    max_batch_size = 10
    operation_cls = StringSeriesVal

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        super().__init__(container, path)
        self._truncation_told = False

    def _as_value(self, values: Any, **kwargs: Any) -> StringSeriesVal:
        steps, timestamps = kwargs.pop("steps", None), kwargs.pop("timestamps", None)
        if kwargs:
            get_logger().warning("a StringSeries does not know %s", ", ".join(kwargs))
        return StringSeriesVal(values, steps=steps, timestamps=timestamps)

    def _is_value(self, value: Any) -> bool:
        return isinstance(value, StringSeriesVal)

    def _unwrapped(self, value: StringifyValue) -> Any:
        return [str(one) for one in value.value] if is_collection(value.value) else str(value.value)

    def _append(self, value: SeriesVal) -> Operation:
        assert isinstance(value, StringSeriesVal)
        if value.truncated and not self._truncation_told:
            self._truncation_told = True
            get_logger().warning(
                'a text of "%s" has more than %d characters, and is cut; this is said once a series',
                self._name, MAX_STRING_SERIES_VALUE_LENGTH,
            )  # fmt: skip
        return lambda fields: fields.append_texts(self._name, value.values, steps_of(value), value.timestamps)
