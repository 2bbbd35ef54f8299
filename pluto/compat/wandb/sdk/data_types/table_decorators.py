"""What a change of a table means for a table that was logged before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn

_T = TypeVar("_T")


def allow_relogging_after_mutation(method: Callable[..., _T]) -> Callable[..., _T]:
    """A method that changes the table: a MUTABLE one can be logged anew, for an IMMUTABLE one a warning is given."""

    @wraps(method)
    def changing(self: Any, *args: Any, **kwargs: Any) -> _T:
        if self.log_mode == "MUTABLE":
            self._forget_log()
        elif self.log_mode == "IMMUTABLE" and self.has_been_logged():
            termwarn(
                "You are mutating a Table with log_mode='IMMUTABLE' that has been logged already. Subsequent log()"
                " calls will have no effect. Set log_mode='MUTABLE' to enable re-logging after mutations",
                repeat=False,
            )
        return method(self, *args, **kwargs)

    return changing


def allow_incremental_logging_after_append(method: Callable[..., _T]) -> Callable[..., _T]:
    """A method that adds rows: of an INCREMENTAL table that was logged, what is new can be logged next."""

    @wraps(method)
    def adding(self: Any, *args: Any, **kwargs: Any) -> _T:
        found = method(self, *args, **kwargs)
        if self.log_mode == "INCREMENTAL" and self.has_been_logged():
            self._begin_increment()
        return found

    return adding


def ensure_not_incremental(method: Callable[..., _T]) -> Callable[..., _T]:
    """A method that INCREMENTAL tables do not have: they raise `Error`."""

    @wraps(method)
    def refusing(self: Any, *args: Any, **kwargs: Any) -> _T:
        if self.log_mode == "INCREMENTAL":
            raise Error(
                f"Operation '{method.__name__}' is not supported for tables with log_mode='INCREMENTAL'. Use a"
                " different log mode like 'MUTABLE' or 'IMMUTABLE'."
            )
        return method(self, *args, **kwargs)

    return refusing


__all__ = ["allow_incremental_logging_after_append", "allow_relogging_after_mutation", "ensure_not_incremental"]
