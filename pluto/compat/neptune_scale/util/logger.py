"""The logger `neptune`: what the client tells people."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from typing import Any, Final

from pluto.compat.neptune_scale.sync.parameters import STOP_MESSAGE_FREQUENCY
from pluto.compat.neptune_scale.util.envs import DEBUG_MODE, LOGGER_LEVEL
from pluto.compat.neptune_scale.util.styles import STYLES, ensure_style_detected

__all__ = ("get_logger",)

_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
_FORMAT: Final = "%(asctime)s {blue}%(name)s{end}:{bold}%(levelname)s{end}:{where} %(message)s"
_ELDER: Final = "pluto.compat.neptune.internal.utils.logger"
_WHERE: Final = "{blue}%(processName)s/%(threadName)s/%(funcName)s{end}:"


class NeptuneWarning(Warning):
    """Category of the client's warnings."""


class _Stderr(logging.Handler):
    """Writes to what is `sys.stderr` just then.

    Says nothing where there is none, and where the 1.x client, whose logger has the same name, says it already.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if any(type(handler).__module__ == _ELDER for handler in logging.getLogger("neptune").handlers):
            return
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):
            return  # stderr is closed, or None: there is nobody to tell


def get_logger() -> logging.Logger:
    """The logger `neptune`, set up when first asked for: to stderr, on the level of `NEPTUNE_LOGGER_LEVEL`.

    Raises `ValueError` for a level that is none.
    """
    logger = logging.getLogger("neptune")
    if any(isinstance(handler, _Stderr) for handler in logger.handlers) or getattr(logger, "__neptune_scale", False):
        return logger
    ensure_style_detected()
    level = _level()
    logger.disabled = level is None
    if level is not None:
        where = _WHERE.format(**STYLES) if level == "DEBUG" else ""
        handler = _Stderr()
        handler.setFormatter(logging.Formatter(_FORMAT.format(where=where, **STYLES)))
        logger.addHandler(handler)
        logger.setLevel(level)
    setattr(logger, "__neptune_scale", True)
    return logger


def _level() -> str | None:
    default = "info"
    debug = os.environ.get(DEBUG_MODE)
    if debug is not None:
        warnings.warn(f"{DEBUG_MODE} is the old way to say {LOGGER_LEVEL}=debug", FutureWarning, stacklevel=3)
        default = "debug" if debug.lower() in ("true", "1") else "info"
    level = os.environ.get(LOGGER_LEVEL, default)
    if level == "none":
        return None
    if level not in _LEVELS:
        raise ValueError(f"{LOGGER_LEVEL} takes one of none, {', '.join(_LEVELS)}, not {level!r}")
    return level.upper()


class ThrottledLogger:
    """Tells the same again only every few seconds."""

    def __init__(self, logger: logging.Logger, enabled: bool = True) -> None:
        self._logger = logger
        self._enabled = enabled
        self._last: float | None = None

    def info(self, msg: str, *args: Any) -> None:
        """Logs on level INFO, unless that was done within the last seconds."""
        now = time.monotonic()
        if self._enabled and (self._last is None or now - self._last > STOP_MESSAGE_FREQUENCY):
            self._logger.info(msg, *args)
            self._last = now
