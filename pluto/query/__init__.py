"""Reading what was logged: runs, metrics, files, console lines, tables.

    import pluto.query as pq

    for run in pq.iter_runs("digits"):
        print(run["displayId"], run["status"])
    loss = pq.points("digits", "DIG-1", "train/loss")

With nothing configured this reads the local store; with a key or a host (settings, `PLUTO_*`, `pluto login`) that
server. `Client` reads from a place named in the call. The functions here are its methods, for the place configured.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from pluto.query.client import Client
from pluto.query.connection import tag
from pluto.query.errors import QueryError
from pluto.query.overviews import MetricFacts, RunOverview
from pluto.query.values import Buckets, Points, Summary

__all__ = [
    "Buckets",
    "Client",
    "MetricFacts",
    "Points",
    "QueryError",
    "RunOverview",
    "Summary",
    "alias_artifact",
    "artifact_links",
    "artifact_runs",
    "buckets",
    "cancel_run",
    "compare_runs",
    "create_artifact_collection",
    "create_project",
    "delete_artifact",
    "delete_artifact_collection",
    "delete_project",
    "delete_run",
    "describe_projects",
    "download_artifact",
    "download_file",
    "download_files",
    "edit_artifact",
    "edit_artifact_collection",
    "find_run",
    "get_alerts",
    "get_artifact",
    "get_artifact_by_id",
    "get_artifact_collection",
    "get_files",
    "get_frame",
    "get_graphs",
    "get_histograms",
    "get_logs",
    "get_metric_names",
    "get_metrics",
    "get_model_graph",
    "get_names",
    "get_notes",
    "get_run",
    "get_statistics",
    "get_tables",
    "get_texts",
    "iter_artifact_collections",
    "iter_artifact_files",
    "iter_artifacts",
    "iter_data",
    "iter_files",
    "iter_lines",
    "iter_logs",
    "iter_metrics",
    "iter_overviews",
    "iter_points",
    "iter_runs",
    "leaderboard",
    "link_artifact",
    "list_artifact_types",
    "list_artifacts",
    "list_projects",
    "list_runs",
    "many_points",
    "points",
    "run_artifacts",
    "summaries",
    "tag",
    "unlink_artifact",
    "update_config",
    "upload_file",
    "use_artifact",
]

P = ParamSpec("P")
R = TypeVar("R")

_current: tuple[int, object, Client] | None = None


def _client() -> Client:
    """The client of the place configured now: settings may change, and a forked child needs connections of its own."""
    global _current
    from pluto.core.settings import resolve

    target = resolve().target()
    if _current is None or _current[:2] != (os.getpid(), target):
        if _current is not None and _current[0] == os.getpid():
            _current[2].close()
        _current = (os.getpid(), target, Client())
    return _current[2]


def _configured(method: Callable[Concatenate[Client, P], R]) -> Callable[P, R]:
    """The method as a function that reads from the place configured."""

    @functools.wraps(method)
    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(_client(), *args, **kwargs)

    given = inspect.signature(method)
    function.__signature__ = given.replace(parameters=list(given.parameters.values())[1:])  # type: ignore[attr-defined]
    function.__qualname__ = method.__name__
    function.__module__ = __name__
    return function


list_projects = _configured(Client.list_projects)
describe_projects = _configured(Client.describe_projects)
create_project = _configured(Client.create_project)
delete_project = _configured(Client.delete_project)
list_runs = _configured(Client.list_runs)
iter_runs = _configured(Client.iter_runs)
iter_overviews = _configured(Client.iter_overviews)
get_run = _configured(Client.get_run)
find_run = _configured(Client.find_run)
delete_run = _configured(Client.delete_run)
cancel_run = _configured(Client.cancel_run)
update_config = _configured(Client.update_config)
get_names = _configured(Client.get_names)
get_metric_names = _configured(Client.get_metric_names)
get_metrics = _configured(Client.get_metrics)
iter_metrics = _configured(Client.iter_metrics)
get_frame = _configured(Client.get_frame)
points = _configured(Client.points)
iter_points = _configured(Client.iter_points)
many_points = _configured(Client.many_points)
buckets = _configured(Client.buckets)
summaries = _configured(Client.summaries)
get_statistics = _configured(Client.get_statistics)
compare_runs = _configured(Client.compare_runs)
leaderboard = _configured(Client.leaderboard)
get_files = _configured(Client.get_files)
iter_files = _configured(Client.iter_files)
download_file = _configured(Client.download_file)
download_files = _configured(Client.download_files)
upload_file = _configured(Client.upload_file)
get_logs = _configured(Client.get_logs)
iter_logs = _configured(Client.iter_logs)
iter_lines = _configured(Client.iter_lines)
iter_data = _configured(Client.iter_data)
get_histograms = _configured(Client.get_histograms)
get_tables = _configured(Client.get_tables)
get_graphs = _configured(Client.get_graphs)
get_texts = _configured(Client.get_texts)
get_model_graph = _configured(Client.get_model_graph)
get_alerts = _configured(Client.get_alerts)
get_notes = _configured(Client.get_notes)
list_artifact_types = _configured(Client.list_artifact_types)
iter_artifact_collections = _configured(Client.iter_artifact_collections)
get_artifact_collection = _configured(Client.get_artifact_collection)
iter_artifacts = _configured(Client.iter_artifacts)
list_artifacts = _configured(Client.list_artifacts)
get_artifact = _configured(Client.get_artifact)
get_artifact_by_id = _configured(Client.get_artifact_by_id)
run_artifacts = _configured(Client.run_artifacts)
artifact_runs = _configured(Client.artifact_runs)
artifact_links = _configured(Client.artifact_links)
iter_artifact_files = _configured(Client.iter_artifact_files)
download_artifact = _configured(Client.download_artifact)
edit_artifact = _configured(Client.edit_artifact)
alias_artifact = _configured(Client.alias_artifact)
link_artifact = _configured(Client.link_artifact)
unlink_artifact = _configured(Client.unlink_artifact)
use_artifact = _configured(Client.use_artifact)
delete_artifact = _configured(Client.delete_artifact)
create_artifact_collection = _configured(Client.create_artifact_collection)
edit_artifact_collection = _configured(Client.edit_artifact_collection)
delete_artifact_collection = _configured(Client.delete_artifact_collection)
