"""Runs, projects, models and versions that are not there, or are stopped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pluto.compat.neptune.common.exceptions import NeptuneException
from pluto.compat.neptune.internal.container_type import ContainerType


class MetadataContainerNotFound(NeptuneException):
    """There is no such object."""

    container_id: str
    container_type: ContainerType | None

    def __init__(self, container_id: str, container_type: ContainerType | None) -> None:
        self.container_id = container_id
        self.container_type = container_type
        kind = "object" if container_type is None else container_type.value.replace("_", " ")
        super().__init__(f"there is no {kind} {container_id}")

    @classmethod
    def of_container_type(cls, container_type: ContainerType | None, container_id: str) -> MetadataContainerNotFound:
        """The exception for an object of this kind."""
        if container_type is None:
            return MetadataContainerNotFound(container_id, None)
        return _NOT_FOUND[container_type](container_id)


class ProjectNotFound(MetadataContainerNotFound):
    """There is no such project."""

    def __init__(self, project_id: str) -> None:
        super().__init__(project_id, ContainerType.PROJECT)


class RunNotFound(MetadataContainerNotFound):
    """There is no such run."""

    def __init__(self, run_id: str) -> None:
        super().__init__(run_id, ContainerType.RUN)


class ModelNotFound(MetadataContainerNotFound):
    """There is no such model."""

    def __init__(self, model_id: str) -> None:
        super().__init__(model_id, ContainerType.MODEL)


class ModelVersionNotFound(MetadataContainerNotFound):
    """There is no such model version."""

    def __init__(self, model_version_id: str) -> None:
        super().__init__(model_version_id, ContainerType.MODEL_VERSION)


_NOT_FOUND: dict[ContainerType, type[ProjectNotFound | RunNotFound | ModelNotFound | ModelVersionNotFound]] = {
    ContainerType.PROJECT: ProjectNotFound,
    ContainerType.RUN: RunNotFound,
    ContainerType.MODEL: ModelNotFound,
    ContainerType.MODEL_VERSION: ModelVersionNotFound,
}


class ContainerUUIDNotFound(NeptuneException):
    """The object was deleted."""

    container_id: str
    container_type: ContainerType

    def __init__(self, container_id: str, container_type: ContainerType) -> None:
        self.container_id = container_id
        self.container_type = container_type
        super().__init__(f"there is no {container_type.value.replace('_', ' ')} {container_id}; it may be deleted")


RunUUIDNotFound = ContainerUUIDNotFound


class ExceptionWithProjectsWorkspacesListing(NeptuneException):
    """Lists the projects there are."""

    def __init__(
        self,
        message: str,
        available_projects: Iterable[Any] = (),
        available_workspaces: Iterable[Any] = (),
        **kwargs: Any,
    ) -> None:
        projects = ", ".join(f"{project.workspace}/{project.name}" for project in available_projects)
        workspaces = ", ".join(workspace.name for workspace in available_workspaces)
        text = message.format(**kwargs) if kwargs else message
        text += f"; projects: {projects}" if projects else ""
        super().__init__(text + (f"; workspaces: {workspaces}" if workspaces else ""))


class ProjectNotFoundWithSuggestions(ExceptionWithProjectsWorkspacesListing, ProjectNotFound):
    """There is no such project, but others."""

    def __init__(
        self, project_id: str, available_projects: Iterable[Any] = (), available_workspaces: Iterable[Any] = ()
    ) -> None:
        self.container_id = project_id
        self.container_type = ContainerType.PROJECT
        ExceptionWithProjectsWorkspacesListing.__init__(
            self, f"there is no project {project_id}", available_projects, available_workspaces
        )


class AmbiguousProjectName(ExceptionWithProjectsWorkspacesListing):
    """Several projects have this name."""

    def __init__(self, project_id: str, available_projects: Iterable[Any] = ()) -> None:
        super().__init__(f"several projects are called {project_id}", available_projects)


class CannotResolveHostname(NeptuneException):
    """The server's name is not known."""

    def __init__(self, host: str) -> None:
        super().__init__(f"the name {host} can't be resolved")


class InactiveContainerException(NeptuneException):
    """The object is stopped."""

    resume_info: str = "make another object with its id"

    def __init__(self, container_type: ContainerType, label: str) -> None:
        super().__init__(
            f"the {container_type.value.replace('_', ' ')} {label} is stopped: it can't be written to or fetched from;"
            f" {self.resume_info}"
        )


class InactiveRunException(InactiveContainerException):
    """The run is stopped."""

    resume_info = "init_run(with_id=…) goes on with it, and with mode='read-only' only reads"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.RUN, label)


class InactiveModelException(InactiveContainerException):
    """The model is stopped."""

    resume_info = "init_model(with_id=…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.MODEL, label)


class InactiveModelVersionException(InactiveContainerException):
    """The model version is stopped."""

    resume_info = "init_model_version(with_id=…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.MODEL_VERSION, label)


class InactiveProjectException(InactiveContainerException):
    """The project is stopped."""

    resume_info = "init_project(…) goes on with it"

    def __init__(self, label: str) -> None:
        super().__init__(ContainerType.PROJECT, label)


class NeptuneSynchronizationAlreadyStoppedException(NeptuneException):
    """Nothing is delivered any more by this object."""

    def __init__(self) -> None:
        super().__init__("delivery has stopped; what was logged is on this disk, and `pluto sync` delivers it")
