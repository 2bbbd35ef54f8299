"""Checks of the `filters` of `list_runs`, so that a typo is an error here and not an empty answer."""

from __future__ import annotations

from typing import Any, Final

OPERATORS: Final = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex"})
FIELDS: Final = frozenset(
    {"state", "status", "heartbeat_at", "heartbeatAt", "created_at", "createdAt", "updated_at", "updatedAt", "name"}
    | {"displayName", "display_name", "tags"}
)
PREFIXES: Final = ("config.", "systemMetadata.", "summaryMetrics.", "summary_metrics.")
_MAX_DEPTH: Final = 50


def check(node: Any, _depth: int = 0) -> None:
    """Raises `ValueError` for a filter outside the grammar, naming the part that is."""
    if _depth > _MAX_DEPTH:
        raise ValueError(f"filters are nested more than {_MAX_DEPTH} deep")
    if not isinstance(node, dict):
        raise ValueError(f"a filter is a dict, not {type(node).__name__}")
    for key, value in node.items():
        if key in ("$and", "$or"):
            if not isinstance(value, list):
                raise ValueError(f"{key} takes a list of filters, not {type(value).__name__}")
            for child in value:
                check(child, _depth + 1)
        elif key == "$not":
            check(value, _depth + 1)
        elif not isinstance(key, str) or key.startswith("$"):
            raise ValueError(f"{key!r} is no operator between filters; there are $and, $or and $not")
        else:
            _check_leaf(key, value)


def _check_leaf(field: str, value: Any) -> None:
    if field not in FIELDS and not any(field.startswith(p) and len(field) > len(p) for p in PREFIXES):
        raise ValueError(
            f"{field!r} is no field to filter by; there are {', '.join(sorted(FIELDS))}, {', '.join(PREFIXES)}…"
        )
    if isinstance(value, dict):
        for operator in value:
            if isinstance(operator, str) and operator.startswith("$") and operator not in OPERATORS:
                raise ValueError(f"{operator!r} on {field!r} is no operator; there are {', '.join(sorted(OPERATORS))}")
