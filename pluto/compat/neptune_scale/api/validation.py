"""Checks of arguments. Each raises `TypeError` or `ValueError` that names the argument and what it takes."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune_scale.sync.parameters import MAX_RUN_ID_LENGTH, MAX_STEP_VALUE, MIN_STEP_VALUE

__all__ = (
    "verify_max_length",
    "verify_non_empty",
    "verify_project_qualified_name",
    "verify_run_id",
    "verify_type",
    "verify_value_between",
)


def get_type_name(var_type: Any) -> str:
    """The name of a type, or the names of several joined by "or"."""
    if isinstance(var_type, tuple):
        return " or ".join(map(get_type_name, var_type))
    return getattr(var_type, "__name__", None) or str(var_type)


def verify_type(var_name: str, var: Any, expected_type: type | tuple[Any, ...]) -> None:
    """The value is of the type, or of one of them."""
    if not isinstance(var, expected_type):
        raise TypeError(f"{var_name} is {get_type_name(expected_type)}, not {type(var).__name__}")


def verify_non_empty(var_name: str, var: Any) -> None:
    """The value is not empty."""
    if not var:
        raise ValueError(f"{var_name} can't be empty")


def verify_max_length(var_name: str, var: str, max_length: int) -> None:
    """The text takes at most so many bytes in UTF-8."""
    size = len(var.encode("utf-8", "surrogatepass"))
    if size > max_length:
        raise ValueError(f"{var_name} takes at most {max_length} bytes in UTF-8, not {size}")


def verify_project_qualified_name(var_name: str, var: Any) -> None:
    """The value is `workspace/project`."""
    verify_type(var_name, var, str)
    verify_non_empty(var_name, var)
    if var.count("/") != 1:
        raise ValueError(f"{var_name} is 'workspace-name/project-name', not {var!r}")


def verify_run_id(var_name: str, var: Any) -> None:
    """The value is the id of a run: a text, not too long, without a slash."""
    verify_type(var_name, var, str)
    verify_non_empty(var_name, var)
    verify_max_length(var_name, var, MAX_RUN_ID_LENGTH)
    if "/" in var:
        raise ValueError(f"{var_name} can't contain '/': {var!r}")


def verify_value_between(var_name: str, var: float, expected_min: float, expected_max: float) -> None:
    """The number is not outside of the range."""
    if var > expected_max or var < expected_min:
        raise ValueError(f"{var_name} is between {expected_min} and {expected_max}, not {var}")


def verify_step(var_name: str, var: Any, optional: bool = False) -> None:
    """The value is a step: a number from 0 on, below 1e12; None only where it is optional."""
    verify_type(var_name, var, (float, int, type(None)) if optional else (float, int))
    if var is not None and not MIN_STEP_VALUE <= var < MAX_STEP_VALUE:
        raise ValueError(f"{var_name} is at least {MIN_STEP_VALUE} and below {MAX_STEP_VALUE}, not {var}")
