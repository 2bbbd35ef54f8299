"""The projects of a folder of Trackio: databases, Parquet files of their tables, and records that wait for either."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pluto_migration.source import Problems

Row = dict[str, Any]
_SUFFIXES: Final = {
    "_system": "system_metrics",
    "_configs": "configs",
    "_traces": "traces",
    "_artifacts": "artifacts",
    "_artifact_versions": "artifact_versions",
    "_artifact_aliases": "artifact_aliases",
    "_run_artifact_links": "run_artifact_links",
    "": "metrics",
}
"""How the Parquet file of a table ends, before its extension."""


@dataclass(slots=True)
class Project:
    """The files of one project."""

    stem: str
    folder: Path
    database: Path | None = None
    parquet: dict[str, Path] = field(default_factory=dict)
    inbox: list[Path] = field(default_factory=list)
    """What processes wrote down that could not get at the database."""

    @property
    def files(self) -> list[Path]:
        """All of them."""
        return [path for path in (self.database, *self.parquet.values(), *self.inbox) if path is not None]


def projects(folder: Path, problems: Problems) -> list[Project]:
    """The projects of a folder, as Trackio keeps them (`TRACKIO_DIR`)."""
    found: dict[str, Project] = {}

    def project(stem: str) -> Project:
        return found.setdefault(stem, Project(stem, folder))

    if (folder / "metrics.parquet").is_file() and (folder / "aux").is_dir():  # one project, exported to be looked at
        tables = {path.stem: path for path in _files(folder / "aux", "*.parquet", problems)}
        name = folder.resolve().name
        return [Project(name, folder, parquet={**tables, "metrics": folder / "metrics.parquet"})]
    for path in _files(folder, "*.db", problems):
        project(path.stem).database = path
    parquet = {path.stem: path for path in _files(folder, "*.parquet", problems)}
    for stem, path in parquet.items():
        base, table = _table_of(stem, parquet)
        if project(base).database is None:
            found[base].parquet[table] = path
    for path in _files(folder, "inbox/*/*.jsonl", problems):
        names = {row["project"] for _, row in fragments(path, problems) if isinstance(row.get("project"), str)}
        for name in sorted(names):
            project(stem_of(name)).inbox.append(path)
    return [found[stem] for stem in sorted(found)]


def _files(folder: Path, pattern: str, problems: Problems) -> list[Path]:
    """Those that fit. Pipes and devices, which might be read without end, are noted and left out."""
    found = []
    for path in sorted(folder.glob(pattern)):
        if path.is_file():
            found.append(path)
        else:
            problems.note(path, "is no file")
    return found


def fragments(path: Path, problems: Problems) -> Iterator[tuple[int, Row]]:
    """The records of a file of the inbox, with their line numbers."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError):
                    row = None
                if isinstance(row, dict):
                    yield number, row
                else:
                    problems.note(path, f"line {number} is no record")
    except OSError as error:
        problems.note(path, f"it can't be read: {error.strerror}")


def stem_of(project: str) -> str:
    """What is left of a project's name in the names of its files."""
    return re.sub(r"[^\w-]", "", project).rstrip() or "default"


def _table_of(stem: str, others: Mapping[str, Path]) -> tuple[str, str]:
    """The project of a Parquet file, and its table. A project may be called as if it were a table of another."""
    for suffix, table in _SUFFIXES.items():
        base = stem.removesuffix(suffix)
        if suffix and stem.endswith(suffix) and base and (base in others or f"{base}_artifact_versions" in others):
            return base, table
    return stem, "metrics"
