"""Projects: listed, made and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.management.exceptions import (
    ProjectAlreadyExists,
    ProjectKeyCollision,
    ProjectKeyInvalid,
    UnsupportedValue,
)
from pluto.compat.neptune.management.internal.access import existing, opened, verify_texts
from pluto.compat.neptune.management.internal.types import ProjectVisibility
from pluto.compat.neptune.management.internal.utils import normalize_project_name

if TYPE_CHECKING:
    from pluto.compat.attributes import Atom

__all__ = ["create_project", "delete_project", "get_project_list"]

_KEY: Final = re.compile(r"[A-Z0-9]{1,10}")
_VISIBILITIES: Final = (ProjectVisibility.PRIVATE, ProjectVisibility.PUBLIC, ProjectVisibility.WORKSPACE)


def get_project_list(*, api_token: str | None = None) -> list[str]:
    """The names of all projects, `workspace/project` (of Pluto projects made without a workspace the plain name).

    `api_token` is accepted as everywhere in this client: which store or server is meant is Pluto's configuration.
    """
    verify_texts(api_token=api_token)
    with opened() as (_, projects):
        return [project.name for project in projects.list()]


def create_project(
    name: str,
    *,
    key: str | None = None,
    workspace: str | None = None,
    visibility: str = ProjectVisibility.PRIVATE,
    description: str | None = None,
    api_token: str | None = None,
) -> str:
    """Makes a project, and gives its name, `workspace/project`.

    Args:
        name: `workspace/project`, or the project alone where `workspace` is given.
        key: First part of its runs' ids: 1 to 10 capital letters and digits, at least one letter. None: made up.
        workspace: The workspace; there is nothing to set up for it.
        visibility: `priv`, `pub` or `workspace`, kept as `sys/visibility`. Who can in fact read is settled by the
            store's files or the server's keys.
        description: A text about the project.
        api_token: As in `get_project_list`.

    Raises `ProjectAlreadyExists`, `ProjectKeyCollision`, `ProjectKeyInvalid`, `UnsupportedValue`, or what is wrong with
    the name.
    """
    from pluto.query import QueryError

    verify_type("name", name, str)
    verify_type("visibility", visibility, str)
    verify_texts(key=key, workspace=workspace, description=description, api_token=api_token)
    full = normalize_project_name(name, workspace)
    if visibility not in _VISIBILITIES:
        raise UnsupportedValue(enum="ProjectVisibility", value=visibility)
    if key is not None and (not _KEY.fullmatch(key) or key.isdigit()):
        raise ProjectKeyInvalid(key=key, reason="it has 1 to 10 capital letters and digits, and at least one letter.")
    with opened() as (_, projects):
        if projects.find(full) is not None:
            raise ProjectAlreadyExists(name=full)
        try:
            made = projects.create(full, key=key, description=description)
        except QueryError as error:
            if error.status_code != 409:
                raise
            if key is not None and projects.find(full) is None:
                raise ProjectKeyCollision(key=key) from error
            raise ProjectAlreadyExists(name=full) from error
    if visibility != ProjectVisibility.PRIVATE:
        _keep_visibility(full, made.key, visibility)
    return full


def delete_project(project: str, *, workspace: str | None = None, api_token: str | None = None) -> None:
    """Deletes a project with all its runs and models, for good. Raises `ProjectNotFound`."""
    verify_type("project", project, str)
    verify_texts(workspace=workspace, api_token=api_token)
    with opened() as (_, projects):
        projects.delete(existing(projects, project, workspace))


def _keep_visibility(project: str, key: str, visibility: str) -> None:
    """Makes the object that holds the project's own fields, with this one."""
    from pluto.compat.attributes import AttributeWriter, open_run
    from pluto.compat.neptune.internal.backends.opening import PROJECT_IDENTITY
    from pluto.compat.neptune.internal.settings import pluto_settings

    atoms: dict[str, Atom] = {"sys/id": key, "sys/size": 0.0, "sys/visibility": visibility}
    op = open_run(project, external_id=PROJECT_IDENTITY, container="project", atoms=atoms, settings=pluto_settings())
    AttributeWriter(op).stop()
