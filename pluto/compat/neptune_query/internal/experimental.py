"""Functions that may still change."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from pluto.compat.neptune_query.internal.warnings import warn
from pluto.compat.neptune_query.warnings import ExperimentalWarning

P = ParamSpec("P")
R = TypeVar("R")


def experimental(function: Callable[P, R]) -> Callable[P, R]:
    """The function; its first call of the process warns that it may change."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        warn(ExperimentalWarning(f"`{function.__module__}.{function.__qualname__}` is experimental: it may change."))
        return function(*args, **kwargs)

    return wrapper
