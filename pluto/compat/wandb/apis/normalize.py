"""One kind of error for whatever goes wrong with a call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.errors import CommError, Error

P = ParamSpec("P")
R = TypeVar("R")


def normalize_exceptions(func: Callable[P, R]) -> Callable[P, R]:
    """The function, with `CommError` for every error that is none of this package's; WANDB_DEBUG leaves them."""

    @wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return func(*args, **kwargs)
        except Error:
            raise
        except Exception as error:
            if env.is_debug():
                raise
            raise CommError(str(error), error) from error

    return wrapper
