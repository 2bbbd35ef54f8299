"""Warnings that point at the line of the caller."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Final

from pluto.compat.neptune_query.warnings import ExperimentalWarning

_PACKAGE: Final = str(Path(__file__).parent.parent)

_said: set[tuple[type[Warning], str]] = set()


def warn(warning: Warning) -> None:
    """Warns at the caller's line; that a function is experimental, once per process."""
    if isinstance(warning, ExperimentalWarning):
        key = type(warning), str(warning)
        if key in _said:
            return
        _said.add(key)
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, stacklevel=level)
