"""Which attributes are asked for: by name and type."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pluto.compat.neptune_query.exceptions import NeptuneUserError
from pluto.compat.neptune_query.internal.attribute_types import restricted
from pluto.compat.neptune_query.internal.pattern import parse_extended_regex

if TYPE_CHECKING:
    from regex import Pattern


@dataclass(frozen=True)
class NamePattern:
    """Regular expressions that a name must contain, and such as it must not."""

    found: Sequence[str]
    missing: Sequence[str]


@dataclass(frozen=True)
class Choice:
    """Attributes of these types whose name is one of `names` or fits one of the `patterns`; without either, all."""

    types: Collection[str]
    names: Collection[str] | None = None
    patterns: Sequence[NamePattern] | None = None

    @classmethod
    def by_pattern(cls, types: Collection[str], pattern: str) -> Choice:
        """The attributes whose name an extended regular expression describes."""
        parts = parse_extended_regex(pattern).children
        return cls(types, patterns=[NamePattern(one.positive_patterns, one.negated_patterns) for one in parts])


@dataclass
class Selection:
    """Attributes that one of the choices takes. `exact` is set where the caller listed names."""

    choices: Sequence[Choice]
    exact: Sequence[str] | None = None
    _known: dict[str, list[Collection[str]]] = field(default_factory=dict, repr=False, compare=False)
    _compiled: dict[str, Pattern[str]] = field(default_factory=dict, repr=False, compare=False)

    def only(self, possible: Sequence[str]) -> Selection:
        """The same of these types alone. Raises `ValueError` where a choice asks for none of them."""
        return Selection([replace(one, types=restricted(one.types, possible)) for one in self.choices], self.exact)

    def takes(self, name: str, type_name: str) -> bool:
        """Whether an attribute is asked for. Raises `NeptuneUserError` for a regular expression that is none."""
        types = self._known.get(name)
        if types is None:
            types = self._known[name] = [one.types for one in self.choices if self._named(one, name)]
        return any(type_name in one for one in types)

    def _named(self, choice: Choice, name: str) -> bool:
        if choice.names is not None:
            return name in choice.names
        if choice.patterns is None:
            return True
        return any(
            all(self._finds(pattern, name) for pattern in one.found)
            and not any(self._finds(pattern, name) for pattern in one.missing)
            for one in choice.patterns
        )

    def _finds(self, text: str, name: str) -> bool:
        pattern = self._compiled.get(text)
        if pattern is None:
            pattern = self._compiled[text] = compiled(text)
        try:
            return pattern.search(name, timeout=PATIENCE_S) is not None
        except TimeoutError:
            raise NeptuneUserError(
                "the pattern {text!r} takes more than {limit:g} s for {name!r}", text=text, limit=PATIENCE_S, name=name
            ) from None


PATIENCE_S = 1.0
"""What one regular expression may take for one name."""


def compiled(text: str) -> Pattern[str]:
    """The regular expression. Raises `NeptuneUserError` for a text that is none."""
    from pluto.compat.attributes.conditions import pattern

    try:
        return pattern(text)
    except ValueError as error:
        raise NeptuneUserError("{error}", error=error) from None
