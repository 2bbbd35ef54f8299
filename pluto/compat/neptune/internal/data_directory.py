"""The data directory, `.neptune`: what is not delivered yet has a folder there, which points to the run's journals.

    .neptune/
      async/run__<id>__<pid>__<8 characters>/pluto.json     of a run in the root everything goes to
      offline/run__<id>__<pid>__<8 characters>/pluto.json   of a run in the root below
      pluto/                                                the root of offline runs: it goes where `.neptune` goes

The commands sync, status and clear go by these folders. Those without a `pluto.json` were left by the neptune package.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pluto.compat.neptune.constants import ASYNC_DIRECTORY, NEPTUNE_DATA_DIRECTORY, OFFLINE_DIRECTORY
from pluto.compat.neptune.internal.container_type import ContainerType

__all__ = ["Note", "data_directory", "forget", "note", "notes", "offline_root", "strangers"]

Kind = Literal["async", "offline"]
_FOLDERS: Final[dict[Kind, str]] = {"async": ASYNC_DIRECTORY, "offline": OFFLINE_DIRECTORY}
_POINTER: Final = "pluto.json"
_ROOT: Final = "pluto"
_SAFE: Final = re.compile(r"(?!.*__)[A-Za-z0-9.-][A-Za-z0-9._-]{0,99}")
_KEY: Final = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Note:
    """A folder of the data directory that points to the journals of a run."""

    path: Path
    kind: Kind
    type: ContainerType
    id: str
    """The object's unique id."""
    project: str
    """The project it was opened in; offline runs get theirs when they are delivered."""
    folder: Path
    """The run folder; gone once all is delivered."""


def data_directory() -> Path:
    """The data directory of this process: `NEPTUNE_DATA_DIRECTORY`, else `.neptune` in the current folder."""
    return Path(os.environ.get("NEPTUNE_DATA_DIRECTORY") or NEPTUNE_DATA_DIRECTORY).absolute()


def offline_root(data: Path | None = None) -> Path:
    """The root in which offline runs are kept."""
    return (data or data_directory()) / _ROOT


def note(kind: Kind, type: ContainerType, id: str, project: str, folder: Path) -> Path | None:
    """Makes the folder for an object whose journals lie in the run folder `folder`; None where it can't be written."""
    from pluto.core.run_folder import write_json

    data = data_directory()
    named = id if _SAFE.fullmatch(id) else hashlib.sha256(id.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    key = "".join(secrets.choice(_KEY) for _ in range(8))
    path = data / _FOLDERS[kind] / f"{type.value}__{named}__{os.getpid()}__{key}"
    within = folder.is_relative_to(data)
    pointer = {"version": 1, "type": type.value, "id": id, "project": project,
               "folder": os.path.relpath(folder, data) if within else str(folder)}  # fmt: skip
    try:
        path.mkdir(0o700, parents=True)
        write_json(path / _POINTER, pointer)
    except OSError:
        return None
    return path


def forget(path: Path) -> None:
    """Removes such a folder."""
    shutil.rmtree(path, ignore_errors=True)


def notes(data: Path) -> Iterator[Note]:
    """What a data directory points to, by name."""
    from pluto.core.uploader.writer import read_json

    for kind, name in _FOLDERS.items():
        for pointer in sorted((data / name).glob(f"*/{_POINTER}")):
            about = read_json(pointer)
            with contextlib.suppress(KeyError, ValueError, TypeError):
                yield Note(
                    path=pointer.parent,
                    kind=kind,
                    type=ContainerType(about["type"]),
                    id=str(about["id"]),
                    project=str(about["project"]),
                    folder=data / str(about["folder"]),
                )


def strangers(data: Path) -> list[Path]:
    """The folders in it that the neptune package has left."""
    folders = [path for name in _FOLDERS.values() for path in sorted((data / name).glob("*")) if path.is_dir()]
    return [path for path in folders if not (path / _POINTER).exists()]
