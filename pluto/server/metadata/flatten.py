"""Nested config as the flat keys and values that filters compare."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

MAX_KEY: Final = 500
MAX_DEPTH: Final = 100

_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|[-+]?0?\.[0-9]+([eE][-+]?[0-9]+)?")

Value = tuple[str | None, float | None]


def flatten(values: Mapping[str, Any]) -> dict[str, Value]:
    """Key to (text, number): objects joined with `.`, lists kept as their JSON text, numeric texts read as numbers too.

    Keys over 500 characters can't be compared and are left out.
    """
    flat: dict[str, Value] = {}
    _walk(values, "", flat)
    return flat


def _walk(values: Mapping[str, Any], prefix: str, flat: dict[str, Value]) -> None:
    for key, value in values.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            _walk(value, path + ".", flat)
        elif len(path) <= MAX_KEY:
            flat[path] = compared(value)


def compared(value: Any) -> Value:
    """A value as text and, where it is or looks like one, as a finite number."""
    if value is None:
        return None, None
    if isinstance(value, str):
        return storable(value), number(value)
    if isinstance(value, (bool, list)):
        return json.dumps(value), None
    try:
        as_float = float(value)
    except OverflowError:
        as_float = math.inf
    return json.dumps(value), as_float if math.isfinite(as_float) else None


def number(text: str) -> float | None:
    """The number a text looks like: no hexadecimal, no leading zeros."""
    text = text.strip()
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def storable(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode("utf-8")


def merge(into: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A deep merge: objects merge, anything else replaces."""
    merged = dict(into)
    for key, value in values.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def without(values: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The values less what paths name: keys joined with `/`, which may be in a key, too. No empty object is left."""
    whole = frozenset(paths)
    below: dict[str, list[str]] = {}
    for path in whole:
        at = path.find("/")
        while at >= 0:
            below.setdefault(path[:at], []).append(path[at + 1 :])
            at = path.find("/", at + 1)
    kept: dict[str, Any] = {}
    for key, value in values.items():
        if key in whole:
            continue
        if key in below and isinstance(value, dict):
            inner = without(value, below[key])
            if not inner and value:
                continue
            value = inner
        kept[key] = value
    return kept


def parse_object(text: str) -> dict[str, Any]:
    """The object in a JSON text. Raises `ValueError` for anything else, and for nesting nobody means."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"nested deeper than {MAX_DEPTH}") from None
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    return value


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, (dict, list))
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, (dict, list))
        ]
    return depth
