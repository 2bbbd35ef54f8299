"""What a Pluto store holds of a run of the logging client, in the words of `record.Kept`."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from typing import Any

from pluto.compat.attributes import AttributeKind, AttributeReader, RunAttributes
from tests.compat.neptune_scale.recorded import play

LONG_AGO_S = 86400
ATOMS = {
    AttributeKind.BOOL: "bool",
    AttributeKind.INT: "int64",
    AttributeKind.FLOAT: "float64",
    AttributeKind.STRING: "string",
    AttributeKind.DATETIME: "timestamp",
}
# What is read of every run and never written by a script.
DERIVED = ("sys/", "source_code/", "runtime/stdout", "runtime/stderr")


def kept(reader: AttributeReader, project: str, run_id: str) -> dict[str, Any]:
    """What the store holds of a run, kind by kind."""
    run = reader.find(project, external_id=run_id)
    assert run is not None, run_id
    found: dict[str, Any] = {
        kind: {} for kind in ("configs", "sets", "metrics", "previews", "strings", "histograms", "files", "file_series")
    }
    for path, kind in run.definitions.items():
        if path.startswith(DERIVED) and path not in ("sys/tags", "sys/group_tags"):
            continue
        if kind in ATOMS:
            found["configs"][path] = [ATOMS[kind], _atom(run.atom(path))]
        elif kind is AttributeKind.STRING_SET:
            texts = run.atom(path)
            assert isinstance(texts, frozenset)
            if texts or path not in ("sys/tags", "sys/group_tags"):
                found["sets"][path] = sorted(texts)
        elif kind is AttributeKind.FLOAT_SERIES:
            _numbers(reader, run, path, found)
        elif kind is AttributeKind.STRING_SERIES:
            points = reader.texts(run, path)
            found["strings"][path] = [
                _point(step, when, play.brief(text))
                for step, when, text in zip(points.steps, points.times, points.values, strict=True)
            ]
        elif kind is AttributeKind.HISTOGRAM_SERIES:
            drawn = reader.histograms(run, path)
            found["histograms"][path] = [
                _point(step, when, "densities" if one.density else "counts", list(one.edges), list(one.values))
                for step, when, one in zip(drawn.steps, drawn.times, drawn.values, strict=True)
            ]
        elif kind in (AttributeKind.FILE, AttributeKind.FILE_SERIES):
            files = [
                [file.step, file.time, file.mime, file.size, hashlib.sha256(reader.read(file)).hexdigest()]
                for file in reader.files(run, path)
            ]
            if kind is AttributeKind.FILE:
                ((_, _, *found["files"][path]),) = files
            else:
                found["file_series"][path] = [_point(*file) for file in files]
        else:
            raise AssertionError(f"{path} is a {kind}")
    found = {name: play.named(value) for name, value in found.items() if value}
    named = "sys/experiment/name" in run.definitions
    found["experiment"] = run.atom("sys/experiment/name") if named else None
    found["created"] = _old(int(run.created.timestamp() * 1e6))
    if run.fork_step is not None:
        found["fork"] = [reader.lineage(run)[0][0].external_id, run.fork_step]
    return found


def _numbers(reader: AttributeReader, run: RunAttributes, path: str, found: dict[str, Any]) -> None:
    points = reader.floats(run, path, previews=True)
    for step, when, value in zip(points.steps.tolist(), points.times.tolist(), points.values.tolist(), strict=True):
        number = play.shown(value)
        if step in points.previews:
            completion = round(points.previews[step], 6)
            found["previews"].setdefault(path, []).append(_point(step, when, number, completion))
        else:
            found["metrics"].setdefault(path, []).append(_point(step, when, number))


def _point(step: float, when: int, *rest: Any) -> list[Any]:
    return [step, *rest, *filter(None, [_old(when)])]


def _old(when: int) -> float | None:
    return None if abs(when / 1e6 - time.time()) < LONG_AGO_S else round(when / 1e6, 3)


def _atom(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    return play.brief(value) if isinstance(value, str) else play.shown(value)
