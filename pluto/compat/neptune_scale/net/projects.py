"""Who may see a project."""

from __future__ import annotations

from enum import Enum


class ProjectVisibility(Enum):
    """Who may see a project. A Pluto store has no accounts: the choice is kept, and restricts nobody."""

    PRIVATE = "priv"
    PUBLIC = "pub"
    WORKSPACE = "workspace"
