"""Words for roles and visibilities."""

from __future__ import annotations

__all__ = ["MemberRole", "ProjectMemberRole", "ProjectVisibility", "WorkspaceMemberRole"]


class ProjectVisibility:
    """Who may see a project."""

    PRIVATE = "priv"
    PUBLIC = "pub"
    WORKSPACE = "workspace"


class ProjectMemberRole:
    """What a member of a project may do."""

    VIEWER = "viewer"
    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    MEMBER = CONTRIBUTOR
    MANAGER = OWNER


MemberRole = ProjectMemberRole


class WorkspaceMemberRole:
    """What a member of a workspace may do, as the lists of members say it."""

    ADMIN = "admin"
    MEMBER = "member"
