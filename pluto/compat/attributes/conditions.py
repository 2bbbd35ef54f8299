"""Conditions on the attributes of a run.

A condition on an attribute that the run lacks, or has as another kind, does not hold; so its negation does: what the
query languages call `!=`, `NOT CONTAINS` and `NOT MATCHES` is `Not` around `=`, `CONTAINS` and `MATCHES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt
from typing import TYPE_CHECKING, Final, Literal, Protocol

from pluto.compat.attributes.kinds import Atom, AttributeKind, GitCommit, TrackedFiles

if TYPE_CHECKING:
    from regex import Pattern

    from pluto.compat.attributes.snapshot import SeriesSummary

    Wanted = bool | int | float | str | datetime | Pattern[str]

Operator = Literal["=", ">", ">=", "<", "<=", "CONTAINS", "MATCHES"]
Aggregate = Literal["last", "min", "max", "average", "variance"]

_PATIENCE_S: Final = 1.0
"""What one regular expression may take for one value."""


class Run(Protocol):
    """What a condition looks at: a `RunAttributes`, whose methods these are."""

    def kind(self, path: str) -> AttributeKind | None:
        """The kind of an attribute, None where there is none."""

    def atom(self, path: str) -> Atom:
        """The value of an attribute that holds one."""

    def summary(self, path: str) -> SeriesSummary | None:
        """A float or string series in a few values."""


class Condition(Protocol):
    """Something that holds for a run or does not."""

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where all parts do; without parts, for every run."""

    parts: Sequence[Condition] = ()

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""
        return all(part.holds(run) for part in self.parts)

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""
        return (path for part in self.parts for path in part.paths())


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one of the parts does."""

    parts: Sequence[Condition]

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""
        return any(part.holds(run) for part in self.parts)

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""
        return (path for part in self.parts for path in part.paths())


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the other does not."""

    part: Condition

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""
        return not self.part.holds(run)

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""
        return self.part.paths()


@dataclass(frozen=True, slots=True)
class Exists:
    """Holds where the run has the attribute, of this kind."""

    path: str
    kind: AttributeKind

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""
        return run.kind(self.path) is self.kind

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""
        yield self.path


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


_MEANING: Final[dict[Operator, Callable[..., bool]]] = {
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

    CONTAINS finds a part of a text, or a member of a set. MATCHES finds a `pattern` anywhere in a text, and raises
    `TimeoutError` for one that takes longer than a second. Of a series the `aggregate` counts, of an artifact its hash,
    of a git reference its commit. Times have a time zone.
    """

    path: str
    kind: AttributeKind
    operator: Operator
    wanted: Wanted
    aggregate: Aggregate = "last"

    def holds(self, run: Run) -> bool:
        """Whether the run meets it."""
        if run.kind(self.path) is not self.kind:
            return False
        value = self._value(run)
        return value is not None and _MEANING[self.operator](value, self.wanted)

    def paths(self) -> Iterator[str]:
        """The attributes it looks at."""
        yield self.path

    def _value(self, run: Run) -> object:
        if self.kind in (AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES):
            return getattr(run.summary(self.path), self.aggregate, None)
        atom = run.atom(self.path)
        if isinstance(atom, TrackedFiles):
            return atom.hash
        return atom.commit if isinstance(atom, GitCommit) else atom
