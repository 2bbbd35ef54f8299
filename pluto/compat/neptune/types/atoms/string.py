"""A text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.types.stringify_value import StringifyValue
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.types.atoms.atom import Atom

__all__ = ["String"]


@dataclass
class String(Atom):
    """A text. Raises `TypeError` for anything else, unless `stringify_unsupported` made it."""

    value: str

    def __init__(self, value: str | StringifyValue | None) -> None:
        verify_type("value", value, (str, type(None), StringifyValue))
        self.value = str(value) if isinstance(value, StringifyValue) else value  # type: ignore[assignment]

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_string`."""
        return visitor.visit_string(self)

    def __str__(self) -> str:
        return f"String({self.value})"
