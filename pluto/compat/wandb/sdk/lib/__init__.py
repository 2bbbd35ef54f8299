"""Smaller parts of the W&B door by the module paths that scripts and frameworks know."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb._lazy import attributes

__all__ = ("RunDisabled", "RunMoment", "SummaryDisabled", "lazyloader")

_HOMES = {"disabled": ("RunDisabled", "SummaryDisabled"), "run_moment": ("RunMoment",)}


def __getattr__(name: str) -> Any:
    return attributes(__name__, globals(), _HOMES, name)


def __dir__() -> list[str]:
    return sorted(__all__)
