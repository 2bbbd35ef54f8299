"""Runs that are no runs to their users: a project's own attributes, models, model versions. And the ids of all.

They are runs of companion projects, so that they never show among the runs, and work on every server.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

Container = Literal["run", "project", "model"]
"""Models and model versions lie together; the id of a version begins with its model's."""

_SUFFIXES: Final[dict[Container, str]] = {"run": "", "project": "/.project", "model": "/.models"}
_ID_CHARS: Final = 255
"""Longest external id that every server takes."""
_HASH_CHARS: Final = 32


def companion(project: str, container: Container) -> str:
    """The Pluto project in which such objects of a Neptune project lie."""
    return project + _SUFFIXES[container]


def owner_of(project: str) -> tuple[str, Container]:
    """The Neptune project a Pluto project belongs to, and what lies in it."""
    for container, suffix in _SUFFIXES.items():
        if suffix and project.endswith(suffix) and project != suffix:
            return project.removesuffix(suffix), container
    return project, "run"


def stored_id(external_id: str) -> str:
    """The external id a server has for an id of any length: one that is too long is cut, and gets its hash."""
    if len(external_id) <= _ID_CHARS:
        return external_id
    digest = hashlib.sha256(external_id.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_CHARS]
    return f"{external_id[: _ID_CHARS - _HASH_CHARS - 1]}-{digest}"
