"""Conditions on the attributes of a run.

A condition on an attribute that the run lacks, or has as another kind, does not hold; so its negation does: what the
query languages call `!=`, `NOT CONTAINS` and `NOT MATCHES` is `Not` around `=`, `CONTAINS` and `MATCHES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from regex import Pattern

    Wanted = bool | int | float | str | datetime | Pattern[str]

_PATIENCE_S: Final = 1.0
"""What one regular expression may take for one value."""


class Row(Protocol):
    """What a condition looks at."""

    def kind_of(self, path: str) -> str | None:
        """The kind of an attribute; None where there is no such attribute."""

    def value_of(self, path: str, aggregate: str) -> object:
        """The value of an attribute, None where there is none.

        A set of texts comes as a frozenset; of a float series comes its `last`, `min`, `max`, `average` or `variance`,
        of another series the last value.
        """


class Condition(Protocol):
    """Something that holds for a row or does not."""

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where all parts do; without parts, everywhere."""

    parts: Sequence[Condition] = ()

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""
        return all(part.holds(row) for part in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one of the parts does."""

    parts: Sequence[Condition]

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""
        return any(part.holds(row) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the other does not."""

    part: Condition

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""
        return not self.part.holds(row)


@dataclass(frozen=True, slots=True)
class Exists:
    """Holds where the run has the attribute, of this kind."""

    path: str
    kind: str

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""
        return row.kind_of(self.path) == self.kind


def pattern(text: str) -> Pattern[str]:
    """The regular expression to give to `Compare` with MATCHES. Raises `ValueError` for a text that is none."""
    import regex

    try:
        return regex.compile(text)
    except regex.error as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from error


def _contains(value: object, wanted: object) -> bool:
    return wanted in value if isinstance(value, frozenset) else str(wanted) in str(value)


def _matches(value: object, wanted: Pattern[str]) -> bool:
    return wanted.search(str(value), timeout=_PATIENCE_S) is not None


_MEANING: Final[dict[str, Callable[..., bool]]] = {
    "=": eq,
    ">": gt,
    ">=": ge,
    "<": lt,
    "<=": le,
    "CONTAINS": _contains,
    "MATCHES": _matches,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """Holds where the attribute is of this kind and its value compares so with `wanted`.

    `operator` is one of `= > >= < <= CONTAINS MATCHES`; CONTAINS finds a part of a text, or a member of a set; MATCHES
    finds a `pattern` anywhere in a text, and raises `TimeoutError` for one that takes longer than a second.
    `aggregate` is of float series alone. Times have a time zone.
    """

    path: str
    kind: str
    operator: str
    wanted: Wanted
    aggregate: str = "last"

    def holds(self, row: Row) -> bool:
        """Whether the row meets it."""
        if row.kind_of(self.path) != self.kind:
            return False
        value = row.value_of(self.path, self.aggregate)
        return value is not None and _MEANING[self.operator](value, self.wanted)
