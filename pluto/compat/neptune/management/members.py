"""Members and service accounts. There are no accounts: the lists hold the one user there is, and nothing changes it."""

from __future__ import annotations

import getpass

from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.management.exceptions import AccessNotManaged, UnsupportedValue, WorkspaceNotFound
from pluto.compat.neptune.management.internal.access import existing, opened, verify_texts
from pluto.compat.neptune.management.internal.types import ProjectMemberRole
from pluto.compat.neptune.management.internal.types import WorkspaceMemberRole as Role
from pluto.compat.neptune.management.internal.utils import WorkspaceMemberRole

__all__ = [
    "add_project_member",
    "add_project_service_account",
    "get_project_member_list",
    "get_project_service_account_list",
    "get_workspace_member_list",
    "get_workspace_service_account_list",
    "invite_to_workspace",
    "remove_project_member",
    "remove_project_service_account",
]

_ROLES = (ProjectMemberRole.VIEWER, ProjectMemberRole.CONTRIBUTOR, ProjectMemberRole.OWNER)


def get_project_member_list(
    project: str, *, workspace: str | None = None, api_token: str | None = None
) -> dict[str, str]:
    """`{user: "owner"}` for who asks. Raises `ProjectNotFound`, or what is wrong with the project's name."""
    _check_project(project, workspace, api_token)
    return {getpass.getuser(): ProjectMemberRole.OWNER}


def get_workspace_member_list(workspace: str, *, api_token: str | None = None) -> dict[str, str]:
    """`{user: "admin"}` for who asks. Raises `WorkspaceNotFound` where no project has this workspace in its name."""
    _check_workspace(workspace, api_token)
    return {getpass.getuser(): Role.ADMIN}


def get_project_service_account_list(
    project: str, *, workspace: str | None = None, api_token: str | None = None
) -> dict[str, str]:
    """An empty dict. Raises as `get_project_member_list`."""
    _check_project(project, workspace, api_token)
    return {}


def get_workspace_service_account_list(workspace: str, *, api_token: str | None = None) -> dict[str, str]:
    """An empty dict. Raises as `get_workspace_member_list`."""
    _check_workspace(workspace, api_token)
    return {}


def add_project_member(
    project: str, username: str, role: str, *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Raises `AccessNotManaged`, which says who has access; before that, what is wrong with the arguments."""
    verify_type("username", username, str)
    _check_role(role)
    _check_project(project, workspace, api_token)
    raise AccessNotManaged(call="add_project_member")


def remove_project_member(
    project: str, username: str, *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Raises as `add_project_member`."""
    verify_type("username", username, str)
    _check_project(project, workspace, api_token)
    raise AccessNotManaged(call="remove_project_member")


def add_project_service_account(
    project: str, service_account_name: str, role: str, *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Raises as `add_project_member`."""
    verify_type("service_account_name", service_account_name, str)
    _check_role(role)
    _check_project(project, workspace, api_token)
    raise AccessNotManaged(call="add_project_service_account")


def remove_project_service_account(
    project: str, service_account_name: str, *, workspace: str | None = None, api_token: str | None = None
) -> None:
    """Raises as `add_project_member`."""
    verify_type("service_account_name", service_account_name, str)
    _check_project(project, workspace, api_token)
    raise AccessNotManaged(call="remove_project_service_account")


def invite_to_workspace(
    *,
    username: str | None = None,
    email: str | None = None,
    workspace: str,
    api_token: str | None = None,
    role: WorkspaceMemberRole | str = WorkspaceMemberRole.MEMBER,
    add_to_all_projects: bool = False,
) -> None:
    """Raises as `add_project_member`."""
    verify_type("workspace", workspace, str)
    verify_type("role", role, (WorkspaceMemberRole, str))
    verify_type("add_to_all_projects", add_to_all_projects, bool)
    verify_texts(username=username, email=email, api_token=api_token)
    if bool(username) == bool(email):
        raise ValueError("give either username or email")
    WorkspaceMemberRole(role)
    raise AccessNotManaged(call="invite_to_workspace")


def _check_role(role: str) -> None:
    verify_type("role", role, str)
    if role not in _ROLES:
        raise UnsupportedValue(enum="ProjectMemberRole", value=role)


def _check_project(project: str, workspace: str | None, api_token: str | None) -> None:
    verify_type("project", project, str)
    verify_texts(workspace=workspace, api_token=api_token)
    with opened() as (_, projects):
        existing(projects, project, workspace)


def _check_workspace(workspace: str, api_token: str | None) -> None:
    verify_type("workspace", workspace, str)
    verify_texts(api_token=api_token)
    with opened() as (_, projects):
        if not any(project.name.startswith(f"{workspace}/") for project in projects.list()):
            raise WorkspaceNotFound(workspace=workspace)
