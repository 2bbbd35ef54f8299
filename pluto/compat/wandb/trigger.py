"""Functions to be called when a run begins (`on_init`) and ends (`on_finished`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_functions: dict[str, list[Callable[..., Any]]] = {}


def register(event: str, func: Callable[..., Any]) -> None:
    """Has a function called on an event."""
    _functions.setdefault(event, []).append(func)


def unregister(event: str, func: Callable[..., Any]) -> None:
    """Has it called no more. Raises `KeyError` or `ValueError` where it was not."""
    _functions[event].remove(func)


def call(event_str: str, *args: Any, **kwargs: Any) -> None:
    """Calls the functions of an event."""
    for func in list(_functions.get(event_str, ())):
        func(*args, **kwargs)


def reset() -> None:
    """Forgets all functions."""
    _functions.clear()
