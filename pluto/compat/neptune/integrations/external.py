"""Integrations that live in packages of their own, written against `neptune`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pluto.compat import alias
from pluto.compat.neptune.internal.utils.requirement_check import require_installed

__all__ = ["names_of"]


def names_of(module: str, extra: str, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The public names of a module (or only some), by name, with `neptune` meaning this package for it.

    Raises `NeptuneMissingRequirementException` where its package is not installed, `ImportError` where the process has
    imported the neptune package already.
    """
    require_installed(module.split(".")[0], suggestion=extra)
    alias.install("neptune")
    found = import_module(module)
    public = names or getattr(found, "__all__", None) or [name for name in vars(found) if not name.startswith("_")]
    return {name: getattr(found, name) for name in public}
