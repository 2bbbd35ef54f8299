"""MLflow: its folders of files, and its SQL databases."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.mlflow.database import Database
from pluto_migration.sources.mlflow.database_runs import runs_of as runs_of_database
from pluto_migration.sources.mlflow.folder import Folder
from pluto_migration.sources.mlflow.folder_runs import runs_of as runs_of_folder
from pluto_migration.sources.mlflow.run import MlflowRun

NAME: Final = "mlflow"
SETTINGS: Final[Mapping[str, str]] = {
    "params": "text (as MLflow keeps them, the default), or typed: whole numbers, floats, True and False whose text is"
    " exactly that of the value",
}
_SQLITE: Final = b"SQLite format 3\0"
_DATABASES: Final = (".db", ".sqlite", ".sqlite3")


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[MlflowRun]:
    """The runs of file stores and databases, in the order they began, so that nested ones come after their parents.

    A path is a folder `mlruns`, any folder above one or several, an experiment's or a run's own folder, a SQLite file,
    or the URL of a database as SQLAlchemy takes it. Raises `SourceError` where there is nothing of the kind.
    """
    unknown = set(options.settings) - set(SETTINGS)
    if unknown:
        raise SourceError(f"--set {min(unknown)}: unknown; known are {', '.join(SETTINGS)}")
    if options.settings.get("params", "text") not in ("text", "typed"):
        raise SourceError(f"--set params={options.settings['params']}: only params=text and params=typed are known")
    seen: dict[tuple[str, str], str] = {}
    for path in paths:
        for run in _runs(path, options, problems):
            where = seen.setdefault((run.project, run.id), path)
            if where is not path:
                problems.note(run.path, f"run {run.id} of {run.project} was found below {where} already")
            else:
                yield run


def _runs(path: str, options: Options, problems: Problems) -> Iterator[MlflowRun]:
    if "://" in path and not path.startswith("file://"):
        if path.startswith(("http://", "https://")):
            raise SourceError(f"{path}: a tracking server is not read; name its database or its folder mlruns")
        yield from runs_of_database(Database.of_url(path), options, problems)
        return
    place = Path(path.removeprefix("file://")).expanduser().absolute()
    if place.is_file():
        yield from runs_of_database(Database.of_file(place), options, problems)
        return
    if not place.is_dir():
        raise SourceError(f"{path}: there is no such file or folder")
    found = False
    for store in _stores(place, problems):
        found = True
        if isinstance(store, Folder):
            yield from runs_of_folder(store, options, problems)
        else:
            yield from runs_of_database(store, options, problems)
    if not found:
        raise SourceError(f"{path}: there is no folder mlruns and no database of MLflow in it")


def _stores(place: Path, problems: Problems) -> Iterator[Folder | Database]:
    """The stores below a folder; nothing is looked for within one, and no link to a folder is followed."""
    part = Folder.part(place)
    if part is not None:
        yield part
        return
    for here, folders, names in os.walk(place, onerror=problems.unreadable):
        folder = Path(here)
        if Folder.is_store(folder):
            yield Folder(folder)
            folders.clear()
            continue
        folders.sort()
        for name in sorted(names):
            if name.endswith(_DATABASES) and _is_database(folder / name, problems):
                database = Database.of_file(folder / name)
                if database.is_mlflow():
                    yield database


def _is_database(path: Path, problems: Problems) -> bool:
    try:
        if not path.is_file():  # opening a pipe would wait for ever
            return False
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        problems.note(path, f"it can't be read: {error.strerror}")
        return False
