"""How a setting's value is checked: what it is turned into, or why it can't be."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Check = Callable[[Any], Any]
"""Gives the value as it is kept. Raises `ValueError` for one that does not fit; any other error goes through."""

_TRUE: Final = frozenset({"1", "on", "t", "true", "y", "yes"})
_FALSE: Final = frozenset({"0", "off", "f", "false", "n", "no"})


def text(value: Any) -> str:
    """A text, or a path as text."""
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise ValueError("Input should be a valid string")
    return value


def boolean(value: Any) -> bool:
    """True or False, or a word or number that says so."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    raise ValueError("Input should be a valid boolean")


def whole(value: Any) -> int:
    """A whole number, or text that is one."""
    try:
        number = float(value) if not isinstance(value, (int, str)) else int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("Input should be a valid integer") from None
    if number != int(number):
        raise ValueError("Input should be a valid integer, got a number with a fractional part")
    return int(number)


def number(value: Any) -> float:
    """A number, or text that is one."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("Input should be a valid number") from None


def texts(value: Any) -> tuple[str, ...]:
    """A sequence of texts."""
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, set, frozenset)):
        raise ValueError("Input should be a sequence of strings, not one string")
    return tuple(map(text, value))


def numbers(value: Any) -> tuple[int, ...]:
    """A sequence of whole numbers, or JSON text of one."""
    value = _read(value)
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise ValueError("Input should be a sequence of integers")
    return tuple(map(whole, value))


def mapping(value: Any) -> dict[str, str]:
    """Texts by name, or JSON text of them."""
    value = _read(value)
    if not isinstance(value, Mapping):
        raise ValueError("Input should be a valid dictionary")
    return {text(key): text(item) for key, item in value.items()}


def filters(value: Any) -> Any:
    """Names, or texts by name by name, or JSON text of one of them."""
    value = _read(value)
    return {text(key): mapping(item) for key, item in value.items()} if isinstance(value, Mapping) else texts(value)


def function(value: Any) -> Any:
    """Something that can be called."""
    if not callable(value):
        raise ValueError("Input should be callable")
    return value


def one_of(*words: str) -> Check:
    """One of these words."""

    def check(value: Any) -> str:
        if value not in words:
            named = ", ".join(map(repr, words[:-1]))
            raise ValueError(f"Input should be {named} or {words[-1]!r}")
        return str(value)

    return check


def optional(check: Check) -> Check:
    """None, or what `check` takes."""
    return lambda value: None if value is None else check(value)


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
