"""Trackio's databases, and the Parquet files and pending records beside them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.trackio.projects import Project, projects
from pluto_migration.sources.trackio.run import About, TrackioRun, fingerprint, microseconds
from pluto_migration.sources.trackio.tables import Key, Tables, opened
from pluto_migration.sources.trackio.values import loaded

NAME: Final = "trackio"
SETTINGS: Final[Mapping[str, str]] = {}


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[TrackioRun]:
    """The runs of folders of Trackio (`TRACKIO_DIR`), or of single databases, those that began first first.

    The project is what is left of its name in the file's. Raises `SourceError` where there is nothing of Trackio's.
    """
    if options.settings:
        raise SourceError(f"--set {min(options.settings)}: Trackio has no settings")
    seen: set[tuple[str, str]] = set()
    for given in paths:
        path = Path(given).absolute()
        folder = path if path.is_dir() else path.parent
        if not path.exists():
            raise SourceError(f"{given}: there is no such file or folder")
        found = projects(folder, problems)
        if path != folder:
            found = [project for project in found if path in project.files]
        if not found:
            raise SourceError(
                f"{given}: there is no database of Trackio's (it keeps them in TRACKIO_DIR, as <project>.db)"
            )
        for project in found:
            for run in _runs(project, options, problems, alone=len(found) == 1):
                if (run.project, run.id) in seen:
                    problems.note(run.path, f"run {run.id} of project {run.project} was found elsewhere already")
                    continue
                seen.add((run.project, run.id))
                yield run


def _runs(project: Project, options: Options, problems: Problems, *, alone: bool) -> Iterator[TrackioRun]:
    name = options.project or project.stem
    with tempfile.TemporaryDirectory() as scratch:
        try:
            with opened(project, Path(scratch), problems) as tables:
                found = list(_abouts(project, tables))
        except SourceError as error:
            if alone:
                raise
            problems.note(project.files[0], str(error))
            return
    saved = project.folder / "media" / project.stem / "files"
    if saved.is_dir() and any(saved.iterdir()):
        problems.note(saved, "files saved for the whole project belong to no run: they are not brought over")
    for about in found:
        if options.wants(name, about.key.id or about.key.name):
            yield TrackioRun(name, project, about)


def _abouts(project: Project, tables: Tables) -> Iterator[About]:
    runs = tables.runs()
    rows = sum(known.rows for known in runs.values()) or 1
    size = sum(path.stat().st_size for path in project.files)
    for key, known in runs.items():
        state = fingerprint(key, known.name, *tables.state(key))
        times = [*map(microseconds, (known.begun, *_made(tables, key)))]
        begun = min((time for time in times if time is not None), default=None)
        yield About(key, known.name, begun, state, size * known.rows // rows)


def _made(tables: Tables, key: Key) -> Iterator[object]:
    """When the run was made, as its config says."""
    for row in tables.rows("configs", key):
        try:
            config = loaded(row.get("config"))
        except ValueError:
            continue
        if isinstance(config, dict):
            yield config.get("_Created")
