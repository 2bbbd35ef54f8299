"""A run, model, model version or project of which Neptune's client has left something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pluto.compat.attributes.containers import Container, companion
from pluto.compat.attributes.monitoring import label_of
from pluto_migration.gather import Gather
from pluto_migration.lines import Lines
from pluto_migration.model import Facts, File, Item, Stream
from pluto_migration.source import Problems, SourceRun, fingerprint_of
from pluto_migration.sources.neptune1.facts import FAILED, Namespaces, facts
from pluto_migration.sources.neptune1.files import Files, decoded
from pluto_migration.sources.neptune1.folders import UPLOADS, Execution, Left, objects
from pluto_migration.sources.neptune1.log import Operation, moment, number, operations, step_of
from pluto_migration.sources.neptune1.outline import LOGS, Outline, SeriesKind, Value, entries_of, outline

_CONTAINERS: Final[dict[str, Container]] = {
    "run": "run", "model": "model", "model_version": "model", "project": "project",
}  # fmt: skip
_PEEKED: Final = 32
"""The name is among the first operations, if it is there at all."""
_STREAM: Final[dict[str, Stream]] = {"stdout": "stdout", "stderr": "stderr"}
_REFERS: Final = (b'"UploadFile', b'"TrackFilesToArtifact"')


class LeftRun(SourceRun):
    """One object; `paths` are where others may be found that its values were copied from."""

    def __init__(self, left: Left, project: str, path_map: Mapping[str, str], paths: Sequence[str]) -> None:
        self.left = left
        self.project = companion(project, _CONTAINERS[left.type])
        self.id = left.id
        self.path = left.executions[0].folder
        self._path_map = dict(path_map)
        self._paths = tuple(paths)

    @property
    def created(self) -> int | None:
        """As its `metadata.json` has it, else when the first operation was done."""
        if self.left.created is not None:
            return self.left.created
        heard = (operation.heard for operation in operations(self.left, Problems()))
        return next((at for at in heard if at is not None), None)

    @cached_property
    def name(self) -> str | None:
        """What was assigned at the beginning."""
        for count, operation in enumerate(operations(self.left, Problems())):
            if operation.type == "AssignString" and operation.path == "sys/name":
                value = operation.body.get("value")
                return value if isinstance(value, str) and value else None
            if count >= _PEEKED:
                break
        return None

    @cached_property
    def _files(self) -> list[Path]:
        """Everything it consists of."""
        found: list[Path] = []
        for execution in self.left.executions:
            found += execution.logs
            found += sorted(path for path in (execution.folder / UPLOADS).glob("*") if path.is_file())
        files = Files(self.path, self._path_map, Problems())
        for operation in self._referring():
            if operation.type == "UploadFile":
                content = files.content(operation, Problems())
                found += [content] if isinstance(content, Path) else []
            elif operation.type == "UploadFileSet":
                found += files.patterns(operation.body.get("file_globs"))
            elif operation.type == "TrackFilesToArtifact":
                places = (files.tracked(place) for place, _ in entries_of(operation.body))
                found += [place for place in places if place is not None]
        return sorted(set(found))

    def _referring(self) -> Iterator[Operation]:
        """The operations that name files elsewhere; most logs have none, which is seen without parsing them."""
        for execution in self.left.executions:
            if any(_mentions(log, _REFERS) for log in execution.logs):
                yield from operations(Left(self.left.type, self.left.id, (execution,)), Problems())

    @property
    def fingerprint(self) -> str:
        """Of the logs, and of the files they refer to that are there."""
        return fingerprint_of(self._files, "neptune", self.project, sorted(self._path_map.items()))

    @property
    def size(self) -> int:
        """Bytes of the logs, and of the files they refer to."""
        return sum(path.stat().st_size for path in self._files)

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:  # noqa: ARG002  nothing has to be unpacked
        """All of it: what it holds in the end first, then series and files in the order they were logged."""
        found = outline(self.left, problems)
        namespaces = Namespaces.of(found)
        files = Files(self.path, self._path_map, problems)
        artifacts, lists = self._artifacts(found, files)
        values = {**found.values, **self._copied(found, artifacts, problems)}
        processes = [self._about(execution) for execution in self.left.executions]
        extras = {"neptune": {"container": self.left.type, "processes": processes}}
        yield facts(self.left, found, values, namespaces, artifacts, extras)
        yield from _Stream(found, namespaces, files, problems).items(self.left)
        start = found.first or self.created or 0
        for path, files_of in found.file_sets.items():
            for name, content in files.file_set(path, files_of, self.path).items():
                yield File(
                    path, "ARTIFACT", content, name.rsplit("/", 1)[-1], time=files_of.at or start,
                    metadata={"artifact_path": name},
                )  # fmt: skip
        for path, listed in lists.items():
            yield File(path, "ARTIFACT", listed, "files.json", time=start)
        failed = values.get(FAILED) is True
        yield Facts(
            status="failed" if failed else "unknown",
            ended=found.last,
            extras={"neptune": {"found_elsewhere": files.moved}} if files.moved else {},
        )

    def _artifacts(self, found: Outline, files: Files) -> tuple[dict[str, dict[str, Any]], dict[str, bytes]]:
        values: dict[str, dict[str, Any]] = {}
        lists: dict[str, bytes] = {}
        for path, artifact in found.artifacts.items():
            known = files.artifact(path, artifact, self.path)
            if known is not None:
                values[path] = known[0]
                if known[1] is not None:
                    lists[path] = known[1]
        return values, lists

    def _copied(self, found: Outline, artifacts: dict[str, dict[str, Any]], problems: Problems) -> dict[str, Value]:
        """Values that were copied from other objects, as far as those have left something, too."""
        values: dict[str, Value] = {}
        others: dict[str, Left] = {}
        if found.copies:
            others = {left.id: left for left in objects(self._paths, Problems())}
        outlines: dict[str, Outline] = {}

        def value_of(id: str, path: str, seen: frozenset[tuple[str, str]]) -> Value | None:
            if id not in others or (id, path) in seen:
                return None
            if id not in outlines:
                outlines[id] = outline(others[id], Problems())
            source = outlines[id]
            if path in source.copies:
                return value_of(*source.copies[path], seen | {(id, path)})
            kept = source.artifacts.get(path)
            if path not in source.values and kept is not None and kept.hash is not None:
                artifacts[target] = {"hash": kept.hash, "size": None}
            return source.values.get(path)

        for target, (id, path) in found.copies.items():
            value = value_of(id, path, frozenset())
            if value is not None:
                values[target] = value
            elif target not in artifacts:
                problems.note(f"{self.path}, {target}", f"a copy of {path} of {id}, of which nothing is here")
        return values

    @staticmethod
    def _about(execution: Execution) -> dict[str, Any]:
        return {"folder": execution.folder.name, "mode": execution.mode, **execution.about}


def _mentions(path: Path, words: Sequence[bytes]) -> bool:
    """Whether a file has one of the words in it."""
    overlap = max(map(len, words))
    tail = b""
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 22):
                data = tail + block
                if any(word in data for word in words):
                    return True
                tail = data[-overlap:]
    except OSError:
        return False
    return False


class _Stream:
    """The second pass: series and uploads, as they come."""

    def __init__(self, found: Outline, namespaces: Namespaces, files: Files, problems: Problems) -> None:
        self._outline = found
        self._files = files
        self._problems = problems
        self._gather = Gather()
        self._last: dict[tuple[str, SeriesKind], float] = {}
        self._lines = {
            path: Lines(_STREAM[stream], namespace) for path, (namespace, stream) in namespaces.streams.items()
        }
        self._gauges = {
            path: (f"{label_of(path.rpartition('/')[0])}/{metric}", factor)
            for path, (metric, factor) in namespaces.gauges.items()
        }

    def items(self, left: Left) -> Iterator[Item]:
        now = self._outline.first or left.created or 0
        for count, operation in enumerate(operations(left, Problems())):
            now = operation.at if operation.at is not None else now
            kind = LOGS.get(operation.type)
            if kind is not None:
                if count >= self._outline.series[operation.path][kind].begins:
                    yield from self._log(kind, operation, now)
            elif self._outline.uploads.get(operation.path) == count:
                yield from self._files.upload(operation, now)
        yield from self._gather.drain()
        for lines in self._lines.values():
            yield from lines.end()

    def _log(self, kind: SeriesKind, operation: Operation, now: int) -> Iterator[Item]:
        path, values = operation.path, operation.body.get("values")
        if not isinstance(values, list):
            self._note(operation, f"{operation.type} without values")
            return
        for one in values:
            if not isinstance(one, dict):
                self._note(operation, f"{operation.type} with a value that is none")
                continue
            at = moment(one.get("ts"))
            time = now if at is None else at
            value = one.get("value")
            if kind == "float_series":
                found = number(value)
                if found is None:
                    self._note(operation, "a value that is no number")
                elif path in self._gauges:
                    name, factor = self._gauges[path]
                    self._gather.point(name, self._step(path, kind, None), time, found * factor)
                else:
                    self._gather.point(path, self._step(path, kind, one.get("step")), time, found)
            elif kind == "file_series":
                yield from self._image(operation, self._step(path, kind, one.get("step")), time, value)
            elif not isinstance(value, str):
                self._note(operation, "a value that is no text")
            elif path in self._lines:
                yield from self._lines[path].add(value, time)
            else:
                self._gather.text(path, self._step(path, kind, one.get("step")), time, value)
        if self._gather.full:
            yield from self._gather.drain()

    def _step(self, path: str, kind: SeriesKind, given: object) -> float:
        """The step that was given, else the one after the highest so far."""
        step, last = step_of(given), self._last.get((path, kind))
        if step is None:
            step = 0.0 if last is None else last + 1
        self._last[path, kind] = step if last is None else max(last, step)
        return step

    def _image(self, operation: Operation, step: float, time: int, value: object) -> Iterator[Item]:
        fields = value if isinstance(value, dict) else {"data": value}
        content = decoded(fields.get("data"))
        if content is None:
            self._note(operation, "an image without content")
            return
        from pluto.core.media.content import extension_by_content

        name, description = fields.get("name"), fields.get("description")
        yield File(
            operation.path,
            "IMAGE",
            content,
            operation.path.rsplit("/", 1)[-1] + (extension_by_content(content) or ".png"),
            step=step,
            time=time,
            caption=description if isinstance(description, str) else None,
            metadata={"name": name} if isinstance(name, str) else None,
        )

    def _note(self, operation: Operation, what: str) -> None:
        self._problems.note(f"{operation.execution.folder}, {operation.path}", what)
