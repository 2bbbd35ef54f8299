"""Torch modules: `wandb.watch` logs their gradients and parameters."""

from typing import Any

from pluto.compat.wandb._lazy import attributes as _attributes


def __getattr__(name: str) -> Any:
    return _attributes(__name__, globals(), {}, name)
