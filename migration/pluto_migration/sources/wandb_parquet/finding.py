"""The runs below a path: files with one beginning, or a folder's files, are parts of one."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pluto_migration.source import Options, Problems, SourceError, SourceRun
from pluto_migration.sources.wandb_parquet.run import ExportedRun

NAME: Final = "wandb-parquet"
RUN_ID: Final = "run_id"
SETTINGS: Final[Mapping[str, str]] = {
    RUN_ID: "the run's id, where file or folder are not called after it; there has to be one run then",
}
_SUFFIX: Final = ".parquet"
_EXPORTED: Final = re.compile(r"(?P<run>.+)_(?P<part>\d+)\.runhistory\.parquet", re.S)
"""As `download_history_exports` names them: entity, project, run id, and a number."""
_ARTIFACT: Final = re.compile(r"run-(?P<run>.+)-history(?::v\d+)?", re.S)
"""As the artifacts are called in which the service keeps the rows of a run."""


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs whose histories lie below the paths. `options.project` is needed: exports do not name it.

    Raises `SourceError` for a path without Parquet files, without a project, without pyarrow, and for `run_id` with
    several runs.
    """
    for key in options.settings:
        if key not in SETTINGS:
            raise SourceError(f"{NAME} knows no setting {key!r}: it has {', '.join(SETTINGS)}")
    if not options.project:
        raise SourceError("an export does not say which project its run is of: --project says where it goes")
    if importlib.util.find_spec("pyarrow") is None:
        raise SourceError("Parquet files are read with pyarrow, which is not there: pip install 'pluto-ml[migrate]'")
    found: dict[str, list[Path]] = {}
    for path in paths:
        files = list(_files(Path(path), problems))
        if not files:
            raise SourceError(f"{path}: there is no file *{_SUFFIX}")
        for file in files:
            parts = found.setdefault(run_id(file, options.project, Path(path)), [])
            if file not in parts:
                parts.append(file)
    named = options.settings.get(RUN_ID)
    if named:
        if len(found) > 1:
            raise SourceError(f"{RUN_ID}={named}: there are {len(found)} runs: {', '.join(sorted(found)[:5])}")
        found = {named: next(iter(found.values()))}
    for id, parts in found.items():
        if options.wants(options.project, id):
            yield ExportedRun(options.project, id, tuple(parts))


def run_id(file: Path, project: str, given: Path) -> str:
    """The id of the run that a file is a part of; `given`: the path that the user named."""
    exported = _EXPORTED.fullmatch(file.name)
    if exported:
        return _of_stem(exported["run"], project)
    if file == given:
        name = file.name[: -len(_SUFFIX)]
    else:
        name = file.parent.name or file.parent.absolute().name
        if name in ("", ".", ".."):
            name = os.path.basename(os.path.realpath(file.parent))
    artifact = _ARTIFACT.fullmatch(name)
    return _shown(artifact["run"] if artifact else name)


def _of_stem(stem: str, project: str) -> str:
    """The id behind entity and project, which are joined with the character that ids may have, too."""
    before = f"{project.replace('/', '_')}_"
    if stem.startswith(before) and stem != before:
        return _shown(stem[len(before) :])
    return _shown(stem.rpartition("_")[2] or stem)


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _files(path: Path, problems: Problems) -> Iterator[Path]:
    """A file, or those below a folder, by name; links to folders are not followed."""
    if path.is_file():
        yield path
        return
    for place, folders, names in os.walk(path, onerror=problems.unreadable):
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if not name.endswith(_SUFFIX):
                continue
            if file.is_file():
                yield file
            else:
                problems.note(file, "is no file that can be read")
