"""Several values under one path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pluto.compat.neptune.internal.utils.logger import get_logger
from pluto.compat.neptune.internal.utils.paths import parse_path
from pluto.compat.neptune.types.value import Value

__all__ = ["Namespace"]


@dataclass
class Namespace(Value):
    """A dict of values by path; keys without any letter of a path (`""`, `"/"`) are left out, with a warning."""

    value: Mapping[Any, Any]

    def __init__(self, value: Mapping[Any, Any]) -> None:
        empty = [key for key in value if not parse_path(key)]
        if empty:
            get_logger().warning(
                "%s can't be the name of a field: the value is left out", ", ".join(f'"{key}"' for key in empty)
            )
            value = {key: item for key, item in value.items() if key not in empty}
        self.value = value

    def accept(self, visitor: Any) -> Any:
        """Calls `visitor.visit_namespace`."""
        return visitor.visit_namespace(self)

    def __str__(self) -> str:
        return f"Namespace({self.value})"
