"""Runs of Pluto's own places: a local store, or a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pluto.query import QueryError
from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.pluto_store.place import Folder, Place, Server
from pluto_migration.sources.pluto_store.run import PlutoRun

NAME: Final = "pluto"
SETTINGS: Final = {
    "key_env": "name of the environment variable that has the key of the server copied from; without it the key that"
    " `pluto login` keeps for that server, or PLUTO_API_KEY",
}
_COMPANIONS: Final = ("/.project", "/.models")
"""Ends of the projects that hold what Neptune's doors keep on a project itself, and its models."""


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs of stores and servers, the oldest of each project first, so that a run comes after its parent.

    A path is a root of Pluto's, its `store` folder, or the address of a server.
    """
    unknown = sorted(options.settings.keys() - SETTINGS.keys())
    if unknown:
        raise SourceError(f"{NAME} has no setting {unknown[0]!r}; it has {', '.join(SETTINGS)}")
    for path in paths:
        place = _place(path, options, problems)
        try:
            yield from _runs(place, options)
        except QueryError as error:
            raise SourceError(f"{path} can't be read: {error}") from error


def _place(path: str, options: Options, problems: Problems) -> Place:
    if path.startswith(("http://", "https://")):
        return Server(path.rstrip("/"), options.settings.get("key_env"))
    folder = Folder.at(path)
    for waiting in folder.waiting():
        problems.note(waiting, "was not delivered to the store yet; `pluto sync` does it")
    return folder


def _runs(place: Place, options: Options) -> Iterator[SourceRun]:
    with place.reading() as client:
        projects = [str(project["name"]) for project in client.list_projects()]
    for project in projects:
        target = project
        if options.project is not None:
            target = options.project + next((end for end in _COMPANIONS if project.endswith(end)), "")
        with place.reading() as client:
            overviews = client.iter_overviews(project, **place.asked(client))
            found = [PlutoRun.of(place, target, overview) for overview in overviews]
        ids = {run.number: run.id for run in found}
        for run in sorted(found, key=lambda run: run.number):
            run.know(ids)
            if options.wants(project, run.id):
                yield run
