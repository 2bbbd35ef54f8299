"""Whether packages are installed."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

from pluto.compat.neptune.exceptions import NeptuneMissingRequirementException

__all__ = ["is_installed", "require_installed"]


@lru_cache(maxsize=32)
def is_installed(requirement_name: str) -> bool:
    """Whether a module can be found. What was found once is not looked for again."""
    return find_spec(requirement_name) is not None


def require_installed(requirement_name: str, *, suggestion: str | None = None) -> None:
    """Raises `NeptuneMissingRequirementException` where a module can't be found; `suggestion` is what it is for."""
    if not is_installed(requirement_name):
        raise NeptuneMissingRequirementException(requirement_name, suggestion)
