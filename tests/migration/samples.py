"""The samples of `data/`: which source reads each, with what it is told."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.migration import expected

PROJECT = "ws/brought over"
"""Where runs of sources go that know no project."""


@dataclass(frozen=True)
class Sample:
    """One folder of `data/`."""

    name: str
    source: str
    path: str
    """What is named on the command line, below the folder."""
    project: str | None = None
    needs: str | None = None
    """A package that reads it."""

    path_map: tuple[tuple[str, str], ...] = ()
    """Prefixes that were recorded, and where they are below the folder, where no `expected.json` says so."""

    def missing(self) -> str:
        """Why it can't be read here; empty where it can."""
        if self.needs is not None and importlib.util.find_spec(self.needs) is None:
            return f"needs the package {self.needs}"
        return ""

    def copy(self, folder: Path) -> Path:
        """A copy of the sample that nobody may write to."""
        shutil.copytree(expected.DATA / self.name, folder)
        (folder / "expected.json").unlink(missing_ok=True)
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode & ~0o222)
        return folder

    def words(self, folder: Path) -> list[str]:
        """What follows the command: the source, the path and options."""
        words = [self.source, str(folder / self.path)]
        if self.project is not None:
            words += ["--project", self.project]
        for old, new in self.path_map or expected.of(self.name).get("path_map", {}).items():
            words += ["--path-map", f"{old}={folder / new}"]
        return words

    def project_of(self, run: dict[str, Any]) -> str:
        """The project that a run of `expected.json` goes to."""
        return str(self.project or run["project"])


SAMPLES = (
    Sample("wandb", "wandb", "wandb"),
    Sample("neptune1", "neptune", ".neptune", PROJECT),
    Sample("neptune-scale", "neptune-scale", ".neptune"),
    Sample("neptune-exporter", "neptune-exporter", "."),
    Sample("tensorboard", "tensorboard", ".", PROJECT),
    Sample("mlflow-file", "mlflow", "mlruns"),
    Sample("mlflow-sqlite", "mlflow", "mlflow.db"),
    Sample("trackio", "trackio", "demo.db"),
    Sample("aim", "aim", ".", "demo", "aim"),
)

MORE = (
    Sample("wandb-more", "wandb", "wandb", path_map=(("/srv/demo/data", "wandb-data"),)),
    Sample("neptune1-more", "neptune", ".neptune", PROJECT, path_map=(("/srv/demo/np", "."),)),
    Sample("neptune1-older", "neptune", ".", PROJECT, path_map=(("/srv/demo/np", "."),)),
    Sample("neptune-scale-more", "neptune-scale", ".neptune", path_map=(("/srv/demo/ns", "."),)),
)
"""Samples of which nobody wrote down what is in them: they are held against themselves."""


def state_of(folder: Path) -> dict[str, tuple[int, int, int, str]]:
    """Everything below a folder: mode, size, time of change and content."""
    found = {}
    for path in sorted((folder, *folder.rglob("*"))):
        about = os.lstat(path)
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(about.st_mode) else ""
        size = about.st_size if content else 0
        found[str(path.relative_to(folder))] = (about.st_mode, size, about.st_mtime_ns, content)
    return found


def writable_again(folder: Path) -> None:
    """Lets the folder be deleted."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
