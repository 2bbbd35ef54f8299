"""Filters on runs as the caller wrote them: with types given or left open, and their query text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pluto.compat.neptune_query.internal.attribute_types import QUERY_NAMES
from pluto.compat.neptune_query.internal.pattern import parse_extended_regex

Operator = Literal["==", "!=", ">", ">=", "<", "<=", "MATCHES", "NOT MATCHES", "CONTAINS", "NOT CONTAINS"]
Value = bool | int | float | str | datetime


@dataclass(frozen=True)
class Field:
    """An attribute, and its type where the caller gave one."""

    name: str
    type: str | None = None

    def __str__(self) -> str:
        kind = "" if self.type is None else f":{QUERY_NAMES.get(self.type, self.type)}"
        return f"`{self.name}`{kind}"


@dataclass(frozen=True)
class Predicate:
    """An attribute compared with a value."""

    field: Field
    operator: Operator
    value: Value

    def __post_init__(self) -> None:
        if not isinstance(self.value, (bool, int, float, str, datetime)):
            raise TypeError(f"a value to compare with is int, float, str or datetime, not {type(self.value).__name__}")

    def __str__(self) -> str:
        if isinstance(self.value, datetime):
            value = self.value.astimezone().isoformat()
        else:
            value = str(self.value).replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.field} {self.operator} "{value}"'

    def fields(self) -> Iterator[Field]:
        """The attributes it looks at."""
        yield self.field


@dataclass(frozen=True)
class Existence:
    """An attribute that has to be there."""

    field: Field

    def __str__(self) -> str:
        return f"{self.field} EXISTS"

    def fields(self) -> Iterator[Field]:
        """The attributes it looks at."""
        yield self.field


@dataclass(frozen=True)
class Junction:
    """Expressions joined by AND or OR."""

    operator: Literal["AND", "OR"]
    parts: Sequence[Expression]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError(f"there is nothing to join by {self.operator}: give at least one")

    def __str__(self) -> str:
        return f" {self.operator} ".join(f"({part})" for part in self.parts)

    def fields(self) -> Iterator[Field]:
        """The attributes it looks at."""
        for part in self.parts:
            yield from part.fields()


@dataclass(frozen=True)
class Negation:
    """What must not hold."""

    part: Expression

    def __str__(self) -> str:
        return f"NOT ({self.part})"

    def fields(self) -> Iterator[Field]:
        """The attributes it looks at."""
        yield from self.part.fields()


Expression = Predicate | Existence | Junction | Negation

NAME: Final = Field("sys/name", "string")
RUN_ID: Final = Field("sys/custom_run_id", "string")


def matching(field: Field, pattern: str) -> Expression:
    """An extended regular expression that is found in the attribute."""
    if not isinstance(pattern, str):
        raise AttributeError(f"a pattern is a text, not {type(pattern).__name__}")
    conjunctions = []
    for part in parse_extended_regex(pattern).children:
        conditions = [Predicate(field, "MATCHES", one) for one in part.positive_patterns]
        conditions += [Predicate(field, "NOT MATCHES", one) for one in part.negated_patterns]
        conjunctions.append(Junction("AND", conditions))
    return Junction("OR", conjunctions)


def one_of(field: Field, values: Sequence[str]) -> Expression:
    """An attribute that equals one of the values."""
    return Junction("OR", [Predicate(field, "==", one) for one in values])


def ids_asked(expression: Expression | None) -> list[str] | None:
    """The ids of runs that an expression lists, if that is all it does."""
    if not isinstance(expression, Junction) or expression.operator != "OR":
        return None
    parts = expression.parts
    if not all(isinstance(one, Predicate) and one.field == RUN_ID and one.operator == "==" for one in parts):
        return None
    return [str(one.value) for one in parts if isinstance(one, Predicate)]
