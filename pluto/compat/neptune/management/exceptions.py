"""What goes wrong with projects and their trash. Each class has a `code` and a `description` with gaps to fill."""

from __future__ import annotations

from typing import Any, ClassVar, Final

REGISTERED_CODES: Final[dict[int, type[ManagementOperationFailure]]] = {}
"""The classes by code."""


class ManagementOperationFailure(Exception):
    """The base of all. Keyword arguments fill the gaps of the description."""

    code: ClassVar[int] = -1
    description: ClassVar[str] = "something went wrong"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self._properties = kwargs

    def __init_subclass__(cls) -> None:
        assert cls.code not in REGISTERED_CODES, f"the code {cls.code} is that of {REGISTERED_CODES[cls.code]}"
        REGISTERED_CODES[cls.code] = cls

    def __str__(self) -> str:
        return f"{self.details['description']} (code: {self.code})"

    @property
    def details(self) -> dict[str, Any]:
        """`code`, and `description` with its gaps filled."""
        return {"code": self.code, "description": self.description.format(**self._properties)}


class InvalidProjectName(ManagementOperationFailure):
    """Neither `workspace/project` nor `project`."""

    code = 1
    description = 'The project name "{name}" is neither "workspace/project" nor "project".'


class MissingWorkspaceName(ManagementOperationFailure):
    """No workspace given."""

    code = 2
    description = 'The project name "{name}" needs a workspace: write "workspace/{name}", or give workspace=.'


class ConflictingWorkspaceName(ManagementOperationFailure):
    """Two workspaces given."""

    code = 3
    description = 'The project name "{name}" names another workspace than "{workspace}".'


class ProjectNotFound(ManagementOperationFailure):
    """No such project."""

    code = 4
    description = 'There is no project "{name}".'


class WorkspaceNotFound(ManagementOperationFailure):
    """No project has this workspace in its name."""

    code = 5
    description = 'There is no workspace "{workspace}".'


class ProjectAlreadyExists(ManagementOperationFailure):
    """The name is taken."""

    code = 6
    description = 'There is a project "{name}" already.'


class AccessRevokedOnDeletion(ManagementOperationFailure):
    """Not allowed to delete."""

    code = 7
    description = 'The project "{name}" may not be deleted with this key.'


class AccessRevokedOnMemberRemoval(ManagementOperationFailure):
    """Not allowed to remove a member."""

    code = 8
    description = 'The user "{user}" may not be removed from the project "{project}" with this key.'


class UserNotExistsOrWithoutAccess(ManagementOperationFailure):
    """No such member."""

    code = 9
    description = 'There is no user "{user}" in the project "{project}".'


class UserAlreadyHasAccess(ManagementOperationFailure):
    """A member already."""

    code = 10
    description = 'The user "{user}" is in the project "{project}" already, as "{role}".'


class ProjectsLimitReached(ManagementOperationFailure):
    """Too many projects."""

    code = 11
    description = "There are as many projects as there may be."


class UnsupportedValue(ManagementOperationFailure):
    """A word that means nothing here."""

    code = 12
    description = "{value!r} is no value of {enum}."


class ServiceAccountAlreadyHasAccess(ManagementOperationFailure):
    """A member already."""

    code = 13
    description = 'The service account "{service_account_name}" is in the project "{project}" already, as "{role}".'


class AccessRevokedOnServiceAccountRemoval(ManagementOperationFailure):
    """Not allowed to remove a member."""

    code = 14
    description = (
        'The service account "{service_account_name}" may not be removed from the project "{project}" with this key.'
    )


class ServiceAccountNotExistsOrWithoutAccess(ManagementOperationFailure):
    """No such member."""

    code = 15
    description = 'There is no service account "{service_account_name}" in the project "{project}".'


class ServiceAccountNotFound(ManagementOperationFailure):
    """No such account."""

    code = 16
    description = 'There is no service account "{service_account_name}" in the workspace "{workspace}".'


class ProjectKeyCollision(ManagementOperationFailure):
    """The key is taken."""

    code = 17
    description = 'There is a project with the key "{key}" already.'


class ProjectNameCollision(ManagementOperationFailure):
    """The name is taken."""

    code = 18
    description = 'There is a project with the name "{name}" already.'


class ProjectKeyInvalid(ManagementOperationFailure):
    """Not a key."""

    code = 19
    description = 'The project key "{key}" can\'t be used: {reason}'


class ProjectNameInvalid(ManagementOperationFailure):
    """Not a name."""

    code = 20
    description = 'The project name "{name}" can\'t be used: {reason}'


class IncorrectIdentifierException(ManagementOperationFailure):
    """Not an identifier."""

    code = 21
    description = "'{identifier}' is no identifier."


class ObjectNotFound(ManagementOperationFailure):
    """No such object."""

    code = 22
    description = "There is no such object."


class WorkspaceOrUserNotFound(ManagementOperationFailure):
    """No such workspace or user."""

    code = 23
    description = "There is no workspace '{workspace}', or no user '{user}'."


class UserAlreadyInvited(ManagementOperationFailure):
    """Invited already."""

    code = 24
    description = "The user '{user}' has an invitation to the workspace '{workspace}' already."


class ProjectPrivacyRestrictedException(ManagementOperationFailure):
    """A visibility that is not allowed. `requested`, `allowed`: the values, where known."""

    code = 25
    description = "The project can't have {requested} visibility.{followup}"

    def __init__(self, **kwargs: Any) -> None:
        requested, allowed = kwargs.get("requested"), kwargs.get("allowed")
        followup = " It may have: " + ", ".join(f'"{one}"' for one in allowed) + "." if allowed else ""
        super().__init__(
            **{**kwargs, "requested": f'"{requested}"' if requested else "the selected", "followup": followup}
        )


class ActiveProjectsLimitReachedException(ManagementOperationFailure):
    """Too many projects."""

    code = 26
    description = "There may be {currentQuota} active projects, and there are: archive or delete one first."


class BadRequestException(ManagementOperationFailure):
    """Refused for reasons that the server names."""

    code = 400
    description = "The server refused it: {validation_errors}"


class AccessNotManaged(ManagementOperationFailure):
    """Who may do what is not settled here. Pluto's own."""

    code = 1001
    description = (
        "{call}() has nothing to change: Pluto has no accounts. The local store belongs to who may read its files;"
        " access to a Pluto server is given by its keys (`pluto server --help`, `pluto login`)."
    )
