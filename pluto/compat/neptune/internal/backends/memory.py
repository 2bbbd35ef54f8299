"""`mode="debug"`: everything is kept in memory, can be read back, and is gone with the object."""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind, GitCommit, TrackedFiles
from pluto.compat.attributes.values import StoredFile
from pluto.compat.neptune.exceptions import FetchAttributeNotFoundException, FileNotFound, MetadataInconsistency
from pluto.compat.neptune.internal.backends.backend import Backend, FieldWriter, Operation, Point
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.file_sets import matched
from pluto.compat.neptune.internal.init.parameters import OFFLINE_PROJECT_QUALIFIED_NAME
from pluto.compat.neptune.internal.types.file_types import FileType
from pluto.compat.neptune.internal.utils.logger import get_logger

if TYPE_CHECKING:
    from pluto.compat.neptune.types import File

__all__ = ["MemoryBackend"]

KEY: Final = "OFFLINE"
"""First part of the ids in this mode."""
_runs = itertools.count(1)
_KINDS: Final[tuple[tuple[type, AttributeKind], ...]] = (
    (bool, AttributeKind.BOOL),
    (int, AttributeKind.INT),
    (float, AttributeKind.FLOAT),
    (str, AttributeKind.STRING),
    (datetime, AttributeKind.DATETIME),
    (GitCommit, AttributeKind.GIT_REF),
)
SIMPLE: Final = frozenset({
    AttributeKind.BOOL, AttributeKind.INT, AttributeKind.FLOAT, AttributeKind.STRING, AttributeKind.DATETIME,
})  # fmt: skip


@dataclass(slots=True)
class _Field:
    kind: AttributeKind
    value: Any = None
    points: list[Point] = field(default_factory=list)
    files: dict[str, StoredFile] = field(default_factory=dict)


