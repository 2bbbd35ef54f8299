"""Checks of what callers pass, and what it stands for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pluto.compat.neptune_query.filters import Attribute, AttributeFilter, BaseAttributeFilter, Filter
from pluto.compat.neptune_query.internal.context import project_of
from pluto.compat.neptune_query.internal.expressions import NAME, RUN_ID, Expression, Field, matching, one_of
from pluto.compat.neptune_query.internal.members import ContainerType
from pluto.compat.neptune_query.internal.search import Order
from pluto.compat.neptune_query.internal.selection import Selection
from pluto.compat.neptune_query.internal.wanted import Points, Target


def target_asked(
    project: str | None, container: ContainerType, runs: Any, attributes: Any, types: Sequence[str] | None = None
) -> Target:
    """Whose attributes, and which; of these `types` alone. Raises `ValueError`."""
    expression, selection = runs_asked(runs, container), attributes_asked(attributes)
    return Target(project_of(project), container, expression, selection.only(types) if types else selection)


def points_asked(
    step_range: Any, to_the_root: bool, tail_limit: Any, include_time: Any, *, previews: bool = False
) -> Points:
    """Which points of series. Raises `ValueError`."""
    check_steps(step_range)
    check_positive(tail_limit, "tail_limit")
    if include_time not in (None, "absolute"):
        raise ValueError(f"include_time is None or 'absolute', not {include_time!r}")
    return Points(step_range, to_the_root, tail_limit, previews, include_time is not None)


def runs_asked(given: Any, container: ContainerType) -> Expression | None:
    """What `experiments` or `runs` asks for: a pattern, whole names (ids), a Filter, or all. Raises `ValueError`."""
    field, name = (NAME, "experiments") if container == "experiment" else (RUN_ID, "runs")
    if given is None:
        return None
    if isinstance(given, str):
        return matching(field, given)
    if isinstance(given, list) and given:
        return one_of(field, given)
    if isinstance(given, Filter):
        return given._internal
    what = "an empty list" if given == [] else repr(type(given).__name__)
    raise ValueError(f"`{name}` is a pattern, a list of texts with one in it at least, or a Filter, but got {what}")


def attributes_asked(given: Any) -> Selection:
    """What `attributes` asks for: a pattern, whole names, an AttributeFilter, or all. Raises `ValueError`."""
    exact = given if isinstance(given, list) else None
    if given is None or isinstance(given, (str, list)):
        given = AttributeFilter(name=given)
    if not isinstance(given, BaseAttributeFilter):
        kind = type(given).__name__
        raise ValueError(f"`attributes` is a pattern, a list of texts or an AttributeFilter, but got {kind!r}")
    return Selection([*given._choices()], exact)


def order_asked(sort_by: Any, sort_direction: Any, limit: Any) -> Order:
    """The order of a table. Raises `ValueError`."""
    if isinstance(sort_by, str):
        field = Field(sort_by)
    elif isinstance(sort_by, Attribute):
        field = sort_by._field()
    else:
        raise ValueError(f"`sort_by` is a name or an Attribute, not {type(sort_by).__name__}")
    check_positive(limit, "limit")
    if sort_direction not in ("asc", "desc"):
        raise ValueError(f"sort_direction is 'asc' or 'desc', not '{sort_direction}'")
    return Order(field, sort_direction == "desc", limit)


def check_positive(value: Any, name: str) -> None:
    """Raises `ValueError` unless the value is None or a whole number above 0."""
    if value is None:
        return
    if not isinstance(value, int):
        raise ValueError(f"{name} is None or a whole number, not {value!r}")
    if value <= 0:
        raise ValueError(f"{name} is greater than 0, not {value}")


def check_steps(step_range: Any) -> None:
    """Raises `ValueError` unless it is a pair of bounds, each a number or None, the lower one first."""
    if not isinstance(step_range, tuple) or len(step_range) != 2:
        raise ValueError(f"step_range is a tuple of two numbers or None, not {step_range!r}")
    low, high = step_range
    for bound in (low, high):
        if bound is not None and not isinstance(bound, (int, float)):
            raise ValueError(f"the bounds of step_range are numbers or None, not {bound!r}")
    if low is not None and high is not None and low > high:
        raise ValueError(f"step_range begins at {low}, above its end at {high}")


def check_buckets(x: Any, limit: Any) -> None:
    """Raises `ValueError` for an axis that there is not, or a number of buckets outside 1 to 1000."""
    if x != "step":
        raise ValueError(f"x is 'step', not '{x}'")
    if not isinstance(limit, int) or not 1 <= limit <= 1000:
        raise ValueError(f"limit is a whole number from 1 to 1000, not {limit!r}")


def folder_asked(destination: str | Path | None) -> Path:
    """The folder to download into, made where it is missing: the working directory when None.

    Raises `NotADirectoryError`, `PermissionError`.
    """
    folder = Path.cwd() if destination is None else Path(destination).resolve()
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"the destination is not a folder: {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"the destination can't be written to: {folder}")
    return folder
