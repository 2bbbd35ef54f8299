"""What keeps an object's fields: the one thing that differs between the modes."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.exceptions import ArtifactNotFoundException

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader
    from pluto.compat.attributes.kinds import TrackedFiles
    from pluto.compat.attributes.values import StoredFile
    from pluto.compat.neptune.types import File

__all__ = ["Backend", "FieldWriter", "Operation", "Point"]

Operation: TypeAlias = "Callable[[FieldWriter], None]"
"""Something to be written, as a function of what writes it."""

Point: TypeAlias = tuple[float, float, Any]
"""Step, time in seconds since the epoch, value."""


class FieldWriter(abc.ABC):
    """Writes the fields of one object, by path. What was written is kept when the call returns.

    Raises `NeptuneException` for what can't be kept.
    """

    @abc.abstractmethod
    def assign(self, path: str, value: Any) -> None:
        """Sets a field that holds one value: bool, int, float, str, datetime, or a commit."""

    def append_float(self, path: str, value: float, step: float | None, time: float | None) -> None:
        """One point of a float series."""
        self.append_floats(path, [value], None if step is None else [step], None if time is None else [time])

    @abc.abstractmethod
    def append_floats(
        self, path: str, values: Sequence[float], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Points of a float series; without steps the next ones."""

    @abc.abstractmethod
    def append_texts(
        self, path: str, values: Sequence[str], steps: Sequence[float] | None, times: Sequence[float] | None
    ) -> None:
        """Points of a string series."""

    @abc.abstractmethod
    def append_images(
        self,
        path: str,
        images: Sequence[bytes],
        steps: Sequence[float] | None,
        times: Sequence[float] | None,
        name: str | None,
        description: str | None,
    ) -> None:
        """Points of a file series: encoded images."""

    @abc.abstractmethod
    def declare(self, path: str, kind: AttributeKind) -> None:
        """Makes a series that has no points."""

    @abc.abstractmethod
    def configure(self, path: str, low: float | None, high: float | None, unit: str | None) -> None:
        """Says how to draw a float series."""

    @abc.abstractmethod
    def clear(self, path: str, kind: AttributeKind) -> None:
        """Empties a series."""

    @abc.abstractmethod
    def upload(self, path: str, file: File) -> None:
        """Sets a file."""

    @abc.abstractmethod
    def upload_set(self, path: str, patterns: Sequence[str], *, anew: bool) -> None:
        """Adds what absolute patterns match to a file set; `anew`: in the place of what is in it."""

    @abc.abstractmethod
    def remove_from_set(self, path: str, names: Iterable[str]) -> None:
        """Removes files and folders from a file set."""

    @abc.abstractmethod
    def add_texts(self, path: str, texts: Iterable[str]) -> None:
        """Adds to a set of texts."""

    @abc.abstractmethod
    def remove_texts(self, path: str, texts: Iterable[str]) -> None:
        """Removes from a set of texts."""

    @abc.abstractmethod
    def set_texts(self, path: str, texts: Iterable[str]) -> None:
        """Sets a set of texts."""

    @abc.abstractmethod
    def track(self, path: str, files: TrackedFiles) -> None:
        """Sets an artifact."""

    @abc.abstractmethod
    def delete(self, paths: Sequence[str]) -> None:
        """Removes fields."""


class Backend(abc.ABC):
    """Keeps the fields of one object. Reads raise `MetadataInconsistency` where there is no such field."""

    unique_id: str
    """The object's identity, for good."""
    new: bool
    """Whether this object made it."""
    project: str
    """The project, as `workspace/name`."""
    reader: AttributeReader | None = None
    """What is open for reading."""

    def open_reader(self) -> AttributeReader | None:
        """What tables are read through; None where there is nothing to read."""
        return self.reader

    @property
    @abc.abstractmethod
    def sys_id(self) -> str:
        """Its short id, as `CLS-12`."""

    @property
    def label(self) -> str:
        """What to call it: its short id, as soon as that is known."""
        return self.sys_id

    @abc.abstractmethod
    def perform(self, operation: Operation, *, wait: bool = False) -> None:
        """Carries out something to be written as the mode has it; with `wait`, it is in the store when this returns."""

    def together(self) -> AbstractContextManager[object]:
        """A block whose single values may be written as one record, at its end."""
        return nullcontext()

    def log_float(self, path: str, value: float, step: float | None, time: float | None) -> None:
        """One point of a float series, as `perform` does it: what a training loop calls."""
        self.perform(lambda fields: fields.append_float(path, value, step, time))

    # reads

    @abc.abstractmethod
    def definitions(self) -> Mapping[str, AttributeKind]:
        """All fields and what they are."""

    @abc.abstractmethod
    def atom(self, path: str) -> Any:
        """The value of a field that holds one; of a set of texts the set."""

    @abc.abstractmethod
    def simple_values(self, below: str) -> Mapping[str, Any]:
        """The values of all fields below a path, by whole path; None for one that is not of a simple type."""

    @abc.abstractmethod
    def last(self, path: str) -> Any:
        """The last value of a float or string series; None where it has none."""

    @abc.abstractmethod
    def points(self, path: str, kind: AttributeKind) -> list[Point]:
        """A float or string series."""

    @abc.abstractmethod
    def files(self, path: str) -> list[StoredFile]:
        """The one of a File, all of a series by step, all of a set by name."""

    @abc.abstractmethod
    def save(self, file: StoredFile, destination: Path) -> None:
        """Writes the content of one of them to exactly this place."""

    @abc.abstractmethod
    def tracked(self, path: str) -> TrackedFiles:
        """An artifact, with its files."""

    def find_tracked(self, hash: str) -> TrackedFiles:
        """The artifact of this hash among the object's. Raises `ArtifactNotFoundException`."""
        for path, kind in self.definitions().items():
            if kind is AttributeKind.ARTIFACT and (files := self.tracked(path)).hash == hash:
                return files
        raise ArtifactNotFoundException(hash)

    def value(self, path: str) -> Any:
        """As `atom`, but what this object has written itself counts at once."""
        return self.atom(path)

    # the life of the object

    @abc.abstractmethod
    def url(self) -> str:
        """Where to look at it."""

    def known_definitions(self) -> Mapping[str, AttributeKind]:
        """The fields there are when the object begins, as far as they can be known."""
        return self.definitions()

    def progress(self) -> tuple[int, int]:
        """How many records are in the store, and how many there are."""
        return 0, 0

    def wait(self) -> None:  # noqa: B027  most have nothing to do
        """Waits until everything written so far is in the store."""

    def ping(self) -> None:  # noqa: B027
        """Says that the object is in use."""

    def stop_watching(self) -> None:  # noqa: B027
        """Ends what is recorded beside: console and machine."""

    @abc.abstractmethod
    def stop(self, seconds: float | None) -> None:
        """Ends writing; waits at most so long for delivery, None: as long as it gets on."""

    def forked(self) -> None:  # noqa: B027
        """In a forked child: lets go of what is the parent's."""
