"""The parts of the W&B door by the module paths that scripts and frameworks know. Loaded when first used."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb._lazy import attributes

__all__ = (
    "AlertLevel", "Artifact", "Config", "Settings", "Summary", "_attach", "controller", "finish", "helper", "init",
    "login", "require", "setup", "sweep", "teardown",
)  # fmt: skip

_HOMES = {
    "artifacts.artifact": ("Artifact",),
    "wandb_alerts": ("AlertLevel",),
    "wandb_config": ("Config",),
    "wandb_init": ("_attach", "init"),
    "wandb_login": ("login",),
    "wandb_require": ("require",),
    "wandb_run": ("finish",),
    "wandb_settings": ("Settings",),
    "wandb_setup": ("setup", "teardown"),
    "wandb_summary": ("Summary",),
    "wandb_sweep": ("controller", "sweep"),
    "wandb_watch": ("_unwatch", "_watch"),
}


def __getattr__(name: str) -> Any:
    return attributes(__name__, globals(), _HOMES, name, {"helper": "wandb_helper"})


def __dir__() -> list[str]:
    return sorted(__all__)
