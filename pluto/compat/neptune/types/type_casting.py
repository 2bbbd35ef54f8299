"""What type of field a value makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils import images, is_argparse_namespace, is_float_like
from pluto.compat.neptune.types.atoms import Boolean, Datetime, File, Float, Integer, String
from pluto.compat.neptune.types.namespace import Namespace
from pluto.compat.neptune.types.series import FileSeries, FloatSeries, StringSeries
from pluto.compat.neptune.types.series.series import Series
from pluto.compat.neptune.types.value import Value
from pluto.compat.neptune.types.value_copy import ValueCopy

__all__ = ["cast_value", "cast_value_for_extend"]


def cast_value(value: Any) -> Value | None:
    """The value with its type said; None for one that is not kept."""
    from pluto.compat.neptune.handler import Handler

    stringify = isinstance(value, StringifyValue)
    if stringify:
        value = value.value
    if isinstance(value, Value):
        return value
    if isinstance(value, Handler):
        return ValueCopy(value)
    if is_argparse_namespace(value):
        return Namespace(vars(value))
    if images.is_picture(value):
        return File.as_image(value)
    if images.is_chart(value):
        return File.as_html(value)
    for kind, made in _ATOMS:
        if isinstance(value, kind):
            return cast(Value, made(value))
    if is_float_like(value):
        return Float(value)
    if isinstance(value, Mapping):
        return Namespace(value)
    return String(str(value)) if stringify else None


_ATOMS: tuple[tuple[type, Any], ...] = (
    (bool, Boolean),
    (int, Integer),
    (float, Float),
    (str, String),
    (dt.datetime, Datetime),
)


def cast_value_for_extend(values: Any) -> Series | Namespace | None:
    """The values as a series of the type of the first, or as a namespace of series; None where they are not kept.

    Raises `StopIteration` where there are none, `TypeError` and `ValueError` where the others are not of that type.
    """
    stringify = isinstance(values, StringifyValue)
    given = values.value if stringify else values
    if isinstance(given, (Namespace, Series)):
        return given
    if isinstance(given, Mapping):
        return Namespace(given)
    first = next(iter(given))
    if isinstance(first, File) or images.is_picture(first) or images.is_chart(first):
        return FileSeries(given)
    if isinstance(first, str):
        return StringSeries(given)
    if is_float_like(first):
        return FloatSeries(given)
    return StringSeries(values) if stringify else None
