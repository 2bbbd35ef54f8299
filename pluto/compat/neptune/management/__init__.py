"""Projects and what is in their trash: making, listing and deleting them.

    from pluto.compat.neptune import management

    management.create_project("ml-team/classification", key="CLS")
    management.get_project_list()
    management.trash_objects("ml-team/classification", ["CLS-1", "CLS-2"])

It works on the local store, or on the Pluto server that is configured. There are no accounts: who may read and write is
settled by the files' owner or by a server's keys, and functions that would change it raise `AccessNotManaged`.
"""

from pluto.compat.neptune.management.internal.types import MemberRole, ProjectVisibility
from pluto.compat.neptune.management.internal.utils import WorkspaceMemberRole
from pluto.compat.neptune.management.members import (
    add_project_member,
    add_project_service_account,
    get_project_member_list,
    get_project_service_account_list,
    get_workspace_member_list,
    get_workspace_service_account_list,
    invite_to_workspace,
    remove_project_member,
    remove_project_service_account,
)
from pluto.compat.neptune.management.projects import create_project, delete_project, get_project_list
from pluto.compat.neptune.management.trash import clear_trash, delete_objects_from_trash, trash_objects
from pluto.compat.neptune.management.workspace import get_workspace_status

__all__ = [
    "MemberRole",
    "ProjectVisibility",
    "WorkspaceMemberRole",
    "add_project_member",
    "add_project_service_account",
    "clear_trash",
    "create_project",
    "delete_objects_from_trash",
    "delete_project",
    "get_project_list",
    "get_project_member_list",
    "get_project_service_account_list",
    "get_workspace_member_list",
    "get_workspace_service_account_list",
    "get_workspace_status",
    "invite_to_workspace",
    "remove_project_member",
    "remove_project_service_account",
    "trash_objects",
]
