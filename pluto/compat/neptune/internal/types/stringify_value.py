"""A value that is kept as a text where its type is not supported."""

from __future__ import annotations

import logging
from typing import Any

from pluto.compat.neptune.constants import MAX_32_BIT_INT, MIN_32_BIT_INT
from pluto.compat.neptune.internal.types.utils import is_unsupported_float

__all__ = ["StringifyValue", "extract_if_stringify_value"]

# Not from `internal.utils`, which imports this module; it sets the logger up.
logger = logging.getLogger("neptune")


class StringifyValue:
    """What `stringify_unsupported` makes of each value.

    `value` is the value itself; a whole number beyond 32 bits as a float, a float that is not finite as its text.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        if isinstance(value, int) and not MIN_32_BIT_INT <= value <= MAX_32_BIT_INT:
            logger.info(
                "%d lies outside of 32-bit integers (%d to %d) and is kept as a float",
                value, MIN_32_BIT_INT, MAX_32_BIT_INT,
            )  # fmt: skip
            value = float(value)
        self._value = str(value) if is_unsupported_float(value) else value

    @property
    def value(self) -> Any:
        """The value."""
        return self._value

    def __str__(self) -> str:
        return str(self._value)

    def __repr__(self) -> str:
        return repr(self._value)


def extract_if_stringify_value(val: Any) -> Any:
    """The value inside; anything else as it is."""
    return val.value if isinstance(val, StringifyValue) else val
