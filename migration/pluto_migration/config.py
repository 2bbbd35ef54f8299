"""Values as a config keeps them: what JSON has, and beside it the kinds that JSON can't tell.

As `pluto.compat.attributes` writes them, so that every door reads what it would have written itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pluto.core.jsonable import plain, to_json


def typed(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values as JSON has them, and the kinds of those that JSON does not tell, nested like them.

    Datetimes become ISO texts in UTC, sets sorted lists, non-finite numbers and whole ones beyond 64 bits texts.
    """
    from pluto.compat.attributes import atoms

    content: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for name, value in values.items():
        key = clean(str(name))
        if isinstance(value, Mapping):
            content[key], inner = typed(value)
            if inner:
                kinds[key] = inner
        elif isinstance(value, str):
            content[key] = clean(value)
        elif isinstance(value, (bool, int, float, datetime, frozenset)):
            atom = frozenset(map(clean, value)) if isinstance(value, frozenset) else value
            content[key], kind = atoms.kept(atom)
            if kind is not None:
                kinds[key] = kind.value
        else:
            content[key] = plain(value)
    return content, kinds


def text_of(values: Any) -> str:
    """The JSON text of values that JSON has, however deep they lie."""
    try:
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError):
        return to_json(values)


def void(old: Mapping[str, Any], new: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """None for each kind of `old` that is none of the value there is now, nested like them."""
    found: dict[str, Any] = {}
    for key, kind in old.items():
        if isinstance(kind, Mapping):
            inner, now = new.get(key), values.get(key)
            if isinstance(now, Mapping) and (gone := void(kind, inner if isinstance(inner, Mapping) else {}, now)):
                found[key] = gone
        elif key in values and key not in new:
            found[key] = None
    return found


def leaves(values: Mapping[str, Any]) -> int:
    """How many values there are."""
    return sum(leaves(value) if isinstance(value, Mapping) else 1 for value in values.values())


def clean(text: str) -> str:
    """The text, with backslashes for what UTF-8 can't tell: names of files in any encoding are texts like that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()


def merge(old: dict[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merges deeply, into `old`."""
    for key, value in new.items():
        found = old.get(key)
        if isinstance(found, dict) and isinstance(value, Mapping):
            merge(found, value)
        else:
            old[key] = merge({}, value) if isinstance(value, Mapping) else value
    return old
