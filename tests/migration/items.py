"""What a source gives, for tests that look at its items: read whole, and told apart by kind."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pluto_migration.model import Facts, File, Item, Points
from pluto_migration.source import Options, Problems, SourceRun
from pluto_migration.sources import source_of

T = TypeVar("T")


def runs_of(name: str, *paths: object, problems: Problems | None = None, **options: Any) -> list[SourceRun]:
    """The runs a source finds."""
    told = Problems() if problems is None else problems
    return list(source_of(name).find([str(path) for path in paths], Options(**options), told))


def items_of(run: SourceRun, scratch: Path, problems: Problems | None = None) -> list[Item]:
    """All of a run; unless a place for problems is given there must be none."""
    scratch.mkdir(exist_ok=True)
    found = Problems()
    items = list(run.read(scratch, found if problems is None else problems))
    assert not list(found)
    return items


def of(items: Sequence[Item], kind: type[T]) -> list[T]:
    """Those of one kind."""
    return [item for item in items if isinstance(item, kind)]


def facts_of(items: Sequence[Item]) -> Facts:
    """The first facts, which have the name and the config; what later ones add is in the extras."""
    return of(items, Facts)[0]


def extras_of(items: Sequence[Item]) -> dict[str, Any]:
    """All that has no place of its own."""
    return {key: value for facts in of(items, Facts) for key, value in facts.extras.items()}


def series_of(items: Sequence[Item]) -> dict[str, list[tuple[float, int, float]]]:
    """The points of each metric, in their order: step, time, value."""
    found: dict[str, list[tuple[float, int, float]]] = defaultdict(list)
    for points in of(items, Points):
        found[points.name] += zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True)
    return dict(found)


def content_of(file: File) -> bytes:
    """A file's bytes."""
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


def traces(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything below a folder: size, time of change, content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_size,
            path.lstat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }


def told(problems: Problems) -> str:
    """All problems as one text."""
    return "\n".join(f"{problem.where}: {problem.what}" for problem, _ in problems)
