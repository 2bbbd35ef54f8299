"""Other libraries that a module needs, or that have a better way to reach a run."""

from __future__ import annotations

import importlib
from typing import Any

from pluto.compat.wandb.errors.errors import UnsupportedError


def need(module: str, user: str, install: str | None = None) -> Any:
    """The module. Raises `ModuleNotFoundError` that names the package to install where there is none."""
    package = install or module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"wandb.integration.{user} needs {package}, which is not installed: pip install {package}", name=error.name
        ) from error


def instead(user: str, advice: str) -> UnsupportedError:
    """The error of a module that does not exist here, with what to use."""
    return UnsupportedError(f"wandb.integration.{user} is not part of Pluto: {advice}")
