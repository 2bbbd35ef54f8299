"""Colours of messages, empty where nobody wants them."""

from __future__ import annotations

import os
import sys
from typing import Final

from pluto.compat.neptune_scale.util.envs import DISABLE_COLORS

__all__ = ("STYLES", "ensure_style_detected")

_CODES: Final = {
    "h1": 95, "h2": 94, "blue": 94, "python": 96, "bash": 95, "warning": 93,
    "correct": 92, "fail": 91, "bold": 1, "underline": 4, "end": 0,
}  # fmt: skip

STYLES: dict[str, str] = {}
"""Style name → terminal code."""


def ensure_style_detected() -> None:
    """Fills `STYLES`, once: with codes on Linux and macOS, unless `NEPTUNE_DISABLE_COLORS` is true, else with ""."""
    if not STYLES:
        plain = os.environ.get(DISABLE_COLORS, "").lower() in ("true", "1") or sys.platform not in ("linux", "darwin")
        STYLES.update({name: "" if plain else f"\033[{code}m" for name, code in _CODES.items()})
