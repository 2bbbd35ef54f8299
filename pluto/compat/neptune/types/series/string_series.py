"""Texts over steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.types.series.series import Series

__all__ = ["StringSeries"]

MAX_STRING_SERIES_VALUE_LENGTH: Final = 1000


class StringSeries(Series):
    """Texts, each cut to 1,000 characters; of a `StringifyValue` the texts of its elements.

    Raises `TypeError` unless the values are a list, set or tuple of texts.
    """

    def __init__(
        self,
        values: Iterable[str] | StringifyValue,
        timestamps: Sequence[float] | None = None,
        steps: Sequence[float] | None = None,
    ) -> None:
        if isinstance(values, StringifyValue):
            values = [str(value) for value in values.value]
        super().__init__(values, steps, timestamps)
        for value in self._values:
            if not isinstance(value, str):
                raise TypeError(f"the values of a StringSeries are texts, not {type(value).__name__}: use str()")
        self._truncated = any(len(value) > MAX_STRING_SERIES_VALUE_LENGTH for value in self._values)
        self._values = [value[:MAX_STRING_SERIES_VALUE_LENGTH] for value in self._values]

    @property
    def truncated(self) -> bool:
        """Whether a text was cut."""
        return self._truncated

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_string_series`."""
        return visitor.visit_string_series(self)
