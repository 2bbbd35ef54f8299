"""What a row of the W&B door is in a store: numbers, texts, and everything else as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final

from pluto.protocol.records import Row

JSON: Final = "JSON"
"""Type of the data values that a row's lists, objects and None become."""
STAMP: Final = "_timestamp"
"""What a row has that holds nothing else: its time, in seconds."""

_NUMBERS: Final = frozenset({int, float})


@dataclass(slots=True)
class Contents:
    """The values of a row by what they become."""

    numbers: dict[str, int | float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    """JSON texts."""


def each_of(row: Row) -> list[Row]:
    """A row of a batch, after the one that came with it."""
    return [row] if row.before is None else [row.before, row]


def contents(row: Row) -> Contents:
    """The values of a row, sorted. NaN and infinities in lists are the bare words that Python's JSON has."""
    if row.values and _NUMBERS.issuperset(map(type, row.values.values())):
        return Contents(row.values)
    found = Contents()
    for name, value in row.values.items():
        if isinstance(value, (int, float)):
            found.numbers[name] = int(value) if isinstance(value, bool) else value
        elif isinstance(value, str):
            found.texts[name] = value
        else:
            found.others[name] = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if not row.values:
        found.numbers[STAMP] = row.time / 1e6
    return found
