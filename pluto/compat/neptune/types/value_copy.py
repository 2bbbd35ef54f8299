"""The value of another field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune.internal.utils.paths import parse_path
from pluto.compat.neptune.types.value import Value

if TYPE_CHECKING:
    from pluto.compat.neptune.handler import Handler

__all__ = ["ValueCopy"]


@dataclass
class ValueCopy(Value):
    """What `obj[a] = other[b]` assigns: the value of a single-value field, of this or another object."""

    source_handler: Handler

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.copy_value`. Raises `Exception` where there is nothing, or nothing that can be copied."""
        path = self.source_handler._path
        source = self.source_handler._container.get_attribute(path)
        if source is None or not getattr(type(source), "supports_copy", False):
            raise Exception(f"{type(source).__name__} doesn't support copying")
        return visitor.copy_value(source_type=type(source), source_path=parse_path(path))

    def __str__(self) -> str:
        return f"Copy({self.source_handler})"
