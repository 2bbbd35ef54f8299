"""Reading runs by their ids (`sys/custom_run_id`): the functions of `neptune_query`, for runs instead of experiments.

    import pluto.compat.neptune_query.runs as nq_runs

    nq_runs.fetch_runs_table(runs=["sunny-otter-1"], attributes=r"^params/ | loss$")

`runs` is an extended regular expression that is found in the id, a list of whole ids, a `filters.Filter`, or None for
all. Everything else is as in `neptune_query`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune_query import filters, types
from pluto.compat.neptune_query.internal import files as _files
from pluto.compat.neptune_query.internal import listing as _listing
from pluto.compat.neptune_query.internal import metrics as _metrics
from pluto.compat.neptune_query.internal import series as _series
from pluto.compat.neptune_query.internal import tables as _tables
from pluto.compat.neptune_query.internal import validation as _validation
from pluto.compat.neptune_query.internal.attribute_types import OTHER_SERIES as _OTHER_SERIES

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "download_files",
    "fetch_metrics",
    "fetch_runs_table",
    "fetch_series",
    "list_attributes",
    "list_runs",
]


def list_runs(*, project: str | None = None, runs: str | list[str] | filters.Filter | None = None) -> list[str]:
    """The ids of runs, sorted."""
    return _listing.containers(_validation.target_asked(project, "run", runs, None))


def list_attributes(
    *,
    project: str | None = None,
    runs: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter | None = None,
) -> list[str]:
    """The names of attributes that any of the runs has, sorted."""
    return _listing.attributes(_validation.target_asked(project, "run", runs, attributes))


def fetch_metrics(
    *,
    project: str | None = None,
    runs: str | list[str] | filters.Filter,
    attributes: str | list[str] | filters.AttributeFilter,
    include_time: Literal["absolute"] | None = None,
    step_range: tuple[float | None, float | None] = (None, None),
    lineage_to_the_root: bool = True,
    tail_limit: int | None = None,
    type_suffix_in_column_names: bool = False,
    include_point_previews: bool = False,
) -> pd.DataFrame:
    """Metrics: a line for each run and step, a column for each metric.

    As `neptune_query.fetch_metrics`; without `lineage_to_the_root` with what the run itself logged alone.
    """
    target = _validation.target_asked(project, "run", runs, attributes, ["float_series"])
    wanted = _validation.points_asked(
        step_range, lineage_to_the_root, tail_limit, include_time, previews=include_point_previews
    )
    return _metrics.fetch(target, wanted, type_suffix=type_suffix_in_column_names)


def fetch_runs_table(
    *,
    project: str | None = None,
    runs: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter = [],  # noqa: B006
    sort_by: str | filters.Attribute = filters.Attribute("sys/creation_time", type="datetime"),  # noqa: B008
    sort_direction: Literal["asc", "desc"] = "desc",
    limit: int | None = None,
    type_suffix_in_column_names: bool = False,
) -> pd.DataFrame:
    """A line for each run, a column for each attribute; of series the last value.

    As `neptune_query.fetch_experiments_table`.
    """
    target = _validation.target_asked(project, "run", runs, attributes)
    order = _validation.order_asked(sort_by, sort_direction, limit)
    return _tables.fetch(target, order, type_suffix=type_suffix_in_column_names)


def fetch_series(
    *,
    project: str | None = None,
    runs: str | list[str] | filters.Filter,
    attributes: str | list[str] | filters.AttributeFilter,
    include_time: Literal["absolute"] | None = None,
    step_range: tuple[float | None, float | None] = (None, None),
    lineage_to_the_root: bool = True,
    tail_limit: int | None = None,
) -> pd.DataFrame:
    """Series of texts, files and histograms: a line for each run and step, a column for each series.

    As `neptune_query.fetch_series`; without `lineage_to_the_root` with what the run itself logged alone.
    """
    target = _validation.target_asked(project, "run", runs, attributes, _OTHER_SERIES)
    return _series.fetch(target, _validation.points_asked(step_range, lineage_to_the_root, tail_limit, include_time))


def download_files(
    *,
    files: types.File | Iterable[types.File] | pd.Series | pd.DataFrame,
    destination: str | Path | None = None,
) -> pd.DataFrame:
    """Where the downloaded files lie: a line for each run and step, a column for each attribute.

    As `neptune_query.download_files`, for files that the functions here found.
    """
    return _files.download(_files.asked(files, "run"), _validation.folder_asked(destination), "run")
