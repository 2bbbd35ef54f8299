"""TensorBoard's event files: each folder that holds some is a run."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.tensorboard.run import TensorBoardRun

NAME: Final = "tensorboard"
SETTINGS: Final[Mapping[str, str]] = {
    "files": "patterns, with commas between, of other files below a run's folder that come with it: *.tsv,*.pbtxt",
    "links": "follow: folders behind symbolic links are looked through, too",
}
_MARK: Final = "tfevents"
_WHEN: Final = re.compile(r"tfevents\.(\d+)")


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[TensorBoardRun]:
    """The runs below log roots. A single event file is a run, too, as if its folder held no other.

    The id of a run is its path below the log root, `.` for the root itself; the project is the root's name. Raises
    `SourceError` where there is no event file.
    """
    unknown = set(options.settings) - set(SETTINGS)
    if unknown:
        raise SourceError(f"--set {min(unknown)}: unknown; known are {', '.join(SETTINGS)}")
    follow = options.settings.get("links")
    if follow not in (None, "follow"):
        raise SourceError(f"--set links={follow}: only links=follow is known")
    patterns = [one for one in options.settings.get("files", "").split(",") if one]
    seen: set[tuple[str, str]] = set()
    for given in paths:
        root = Path(given).absolute()
        if not root.exists():
            raise SourceError(f"{given}: there is no such file or folder")
        folder = root if root.is_dir() else root.parent
        project = options.project or folder.resolve().name or NAME
        found = _folders(root, follow is not None, problems) if root.is_dir() else iter([(folder, [root])])
        any_ = False
        for place, files in found:
            any_ = True
            id = place.relative_to(folder).as_posix()
            if not options.wants(project, id):
                continue
            if (project, id) in seen:
                problems.note(place, f"a run {id} of project {project} was found in another folder already")
                continue
            seen.add((project, id))
            name = folder.resolve().name if id == "." else id
            yield TensorBoardRun(project, id, name or id, place, files, _others(place, patterns))
        if not any_:
            raise SourceError(f"{given}: there is no event file below it (one has {_MARK!r} in its name)")


def _folders(root: Path, follow: bool, problems: Problems) -> Iterator[tuple[Path, list[Path]]]:
    """The folders that hold event files, each with these in the order they were begun."""
    been: set[str] = set()

    def failed(error: OSError) -> None:
        problems.note(error.filename or root, f"it can't be looked into: {error.strerror}")

    for place, folders, names in os.walk(root, followlinks=follow, onerror=failed):
        real = os.path.realpath(place)
        if real in been:
            folders.clear()
            continue
        been.add(real)
        folders.sort()
        here = Path(place)
        for name in folders:
            if not follow and (here / name).is_symlink():
                problems.note(here / name, "a link to a folder is not followed; --set links=follow does")
        files = []
        for name in names:
            if _MARK not in name:
                continue
            path = here / name
            if not follow and path.is_symlink():
                problems.note(path, "a link to an event file is not followed; --set links=follow does")
            elif path.is_file():
                files.append(path)
        if files:
            yield here, sorted(files, key=_begun)


def _begun(path: Path) -> tuple[int, str]:
    when = _WHEN.search(path.name)
    return int(when[1]) if when else 0, path.name


def _others(place: Path, patterns: Sequence[str]) -> list[Path]:
    """The files below a run's folder that were asked for; what belongs to a run below it is that one's."""
    if not patterns:
        return []
    found = []
    for folder, folders, names in os.walk(place):
        here = Path(folder)
        if here != place and any(_MARK in name for name in names):
            folders.clear()
            continue
        folders.sort()
        for name in sorted(names):
            path = here / name
            wanted = any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
            if wanted and _MARK not in name and not path.is_symlink() and path.is_file():
                found.append(path)
    return found
