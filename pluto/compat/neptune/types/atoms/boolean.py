"""A bool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import extract_if_stringify_value
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["Boolean"]


@dataclass
class Boolean(Atom):
    """A bool, by the truth of what is given."""

    value: bool

    def __init__(self, value: Any) -> None:
        self.value = bool(extract_if_stringify_value(value))

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_boolean`."""
        return visitor.visit_boolean(self)

    def __bool__(self) -> bool:
        return self.value

    def __str__(self) -> str:
        return f"Boolean({self.value})"
