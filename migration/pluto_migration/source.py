"""Where runs come from: what every source gives, and what it is told."""

from __future__ import annotations

import fnmatch
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pluto_migration.model import Item, Parent


class SourceError(Exception):
    """A source, or one of its runs, that can't be read at all. The text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a run that did not come over, or not whole."""

    where: str
    """File, with position or key where known."""
    what: str


class Problems:
    """Collects what a run could not be read of. A million broken records make one line with a count."""

    def __init__(self) -> None:
        self._counts: dict[Problem, int] = {}

    def note(self, where: str | Path, what: str) -> None:
        """Notes a problem; the same one again is counted."""
        problem = Problem(os.fsdecode(where), what)
        self._counts[problem] = self._counts.get(problem, 0) + 1

    def unreadable(self, error: OSError) -> None:
        """Notes a folder that can't be looked into, as `onerror` of `os.walk`; one that is not there is no problem."""
        if not isinstance(error, FileNotFoundError | NotADirectoryError):
            self.note(error.filename or "?", f"it can't be looked into: {error.strerror}")

    def __iter__(self) -> Iterator[tuple[Problem, int]]:
        return iter(self._counts.items())

    def __len__(self) -> int:
        return len(self._counts)


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said of a source, the same for all of them."""

    project: str | None = None
    """Where the runs go, in the place of the project the source names; needed where it names none."""
    path_map: Mapping[str, str] = field(default_factory=dict)
    """Prefixes of paths that the source recorded → where they are now. See `paths.located`."""
    include: Sequence[str] = ()
    """Patterns (as of a shell) of `project/run id` or run ids; none means all."""
    exclude: Sequence[str] = ()
    archived: bool = False
    """Whether runs that were archived, trashed or deleted come over, too."""
    partial: bool = False
    """Whether what is left of an interrupted export comes over, too."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What one source alone understands, as `--set key=value`; a key that it does not know is a `SourceError`."""

    def wants(self, project: str, run: str) -> bool:
        """Whether a run is among those to bring over."""
        names = (f"{project}/{run}", run)
        chosen = not self.include or _fits(names, self.include)
        return chosen and not _fits(names, self.exclude)


class SourceRun(ABC):
    """One run as it lies in a source. Cheap to make; `read` does the work, and may be called again."""

    project: str
    """The project it goes to."""
    id: str
    """Its external id in the store: the source's own id of the run."""
    path: Path
    """The folder or file that it is in, for messages."""

    @property
    def label(self) -> str:
        """How the run is called in messages and reports."""
        return f"{self.project}/{self.id}"

    @property
    def created(self) -> int | None:
        """When it began, as far as that is known before all is read."""
        return None

    @property
    def name(self) -> str | None:
        """Its name, as far as that is known before all is read."""
        return None

    @property
    def parent(self) -> Parent | None:
        """The run it was forked from."""
        return None

    @property
    def old_ids(self) -> Sequence[str]:
        """Other ids that people know it by, by which the doors shall find it, too (Neptune: `DEM-1`)."""
        return ()

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A text that changes whenever the source holds something else of this run. `fingerprint_of` makes one."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes it takes in the source, files included, as far as that is known without reading all."""

    @abstractmethod
    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        """All of the run, the same whenever it is asked for. `scratch`: an empty folder for what has to be unpacked.

        What can't be read is noted in `problems`, and reading goes on. Raises `SourceError` where nothing can be read.
        """

    def settled(self) -> None:  # noqa: B027
        """Called once all of the run lies in the store: what was kept to read it again may go."""


class Source(Protocol):
    """A module of `pluto_migration.sources`."""

    NAME: str
    """As it is called on the command line."""
    SETTINGS: Mapping[str, str]
    """Keys of `Options.settings` it understands, each with what it means."""

    def find(self, paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
        """The runs below the paths, those that others were forked from first where it can be told.

        What is there and is no run that can be read is noted in `problems`. Raises `SourceError` for a path where there
        is nothing of the kind.
        """


def fingerprint_of(files: Iterable[Path], *more: object) -> str:
    """A fingerprint of names, sizes and times of change; `more` is what else decides what a run consists of."""
    digest = hashlib.sha256("\0".join(map(str, more)).encode("utf-8", "surrogatepass"))
    for path in sorted(files):
        about = path.stat()
        digest.update(f"\0{path.name}\0{about.st_size}\0{about.st_mtime_ns}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:32]


def _fits(names: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)
