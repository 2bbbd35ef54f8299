"""What a source gives, as tests look at it."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pluto_migration.model import Facts, Item, Points, Texts
from pluto_migration.source import Options, Problems, SourceRun
from pluto_migration.sources import source_of

DATA = Path(__file__).parent / "data"
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
T = TypeVar("T")


@dataclass
class Read:
    """A run of a source, its items, and what could not be read of it."""

    run: SourceRun
    items: list[Item]
    problems: list[str]

    def of(self, kind: type[T]) -> list[T]:
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def points(self) -> dict[str, list[tuple[float, int, float]]]:
        """Step, time and value of all points, by metric."""
        found: dict[str, list[tuple[float, int, float]]] = {}
        for item in self.of(Points):
            columns = (item.steps.tolist(), item.times.tolist(), item.values.tolist())
            found.setdefault(item.name, []).extend(zip(*columns, strict=True))
        return found

    @property
    def texts(self) -> dict[str, list[tuple[float, int, str]]]:
        found: dict[str, list[tuple[float, int, str]]] = {}
        for item in self.of(Texts):
            found.setdefault(item.name, []).extend(zip(item.steps, item.times, item.values, strict=True))
        return found

    @property
    def facts(self) -> Facts:
        """All of them as one; a later one wins."""
        whole: dict[str, Any] = {}
        for item in self.of(Facts):
            for name in Facts.__dataclass_fields__:
                value = getattr(item, name)
                if isinstance(value, dict):
                    whole[name] = whole.get(name, {}) | value
                elif value is not None:
                    whole[name] = value
        return Facts(**{name: value for name, value in whole.items() if value is not None})


def runs(source: str, path: Path, problems: Problems | None = None, **options: Any) -> list[SourceRun]:
    """The runs of a source below a path."""
    return list(source_of(source).find([str(path)], Options(**options), Problems() if problems is None else problems))


def read(run: SourceRun) -> Read:
    """A run, read."""
    problems = Problems()
    with tempfile.TemporaryDirectory() as scratch:
        items = list(run.read(Path(scratch), problems))
    return Read(run, items, [f"{problem.where}: {problem.what}" for problem, _ in problems])


def read_all(source: str, path: Path, **options: Any) -> dict[str, Read]:
    """All runs of a source below a path, by id."""
    return {run.id: read(run) for run in runs(source, path, **options)}


def expected(source: str) -> list[dict[str, Any]]:
    """The runs that a sample was made of."""
    found: list[dict[str, Any]] = json.loads((DATA / source / "expected.json").read_text())["runs"]
    return found


def assert_is_sample(found: Read, wanted: dict[str, Any]) -> None:
    """Ids, config, points and texts are those that were logged."""
    run = found.run
    assert (run.id, run.name) == (wanted["run_id"], wanted["name"])
    assert wanted["project"] in (None, run.project)
    assert dict(found.facts.config) == wanted["config"]
    assert found.facts.status == wanted["status"]
    points = {name: repr([(step, value) for step, _, value in rows]) for name, rows in found.points.items()}
    assert points == {name: repr(list(_points(series))) for name, series in wanted["metrics"].items()}
    texts = {name: [(step, value) for step, _, value in rows] for name, rows in found.texts.items()}
    assert texts == {name: [(a, b) for a, b in one["points"]] for name, one in wanted["string_series"].items()}
    for name, series in wanted.get("times_ms", {}).items():
        rows = found.points.get(name) or found.texts[name]
        for index, milliseconds in series["points"]:
            assert rows[index][1] == round(milliseconds * 1000)


def _points(series: dict[str, Any]) -> Iterable[tuple[float, float]]:
    for step, value in series["points"]:
        yield float(step), _NOT_FINITE.get(value, value) if isinstance(value, str) else float(value)
