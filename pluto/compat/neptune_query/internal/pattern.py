"""Extended regular expressions: several, joined by ` & ` and ` | `, negated by `!`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Alternative", "Conjunction", "parse_extended_regex"]

# The blanks of the syntax: a no-break space joins words, it does not part them.
_BLANK: Final = r"[ \t\r\n]"
_OR: Final = re.compile(rf"{_BLANK}+\|{_BLANK}+")
_AND: Final = re.compile(rf"{_BLANK}+&{_BLANK}+")
_NOT: Final = re.compile(rf"!{_BLANK}*")
_ESCAPED: Final = ((r"\x20", " "), (r"\x21", "!"))


@dataclass
class Conjunction:
    """Regular expressions that must all be found, and such as must not."""

    positive_patterns: list[str]
    negated_patterns: list[str]


@dataclass
class Alternative:
    """Conjunctions of which one has to hold."""

    children: list[Conjunction]


def parse_extended_regex(pattern: str) -> Alternative:
    """The parts of an extended regular expression. Every text is one: what is no operator belongs to a part."""
    return Alternative([_conjunction(part) for part in _OR.split(pattern.strip())])


def _conjunction(text: str) -> Conjunction:
    found = Conjunction([], [])
    for part in _AND.split(text):
        negation = _NOT.match(part)
        if negation:
            found.negated_patterns.append(_plain(part[negation.end() :]))
        else:
            found.positive_patterns.append(_plain(part))
    return found


def _plain(part: str) -> str:
    for escape, character in _ESCAPED:
        part = part.replace(escape, character)
    return part
