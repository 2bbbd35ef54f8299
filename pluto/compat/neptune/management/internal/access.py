"""The way to the store or server, for one management call."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune.internal.backends.failures import telling
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.management.exceptions import MissingWorkspaceName, ProjectNotFound
from pluto.compat.neptune.management.internal.utils import normalize_project_name

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, Projects


@contextlib.contextmanager
def opened() -> Iterator[tuple[AttributeReader, Projects]]:
    """A reader, and the projects it reads. What goes wrong is told in this client's exceptions."""
    from pluto.compat.attributes import AttributeReader, Projects
    from pluto.compat.neptune.internal.settings import pluto_settings

    with telling(), AttributeReader(settings=pluto_settings()) as reader:
        yield reader, Projects(reader)


def verify_texts(**arguments: Any) -> None:
    """Raises `TypeError` for an argument that is neither a text nor None."""
    for name, value in arguments.items():
        verify_type(name, value, (str, type(None)))


def existing(projects: Projects, project: str, workspace: str | None) -> str:
    """The name of a project that is there. A Pluto project without a workspace goes by its plain name.

    Raises `ProjectNotFound`, or as `normalize_project_name`.
    """
    try:
        name = normalize_project_name(project, workspace)
    except MissingWorkspaceName:
        if projects.find(project) is None:
            raise
        return project
    if projects.find(name) is None:
        raise ProjectNotFound(name=name)
    return name
