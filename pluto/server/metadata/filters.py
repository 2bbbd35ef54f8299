"""The filter grammar of the run list: JSON in, conditions out."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Final, Literal, TypeAlias

from pluto.server.metadata.patterns import problem_of

MAX_DEPTH: Final = 20
MAX_VALUES: Final = 1_000


class FilterError(ValueError):
    """The filter is not one; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class Leaf:
    """One comparison.

    `kind` is `status`, `name`, `tags`, `createdAt`, `updatedAt`, `heartbeat`, `config`, `systemMetadata` or `metric`.
    `op` is the operator without `$`, or `contains`, `prefix`, `suffix`, `between`. Times are milliseconds.
    """

    kind: str
    key: str
    op: str
    values: tuple[Any, ...]


Condition: TypeAlias = Every | Either | Not | Leaf

_FIELDS: Final = {
    "state": "status",
    "status": "status",
    "heartbeat_at": "heartbeat",
    "heartbeatAt": "heartbeat",
    "created_at": "createdAt",
    "createdAt": "createdAt",
    "updated_at": "updatedAt",
    "updatedAt": "updatedAt",
    "name": "name",
    "displayName": "name",
    "display_name": "name",
    "tags": "tags",
}
_PREFIXES: Final = {
    "config.": "config",
    "systemMetadata.": "systemMetadata",
    "summaryMetrics.": "metric",
    "summary_metrics.": "metric",
}
_RANGES: Final = ("gt", "gte", "lt", "lte")
_OPERATORS: Final = {
    "status": ("eq", "ne", "in", "nin"),
    "name": ("eq", "ne", "in", "nin", "regex"),
    "tags": ("eq", "ne", "in", "nin"),
    "createdAt": ("eq", *_RANGES),
    "updatedAt": ("eq", *_RANGES),
    "heartbeat": _RANGES,
    "config": ("eq", "ne", "in", "nin", "regex", *_RANGES),
    "systemMetadata": ("eq", "ne", "in", "nin", "regex", *_RANGES),
    "metric": ("eq", "ne", *_RANGES),
}
_STATUS_ALIASES: Final = {
    "running": "RUNNING",
    "finished": "COMPLETED",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "crashed": "FAILED",
    "killed": "TERMINATED",
    "terminated": "TERMINATED",
    "preempted": "CANCELLED",
    "cancelled": "CANCELLED",
    "canceled": "CANCELLED",
}


def parse(text: str) -> Condition:
    """The condition in a filter's JSON text. Raises `FilterError`."""
    try:
        node = json.loads(text)
    except (ValueError, RecursionError):
        raise FilterError("Invalid filter JSON") from None
    return _node(node, 0)


def field_of(path: str) -> tuple[str, str] | None:
    """Kind and key of a field's path, None when there is no such field."""
    if kind := _FIELDS.get(path):
        return kind, ""
    for prefix, kind in _PREFIXES.items():
        if path.startswith(prefix) and len(path) > len(prefix):
            return kind, path[len(prefix) :]
    return None


def status_of(text: str) -> str:
    """A status by its own or its W&B name. Raises `FilterError`."""
    try:
        return _STATUS_ALIASES[text.lower()]
    except KeyError:
        raise FilterError(f"Unknown status {text!r}") from None


