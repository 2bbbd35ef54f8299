"""Exceptions that hardly anything raises here: kept for `except` clauses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pluto.compat.neptune.common.exceptions import NeptuneException
from pluto.compat.neptune.envs import PROJECT_ENV_NAME
from pluto.compat.neptune.internal.errors.objects import ExceptionWithProjectsWorkspacesListing


class NeptuneMissingProjectNameException(ExceptionWithProjectsWorkspacesListing):
    """Not raised: without a project, runs go to Pluto's default project."""

    def __init__(self, available_projects: Iterable[Any] = (), available_workspaces: Iterable[Any] = ()) -> None:
        super().__init__(
            f"no project: pass project='workspace/name' or set {PROJECT_ENV_NAME}",
            available_projects,
            available_workspaces,
        )


class NeptuneMissingApiTokenException(NeptuneException):
    """The server wants a key, and there is none. Without a server none is needed."""

    def __init__(self) -> None:
        super().__init__("the server wants a key, and there is none: `pluto login` keeps one, PLUTO_API_KEY gives one")


class CannotSynchronizeOfflineRunsWithoutProject(NeptuneException):
    """Offline runs need a project to go to."""

    def __init__(self) -> None:
        super().__init__(f"offline runs need a project to go to: pass --project or set {PROJECT_ENV_NAME}")


class NeptuneClientUpgradeRequiredError(NeptuneException):
    """The server wants another version of the client."""

    def __init__(self, version: Any, min_version: Any = None, max_version: Any = None) -> None:
        wanted = f"at most {max_version}" if max_version else f"at least {min_version}"
        super().__init__(f"this is version {version}, the server wants {wanted}")


class NeptuneLegacyProjectException(NeptuneException):
    """A project of before 1.0."""

    def __init__(self, project: str) -> None:
        super().__init__(f"the project {project} is one of before 1.0")


class NeptuneLegacyIncompatibilityException(NeptuneException):
    """An experiment of before 1.0 where a run is expected."""

    def __init__(self) -> None:
        super().__init__("this is an experiment of the API before 1.0; a run is expected")


class NeptuneLimitExceedException(NeptuneException):
    """A plan's limit."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a limit is reached: {reason}")


class NeptuneFieldCountLimitExceedException(NeptuneException):
    """Too many fields."""

    def __init__(self, limit: int, container_type: str, identifier: str) -> None:
        super().__init__(f"the {container_type} {identifier} has more than {limit} fields")


class NeptuneStorageLimitException(NeptuneException):
    """The server takes nothing more."""

    def __init__(self) -> None:
        super().__init__("the server's storage is used up; what was logged is on this disk")


class NeptuneFeatureNotAvailableException(NeptuneException):
    """The server can't do this."""

    def __init__(self, missing_feature: Any) -> None:
        super().__init__(f"the server does not have this: {missing_feature}")
