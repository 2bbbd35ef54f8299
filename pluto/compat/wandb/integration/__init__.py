"""What connects other libraries with runs. Each module needs its library, and says so where it is missing."""

from typing import Any

from pluto.compat.wandb._lazy import attributes as _attributes


def __getattr__(name: str) -> Any:
    return _attributes(__name__, globals(), {}, name)