def time_of(value: object) -> int:
    """Milliseconds of an ISO date-time (UTC unless it says otherwise) or of a number of them. Raises `FilterError`."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return int(value)
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value.strip()))
            # Python 3.10 reads milliseconds with three or six digits only, which is what is written everywhere.
            return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp() * 1000)
        except (ValueError, OverflowError):
            pass
    raise FilterError(f"Not a date-time: {value!r}")


def _node(node: object, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise FilterError(f"The filter is nested deeper than {MAX_DEPTH}")
    if not isinstance(node, dict):
        raise FilterError("A filter has to be an object")
    parts: list[Condition] = []
    for key, value in node.items():
        if key in ("$and", "$or"):
            if not isinstance(value, list) or not value:
                raise FilterError(f"{key} needs a list of filters")
            children = tuple(_node(child, depth + 1) for child in value)
            parts.append(Every(children) if key == "$and" else Either(children))
        elif key == "$not":
            parts.append(Not(_node(value, depth + 1)))
        elif key.startswith("$"):
            raise FilterError(f"Unknown operator {key}")
        else:
            parts.extend(_field(key, value))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _field(path: str, value: object) -> list[Condition]:
    found = field_of(path)
    if found is None:
        raise FilterError(f"Unknown filter field {path!r}")
    kind, key = found
    if not isinstance(value, dict):
        return [_leaf(kind, key, "eq", value, path)]
    if not value:
        raise FilterError(f"{path!r} has no operator")
    parts: list[Condition] = []
    for operator, operand in value.items():
        if operator == "$not":
            parts.append(Not(Every(tuple(_field(path, operand)))))
        elif operator.startswith("$"):
            parts.append(_leaf(kind, key, operator[1:], operand, path))
        else:
            raise FilterError(f"Unknown operator {operator!r} on {path!r}")
    return parts


def _leaf(kind: str, key: str, op: str, operand: object, path: str) -> Condition:
    if op not in _OPERATORS[kind]:
        raise FilterError(f"Operator ${op} is not supported on {path!r}")
    if op in ("in", "nin"):
        if not isinstance(operand, list):
            raise FilterError(f"${op} on {path!r} needs a list")
        if len(operand) > MAX_VALUES:
            raise FilterError(f"${op} on {path!r} takes at most {MAX_VALUES} values")
        values = tuple(_operand(kind, op, value, path) for value in operand)
    else:
        values = (_operand(kind, op, operand, path),)
    if op in ("ne", "nin"):
        return Not(Leaf(kind, key, "in", values))
    return Leaf(kind, key, "in" if op == "eq" and kind not in ("createdAt", "updatedAt") else op, values)


def _operand(kind: str, op: str, value: object, path: str) -> Any:
    if kind in ("createdAt", "updatedAt", "heartbeat"):
        return time_of(value)
    if kind in ("status", "name", "tags") or op == "regex":
        if not isinstance(value, str):
            raise FilterError(f"{path!r} compares with texts")
        if kind == "status":
            return status_of(value)
        if op == "regex" and kind != "name":
            return pattern(value)
        return value
    if kind == "metric":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise FilterError(f"{path!r} compares with numbers")
        return _float(value, path)
    if isinstance(value, (dict, list)):
        raise FilterError(f"{path!r} compares with texts, numbers, booleans or null")
    return value


def pattern(text: str) -> str:
    """A regular expression that can be run. Raises `FilterError`."""
    if problem := problem_of(text):
        raise FilterError(problem)
    return text


def _float(value: float, path: str) -> float:
    try:
        return float(value)
    except OverflowError:
        raise FilterError(f"{path!r} compares with numbers a float can hold") from None


_COMPARISONS: Final = {
    "is": "in",
    "=": "in",
    "is any of": "in",
    "is greater than": "gt",
    ">": "gt",
    "after": "gt",
    "is after": "gt",
    "is greater than or equal to": "gte",
    ">=": "gte",
    "is less than": "lt",
    "<": "lt",
    "before": "lt",
    "is before": "lt",
    "is less than or equal to": "lte",
    "<=": "lte",
    "between": "between",
    "is between": "between",
    "contains": "contains",
    "starts with": "prefix",
    "ends with": "suffix",
    "regex": "regex",
    "exists": "exists",
}
_NEGATIONS: Final = {
    "is not": "is",
    "!=": "is",
    "is none of": "is any of",
    "is not between": "between",
    "does not contain": "contains",
    "not exists": "exists",
}
MAX_FIELD_FILTERS: Final = 50


def parse_field_filters(text: str) -> Condition:
    """The condition in the `fieldFilters` of the run list, which all have to hold. Raises `FilterError`."""
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise FilterError("Invalid fieldFilters JSON") from None
    if not isinstance(rows, list) or len(rows) > MAX_FIELD_FILTERS:
        raise FilterError(f"fieldFilters has to be a list of at most {MAX_FIELD_FILTERS}")
    return Every(tuple(_field_filter(row) for row in rows))


def _field_filter(row: object) -> Condition:
    if not isinstance(row, dict) or not isinstance(row.get("key"), str) or not isinstance(row.get("operator"), str):
        raise FilterError("A field filter needs source, key, dataType, operator and values")
    source: Literal["config", "systemMetadata"] | Any = row.get("source")
    if source not in ("config", "systemMetadata"):
        raise FilterError("The source of a field filter is config or systemMetadata")
    operator = row["operator"]
    negated = operator in _NEGATIONS
    op = _COMPARISONS.get(_NEGATIONS[operator] if negated else operator)
    if op is None:
        raise FilterError(f"Unknown operator {operator!r} in a field filter")
    values = row.get("values", [])
    if not isinstance(values, list):
        values = [values]
    if len(values) == 1 and isinstance(values[0], list):
        values = values[0]
    need = {"exists": 0, "between": 2}.get(op, 1)
    if len(values) < need or len(values) > MAX_VALUES or any(isinstance(value, (dict, list)) for value in values):
        raise FilterError(f"Operator {operator!r} needs {need} plain value(s)")
    if op == "regex":
        values = [pattern(str(values[0]))]
    elif op in ("contains", "prefix", "suffix"):
        values = [str(values[0])]
    leaf = Leaf(source, row["key"], op, tuple(values))
    return Not(leaf) if negated else leaf
