"""What an object holds in the end: its operations replayed once, series and files by where they begin alone.

This first pass is what lets the second one stream: it knows from which operation on a series counts (the last time it
was cleared or deleted), and which upload of a file is the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Literal

from pluto_migration.source import Problems
from pluto_migration.sources.neptune1.folders import Left
from pluto_migration.sources.neptune1.log import Operation, number, operations, step_of

Value = bool | int | float | str | datetime
SeriesKind = Literal["float_series", "string_series", "file_series"]
LOGS: Final[dict[str, SeriesKind]] = {
    "LogFloats": "float_series",
    "LogStrings": "string_series",
    "LogImages": "file_series",
}
_CLEARS: Final[dict[str, SeriesKind]] = {
    "ClearFloatLog": "float_series",
    "ClearStringLog": "string_series",
    "ClearImageLog": "file_series",
}


@dataclass(slots=True)
class Series:
    """A series of one kind under a path."""

    begins: int = 0
    """The number of the first operation that counts."""
    values: int = 0
    stepped: bool = False
    """Whether a step was given for any of its values."""
    deleted: bool = False


@dataclass(slots=True)
class FileSet:
    """What was done to a file set, in order: patterns that were added, names that were removed."""

    changes: list[tuple[bool, tuple[str, ...]]] = field(default_factory=list)
    at: int | None = None


@dataclass(slots=True)
class Artifact:
    """A hash that was assigned, and what was tracked since."""

    hash: str | None = None
    entries: list[tuple[str, str | None]] = field(default_factory=list)


@dataclass(slots=True)
class Outline:
    """Attributes by path."""

    values: dict[str, Value] = field(default_factory=dict)
    copies: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Values that lie elsewhere: by path the object's uuid and the path there."""
    sets: dict[str, set[str]] = field(default_factory=dict)
    series: dict[str, dict[SeriesKind, Series]] = field(default_factory=dict)
    hints: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was said of a float series: `min`, `max`, `unit`."""
    uploads: dict[str, int] = field(default_factory=dict)
    """Files: by path the number of the operation that counts."""
    file_sets: dict[str, FileSet] = field(default_factory=dict)
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    count: int = 0
    """How many operations there are."""
    first: int | None = None
    last: int | None = None
    """When the first and the last of them was done."""


def outline(left: Left, problems: Problems, until: int | None = None) -> Outline:
    """What an object holds; `until`: held at that time, in microseconds since the epoch."""
    found = Outline()
    replay = _Replay(found, problems)
    for operation in operations(left, problems):
        if until is not None and operation.at is not None and operation.at > until:
            continue
        heard = operation.heard
        if heard is not None:
            found.first = heard if found.first is None else min(found.first, heard)
            found.last = heard if found.last is None else max(found.last, heard)
        replay.do(operation, found.count)
        found.count += 1
    return found


def entries_of(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What a `TrackFilesToArtifact` tracks: places, each with the folder it gets in the artifact."""
    entries = body.get("entries")
    return [
        (entry[0], entry[1] if len(entry) > 1 and isinstance(entry[1], str) else None)
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, list) and entry and isinstance(entry[0], str)
    ]


