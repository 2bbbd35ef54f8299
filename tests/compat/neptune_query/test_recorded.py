"""The parts that need no store, against what neptune-query 1.14.1 answered (`recorded/`)."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pluto.compat.neptune_query as nq
from pluto.compat.neptune_query import exceptions, experimental, filters, runs, types
from pluto.compat.neptune_query.internal import files, frames, pattern
from pluto.compat.neptune_query.internal.attribute_types import QUERY_NAMES
from tests.compat.neptune_query.recorded import describe, scenarios

ANSWERS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "recorded" / "answers.json").read_text())
OLD_PANDAS = pd.__version__.startswith("2.")
NAMES = {
    **vars(filters), **vars(types), **vars(exceptions), "nq": nq, "runs": runs, "experimental": experimental,
    "datetime": datetime, "timedelta": timedelta, "timezone": timezone,
    "experiment_file": types.File("w/p", "e1", None, "a", None, "p", 1, "text/plain"),
    "run_file": types.File("w/p", None, "r1", "a", None, "p", 1, "text/plain"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("NEPTUNE_ENABLE_COLORS", "false")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def asked(expression: str) -> Any:
    return eval(expression, dict(NAMES))


def same(build: Callable[[], Any], answer: dict[str, Any]) -> None:
    """Ours gives what the original gave, or raises what it raised, with the words a reader needs."""
    if "gives" in answer:
        made = build()
        if OLD_PANDAS:
            made, answer = describe.without_versions(made), describe.without_versions(answer)
        assert made == answer["gives"]
        return
    with pytest.raises(Exception) as caught:
        build()
    assert [c.__name__ for c in type(caught.value).__mro__[:-2]] == answer["raises"]
    if answer["raises"][0] != "AttributeError":  # The original stumbles there: its words are of its own insides.
        assert [word for word in answer["words"] if word not in str(caught.value)] == []


@pytest.mark.parametrize("expression", scenarios.FILTERS)
def test_query_text_of_a_filter(expression: str) -> None:
    same(lambda: str(asked(expression)), ANSWERS["filters"][expression])


@pytest.mark.parametrize("expression", scenarios.REPRESENTED)
def test_what_is_shown_of_a_value(expression: str) -> None:
    same(lambda: repr(asked(expression)), ANSWERS["represented"][expression])


@pytest.mark.parametrize("text", scenarios.PATTERNS)
def test_parts_of_an_extended_regular_expression(text: str) -> None:
    found = pattern.parse_extended_regex(text).children
    assert [[one.positive_patterns, one.negated_patterns] for one in found] == ANSWERS["patterns"][text]


@pytest.mark.parametrize("expression", scenarios.ATTRIBUTE_FILTERS)
def test_what_an_attribute_filter_asks_for(expression: str) -> None:
    import re

    def asks(choice: Any) -> dict[str, Any]:
        names: dict[str, Any] = {}
        if choice.names is not None:
            listed = [re.escape(name) for name in sorted(choice.names)]
            names = {
                "mustMatchAny": [
                    {"mustMatchRegexes": [f"^{listed[0]}$" if len(listed) == 1 else f"^({'|'.join(listed)})$"]}
                ]
            }
        elif choice.patterns is not None:
            names = {
                "mustMatchAny": [
                    {
                        **({"mustMatchRegexes": one.found} if one.found else {}),
                        **({"mustNotMatchRegexes": one.missing} if one.missing else {}),
                    }
                    for one in choice.patterns
                ]
            }
        kinds = [{"attributeType": QUERY_NAMES.get(one, one)} for one in choice.types]
        return {"attributeNameFilter": names, "attributeFilter": kinds}

    choices = [choice for choice in asked(expression)._choices() if choice.names != frozenset()]
    same(lambda: [asks(choice) for choice in choices], ANSWERS["attribute filters"][expression])


@pytest.mark.filterwarnings("ignore::pluto.compat.neptune_query.warnings.ExperimentalWarning")
@pytest.mark.parametrize("expression", scenarios.CALLS)
def test_calls_with_good_and_bad_arguments(expression: str) -> None:
    """What the original sent to its server, ours looks up in the store: there, the project is missing."""
    answer = ANSWERS["calls"][expression]
    if answer.get("raises", [""])[0] == "NeptuneApiTokenNotProvided":
        answer = {"raises": ["NeptuneProjectInaccessible", "NeptuneError", "Exception"], "words": []}
    same(lambda: asked(expression.format(p="project='w/p'")), answer)


def test_without_a_project_the_default_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference that is meant: the original raises NeptuneProjectNotProvided."""
    assert ANSWERS["without a project"]["raises"][0] == "NeptuneProjectNotProvided"
    assert nq.list_experiments() == []
    monkeypatch.setenv("NEPTUNE_PROJECT", "w/p")
    with pytest.raises(exceptions.NeptuneProjectInaccessible):
        nq.list_experiments()


@pytest.mark.parametrize("expression", scenarios.EXCEPTIONS)
def test_exceptions_and_what_they_tell(expression: str) -> None:
    made = asked(expression)
    bases, words = ANSWERS["exceptions"][expression]["gives"]
    assert [c.__name__ for c in type(made).__mro__[:-1]] == bases
    assert [word for word in words if word not in str(made)] == []