class MemoryBackend(Backend, FieldWriter):
    """Keeps fields in a dict. What can't be kept raises at once."""

    def __init__(self, container_type: ContainerType, *, id: str | None = None, model: str | None = None) -> None:
        self.unique_id = str(uuid.uuid4())
        self.new = True
        self.project = OFFLINE_PROJECT_QUALIFIED_NAME
        self._fields: dict[str, _Field] = {}
        if container_type is ContainerType.RUN:
            self._sys_id = f"{KEY}-{next(_runs)}"
        else:
            self._sys_id = KEY if container_type is ContainerType.PROJECT else str(id)
        now = datetime.now()
        given: dict[str, Any] = {
            "id": self._sys_id,
            "state": "Active",
            "owner": "offline_user",
            "size": 0.0,
            "creation_time": now,
            "modification_time": now,
            "failed": False,
        }
        if container_type is ContainerType.MODEL_VERSION:
            given |= {"model_id": model, "stage": "none"}
        for name, value in given.items():
            self.assign(f"sys/{name}", value)
        self.set_texts("sys/tags", ())

    @property
    def sys_id(self) -> str:
        """A short id: `OFFLINE-1`, …"""
        return self._sys_id

    def perform(self, operation: Operation, *, wait: bool = False) -> None:  # noqa: ARG002  nothing is ever under way
        """Carries it out."""
        operation(self)

    # writes

    def assign(self, path: str, value: Any) -> None:
        """Sets a value."""
        kind = next(kind for type_, kind in _KINDS if isinstance(value, type_))
        self._field(path, kind).value = value

    def append_floats(
        self, path: str, values: Sequence[float], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Adds points."""
        self._append(path, AttributeKind.FLOAT_SERIES, values, steps, times)

    def append_texts(
        self, path: str, values: Sequence[str], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Adds points."""
        self._append(path, AttributeKind.STRING_SERIES, values, steps, times)

    def append_images(
        self,
        path: str,
        images: Sequence[bytes],
        steps: Sequence[float] | None,
        times: Sequence[float] | None,
        name: str | None,
        description: str | None,
    ) -> None:
        """Adds points."""
        series = self._append(path, AttributeKind.FILE_SERIES, images, steps, times)
        for step, moment, image in series.points[-len(images) :]:
            kept = StoredFile(path, step, int(moment * 1e6), len(image), "png", name or "", description, source=image)
            series.files[str(len(series.files))] = kept

    def declare(self, path: str, kind: AttributeKind) -> None:
        """Makes an empty series."""
        self._field(path, kind)

    def configure(self, path: str, low: float | None, high: float | None, unit: str | None) -> None:
        """Keeps it."""
        self._field(path, AttributeKind.FLOAT_SERIES).value = (low, high, unit)

    def clear(self, path: str, kind: AttributeKind) -> None:
        """Empties a series."""
        series = self._field(path, kind)
        series.points, series.files = [], {}

    def upload(self, path: str, file: File) -> None:
        """Keeps the content."""
        if file.file_type is FileType.LOCAL_FILE and not os.path.isfile(file.path):
            get_logger().error("%s", FileNotFound(file.path))
            return
        content = Path(file.path).read_bytes() if file.file_type is FileType.LOCAL_FILE else file.content
        self._field(path, AttributeKind.FILE).files = {"": self._stored(path, "", content, file.extension)}

    def upload_set(self, path: str, patterns: Sequence[str], *, anew: bool) -> None:
        """Keeps the content."""
        files = self._field(path, AttributeKind.FILE_SET)
        if anew:
            files.files = {}
        for name, source in matched(patterns).items():
            extension = os.path.splitext(name)[1][1:]
            files.files[name] = self._stored(path, name, Path(source).read_bytes(), extension)

    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files, and all below folders."""
        files = self._field(path, AttributeKind.FILE_SET).files
        for name in names:
            for one in [one for one in files if one == name or one.startswith(f"{name.rstrip('/')}/")]:
                del files[one]

    def add_texts(self, path: str, texts: Iterable[str]) -> None:
        """Adds."""
        self.set_texts(path, (self._field(path, AttributeKind.STRING_SET).value or set()) | set(texts))

    def remove_texts(self, path: str, texts: Iterable[str]) -> None:
        """Removes."""
        self.set_texts(path, (self._field(path, AttributeKind.STRING_SET).value or set()) - set(texts))

    def set_texts(self, path: str, texts: Iterable[str]) -> None:
        """Sets."""
        self._field(path, AttributeKind.STRING_SET).value = set(texts)

    def track(self, path: str, files: TrackedFiles) -> None:
        """Sets an artifact."""
        self._field(path, AttributeKind.ARTIFACT).value = files

    def delete(self, paths: Sequence[str]) -> None:
        """Removes fields."""
        for path in paths:
            self._fields.pop(path, None)

    # reads

    def definitions(self) -> Mapping[str, AttributeKind]:
        """All fields and what they are."""
        return {path: field.kind for path, field in self._fields.items()}

    def atom(self, path: str) -> Any:
        """The value."""
        return self._found(path).value

    def simple_values(self, below: str) -> Mapping[str, Any]:
        """The values below a path."""
        inside = f"{below}/" if below else ""
        return {
            path: field.value if field.kind in SIMPLE else None
            for path, field in self._fields.items()
            if path.startswith(inside)
        }

    def last(self, path: str) -> Any:
        """The value at the last step."""
        points = self._found(path).points
        return points[-1][2] if points else None

    def points(self, path: str, kind: AttributeKind) -> list[Point]:
        """The points."""
        return list(self._found(path, kind).points)

    def files(self, path: str) -> list[StoredFile]:
        """The files."""
        return list(self._found(path).files.values())

    def save(self, file: StoredFile, destination: Path) -> None:
        """Writes the content."""
        destination.write_bytes(file.source)

    def tracked(self, path: str) -> TrackedFiles:
        """The artifact."""
        files = self._found(path, AttributeKind.ARTIFACT).value
        assert isinstance(files, TrackedFiles)
        return files

    def find_tracked(self, hash: str) -> TrackedFiles:
        """An artifact of this hash, of which nothing else is known."""
        return TrackedFiles(hash)

    # the life of the object

    def url(self) -> str:
        """A text that tells this object from others."""
        return f"offline/{self.unique_id}"

    def stop(self, seconds: float | None) -> None:
        """Nothing: it can still be written to and read."""

    def _field(self, path: str, kind: AttributeKind) -> _Field:
        """The field, made if it is not there. Raises `MetadataInconsistency` where it is of another kind."""
        found = self._fields.setdefault(path, _Field(kind))
        if found.kind is not kind:
            raise MetadataInconsistency(f'"{path}" is a {found.kind}, and no {kind}')
        return found

    def _found(self, path: str, kind: AttributeKind | None = None) -> _Field:
        if path not in self._fields:
            raise FetchAttributeNotFoundException(path)
        return self._field(path, kind or self._fields[path].kind)

    def _append(
        self,
        path: str,
        kind: AttributeKind,
        values: Sequence[Any],
        steps: Sequence[float] | None,
        times: Sequence[float] | None,
    ) -> _Field:
        series = self._field(path, kind)
        if steps is None:
            first = series.points[-1][0] + 1 if series.points else 0.0
            steps = [first + place for place in range(len(values))]
        moments = [time.time()] * len(values) if times is None else times
        series.points += [
            (float(step), moment, value) for step, moment, value in zip(steps, moments, values, strict=True)
        ]
        return series

    @staticmethod
    def _stored(path: str, name: str, content: bytes, extension: str) -> StoredFile:
        return StoredFile(path, 0, int(time.time() * 1e6), len(content), extension, name, source=content)
