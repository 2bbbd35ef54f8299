"""Numbers that are not kept."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["is_unsupported_float"]


def is_unsupported_float(value: Any) -> bool:
    """Whether it is a float and not finite."""
    return isinstance(value, float) and not math.isfinite(value)
