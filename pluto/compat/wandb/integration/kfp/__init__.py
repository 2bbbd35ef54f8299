"""Kubeflow pipelines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pluto.compat.wandb.integration.needs import instead

__all__ = ["unpatch_kfp", "wandb_log"]


def wandb_log(func: Callable[..., Any] | None = None, log_component_file: bool = True) -> Any:  # noqa: ARG001
    """Not part of Pluto: raises `UnsupportedError`, which says what to use."""
    raise instead("kfp", "call wandb.init() in the component, log its inputs and outputs, and finish the run there")


def unpatch_kfp() -> None:
    """Takes back what was patched, which is nothing."""
