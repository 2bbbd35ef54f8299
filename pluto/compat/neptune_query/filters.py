"""Criteria for runs, experiments and attributes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pluto.compat.neptune_query.internal.attribute_types import ALL_TYPES, TypeName, check_type, check_types
from pluto.compat.neptune_query.internal.expressions import (
    NAME,
    Existence,
    Expression,
    Field,
    Junction,
    Negation,
    Operator,
    Predicate,
    matching,
    one_of,
)
from pluto.compat.neptune_query.internal.selection import Choice

__all__ = ["KNOWN_TYPES", "Attribute", "AttributeFilter", "Filter"]

KNOWN_TYPES: Sequence[TypeName] = ALL_TYPES
"""The types of attributes that can be asked for."""


class BaseAttributeFilter(ABC):
    """A criterion for attributes. `|` joins two: attributes that meet one of them."""

    def __or__(self, other: BaseAttributeFilter) -> BaseAttributeFilter:
        return BaseAttributeFilter.any(self, other)

    def any(*filters: BaseAttributeFilter) -> BaseAttributeFilter:
        """Attributes that meet one of the criteria; without any, none."""
        return _AttributeFilterAlternative(filters)

    @abstractmethod
    def _choices(self) -> Iterable[Choice]: ...


@dataclass
class AttributeFilter(BaseAttributeFilter):
    """Attributes by name and type.

    `name`: a text is an extended regular expression (`"loss & !val | acc"`) that is found in the name, a list holds
    whole names, None takes all. `type`: a type or a list of them, out of `KNOWN_TYPES`; None takes all.

    Raises `ValueError` for other names and types.
    """

    name: str | list[str] | None = None
    type: TypeName | list[TypeName] | None = None

    def __post_init__(self) -> None:
        if self.type is None:
            self.type = list(KNOWN_TYPES)
        elif isinstance(self.type, str):
            self.type = [self.type]
        listed = isinstance(self.name, list) and all(isinstance(one, str) for one in self.name)
        if not (self.name is None or isinstance(self.name, str) or listed):
            raise ValueError(f"name is a text or a list of texts, not {self.name!r}")
        check_types(self.type)

    def _choices(self) -> Iterable[Choice]:
        types = self.type or []
        if isinstance(self.name, str):
            yield Choice.by_pattern(types, self.name)
        else:
            yield Choice(types, None if self.name is None else frozenset(self.name))


@dataclass
class _AttributeFilterAlternative(BaseAttributeFilter):
    filters: Iterable[BaseAttributeFilter]

    def __or__(self, other: BaseAttributeFilter) -> BaseAttributeFilter:
        return _AttributeFilterAlternative((*self.filters, other))

    def _choices(self) -> Iterable[Choice]:
        for one in self.filters:
            if not isinstance(one, BaseAttributeFilter):
                raise AttributeError(f"attribute filters are joined with each other, not with {type(one).__name__}")
            yield from one._choices()


@dataclass
class Attribute:
    """An attribute by its whole name, and its type where the name alone is not clear.

    Raises `ValueError` for a type that is not one of `KNOWN_TYPES`.
    """

    name: str
    type: TypeName | None = None

    def __post_init__(self) -> None:
        check_type(self.type)

    def _field(self) -> Field:
        return Field(self.name, self.type)

    def __str__(self) -> str:
        return str(self._field())


def _field(attribute: str | Attribute) -> Field:
    if isinstance(attribute, str):
        return Field(attribute)
    if not isinstance(attribute, Attribute):
        raise AttributeError(f"an attribute is a text or filters.Attribute, not {type(attribute).__name__}")
    return attribute._field()


def _compared(attribute: str | Attribute, operator: Operator, value: int | float | str | datetime) -> Filter:
    return Filter(Predicate(_field(attribute), operator, value))


def _contained(attribute: str | Attribute, operator: Operator, values: str | list[str]) -> Filter:
    if values == []:
        name = "contains_all" if operator == "CONTAINS" else "contains_none"
        raise ValueError(f"`{name}` takes a text, or a list of texts with one in it at least: this list is empty")
    listed = [values] if isinstance(values, str) else values
    return Filter(Junction("AND", [Predicate(_field(attribute), operator, one) for one in listed]))


class Filter:
    """A criterion for runs and experiments; `&`, `|` and `~` combine them. Made by the functions of this class.

    An attribute is a name, or an `Attribute` where the name has several types in the project. Of a series the last
    value counts. What asks for the contrary (`ne`, `contains_none`, `!` in a pattern) is also met by runs that lack the
    attribute. Text of the criterion in Neptune's query language: `str(filter)`.
    """

    def __init__(self, internal: Expression) -> None:
        self._internal = internal

    @staticmethod
    def name(name: str | list[str]) -> Filter:
        """Runs and experiments whose name an extended regular expression describes, or is in the list."""
        if isinstance(name, str):
            return Filter(matching(NAME, name))
        return Filter(one_of(NAME, [*name]))

    @staticmethod
    def eq(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute equals the value. Raises `TypeError` for a value of another type."""
        return _compared(attribute, "==", value)

    @staticmethod
    def ne(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute does not equal the value."""
        return _compared(attribute, "!=", value)

    @staticmethod
    def gt(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute is greater than the value."""
        return _compared(attribute, ">", value)

    @staticmethod
    def ge(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute is greater than the value or equals it."""
        return _compared(attribute, ">=", value)

    @staticmethod
    def lt(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute is less than the value."""
        return _compared(attribute, "<", value)

    @staticmethod
    def le(attribute: str | Attribute, value: int | float | str | datetime) -> Filter:
        """The attribute is less than the value or equals it."""
        return _compared(attribute, "<=", value)

    @staticmethod
    def matches(attribute: str | Attribute, pattern: str) -> Filter:
        """An extended regular expression describes the text: `"adam & !sgd | lion"`."""
        return Filter(matching(_field(attribute), pattern))

    @staticmethod
    def contains_all(attribute: str | Attribute, values: str | list[str]) -> Filter:
        """The set holds all these texts; or the text has all these parts."""
        return _contained(attribute, "CONTAINS", values)

    @staticmethod
    def contains_none(attribute: str | Attribute, values: str | list[str]) -> Filter:
        """The set holds none of these texts; or the text has none of these parts."""
        return _contained(attribute, "NOT CONTAINS", values)

    @staticmethod
    def exists(attribute: str | Attribute) -> Filter:
        """The attribute is there, as this type where one is given."""
        return Filter(Existence(_field(attribute)))

    def __and__(self, other: Filter) -> Filter:
        return Filter(Junction("AND", [self._internal, _expression(other)]))

    def __or__(self, other: Filter) -> Filter:
        return Filter(Junction("OR", [self._internal, _expression(other)]))

    def __invert__(self) -> Filter:
        return Filter(Negation(self._internal))

    def __str__(self) -> str:
        return str(self._internal)


def _expression(other: object) -> Expression:
    if not isinstance(other, Filter):
        raise AttributeError(f"a Filter is combined with another Filter, not with {type(other).__name__}")
    return other._internal
