"""Reading and changing what is stored: `wandb.Api`."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb._lazy import attributes as _attributes

__all__ = ("Api",)


def __getattr__(name: str) -> Any:
    return _attributes(__name__, globals(), {"public": ("Api",)}, name)
