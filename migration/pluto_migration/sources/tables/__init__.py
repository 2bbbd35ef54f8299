"""Runs in tables: a file each, or rows that a column tells apart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.tables.piece import TableFile
from pluto_migration.sources.tables.roles import SETTINGS, Said
from pluto_migration.sources.tables.run import Part, TableRun

__all__ = ["SETTINGS", "find_runs"]


def find_runs(
    paths: Sequence[str],
    options: Options,
    problems: Problems,
    endings: Sequence[str],
    made: Callable[[Path], TableFile],
    known: Mapping[str, str],
) -> Iterator[TableRun]:
    """The runs of files with one of the endings, at the paths or below them; `made` opens one.

    Without a column of runs the id is the path of the file below the one given, without its ending. Raises
    `SourceError`.
    """
    said = Said.of(options.settings, known)
    if options.project is None:
        raise SourceError("a table names no project: --project NAME is needed")
    files = [(id, made(path)) for given in paths for id, path in _files(Path(given), endings, problems)]
    whole: dict[str, Part] = {}
    parts: dict[str, list[Part]] = {}
    for id, file in files:
        try:
            roles = said.roles(file.names(), file.path)
            if roles.run is not None:
                for run, part in _by_run(file, roles.run, said, problems):
                    parts.setdefault(run, []).append(part)
            elif id in whole:
                problems.note(file.path, f"a run {id} was found in {whole[id].file.path} already")
            else:
                whole[id] = Part(file, roles)
        except SourceError as error:
            if len(files) == 1:
                raise
            problems.note(file.path, str(error))
    for id, part in whole.items():
        if id in parts:
            problems.note(part.file.path, f"a run {id} was found in a column of runs already")
        else:
            parts[id] = [part]
    for id, of_run in parts.items():
        if options.wants(options.project, id):
            yield TableRun(options.project, id, of_run, said)


def _by_run(file: TableFile, column: str, said: Said, problems: Problems) -> Iterator[tuple[str, Part]]:
    """What a file has of each run, in the order they begin."""
    roles = said.roles(file.names(), file.path)
    pieces: dict[str, set[int]] = {}
    rows: Counter[str] = Counter()
    for piece in file.pieces(problems, [column]):
        for run, count in piece.columns[column].counts().items():
            if run is None:
                problems.note(file.path, f"rows whose column {column!r} is empty are left out")
                continue
            pieces.setdefault(run, set()).add(piece.number)
            rows[run] += count
    total = sum(rows.values()) or 1
    for run, numbers in pieces.items():
        yield run, Part(file, roles, frozenset(numbers), rows[run] / total)


def _files(given: Path, endings: Sequence[str], problems: Problems) -> Iterator[tuple[str, Path]]:
    """The files at a path or below it, each with the id of the run it may be."""
    if not given.exists():
        raise SourceError(f"{given}: there is no such file or folder")
    if not given.is_dir():
        yield _without(given.name, endings), given.absolute()
        return
    found = False
    for folder, folders, names in os.walk(given.absolute(), onerror=problems.unreadable):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if not name.lower().endswith(tuple(endings)):
                continue
            if path.is_symlink():
                problems.note(path, "a link to a file is not followed")
            elif path.is_file():
                found = True
                yield _without(path.relative_to(given.absolute()).as_posix(), endings), path
    if not found:
        raise SourceError(f"{given}: there is no file of the kind below it ({', '.join(endings)})")


def _without(name: str, endings: Sequence[str]) -> str:
    for ending in endings:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name
