"""A number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["Float"]


@dataclass
class Float(Atom):
    """A number, of what `float()` takes. Raises `ValueError` and `TypeError` as that does."""

    value: float

    def __init__(self, value: Any) -> None:
        self.value = float(extract_if_stringify_value(value))

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_float`."""
        return visitor.visit_float(self)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return f"Float({self.value})"
