"""Projects: making and listing them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pluto.compat.neptune_scale.api.validation import verify_type
from pluto.compat.neptune_scale.exceptions import (
    NeptuneBadRequestError,
    NeptuneConnectionLostError,
    NeptuneProjectAlreadyExists,
    NeptuneScaleError,
    NeptuneUnauthorizedError,
)
from pluto.compat.neptune_scale.net.projects import ProjectVisibility

if TYPE_CHECKING:
    from pluto.query import QueryError

_NAME: Final = re.compile(r"((?P<workspace>[\w\-.]+)/)?(?P<project>[\w\-.]+)\Z")


def create_project(
    name: str,
    *,
    workspace: str | None = None,
    visibility: str = ProjectVisibility.PRIVATE.value,
    description: str | None = None,
    key: str | None = None,
    fail_if_exists: bool = False,
    api_token: str | None = None,
) -> str:
    """Makes a project, and gives its whole name; one that is there already stays as it is.

    Args:
        name: `project`, or `workspace/project`.
        workspace: The workspace, where `name` does not hold it.
        visibility: "priv", "pub" or "workspace". A Pluto store has no accounts: nobody is kept out.
        description: What it is about.
        key: First part of the ids of its runs, 1 to 10 upper case letters and digits; made of the name when not given.
        fail_if_exists: Raise `NeptuneProjectAlreadyExists` where it is there already.
        api_token: As that of `Run`.

    Raises `ValueError` for names and a visibility that can't be, `NeptuneScaleError` for what the server refuses.
    """
    verify_type("name", name, str)
    for what, value in (("workspace", workspace), ("description", description), ("key", key), ("api_token", api_token)):
        verify_type(what, value, (str, type(None)))
    verify_type("visibility", visibility, str)
    ProjectVisibility(visibility)
    whole = normalize_project_name(name, workspace)

    from pluto.compat.attributes import AttributeReader, Projects
    from pluto.query import QueryError

    try:
        with AttributeReader() as reader:
            Projects(reader).create(whole, key=key, description=description)
    except QueryError as error:
        if error.status_code != 409:
            raise _translated(error) from error
        if fail_if_exists:
            raise NeptuneProjectAlreadyExists from error
    return whole


def extract_workspace_and_project(name: str, workspace: str | None = None) -> tuple[str, str]:
    """Workspace and project of a name. Raises `ValueError` where they contradict each other or are missing."""
    found = _NAME.match(name)
    if found is None:
        raise ValueError(f"{name!r} is no name of a project: letters, digits, '-', '_' and '.' make one")
    own = found["workspace"]
    if not own and not workspace:
        raise ValueError(f"the workspace of {name!r} is missing: pass it as `workspace`, or 'workspace/project'")
    if own and workspace and own != workspace:
        raise ValueError(f"{name!r} is not in the workspace {workspace!r}")
    return own or str(workspace), found["project"]


def normalize_project_name(name: str, workspace: str | None = None) -> str:
    """The name as `workspace/project`. Raises `ValueError` as `extract_workspace_and_project`."""
    return "/".join(extract_workspace_and_project(name, workspace))


def list_projects(*, api_token: str | None = None) -> list[str]:
    """The names of all projects. Raises `NeptuneScaleError` where the server can't be asked."""
    verify_type("api_token", api_token, (str, type(None)))

    from pluto.compat.attributes import AttributeReader, Projects
    from pluto.query import QueryError

    try:
        with AttributeReader() as reader:
            return [project.name for project in Projects(reader).list()]
    except QueryError as error:
        raise _translated(error) from error


def _translated(error: QueryError) -> NeptuneScaleError:
    if error.status_code in (401, 403):
        return NeptuneUnauthorizedError()
    if error.status_code is None:
        return NeptuneConnectionLostError(because=f" ({error})")
    return NeptuneBadRequestError(status_code=error.status_code, reason=str(error))
