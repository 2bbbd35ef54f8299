"""Runs that are no runs to their users: a project's own attributes, models, model versions.

They are runs of companion projects, so that they never show among the runs, and work on every server.
"""

from __future__ import annotations

from typing import Final, Literal

Container = Literal["run", "project", "model"]
"""Models and model versions lie together; the id of a version begins with its model's."""

_SUFFIXES: Final[dict[Container, str]] = {"run": "", "project": "/.project", "model": "/.models"}


def companion(project: str, container: Container) -> str:
    """The Pluto project in which such objects of a Neptune project lie."""
    return project + _SUFFIXES[container]


def owner_of(project: str) -> tuple[str, Container]:
    """The Neptune project a Pluto project belongs to, and what lies in it."""
    for container, suffix in _SUFFIXES.items():
        if suffix and project.endswith(suffix) and project != suffix:
            return project.removesuffix(suffix), container
    return project, "run"
