"""How much there is of a workspace."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.management.exceptions import WorkspaceNotFound
from pluto.compat.neptune.management.internal.access import opened, verify_texts

__all__ = ["get_workspace_status"]


def get_workspace_status(workspace: str, *, api_token: str | None = None) -> dict[str, int]:
    """Sizes in bytes and counts: `activeProjectsUsage` and `membersCount` (1).

    Of the local store also `storageBytesUsed` (by all workspaces together), `storageBytesAvailable` (free on its disk)
    and `storageBytesLimit` (their sum); a server does not tell. Raises `WorkspaceNotFound` where no project has this
    workspace in its name.
    """
    from pluto.compat.neptune.internal.settings import pluto_settings
    from pluto.core.settings import Local, resolve

    verify_type("workspace", workspace, str)
    verify_texts(api_token=api_token)
    with opened() as (_, projects):
        count = sum(project.name.startswith(f"{workspace}/") for project in projects.list())
    if not count:
        raise WorkspaceNotFound(workspace=workspace)
    status = {"activeProjectsUsage": count, "membersCount": 1}
    target = resolve(pluto_settings()).target()
    if isinstance(target, Local):
        used, free = _size(target.store), shutil.disk_usage(target.store).free
        status |= {"storageBytesUsed": used, "storageBytesAvailable": free, "storageBytesLimit": used + free}
    return status


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:  # deleted while we look
                continue
    return total
