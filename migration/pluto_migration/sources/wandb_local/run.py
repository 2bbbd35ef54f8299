"""A run of W&B's local folders: one directory for each process that wrote it, in the order they began."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pluto_migration.model import Item, Parent
from pluto_migration.source import Problems, SourceRun, fingerprint_of
from pluto_migration.sources.wandb_local.files import own


@dataclass(frozen=True, slots=True)
class Directory:
    """What one process has left."""

    path: Path
    log: Path
    started: int | None
    """Microseconds; None where not even the folder's name says it."""


class LocalRun(SourceRun):
    """One run id of one project, with all directories of it that were found."""

    def __init__(
        self,
        project: str,
        id: str,
        directories: tuple[Directory, ...],
        *,
        name: str | None,
        parent: Parent | None,
        path_map: Mapping[str, str],
        settings: Mapping[str, str],
    ) -> None:
        self.project = project
        self.id = id
        self.path = directories[0].path
        self.directories = directories
        self.path_map = dict(path_map)
        self.settings = dict(settings)
        self._name = name
        self._parent = parent

    @property
    def created(self) -> int | None:
        """When the first process began."""
        return self.directories[0].started

    @property
    def name(self) -> str | None:
        """What it was called at first."""
        return self._name

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from."""
        return self._parent

    @property
    def fingerprint(self) -> str:
        """Of logs and files."""
        return fingerprint_of(self._files, *sorted(self.path_map.items()), *sorted(self.settings.items()))

    @property
    def size(self) -> int:
        """Bytes of logs and files."""
        return sum(path.stat().st_size for path in self._files)

    @cached_property
    def _files(self) -> list[Path]:
        found: list[Path] = []
        for directory in self.directories:
            found.append(directory.log)
            folders = [folder for name in ("files", "tmp/code") if own(directory.path, folder := directory.path / name)]
            for folder in folders:
                for place, _, names in os.walk(folder):
                    found += [path for name in names if (path := Path(place, name)).is_file()]
        return found

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:  # noqa: ARG002  nothing is unpacked
        """All of it, directory after directory."""
        from pluto_migration.sources.wandb_local.reading import Reading

        yield from Reading(self, problems).items()
