"""Aim: its repositories `.aim`, read by the `aim` package itself, since nothing else knows their encoding."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.aim.repository import Repository
from pluto_migration.sources.aim.run import AimRun

NAME: Final = "aim"
SETTINGS: Final[Mapping[str, str]] = {}
_FOLDER: Final = ".aim"


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[AimRun]:
    """The runs of repositories, in the order they were made.

    A path is a folder `.aim`, or one above one or several. Raises `SourceError` where there is none, and where the
    `aim` package is missing.
    """
    if options.settings:
        raise SourceError(f"--set {min(options.settings)}: {NAME} has no settings")
    if importlib.util.find_spec("aim") is None:
        raise SourceError(
            "Aim's repositories are read by its own package, which is missing: pip install 'pluto-ml[migrate-aim]'"
        )
    seen: set[str] = set()
    for path in paths:
        place = Path(path).expanduser().absolute()
        repositories = list(_repositories(place))
        if not repositories:
            raise SourceError(f"{path}: there is no folder {_FOLDER} in it")
        for repository in repositories:
            for run in _runs(repository, options, problems):
                if run.id in seen:
                    problems.note(repository.path, f"run {run.id} was found in another repository already")
                else:
                    seen.add(run.id)
                    yield run


def _repositories(place: Path) -> Iterator[Repository]:
    if Repository.is_one(place):
        yield Repository(place)
        return
    for here, folders, _ in os.walk(place):
        folders.sort()
        found = Path(here, _FOLDER)
        if _FOLDER in folders and Repository.is_one(found):
            folders.remove(_FOLDER)
            yield Repository(found)


def _runs(repository: Repository, options: Options, problems: Problems) -> Iterator[AimRun]:
    found = []
    for about in repository.runs(problems):
        if not options.wants(about.experiment, about.hash):
            continue
        if about.archived and not options.archived:
            problems.note(repository.path, "a run was archived in Aim; --archived brings such runs, too")
            continue
        found.append(AimRun(repository, about, options))
    yield from sorted(found, key=lambda run: (run.created is None, run.created or 0))
