"""How an export lies on disk: folders of projects, in them the parts of runs, beside them the downloaded files.

    data/<project>/<run>_part_<n>.parquet                       files/<project>/…
    model_data/<project>/models/<model>_part_<n>.parquet        model_files/<project>/models/…
    model_data/<project>/model_versions/<version>_part_<n>.parquet

The names are made of the ids and can't be read back. A run is complete once its part 0 has lost the `.tmp` at its end.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pluto_migration.paths import inside
from pluto_migration.source import Problems, SourceError

FILES: Final = "files"
MODEL_FILES: Final = "model_files"
"""Settings, and the names of the folders that they stand in for."""
_DATA: Final = ("data", "model_data")
_SCOPES: Final = ("models", "model_versions")
_OPEN: Final = ".tmp"
_NAMED: Final = 20
"""Most missing parts that are named."""
_PART: Final = re.compile(r"(?P<run>.+)_part_(?P<number>[0-9]{1,9})\.parquet(?P<open>\.tmp)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder in which parts lie."""

    path: Path
    files: Path
    """What the paths of files that the rows name are relative to."""
    model: bool = False
    """Whether models, or their versions, lie here, and no runs."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is there of one run."""

    folder: Folder
    stem: str
    """The beginning of the names."""
    paths: tuple[Path, ...]
    """By rising number; of a part that is there twice, complete and not, the complete one."""
    lost: tuple[int, ...] = ()
    """Numbers that are missing between others."""
    complete: bool = True
    """Whether the export of the run came to its end."""


def folders(path: Path, settings: Mapping[str, str], problems: Problems) -> list[Folder]:
    """The folders with parts below a path: that of an export, its `data` or `model_data`, or one of a project.

    Raises `SourceError` where there are none.
    """
    if not path.is_dir():
        raise SourceError(f"{path} is no folder: give the one that holds the `data` and `files` of an export")
    found: list[Folder] = []
    roots = [path / name for name in _DATA if (path / name).is_dir()]
    if roots:
        for root in roots:
            found += _below(root, path, settings, problems)
    elif _has_parts(path):
        absolute = path.absolute()
        model = path.name in _SCOPES
        project = absolute.parent if model else absolute
        found.append(_folder(path, project.name, project.parent.parent, settings, model=model))
    else:
        found += _below(path, path.absolute().parent, settings, problems)
    if not found:
        raise SourceError(f"there is no export below {path}: no data/<project>/<run>_part_<n>.parquet is there")
    return found


def parts(folder: Folder, problems: Problems) -> Iterator[Parts]:
    """The runs in a folder, in the order of their names, numbers by their values."""
    runs: dict[str, dict[int, Path]] = {}
    for name in sorted(os.listdir(folder.path)):  # a part comes before what has `.tmp` behind the same name
        match = _PART.fullmatch(name)
        path = None if match is None else _within(folder.path, name, problems)
        if match is None or path is None or not path.is_file():
            continue
        numbers, number = runs.setdefault(match["run"], {}), int(match["number"])
        if number not in numbers:
            numbers[number] = path
        elif not match["open"]:
            problems.note(path, "a second file of the same part: left out")
    for stem in sorted(runs, key=_natural):
        numbers = runs[stem]
        complete = 0 in numbers and numbers[0].suffix != _OPEN
        for number in [number for number, path in numbers.items() if complete and path.suffix == _OPEN]:
            problems.note(numbers.pop(number), "left over from an earlier export that was interrupted: left out")
        lost = itertools.islice((number for number in range(1, max(numbers)) if number not in numbers), _NAMED)
        yield Parts(folder, stem, tuple(numbers[number] for number in sorted(numbers)), tuple(lost), complete)


def _below(root: Path, base: Path, settings: Mapping[str, str], problems: Problems) -> Iterator[Folder]:
    """The folders with parts of all projects in `root`; files lie in folders of `base`."""
    for name in sorted(os.listdir(root)):
        project = _within(root, name, problems)
        if project is None or not project.is_dir():
            continue
        if _has_parts(project):
            scope = name in _SCOPES
            above = root.absolute()
            owner = above.name if scope else name
            yield _folder(project, owner, above.parent.parent if scope else base, settings, model=scope)
        for scope_name in _SCOPES:
            inner = _within(project, scope_name, problems)
            if inner is not None and inner.is_dir() and _has_parts(inner):
                yield _folder(inner, name, base, settings, model=True)


def _folder(path: Path, project: str, base: Path, settings: Mapping[str, str], *, model: bool) -> Folder:
    kind = MODEL_FILES if model else FILES
    files = Path(settings[kind]) if kind in settings else base / kind
    return Folder(path, files / project, model)


def _has_parts(path: Path) -> bool:
    try:
        return any(_PART.fullmatch(name) for name in os.listdir(path))
    except OSError:
        return False


def _within(folder: Path, name: str, problems: Problems) -> Path | None:
    try:
        return inside(folder, name)
    except SourceError as error:
        problems.note(folder / name, str(error))
        return None


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(text), "") if text.isdecimal() else (-1, text) for text in re.split(r"([0-9]{1,18})", name)]
