"""`mode="read-only"`: fields are read, and writes are dropped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.exceptions import (
    ContainerUUIDNotFound,
    FetchAttributeNotFoundException,
    MetadataContainerNotFound,
    ProjectNotFound,
)
from pluto.compat.neptune.internal.backends.backend import Operation
from pluto.compat.neptune.internal.backends.failures import telling
from pluto.compat.neptune.internal.backends.places import settings_for
from pluto.compat.neptune.internal.backends.stored import StoredFields
from pluto.compat.neptune.internal.backends.urls import url_of
from pluto.compat.neptune.internal.settings import project_named

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, ProjectFacts
    from pluto.compat.neptune.internal.backends.opening import Opening

__all__ = ["ReadOnlyBackend", "ReadOnlyProject"]


class ReadOnlyBackend(StoredFields):
    """Reads an object that is there. Raises `MetadataContainerNotFound`, of its kind, where it is not."""

    new = False

    def __init__(self, opening: Opening) -> None:
        from pluto.compat.attributes import AttributeReader

        self._settings = settings_for(opening.proxies)
        self.type = opening.type
        self.project = project_named(opening.project) or self._settings.project
        self._opening = opening
        with telling():
            self._connection: AttributeReader = AttributeReader(settings=self._settings)
        self.reader = self._connection
        try:
            self.unique_id, self._sys_id = self._found()
        except BaseException:
            self._connection.close()
            raise

    def _found(self) -> tuple[str, str]:
        """Its identity and its short id."""
        named = self._opening.display_id or str(self._opening.external_id)
        self.unique_id = named
        self._number: int | None = None
        try:
            run = self.run()
        except ContainerUUIDNotFound:
            raise MetadataContainerNotFound.of_container_type(self.type, f"{self.project}/{named}") from None
        self._number = run.id
        return run.external_id or run.sys_id, run.sys_id

    def open_reader(self) -> AttributeReader:
        """What reads the store."""
        return self._connection

    def _named(self) -> Mapping[str, Any]:
        if self._number is not None:
            return {"id": self._number}
        if self._opening.display_id is not None:
            return {"display_id": self._opening.display_id}
        return {"external_id": self._opening.external_id}

    @property
    def sys_id(self) -> str:
        """The short id."""
        return self._sys_id

    def perform(self, operation: Operation, *, wait: bool = False) -> None:  # noqa: ARG002
        """Drops it, and says so once."""
        warn_once("the object is read-only: what is written to it is dropped", exception=NeptuneWarning)

    def url(self) -> str:
        """The page on the server; the local store has none."""
        return url_of(self._settings, self.project, self._sys_id)

    def stop(self, seconds: float | None) -> None:  # noqa: ARG002
        """Ends the connection."""
        self._connection.close()


class ReadOnlyProject(ReadOnlyBackend):
    """Reads a project, which has fields of its own or not. Raises `ProjectNotFound`."""

    def _found(self) -> tuple[str, str]:
        from pluto.compat.attributes import Projects

        with telling():
            facts = Projects(self._connection).find(self.project)
        if facts is None:
            raise ProjectNotFound(self.project)
        self._facts: ProjectFacts = facts
        self.unique_id = self.project
        return self.project, facts.key or self.project

    def _named(self) -> Mapping[str, Any]:
        return {"external_id": "project"}

    def definitions(self) -> Mapping[str, AttributeKind]:
        """All fields; without any of its own, those that every project has."""
        try:
            return super().definitions()
        except ContainerUUIDNotFound:
            kind = AttributeKind
            return {"sys/id": kind.STRING, "sys/name": kind.STRING, "sys/creation_time": kind.DATETIME}

    def atom(self, path: str) -> Any:
        """The value."""
        try:
            return super().atom(path)
        except ContainerUUIDNotFound:
            facts = self._facts
            own = {"sys/id": self._sys_id, "sys/name": facts.name, "sys/creation_time": facts.created}
            if path in own:
                return own[path]
            raise FetchAttributeNotFoundException(path) from None

    def simple_values(self, below: str) -> Mapping[str, Any]:
        """The values below a path."""
        try:
            return super().simple_values(below)
        except ContainerUUIDNotFound:
            inside = f"{below}/" if below else ""
            return {path: self.atom(path) for path in self.definitions() if path.startswith(inside)}