def test_colours_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\033" not in str(exceptions.NeptuneError("{h1}plain{end}"))
    monkeypatch.setenv("NEPTUNE_ENABLE_COLORS", "true")
    assert str(exceptions.NeptuneError("{h1}plain{end}")) == "\033[95mplain\033[0m"


@pytest.mark.parametrize("number", range(len(scenarios.TARGETS)))
def test_where_a_file_is_put(number: int) -> None:
    experiment, run_id, path, step, mime = scenarios.TARGETS[number]
    file = types.File("w/p", experiment, run_id, path, step, "p", 1, mime)
    assert str(files.place(Path("/d"), file)) == ANSWERS["targets"][str(number)]


def test_a_file_never_leaves_its_folder() -> None:
    for experiment, run_id, path in (("/etc", None, "x"), ("e", None, "/etc/passwd"), (None, "/", "/")):
        file = types.File("w/p", experiment, run_id, path, None, "p", 1, "text/plain")
        assert files.place(Path("/d"), file).is_relative_to("/d"), path


def number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


def value_of(kind: str, value: Any, label: str, container: str, path: str) -> Any:
    who = (label, None) if container == "experiment" else (None, label)
    if kind == "datetime":
        return datetime.fromtimestamp(value / 1000, tz=timezone.utc)
    if kind == "string_set":
        return set(value)
    if kind in ("float", "float_series"):
        return number(value)
    if kind == "string_series":
        return value[0]
    if kind == "file":
        return types.File("w/p", *who, path, None, **value)
    if kind == "file_series":
        return types.File("w/p", *who, path, value[1], **value[0])
    if kind == "histogram_series":
        return types.Histogram(**value[0])
    return value


@pytest.mark.parametrize("container", ["experiment", "run"])
@pytest.mark.parametrize("suffix", [False, True])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("name", scenarios.TABLES)
def test_tables(name: str, several: bool, suffix: bool, container: str) -> None:
    rows = [
        frames.Row(
            label, {(path, kind): value_of(kind, value, label, container, path) for path, kind, value in values}, "w/p"
        )
        for label, values in scenarios.TABLES[name]
    ]
    same(
        lambda: describe.frame(frames.table(rows, container, type_suffix=suffix, projects=several)),
        ANSWERS["tables"][f"{name}; suffix {suffix}; {container}; several projects {several}"],
    )


@pytest.mark.parametrize("time", [False, True])
@pytest.mark.parametrize("previews", [False, True])
@pytest.mark.parametrize("suffix", [False, True])
@pytest.mark.parametrize("name", scenarios.METRICS)
def test_metrics(name: str, suffix: bool, previews: bool, time: bool) -> None:
    parts = []
    for label, path, points in scenarios.METRICS[name]:
        times, steps, values, flags, done = zip(*points, strict=True) if points else ([], [], [], [], [])
        parts.append(
            frames.Part(
                label, path, np.array(steps, float), np.array(times, np.int64) * 1000,
                np.array([number(value) for value in values], float), np.array(flags, bool), np.array(done, float),
            )
        )  # fmt: skip
    suffixed = ":float_series" if suffix else ""
    same(
        lambda: describe.frame(frames.by_step(parts, "experiment", suffix=suffixed, time=time, previews=previews)),
        ANSWERS["metrics"][f"{name}; time {time}; previews {previews}; suffix {suffix}"],
    )


@pytest.mark.parametrize("container", ["experiment", "run"])
@pytest.mark.parametrize("time", [False, True])
@pytest.mark.parametrize("name", scenarios.SERIES)
def test_series(name: str, time: bool, container: str) -> None:
    parts = []
    for label, path, kind, points in scenarios.SERIES[name]:
        cells = np.empty(len(points), object)
        cells[:] = [value_of(kind, [value, step], label, container, path) for step, value, _ in points]
        steps = np.array([step for step, _, _ in points], float)
        parts.append(frames.Part(label, path, steps, np.array([at for _, _, at in points], np.int64) * 1000, cells))
    same(
        lambda: describe.frame(frames.by_step(parts, container, time=time, previews=False)),
        ANSWERS["series"][f"{name}; time {time}; {container}"],
    )


@pytest.mark.parametrize("container", ["experiment", "run"])
@pytest.mark.parametrize("name", scenarios.BUCKETS)
def test_buckets(name: str, container: str) -> None:
    edges = sorted({number(edge) for _, _, rows in scenarios.BUCKETS[name] for row in rows for edge in row[:2]})
    edges = [edge for edge in edges if math.isfinite(edge)] or [0.0]
    parts = []
    for label, path, rows in scenarios.BUCKETS[name]:
        found = [rows[0][2:4], *(row[4:6] for row in rows[1:])] if rows else []
        x, y = np.array(found, float).reshape(-1, 2).T
        numbers = [edges.index(number(row[1])) if len(edges) > 1 else 0 for row in rows]
        parts.append(frames.Bucketed(label, path, np.array(numbers, np.int64), x, y))
    same(lambda: describe.frame(frames.buckets(parts, edges, container)), ANSWERS["buckets"][f"{name}; {container}"])


@pytest.mark.parametrize("container", ["experiment", "run"])
@pytest.mark.parametrize("name", scenarios.DOWNLOADS)
def test_downloads(name: str, container: str) -> None:
    rows = [frames.Downloaded(*row) for row in scenarios.DOWNLOADS[name]]
    same(lambda: describe.frame(frames.downloads(rows, container)), ANSWERS["downloads"][f"{name}; {container}"])
