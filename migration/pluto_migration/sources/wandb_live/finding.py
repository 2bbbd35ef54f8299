"""The runs below a path."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pluto_migration.source import Options, Problems
from pluto_migration.sources.wandb_live import own
from pluto_migration.sources.wandb_live.places import Place, Wanted, place
from pluto_migration.sources.wandb_live.run import LiveRun, as_object
from pluto_migration.sources.wandb_live.times import microseconds

_PAGE: Final = 50
_LISTED: Final = ("createdAt", "heartbeatAt", "state", "displayName")
_LIVE: Final = frozenset({"running", "pending", "preempting"})
"""States of a run that may go on at any moment."""
SETTLES: Final = 300.0
"""Seconds after which nothing comes any more of a run that has ended."""


def found(paths: Sequence[str], options: Options, wanted: Wanted, problems: Problems) -> Iterator[LiveRun]:
    """The runs, oldest first in each project, so that parents come before their forks. Raises `SourceError`."""
    places = [place(path) for path in paths]
    taken: dict[tuple[str, str], LiveRun] = {}
    for where in places:
        for one, config in _below(where, wanted):
            run = _run(one, config, options, wanted)
            if not options.wants(run.project, run.id):
                continue
            first = taken.setdefault((run.project, run.id), run)
            if first is not run:
                if first.path != run.path:
                    problems.note(str(run.path), f"{first.path} has the same id in {run.project!r}: it is left out")
                continue
            why = None if options.partial else _unstable(run.attrs)
            if why:
                problems.note(str(run.path), f"{why}: it is left out; --partial takes what is there")
                continue
            yield run


def _below(where: Place, wanted: Wanted) -> Iterator[tuple[Any, Any]]:
    """The package's runs, each with its config as it came, where that is known."""
    service = wanted.service
    if where.run is not None:
        address = f"{where.entity}/{where.project}/{where.run}"
        yield service.patience(f"the run {address}", lambda: service.api.run(address)), None
        return
    if where.project is not None:
        yield from _of_project(f"{where.entity}/{where.project}", wanted)
        return
    for project in service.all(f"the projects of {where.entity}", lambda: service.api.projects(where.entity)):
        yield from _of_project(f"{where.entity}/{project.name}", wanted)


def _of_project(address: str, wanted: Wanted) -> Iterator[tuple[Any, Any]]:
    service, pages = wanted.service, list[Any]()

    def listed() -> Any:
        pages[:] = [_listed(service.api, address)]
        return pages[0]

    for run in service.all(f"the runs of {address}", listed):
        yield run, _config(pages[0], run.id)


def _listed(api: Any, address: str) -> Any:
    """The runs of a project, each with its config: it tells which run it was forked from."""
    for how in ({"include_sweeps": False, "lazy": False}, {"include_sweeps": False}):
        try:
            return api.runs(address, order="+created_at", per_page=_PAGE, **how)
        except TypeError:  # releases that always give all
            continue
    return api.runs(address, order="+created_at", per_page=_PAGE)


def _config(pages: Any, id: str) -> Any:
    """A run's config as the page has it that was read last; the package takes the objects it makes of it for plain
    configs, and unwraps them twice.
    """
    try:
        edges = pages.last_response["project"]["runs"]["edges"]
        return next(edge["node"]["config"] for edge in edges if edge["node"]["name"] == id)
    except (AttributeError, LookupError, TypeError, StopIteration):
        return None


def _run(one: Any, config: Any, options: Options, wanted: Wanted) -> LiveRun:
    source_project = f"{one.entity}/{one.project}"
    return LiveRun(
        service=wanted.service,
        cache=wanted.cache,
        keep=wanted.keep,
        entity=str(one.entity),
        source_project=str(one.project),
        project=options.project or source_project,
        id=str(one.id),
        attrs={name: getattr(one, name, None) for name in _LISTED},
        branch=None if config is None else own.branch_point(as_object(config)),
    )


def _unstable(attrs: Mapping[str, Any]) -> str | None:
    """Why something may yet come of a run."""
    state = attrs.get("state")
    if state in _LIVE:
        return f"it is {state}"
    heard = microseconds(attrs.get("heartbeatAt"))
    if heard is not None and 0 <= time.time() - heard / 1e6 < SETTLES:
        return "it ended less than five minutes ago"
    return None
