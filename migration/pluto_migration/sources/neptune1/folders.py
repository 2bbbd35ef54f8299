"""Where Neptune's client has left something: its data directory, in all layouts that there were.

| layout | of |
|---|---|
| `offline/<type>__<uuid>__<pid>__<key>`, `async/…`, with a fifth part or without | releases since 1.0 or so |
| `offline/<type>__<uuid>`, `offline/<uuid>` | before |
| `async/<type>__<uuid>/exec-<n>-<date>`, `async/<uuid>/exec-<n>-<date>` | before |

One execution is one process that wrote to an object; several of one uuid are one object.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from pluto_migration.paths import walk
from pluto_migration.source import Problems, SourceError

TYPES: Final = ("run", "model", "model_version", "project")
UPLOADS: Final = "upload_path"
DATA_DIRECTORY: Final = ".neptune"
"""As it is called, unless somebody chose another name; often a link to a bigger disk."""
_MODES: Final = ("offline", "async", "sync")
_LOG: Final = re.compile(r"data-(\d+)\.log")
_UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_NAME: Final = re.compile(rf"(?:({'|'.join(sorted(TYPES, reverse=True))})__)?({_UUID})(?:__.*)?")
_CHILD: Final = re.compile(r"exec-(\d+)-.*")
_POINTER: Final = "pluto.json"
"""What Pluto's own door for Neptune puts there points to its journals."""
_OWN_ROOT: Final = "pluto"
_METADATA_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Execution:
    """What one process has left."""

    folder: Path
    type: str
    id: str
    """The object's uuid."""
    mode: str
    """`offline`, `async`, `sync`, or empty where nothing tells."""
    created: int | None
    """Microseconds since the epoch."""
    about: dict[str, str]
    """Of `metadata.json`: os, pythonVersion, neptuneClientVersion."""
    logs: tuple[Path, ...]
    """Its operations, in order."""

    def number(self, name: str) -> int | None:
        """The version in one of `last_put_version` and `last_ack_version`; an empty one is 0, None where it is none."""
        path = self.folder / name
        try:
            if path.exists() and not path.is_file():
                return None
            with open(path, "rb") as file:
                text = file.read(64)
            return int(text) if text.strip() else 0
        except (OSError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one object."""

    type: str
    id: str
    executions: tuple[Execution, ...]
    """The one that began first comes first."""

    @property
    def created(self) -> int | None:
        """When it was made, as far as that is noted."""
        return min((one.created for one in self.executions if one.created is not None), default=None)


def objects(paths: Sequence[str], problems: Problems) -> list[Left]:
    """What is left below the paths, by uuid. A path may be an execution, a data directory, or lie above one.

    Raises `SourceError` for a path where there is nothing of the kind.
    """
    found: dict[tuple[str, str], dict[str, Execution]] = {}
    for path in paths:
        count = 0
        if not os.path.isdir(path):
            raise SourceError(f"{path} is no folder: name the folder that holds .neptune, or .neptune itself")
        for execution in _below(Path(path), problems):
            count += 1
            found.setdefault((execution.type, execution.id), {})[os.path.realpath(execution.folder)] = execution
        if count == 0:
            raise SourceError(
                f"there is nothing of Neptune's client (neptune 1.x and before) in {path}: name the folder that holds"
                " .neptune, .neptune itself, or one folder of its offline, async and sync (databases of Neptune 3.x,"
                " *.sqlite3, are for the source neptune-scale)"
            )
    return [Left(*key, tuple(sorted(executions.values(), key=_order))) for key, executions in found.items()]


def data_directory(folder: Path) -> Path:
    """The data directory an execution lies in, or its own folder."""
    for above in folder.absolute().parents:
        if above.name in _MODES:
            return above.parent
    return folder


def _order(execution: Execution) -> tuple[int, int, str]:
    child = _CHILD.fullmatch(execution.folder.name)
    return execution.created or 0, int(child[1][:18]) if child else 0, str(execution.folder)


def _below(top: Path, problems: Problems) -> Iterator[Execution]:
    def refused(error: OSError) -> None:
        problems.note(error.filename or top, f"can't be read: {error.strerror}")

    for folder, folders, files in walk(top, (DATA_DIRECTORY,), refused):
        if _POINTER in files and "metadata.json" not in files:
            folders.clear()
            continue
        execution = _execution(folder, files, problems)
        if execution is not None:
            yield execution
            folders[:] = [below for below in folders if below != UPLOADS]
        elif any(mode in folders for mode in _MODES) and _OWN_ROOT in folders:
            folders.remove(_OWN_ROOT)


def _execution(folder: Path, files: list[str], problems: Problems) -> Execution | None:
    logs = sorted((int(match[1]), name) for name in files if (match := _LOG.fullmatch(name)))
    about = _about(folder / "metadata.json", problems) if "metadata.json" in files else {}
    named = _NAME.fullmatch(folder.name) or (
        _NAME.fullmatch(folder.parent.name) if _CHILD.fullmatch(folder.name) else None
    )
    known = isinstance(about.get("containerId"), str) and about["containerId"]
    if not known and not (named and (logs or "last_put_version" in files)):
        return None
    type_ = about.get("containerType") or (named[1] if named else None) or "run"
    if type_ not in TYPES:
        problems.note(folder, f"holds an object of an unknown type, {str(type_)[:100]!r}")
        return None
    mode = about.get("mode") or next((part for part in reversed(folder.absolute().parts) if part in _MODES), "")
    return Execution(
        folder=folder,
        type=type_,
        id=str(known or (named and named[2])),
        mode=str(mode),
        created=_moment(about.get("createdAt")),
        about={
            key: str(about[key])[:1_000] for key in ("os", "pythonVersion", "neptuneClientVersion") if about.get(key)
        },
        logs=tuple(path for _, name in logs if _readable(path := folder / name, problems)),
    )


def _readable(path: Path, problems: Problems) -> bool:
    """Whether it is a file, which ends some time, as pipes and devices may not."""
    if not path.is_file():
        problems.note(path, "is no file")
        return False
    return True


def _about(path: Path, problems: Problems) -> dict[str, Any]:
    if not _readable(path, problems):
        return {}
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_METADATA_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        problems.note(path, f"can't be read: {error}")
        return {}
    return found if isinstance(found, dict) else {}


def _moment(text: object) -> int | None:
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return int(moment.timestamp() * 1_000_000)
    except (ValueError, OverflowError):
        return None
