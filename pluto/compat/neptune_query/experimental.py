"""Tables over all projects. These functions may still change; the first call of each warns of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune_query import filters
from pluto.compat.neptune_query.internal import tables as _tables
from pluto.compat.neptune_query.internal import validation as _validation
from pluto.compat.neptune_query.internal.experimental import experimental as _experimental

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fetch_experiments_table_global", "fetch_runs_table_global"]


@_experimental
def fetch_experiments_table_global(
    *,
    experiments: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter = [],  # noqa: B006
    sort_by: filters.Attribute = filters.Attribute("sys/creation_time", type="datetime"),  # noqa: B008
    sort_direction: Literal["asc", "desc"] = "desc",
    limit: int | None = None,
    type_suffix_in_column_names: bool = False,
) -> pd.DataFrame:
    """A line for each experiment of all projects; project and experiment are the levels of the index.

    As `fetch_experiments_table`, but attributes in filters and `sort_by` need their types; else they raise
    `AttributeTypeInferenceError` and `NeptuneUserError`.
    """
    asked = _validation.runs_asked(experiments, "experiment"), _validation.attributes_asked(attributes)
    order = _validation.order_asked(sort_by, sort_direction, limit)
    return _tables.fetch_everywhere("experiment", *asked, order, type_suffix=type_suffix_in_column_names)


@_experimental
def fetch_runs_table_global(
    *,
    runs: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter = [],  # noqa: B006
    sort_by: filters.Attribute = filters.Attribute("sys/creation_time", type="datetime"),  # noqa: B008
    sort_direction: Literal["asc", "desc"] = "desc",
    limit: int | None = None,
    type_suffix_in_column_names: bool = False,
) -> pd.DataFrame:
    """A line for each run of all projects; project and run are the levels of the index.

    As `fetch_experiments_table_global`.
    """
    asked = _validation.runs_asked(runs, "run"), _validation.attributes_asked(attributes)
    order = _validation.order_asked(sort_by, sort_direction, limit)
    return _tables.fetch_everywhere("run", *asked, order, type_suffix=type_suffix_in_column_names)