class _Replay:
    def __init__(self, into: Outline, problems: Problems) -> None:
        self._into = into
        self._problems = problems

    def do(self, operation: Operation, at: int) -> None:
        kind, path, body = operation.type, operation.path, operation.body
        if kind in LOGS:
            self._log(path, LOGS[kind], body)
        elif kind in _VALUES:
            self._assign(operation, _VALUES[kind](body.get("value")))
        elif kind in _CLEARS:
            series = self._into.series.setdefault(path, {})
            series[_CLEARS[kind]] = Series(begins=at + 1)
        elif kind in ("UploadFile", "UploadFileContent"):
            self._into.uploads[path] = at
        elif kind in _OTHERS:
            _OTHERS[kind](self, operation)
        else:
            self._note(operation, f"operations of the unknown type {kind[:100]!r}")

    def _log(self, path: str, kind: SeriesKind, body: dict[str, Any]) -> None:
        kinds = self._into.series.setdefault(path, {})
        series = kinds.get(kind)
        if series is None:
            series = kinds[kind] = Series()
        series.deleted = False
        values = body.get("values")
        if isinstance(values, list):
            series.values += len(values)
            if not series.stepped:
                series.stepped = any(isinstance(one, dict) and step_of(one.get("step")) is not None for one in values)

    def _assign(self, operation: Operation, value: Value | None) -> None:
        if value is None:
            self._note(operation, f"{operation.type} without a value of that type")
            return
        self._into.copies.pop(operation.path, None)
        self._into.values[operation.path] = value

    def _copy(self, operation: Operation) -> None:
        source, parts = operation.body.get("container_id"), operation.body.get("source_path")
        if not isinstance(source, str) or not isinstance(parts, list) or not all(isinstance(one, str) for one in parts):
            self._note(operation, "CopyAttribute without a source")
            return
        self._into.values.pop(operation.path, None)
        self._into.copies[operation.path] = (source, "/".join(parts))

    def _hint(self, operation: Operation) -> None:
        body = operation.body
        said: dict[str, Any] = {name: number(body.get(name)) for name in ("min", "max")}
        said["unit"] = body.get("unit") if isinstance(body.get("unit"), str) else None
        hints = {name: value for name, value in said.items() if value is not None}
        self._into.hints.setdefault(operation.path, {}).update(hints)
        self._into.series.setdefault(operation.path, {}).setdefault("float_series", Series()).deleted = False

    def _change_set(self, operation: Operation) -> None:
        texts = self._into.sets.setdefault(operation.path, set())
        if operation.type == "ClearStringSet":
            texts.clear()
        elif operation.type == "AddStrings":
            texts.update(self._texts(operation, "values"))
        else:
            texts.difference_update(self._texts(operation, "values"))

    def _upload_set(self, operation: Operation) -> None:
        patterns = self._texts(operation, "file_globs")
        reset = operation.body.get("reset") not in ("False", False, None)
        if not patterns and not reset and operation.path not in self._into.file_sets:
            return
        files = self._into.file_sets.setdefault(operation.path, FileSet())
        if reset:
            files.changes.clear()
        if patterns:
            files.changes.append((True, tuple(patterns)))
        files.at = operation.at

    def _delete_files(self, operation: Operation) -> None:
        files = self._into.file_sets.setdefault(operation.path, FileSet())
        files.changes.append((False, tuple(self._texts(operation, "file_paths"))))

    def _assign_artifact(self, operation: Operation) -> None:
        digest = operation.body.get("hash")
        if not isinstance(digest, str):
            self._note(operation, "AssignArtifact without a hash")
            return
        self._into.artifacts[operation.path] = Artifact(digest)

    def _track(self, operation: Operation) -> None:
        entries = entries_of(operation.body)
        if not entries:
            self._note(operation, "TrackFilesToArtifact without anything to track")
        self._into.artifacts.setdefault(operation.path, Artifact()).entries += entries

    def _clear_artifact(self, operation: Operation) -> None:
        self._into.artifacts[operation.path] = Artifact()

    def _delete(self, operation: Operation) -> None:
        into = self._into
        gone: Iterable[dict[str, Any]] = (
            into.values, into.copies, into.sets, into.hints, into.uploads, into.file_sets, into.artifacts,
        )  # fmt: skip
        for attributes in gone:
            attributes.pop(operation.path, None)
        # Kept as where the series begins anew, should it come again.
        for series in into.series.get(operation.path, {}).values():
            series.begins, series.values, series.stepped, series.deleted = into.count + 1, 0, False, True

    def _texts(self, operation: Operation, key: str) -> list[str]:
        given = operation.body.get(key)
        texts = [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
        if not isinstance(given, list) or len(texts) < len(given):
            self._note(operation, f"{operation.type} with {key} that are no texts")
        return texts

    def _note(self, operation: Operation, what: str) -> None:
        self._problems.note(f"{operation.execution.folder}, {operation.path}", what)


def _scalar(value: Any) -> Value | None:
    """The value as it is: one that another type was announced for is kept all the same."""
    return value if type(value) in (bool, int, float, str) else None


def _float(value: Any) -> Value | None:
    found = number(value)
    return _scalar(value) if found is None else found


def _datetime(value: Any) -> Value | None:
    if type(value) not in (int, float):
        return _scalar(value)
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except (OverflowError, ValueError):
        return None


_EPOCH: Final = datetime.fromtimestamp(0, timezone.utc)
_VALUES: Final[dict[str, Callable[[Any], Value | None]]] = {
    "AssignFloat": _float,
    "AssignInt": _scalar,
    "AssignBool": _scalar,
    "AssignString": _scalar,
    "AssignDatetime": _datetime,
}
_OTHERS: Final[dict[str, Callable[[_Replay, Operation], None]]] = {
    "CopyAttribute": _Replay._copy,
    "ConfigFloatSeries": _Replay._hint,
    "AddStrings": _Replay._change_set,
    "RemoveStrings": _Replay._change_set,
    "ClearStringSet": _Replay._change_set,
    "UploadFileSet": _Replay._upload_set,
    "DeleteFiles": _Replay._delete_files,
    "AssignArtifact": _Replay._assign_artifact,
    "TrackFilesToArtifact": _Replay._track,
    "ClearArtifact": _Replay._clear_artifact,
    "DeleteAttribute": _Replay._delete,
}
