"""What a typed expression asks of a run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Final, cast

from pluto.compat.attributes.conditions import AllOf, AnyOf, Compare, Condition, Exists, Not, Operator
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune_query.exceptions import NeptuneUserError
from pluto.compat.neptune_query.internal.expressions import Existence, Expression, Junction, Negation, Predicate, Value
from pluto.compat.neptune_query.internal.selection import compiled

_POSITIVE: Final = {"!=": "=", "NOT MATCHES": "MATCHES", "NOT CONTAINS": "CONTAINS"}
_TEXTS: Final = ("string", "string_series")


def condition(expression: Expression) -> Condition:
    """The condition that runs have to meet.

    Raises `NeptuneUserError` for an operator that the type of the attribute does not know, or a value that is none of
    this type.
    """
    if isinstance(expression, Junction):
        parts = [condition(part) for part in expression.parts]
        return AllOf(parts) if expression.operator == "AND" else AnyOf(parts)
    if isinstance(expression, Negation):
        return Not(condition(expression.part))
    if isinstance(expression, Existence):
        return Exists(expression.field.name, AttributeKind(expression.field.type))
    operator = expression.operator
    if operator in _POSITIVE:
        return Not(_compare(expression, _POSITIVE[operator]))
    return _compare(expression, "=" if operator == "==" else operator)


def _compare(predicate: Predicate, operator: str) -> Condition:
    field, kind = predicate.field, str(predicate.field.type)
    wanted: object
    if operator == "MATCHES":
        if kind not in _TEXTS:
            raise _unknown(predicate, "a pattern is looked for in texts alone")
        wanted = compiled(str(predicate.value))
    elif operator == "CONTAINS":
        if kind not in (*_TEXTS, "string_set"):
            raise _unknown(predicate, "parts are looked for in texts and sets of texts alone")
        wanted = _text(predicate.value)
    elif kind not in _READ:
        others = "contains_all, contains_none and exists" if kind == "string_set" else "exists alone"
        raise _unknown(predicate, f"a {kind} takes {others}")
    elif kind == "bool" and operator != "=":
        raise _unknown(predicate, "a bool takes eq and ne alone")
    else:
        try:
            wanted = _READ[kind](predicate.value)
        except (ValueError, OverflowError):
            raise _unknown(predicate, f"{predicate.value!r} is no value of this type") from None
    return Compare(field.name, AttributeKind(kind), cast("Operator", operator), wanted)  # type: ignore[arg-type]


def _unknown(predicate: Predicate, why: str) -> NeptuneUserError:
    return NeptuneUserError("`{predicate}` can't be asked: {why}", predicate=predicate, why=why)


def _number(value: Value) -> float | int:
    if isinstance(value, (bool, datetime)):
        raise ValueError
    if isinstance(value, str):
        number = float(value)
        return int(value) if number.is_integer() and value.strip().lstrip("+-").isdecimal() else number
    return value


def _boolean(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError


def _text(value: Value) -> str:
    return value.astimezone().isoformat() if isinstance(value, datetime) else str(value)


def _moment(value: Value) -> datetime:
    """A time with a zone, to the millisecond; without a zone it is local time."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    if not isinstance(value, datetime):
        raise ValueError
    return to_milliseconds(value.astimezone(timezone.utc))


def to_milliseconds(moment: datetime) -> datetime:
    """The time, cut to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


_READ: Final[dict[str, Callable[[Value], object]]] = {
    "int": _number,
    "float": _number,
    "float_series": _number,
    "bool": _boolean,
    "string": _text,
    "string_series": _text,
    "datetime": _moment,
}
