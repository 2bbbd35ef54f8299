"""Where databases of the client `neptune-scale` are, and which run each belongs to."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pluto.core.protobuf import DamagedError
from pluto_migration.paths import walk
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.neptune_scale import messages
from pluto_migration.sources.neptune_scale.database import DATA_DIRECTORY, NAME, opened
from pluto_migration.sources.neptune_scale.outline import is_creation

_EARLY: Final = re.compile(r".*_\d{15,20}\.sqlite3", re.DOTALL)
"""As releases before 0.12 called databases, which lay in `.neptune` itself: project, run and nanoseconds."""
_LOOKED: Final = 64
"""The run is made with the first operation; so many are looked through for it."""


@dataclass(slots=True)
class Left:
    """What is left of one run."""

    project: str | None
    """None where no database tells it."""
    id: str
    databases: list[Path] = field(default_factory=list)
    first: int | None = None
    """When the first operation was written down,"""
    created: int | None = None
    """and when the run began, by its own word."""
    experiment: str | None = None
    parent_project: str | None = None
    parent: str | None = None
    fork_step: float | None = None
    with_files: list[Path] = field(default_factory=list)
    """Those of the databases that refer to files."""


def left_below(paths: Sequence[str], problems: Problems) -> list[Left]:
    """The runs below the paths: a path may be a database, its folder, or lie above. The one that began first is first.

    Raises `SourceError` for a path where there is no database.
    """
    found: dict[tuple[str | None, str], Left] = {}
    seen: set[str] = set()
    for path in paths:
        all_found = list(_databases(Path(path), problems))
        databases = [database for database in all_found if not _is_plutos(database)]
        if all_found and not databases:
            raise SourceError(f"what lies in {path} is Pluto's own: `pluto neptune sync` delivers it")
        if not databases:
            raise SourceError(
                f"there is no database of neptune-scale in {path}: name the folder that holds .neptune, .neptune itself"
                f" (or the log_directory), or one {NAME}"
            )
        for database in databases:
            real = os.path.realpath(database)
            if real in seen:
                continue
            seen.add(real)
            try:
                one = _look(database, problems)
            except (SourceError, OSError) as error:
                problems.note(database, str(error))
                continue
            if one is not None:
                _join(found.setdefault((one.project, one.id), Left(one.project, one.id)), one)
    ordered = sorted(found.values(), key=lambda one: one.first or 0)
    for one in ordered:
        one.databases.sort(key=str)
    return _parents_first(ordered)


def _databases(path: Path, problems: Problems) -> Iterator[Path]:
    def refused(error: OSError) -> None:
        problems.note(error.filename or path, f"can't be read: {error.strerror}")

    if path.is_file():
        yield path
        return
    for folder, _, files in walk(path, (DATA_DIRECTORY,), refused):
        for database in (folder / name for name in files if name == NAME or _EARLY.fullmatch(name)):
            if database.is_file():
                yield database
            else:
                problems.note(database, "is no file")


def _is_plutos(path: Path) -> bool:
    """Whether it is no database, but the text by which Pluto's door for neptune-scale says where a run is kept."""
    try:
        with open(path, "rb") as file:
            return file.read(1) == b"{"
    except OSError:
        return False


def _look(path: Path, problems: Problems) -> Left | None:
    with opened(path, Problems()) as database:
        about = database.metadata()
        one = Left(about.get("project"), about.get("run_id", ""), [path])
        family = None
        for count, row in enumerate(database.operations()):
            one.first = row.time if one.first is None else one.first
            if is_creation(row):
                try:
                    made = messages.creation(row.data)
                except DamagedError:
                    continue
                family = made.family
                one.created, one.experiment = made.created, made.experiment
                one.parent_project, one.parent, one.fork_step = made.parent_project, made.parent, made.fork_step
                break
            if count >= _LOOKED:
                break
        if not one.id:
            if not family:
                problems.note(path, "does not tell which run it is of")
                return None
            one.id = family
        if one.first is None and not about:
            return None
        if database.has_requests():
            one.with_files.append(path)
    return one


def _join(left: Left, more: Left) -> None:
    left.databases += more.databases
    left.with_files += more.with_files
    left.first = min((at for at in (left.first, more.first) if at is not None), default=None)
    left.created = min((at for at in (left.created, more.created) if at is not None), default=None)
    left.experiment = left.experiment or more.experiment
    if left.parent is None:
        left.parent_project, left.parent, left.fork_step = more.parent_project, more.parent, more.fork_step


def _parents_first(left: list[Left]) -> list[Left]:
    by_place = {(one.project, one.id): one for one in left}
    ordered: dict[tuple[str | None, str], Left] = {}
    for one in left:
        line: list[Left] = []
        place: tuple[str | None, str] | None = (one.project, one.id)
        while place in by_place and place not in ordered and by_place[place] not in line:
            line.append(by_place[place])
            above = by_place[place]
            place = (above.parent_project or above.project, above.parent) if above.parent is not None else None
        for each in reversed(line):
            ordered[each.project, each.id] = each
    return list(ordered.values())
