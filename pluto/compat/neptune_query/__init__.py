"""Reading Neptune's way: experiments, their attributes, metrics, series and files, as DataFrames.

    import pluto.compat.neptune_query as nq

    nq.list_experiments(project="team/digits", experiments=r"resnet & !debug")
    nq.fetch_metrics(experiments=["resnet-1"], attributes=r"^train/", step_range=(1000, None))

An experiment is the newest run of its name; `neptune_query.runs` has the same functions for runs, by id. Runs made by
`pluto.init` and by the other doors are read as well. Where is read from, Pluto's settings say: with nothing configured
the local store. Without `project`, NEPTUNE_PROJECT counts, then Pluto's default project. Frames need pandas.

In every function `experiments` is an extended regular expression that is found in the name (`"resnet & !debug | vit"`),
a list of whole names, a `filters.Filter`, or None for all; `attributes` is such an expression, a list of whole names, a
`filters.AttributeFilter`, or None for all.

Every function raises `ValueError` for arguments outside what it describes, `AttributeTypeInferenceError` for a filter
on an attribute that runs have as several types, `NeptuneProjectInaccessible` for a project that there is not, and other
`exceptions.NeptuneError` for what goes wrong between here and the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pluto.compat.neptune_query import experimental, filters, types
from pluto.compat.neptune_query.internal import buckets as _buckets
from pluto.compat.neptune_query.internal import files as _files
from pluto.compat.neptune_query.internal import listing as _listing
from pluto.compat.neptune_query.internal import metrics as _metrics
from pluto.compat.neptune_query.internal import series as _series
from pluto.compat.neptune_query.internal import tables as _tables
from pluto.compat.neptune_query.internal import validation as _validation
from pluto.compat.neptune_query.internal.attribute_types import OTHER_SERIES as _OTHER_SERIES
from pluto.compat.neptune_query.internal.context import set_api_token
from pluto.compat.neptune_query.internal.experimental import experimental as _experimental

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "download_files",
    "experimental",
    "fetch_experiments_table",
    "fetch_metric_buckets",
    "fetch_metrics",
    "fetch_series",
    "list_attributes",
    "list_experiments",
    "set_api_token",
]


def list_experiments(
    *, project: str | None = None, experiments: str | list[str] | filters.Filter | None = None
) -> list[str]:
    """The names of experiments, sorted."""
    return _listing.containers(_validation.target_asked(project, "experiment", experiments, None))


def list_attributes(
    *,
    project: str | None = None,
    experiments: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter | None = None,
) -> list[str]:
    """The names of attributes that any of the experiments has, sorted."""
    return _listing.attributes(_validation.target_asked(project, "experiment", experiments, attributes))


def fetch_metrics(
    *,
    project: str | None = None,
    experiments: str | list[str] | filters.Filter,
    attributes: str | list[str] | filters.AttributeFilter,
    include_time: Literal["absolute"] | None = None,
    step_range: tuple[float | None, float | None] = (None, None),
    lineage_to_the_root: bool = True,
    tail_limit: int | None = None,
    type_suffix_in_column_names: bool = False,
    include_point_previews: bool = False,
) -> pd.DataFrame:
    """Metrics: a line for each experiment and step, a column for each metric.

    Args:
        include_time: `"absolute"` adds a column `absolute_time` (UTC) beside the `value` of each metric.
        step_range: first and last step, inclusive; None leaves a side open.
        lineage_to_the_root: with the points of all runs an experiment was forked from, up to the fork; else with those
            of runs of the same experiment.
        tail_limit: the last so many points of each metric.
        type_suffix_in_column_names: columns are named `<metric>:float_series`.
        include_point_previews: with preview points, and columns `is_preview` and `preview_completion`.
    """
    target = _validation.target_asked(project, "experiment", experiments, attributes, ["float_series"])
    wanted = _validation.points_asked(
        step_range, lineage_to_the_root, tail_limit, include_time, previews=include_point_previews
    )
    return _metrics.fetch(target, wanted, type_suffix=type_suffix_in_column_names)


def fetch_experiments_table(
    *,
    project: str | None = None,
    experiments: str | list[str] | filters.Filter | None = None,
    attributes: str | list[str] | filters.AttributeFilter = [],  # noqa: B006
    sort_by: str | filters.Attribute = filters.Attribute("sys/creation_time", type="datetime"),  # noqa: B008
    sort_direction: Literal["asc", "desc"] = "desc",
    limit: int | None = None,
    type_suffix_in_column_names: bool = False,
) -> pd.DataFrame:
    """A line for each experiment, a column for each attribute; of series the last value.

    Files are `types.File`, histograms `types.Histogram`, sets of texts sets, times in UTC.

    Args:
        sort_by: an attribute; experiments without it come last, as do those that have it as another type.
        limit: the first so many experiments.
        type_suffix_in_column_names: columns are named `<attribute>:<type>`. Without it, an attribute that experiments
            have as several types raises `ConflictingAttributeTypes`.
    """
    target = _validation.target_asked(project, "experiment", experiments, attributes)
    order = _validation.order_asked(sort_by, sort_direction, limit)
    return _tables.fetch(target, order, type_suffix=type_suffix_in_column_names)


def fetch_series(
    *,
    project: str | None = None,
    experiments: str | list[str] | filters.Filter,
    attributes: str | list[str] | filters.AttributeFilter,
    include_time: Literal["absolute"] | None = None,
    step_range: tuple[float | None, float | None] = (None, None),
    lineage_to_the_root: bool = True,
    tail_limit: int | None = None,
) -> pd.DataFrame:
    """Series of texts, files and histograms: a line for each experiment and step, a column for each series.

    Arguments as in `fetch_metrics`. `download_files` fetches the files of such a frame.
    """
    target = _validation.target_asked(project, "experiment", experiments, attributes, _OTHER_SERIES)
    return _series.fetch(target, _validation.points_asked(step_range, lineage_to_the_root, tail_limit, include_time))


def download_files(
    *,
    files: types.File | Iterable[types.File] | pd.Series | pd.DataFrame,
    destination: str | Path | None = None,
) -> pd.DataFrame:
    """Where the downloaded files lie: a line for each experiment and step, a column for each attribute.

    `files` may hold other things besides, which are left out. `destination` is a folder, by default the working
    directory; a file goes to `<experiment>/<attribute>/step_<step>` in it, with an extension that fits its type.

    Raises `NeptuneUserError` for files that `runs` found, `NeptuneFileDownloadError`, and `OSError` for a destination
    that can't be written to.
    """
    found = _files.asked(files, "experiment")
    return _files.download(found, _validation.folder_asked(destination), "experiment")


@_experimental
def fetch_metric_buckets(
    *,
    project: str | None = None,
    experiments: str | list[str] | filters.Filter,
    x: Literal["step"] = "step",
    y: str | list[str] | filters.AttributeFilter,
    limit: int = 1000,
    lineage_to_the_root: bool = True,
    include_point_previews: bool = False,
) -> pd.DataFrame:
    """Metrics `y` in at most `limit` (1 to 1000) ranges of steps: a line for each range, of each metric one point.

    Of the first range in which a metric has points its first point, of the others the last one; points that are NaN or
    infinite are passed over. Columns have three levels: experiment, metric, and `x` or `y`.
    """
    _validation.check_buckets(x, limit)
    target = _validation.target_asked(project, "experiment", experiments, y, ["float_series"])
    wanted = _validation.points_asked((None, None), lineage_to_the_root, None, None, previews=include_point_previews)
    return _buckets.fetch(target, wanted, limit)
