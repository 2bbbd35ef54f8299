"""Which runs lie below a path: directories by run, parents before what was forked from them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from pluto.core import protobuf
from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.wandb_local import facts, log
from pluto_migration.sources.wandb_local.files import FOLLOW
from pluto_migration.sources.wandb_local.run import Directory, LocalRun

NAME: Final = "wandb"
SETTINGS: Final = {
    "links": f"'{FOLLOW}': saved files that are links are read wherever they lead to, and not only below the folder"
    " in which `wandb` lies",
    "cache": "W&B's cache, where contents of artifacts may be that are gone elsewhere: else $WANDB_CACHE_DIR, or"
    " ~/.cache/wandb",
}
_LOG: Final = ".wandb"
_NAME: Final = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)")
_FILE: Final = re.compile(r"run-(.+)\.wandb")
_RECORDS: Final = 200
"""A run says who it is in one of the first records."""


@dataclass
class _Found:
    """A directory, and what its log says first."""

    directory: Directory
    said: dict[str, Any]


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs below the paths. Raises `SourceError` for a path without any, and for a setting there is not."""
    for key in options.settings:
        if key not in SETTINGS:
            raise SourceError(f"there is no setting {key!r}; there are {', '.join(SETTINGS)}")
    by_run: dict[tuple[str, str], list[_Found]] = {}
    seen: set[str] = set()
    for path in paths:
        logs = list(_logs(Path(path), problems))
        if not logs:
            raise SourceError(f"there is no run of W&B below {path}: no file run-<id>.wandb")
        for file in logs:
            real = os.path.realpath(file)
            if real in seen:
                continue
            seen.add(real)
            found = _look(file, problems)
            if found is None:
                continue
            project = options.project or _project(found.said)
            if project is None:
                problems.note(file, "the log does not say which project the run is of; name one with --project")
                continue
            by_run.setdefault((project, found.said["id"]), []).append(found)
    runs = [_run(project, id, found, options) for (project, id), found in by_run.items() if options.wants(project, id)]
    yield from _in_order(runs)


def _logs(path: Path, problems: Problems) -> Iterator[Path]:
    """The logs below a path, in order. Links to folders (`latest-run`) are passed by."""
    if path.is_file():
        yield from [path] if path.name.endswith(_LOG) else []
        return
    if path.is_symlink():
        path = Path(os.path.realpath(path))

    def failed(error: OSError) -> None:
        problems.note(error.filename or path, f"can't be read: {error.strerror}")

    for place, folders, names in os.walk(path, onerror=failed):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if name.endswith(_LOG) and name != _LOG and file.is_file() and not file.is_symlink():
                yield file


def _look(file: Path, problems: Problems) -> _Found | None:
    """Who the run is, from the beginning of its log; None where it is no log."""
    said: dict[str, Any] = {}
    try:
        for count, payload in enumerate(log.records(file, lambda *_: None)):
            found = _first(payload)
            if found is not None or count > _RECORDS:
                said = found or {}
                break
    except (OSError, log.NoLogError) as error:
        problems.note(file, f"can't be read: {error}")
        return None
    name = _NAME.fullmatch(file.parent.name)
    named = _FILE.fullmatch(file.name)
    id = said.get("id") or (named[1] if named else name[2] if name else file.stem)
    said["id"] = os.fsencode(id).decode("utf-8", "backslashreplace")
    return _Found(Directory(file.parent, file, said.get("started") or _moment(name)), said)


def _first(payload: bytes) -> dict[str, Any] | None:
    """What a record says of its run, if it is of that kind."""
    try:
        for number, kind, value in protobuf.fields(payload):
            if number == 17 and kind == protobuf.LENGTH:
                return facts.run(value)
    except protobuf.DamagedError:
        return None
    return None


def _moment(name: re.Match[str] | None) -> int | None:
    """The time in a folder's name, taken for UTC."""
    if name is None:
        return None
    try:
        return int(datetime.strptime(name[1], "%Y%m%d_%H%M%S").replace(tzinfo=timezone.utc).timestamp()) * 1_000_000
    except ValueError:
        return None


def _project(said: Mapping[str, Any]) -> str | None:
    """`entity/project` where the entity is known, else the project."""
    project, entity = said.get("project"), said.get("entity")
    if not project:
        return None
    return f"{entity}/{project}" if entity else str(project)


def _run(project: str, id: str, found: list[_Found], options: Options) -> LocalRun:
    ordered = sorted(found, key=lambda one: (one.directory.started or 0, one.directory.path.name))
    points = [one.said["branch_point"] for one in ordered if one.said.get("branch_point")]
    return LocalRun(
        project,
        id,
        tuple(one.directory for one in ordered),
        name=next((one.said["name"] for one in reversed(ordered) if one.said.get("name")), None),
        parent=facts.parent(project, id, points[0]) if points else None,
        path_map=options.path_map,
        settings=options.settings,
    )


def _in_order(runs: list[LocalRun]) -> Iterator[LocalRun]:
    """The runs by when they began, parents first."""
    waiting = {(run.project, run.id): run for run in sorted(runs, key=lambda run: (run.created or 0, run.id))}
    while waiting:
        chain = [next(iter(waiting))]
        while (parent := waiting[chain[-1]].parent) is not None:
            key = (parent.project, parent.id)
            if key not in waiting or key in chain:
                break
            chain.append(key)
        for key in reversed(chain):
            yield waiting.pop(key)
