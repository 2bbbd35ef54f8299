"""Reading the fields of an object that is in a store."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.exceptions import (
    ContainerUUIDNotFound,
    FetchAttributeNotFoundException,
    MetadataInconsistency,
)
from pluto.compat.neptune.internal.backends.backend import Backend, Point
from pluto.compat.neptune.internal.backends.failures import telling
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.utils.run_state import RunState

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes
    from pluto.compat.attributes.containers import Container
    from pluto.compat.attributes.kinds import TrackedFiles
    from pluto.compat.attributes.values import StoredFile

__all__ = ["CONTAINERS", "StoredFields"]

CONTAINERS: Final[Mapping[ContainerType, Container]] = {
    ContainerType.RUN: "run",
    ContainerType.PROJECT: "project",
    ContainerType.MODEL: "model",
    ContainerType.MODEL_VERSION: "model",
}
SIMPLE: Final = frozenset({
    AttributeKind.BOOL, AttributeKind.INT, AttributeKind.FLOAT, AttributeKind.STRING, AttributeKind.DATETIME,
    AttributeKind.RUN_STATE,
})  # fmt: skip
_OF_RUNS: Final = frozenset(("sys/custom_run_id", "sys/failed"))
"""Fields of the run in which the fields of another object are kept, and that the object has not;"""
_NOT_OF_PROJECTS: Final = _OF_RUNS | {"sys/description", "sys/trashed"}
"""and those that a project has not."""
_SERIES: Final = (AttributeKind.FLOAT_SERIES, AttributeKind.STRING_SERIES)


class StoredFields(Backend):
    """Reads through an `AttributeReader`. Raises as `failures.telling` says where there is no answer."""

    type: ContainerType

    def open_reader(self) -> AttributeReader:
        """What reads the store."""
        raise NotImplementedError

    def _named(self) -> Mapping[str, Any]:
        """What `AttributeReader.find` takes to find the object."""
        raise NotImplementedError

    def run(self, series: Collection[str] | None = ()) -> RunAttributes:
        """The object as it is now, with summaries of some series (None: all)."""
        reader = self.open_reader()
        with telling():
            found = reader.find(self.project, container=CONTAINERS[self.type], series=series, **self._named())
        if found is None:
            raise ContainerUUIDNotFound(self.unique_id, self.type)
        return found

    def definitions(self) -> Mapping[str, AttributeKind]:
        """All fields and what they are."""
        return self._shown(self.run())

    def _shown(self, run: RunAttributes) -> Mapping[str, AttributeKind]:
        if self.type is ContainerType.RUN:
            return run.definitions
        hidden = _NOT_OF_PROJECTS if self.type is ContainerType.PROJECT else _OF_RUNS
        return {path: kind for path, kind in run.definitions.items() if path not in hidden}

    def atom(self, path: str) -> Any:
        """The value."""
        run = self.run()
        try:
            return _value(run, path)
        except KeyError:
            raise FetchAttributeNotFoundException(path) from None

    def simple_values(self, below: str) -> Mapping[str, Any]:
        """The values below a path."""
        run = self.run()
        inside = f"{below}/" if below else ""
        return {
            path: _value(run, path) if kind in SIMPLE else None
            for path, kind in self._shown(run).items()
            if path.startswith(inside)
        }

    def last(self, path: str) -> Any:
        """The value at the last step."""
        run = self.run([path])
        kind = run.definitions.get(path)
        if kind is None:
            raise FetchAttributeNotFoundException(path)
        if kind not in _SERIES:
            raise MetadataInconsistency(f'"{path}" is a {kind}, and no series of numbers or texts')
        return run.last(path)

    def points(self, path: str, kind: AttributeKind) -> list[Point]:
        """The points."""
        run = self.run()
        if path not in run.definitions:
            raise FetchAttributeNotFoundException(path)
        reader = self.open_reader()
        with telling():
            if kind is AttributeKind.FLOAT_SERIES:
                numbers = reader.floats(run, path)
                columns = numbers.steps.tolist(), numbers.times.tolist(), numbers.values.tolist()
            else:
                texts = reader.texts(run, path)
                columns = texts.steps, texts.times, texts.values
        return [(step, moment / 1e6, value) for step, moment, value in zip(*columns, strict=True)]

    def files(self, path: str) -> list[StoredFile]:
        """The files."""
        run = self.run()
        if path not in run.definitions:
            raise FetchAttributeNotFoundException(path)
        with telling():
            return self.open_reader().files(run, path)

    def save(self, file: StoredFile, destination: Path) -> None:
        """Writes the content."""
        with telling():
            self.open_reader().download(file, destination)

    def tracked(self, path: str) -> TrackedFiles:
        """The artifact."""
        run = self.run()
        try:
            with telling():
                return self.open_reader().tracked(run, path)
        except KeyError:
            raise FetchAttributeNotFoundException(path) from None


def _value(run: RunAttributes, path: str) -> Any:
    value = run.atom(path)
    return RunState.from_api(str(value)).value if run.definitions[path] is AttributeKind.RUN_STATE else value
