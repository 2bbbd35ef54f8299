"""What a Pluto store holds of a run of the 1.x client, in the words of `record.Kept`."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from typing import Any

from pluto.compat.attributes import AttributeKind, AttributeReader, RunAttributes
from tests.compat.playing import brief, shown

LONG_AGO_S = 86400
SETS = ("sys/tags", "sys/group_tags")
ATOMS = {
    AttributeKind.BOOL: "Bool",
    AttributeKind.INT: "Int",
    AttributeKind.FLOAT: "Float",
    AttributeKind.STRING: "String",
    AttributeKind.DATETIME: "Datetime",
}


def kept(reader: AttributeReader, project: str, display_id: str) -> dict[str, Any]:
    """Kind and value of a run's fields, by path; file sets and artifacts left out."""
    run = reader.find(project, display_id=display_id)
    assert run is not None, display_id
    found = {
        path: _described(reader, run, path, kind)
        for path, kind in sorted(run.definitions.items())
        if path in SETS or not path.startswith(("sys/", "source_code/", "monitoring/"))
    }
    return {path: field for path, field in found.items() if field is not None and field != ["StringSet", []]}


def _described(reader: AttributeReader, run: RunAttributes, path: str, kind: AttributeKind) -> list[Any] | None:
    if kind in ATOMS:
        value = run.atom(path)
        if isinstance(value, datetime):
            return [ATOMS[kind], round(value.timestamp() * 1000)]
        return [ATOMS[kind], brief(value) if isinstance(value, str) else shown(value)]
    if kind is AttributeKind.STRING_SET:
        texts = run.atom(path)
        assert isinstance(texts, frozenset)
        return ["StringSet", sorted(texts)]
    if kind is AttributeKind.FLOAT_SERIES:
        points = reader.floats(run, path)
        values = [shown(value) for value in points.values.tolist()]
        return ["FloatSeries", [_point(*one) for one in zip(points.steps, points.times, values, strict=True)]]
    if kind is AttributeKind.STRING_SERIES:
        texts = reader.texts(run, path)
        values = [brief(text) for text in texts.values]
        return ["StringSeries", [_point(*one) for one in zip(texts.steps, texts.times, values, strict=True)]]
    if kind is AttributeKind.FILE:
        (file,) = reader.files(run, path)
        return ["File", file.extension, _hash(reader.read(file))]
    if kind is AttributeKind.FILE_SERIES:
        return [
            "FileSeries",
            [
                _point(one.step, one.time, [_hash(reader.read(one)), one.name or None, one.description])
                for one in reader.files(run, path)
            ],
        ]
    return None


def _point(step: float, when: int, value: Any) -> list[Any]:
    seconds = int(when) / 1e6
    return [float(step), value, *([round(seconds, 3)] if abs(seconds - time.time()) > LONG_AGO_S else [])]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
