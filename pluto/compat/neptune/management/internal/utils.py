"""Names of projects, and of roles in a workspace."""

from __future__ import annotations

import enum

from pluto.compat.neptune.management.exceptions import (
    ConflictingWorkspaceName,
    InvalidProjectName,
    MissingWorkspaceName,
)

__all__ = ["WorkspaceMemberRole", "extract_project_and_workspace", "normalize_project_name"]


class WorkspaceMemberRole(enum.Enum):
    """What somebody who is invited may do."""

    MEMBER = "member"
    ADMIN = "admin"

    def to_api(self) -> str:
        """The role's name on the wire."""
        return "owner" if self is WorkspaceMemberRole.ADMIN else self.value


def extract_project_and_workspace(name: str, workspace: str | None = None) -> tuple[str, str]:
    """Workspace and project of `workspace/project`, or of a project's name beside its workspace's.

    Raises `InvalidProjectName`, `MissingWorkspaceName` or `ConflictingWorkspaceName`.
    """
    parts = name.split("/")
    if len(parts) > 2 or "" in parts:
        raise InvalidProjectName(name=name)
    if len(parts) == 1:
        if not workspace:
            raise MissingWorkspaceName(name=name)
        return workspace, name
    if workspace and workspace != parts[0]:
        raise ConflictingWorkspaceName(name=name, workspace=workspace)
    return parts[0], parts[1]


def normalize_project_name(name: str, workspace: str | None = None) -> str:
    """`workspace/project`. Raises as `extract_project_and_workspace`."""
    return "/".join(extract_project_and_workspace(name, workspace))
