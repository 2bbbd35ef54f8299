"""A moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["Datetime"]


def whole_milliseconds(moment: dt.datetime) -> dt.datetime:
    """The moment, cut to milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass
class Datetime(Atom):
    """A moment, cut to milliseconds; without a time zone, in local time."""

    value: dt.datetime

    def __init__(self, value: Any) -> None:
        self.value = whole_milliseconds(extract_if_stringify_value(value))

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_datetime`."""
        return visitor.visit_datetime(self)

    def __str__(self) -> str:
        return f"Datetime({self.value})"
