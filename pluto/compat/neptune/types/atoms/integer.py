"""A whole number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["Integer"]


@dataclass
class Integer(Atom):
    """A whole number, of what `int()` takes. Raises `ValueError` and `TypeError` as that does."""

    value: int

    def __init__(self, value: Any) -> None:
        self.value = int(extract_if_stringify_value(value))

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_integer`."""
        return visitor.visit_integer(self)

    def __int__(self) -> int:
        return self.value

    def __str__(self) -> str:
        return f"Integer({self.value})"
