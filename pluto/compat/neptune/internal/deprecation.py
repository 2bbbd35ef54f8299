"""The model registry is deprecated."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from pluto.compat.neptune.common.warnings import warn_once

__all__ = ["model_registry"]

P = ParamSpec("P")
R = TypeVar("R")


def model_registry(function: Callable[P, R]) -> Callable[P, R]:
    """The function; called first, a warning says that what it belongs to is deprecated."""

    @wraps(function)
    def warned(*args: P.args, **kwargs: P.kwargs) -> R:
        warn_once(
            "models and model versions are deprecated: what they hold can be kept in runs, with a path of its own"
        )
        return function(*args, **kwargs)

    return warned
