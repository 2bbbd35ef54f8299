"""Warnings, each said once."""

from __future__ import annotations

import os
import sys
import warnings
from types import FrameType
from typing import Final

from pluto.compat.neptune.internal.utils.logger import NEPTUNE_LOGGER_NAME
from pluto.compat.neptune.internal.utils.runningmode import in_interactive

__all__ = [
    "NeptuneDeprecationWarning",
    "NeptuneUnsupportedType",
    "NeptuneUnsupportedValue",
    "NeptuneWarning",
    "warn_about_unsupported_type",
    "warn_once",
]


class NeptuneDeprecationWarning(DeprecationWarning):
    """Something will go away."""


class NeptuneUnsupportedValue(Warning):
    """A value that is not kept."""


class NeptuneWarning(Warning):
    """Something is not as it should be, and goes on."""


class NeptuneUnsupportedType(Warning):
    """A value of a type that is not kept."""


# Python shows deprecations in the main script alone.
warnings.simplefilter("always", category=NeptuneDeprecationWarning)

MAX_WARNED_ONCE_CAPACITY: Final = 1_000
warned_once: set[int] = set()
"""Hashes of what was said. Full, nothing more is said."""

_HERE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def warn_once(message: str, *, exception: type[Warning] | None = None) -> None:
    """Warns with `exception` (None: a deprecation) at the caller's line, unless this process has said it."""
    if len(warned_once) >= MAX_WARNED_ONCE_CAPACITY or hash(message) in warned_once:
        return
    warned_once.add(hash(message))
    formatting = warnings.formatwarning
    warnings.formatwarning = _format
    try:
        warnings.warn(message, exception or NeptuneDeprecationWarning, stacklevel=_callers_level())
    finally:
        warnings.formatwarning = formatting


def warn_about_unsupported_type(type_str: str) -> None:
    """Warns that a value of this type is skipped."""
    warn_once(
        f"values of the type {type_str} are not kept, and this one is skipped: make it a number or a text, or wrap it"
        " (a dict or collection as a whole) in neptune.utils.stringify_unsupported()",
        exception=NeptuneUnsupportedType,
    )


def _callers_level() -> int:
    """How far up the line is that is not ours, as `warnings.warn` counts from `warn_once`."""
    level = 1
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
        level += 1
    return level if frame is not None else 2


def _format(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,  # noqa: ARG001
) -> str:
    where = "" if in_interactive() else f"{filename}:{lineno}: "
    return f"[{NEPTUNE_LOGGER_NAME}] [warning] {where}{category.__name__}: {message}\n"
