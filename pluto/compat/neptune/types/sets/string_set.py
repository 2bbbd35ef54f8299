"""A set of texts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pluto.compat.neptune.types.sets.set import Set

__all__ = ["StringSet"]


class StringSet(Set):
    """A set of texts: tags."""

    def __init__(self, values: Iterable[str]) -> None:
        self.values: set[str] = set(values)

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_string_set`."""
        return visitor.visit_string_set(self)

    def __str__(self) -> str:
        return f"StringSet({self.values})"
