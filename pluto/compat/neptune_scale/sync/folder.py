"""The folder where people look for a run that is not delivered yet: `.neptune/<project>_<run id>_<nanoseconds>/`.

In it lies `run_operations.sqlite3`, what `neptune sync` takes. Here it is a small JSON text that says where the run
really is kept: its journals lie under Pluto's root, where the uploader finds them.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from pluto.compat.neptune_scale.util import get_logger
from pluto.compat.neptune_scale.util.envs import LOG_DIRECTORY

FILE_NAME: Final = "run_operations.sqlite3"

_NAME_CHARS: Final = 64
_UNSAFE: Final = re.compile(r'[<>:" /\\|?*\x00-\x1F_]+')


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the file in the folder says."""

    folder: Path
    """The run's folder under Pluto's root; gone once everything is delivered."""
    project: str
    run_id: str

    @classmethod
    def read(cls, path: Path) -> Pointer:
        """The pointer in a file. Raises `ValueError` for a file that is none, `OSError` where it can't be read."""
        try:
            told = json.loads(path.read_bytes())
            return cls(path.parent.parent / told["folder"], str(told["project"]), str(told["run_id"]))
        except (KeyError, TypeError, ValueError):
            raise ValueError(f"{path} does not say where a run is kept") from None

    def write(self, path: Path) -> None:
        """Writes it, so that it can be moved together with a root beside it. Raises `OSError`."""
        base = path.parent.parent
        folder = self.folder.relative_to(base) if self.folder.is_relative_to(base) else self.folder
        path.write_text(json.dumps({**asdict(self), "folder": str(folder)}), encoding="utf-8")


def base_of(log_directory: str | Path | None) -> Path:
    """Where the folders of runs lie: `log_directory`, else `NEPTUNE_LOG_DIRECTORY`, else `.neptune`."""
    return Path(log_directory or os.environ.get(LOG_DIRECTORY) or ".neptune").absolute()


def offline_root(base: Path) -> Path | None:
    """Pluto's root for offline runs: beside their folders, so that it goes where they go. None: it can't be made."""
    root = base / "pluto"
    try:
        root.mkdir(0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    return root if os.access(root, os.W_OK) else None


class LogFolder:
    """The folder of one run. Where it can't be made, one line says so, and there is none."""

    def __init__(self, base: Path, pointer: Pointer) -> None:
        _tidy_up(base)
        self.path = base / f"{_safe(pointer.project)}_{_safe(pointer.run_id)}_{time.time_ns()}"
        self.file = self.path / FILE_NAME
        self.made = False
        try:
            self.path.mkdir(parents=True)
            pointer.write(self.file)
            self.made = True
        except OSError as error:
            get_logger().warning(
                "%s can't be written (%s); the run is kept in %s all the same", self.path, error, pointer.folder
            )

    def remove(self) -> None:
        """Takes it away: everything is delivered."""
        if self.made:
            remove(self.file)


def remove(file: Path) -> None:
    """Takes away a pointer and its folder, unless somebody has put more into it."""
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
        file.parent.rmdir()


def _tidy_up(base: Path) -> None:
    """Takes away the folders of runs that were left to the uploader, and are delivered by now."""
    with contextlib.suppress(OSError):
        for file in list(base.glob(f"*/{FILE_NAME}")):
            with contextlib.suppress(OSError, ValueError):  # somebody else's
                if not Pointer.read(file).folder.exists():
                    remove(file)


def _safe(name: str) -> str:
    return _UNSAFE.sub("_", name)[:_NAME_CHARS]
