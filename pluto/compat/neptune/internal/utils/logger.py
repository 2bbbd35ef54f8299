"""The loggers: `neptune` for what is told to people, and one without prefix for the command line."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

__all__ = ["NEPTUNE_LOGGER_NAME", "get_disabled_logger", "get_logger"]

NEPTUNE_LOGGER_NAME: Final = "neptune"
NEPTUNE_NO_PREFIX_LOGGER_NAME: Final = "neptune_no_prefix"
NEPTUNE_NOOP_LOGGER_NAME: Final = "neptune_noop"


class _Prefixed(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return f"[{record.name}] [{record.levelname.lower():7}] {text}"


class _CurrentStdout(logging.StreamHandler[Any]):
    """Writes to whatever `sys.stdout` is at the moment, so that it can be captured."""

    def __init__(self, formatter: logging.Formatter) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(formatter)

    @property
    def stream(self) -> Any:
        return sys.stdout

    @stream.setter
    def stream(self, stream: Any) -> None:
        """Stays the current one."""

    def emit(self, record: logging.LogRecord) -> None:
        if sys.stdout is not None and not getattr(sys.stdout, "closed", False):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Nothing: a stdout that breaks is not the script's fault, and a traceback would look as if it were."""


def get_logger(with_prefix: bool = True) -> logging.Logger:
    """The logger for messages; without prefix, the one for the output of commands."""
    return logging.getLogger(NEPTUNE_LOGGER_NAME if with_prefix else NEPTUNE_NO_PREFIX_LOGGER_NAME)


def get_disabled_logger() -> logging.Logger:
    """A logger that says nothing below CRITICAL."""
    return logging.getLogger(NEPTUNE_NOOP_LOGGER_NAME)


def _set_up(name: str, formatter: logging.Formatter) -> None:
    logger = logging.getLogger(name)
    logger.propagate = False
    logger.setLevel(logging.INFO)
    if not any(type(handler).__name__ == _CurrentStdout.__name__ for handler in logger.handlers):
        logger.addHandler(_CurrentStdout(formatter))


_set_up(NEPTUNE_LOGGER_NAME, _Prefixed("%(message)s"))
_set_up(NEPTUNE_NO_PREFIX_LOGGER_NAME, logging.Formatter("%(message)s"))
get_disabled_logger().setLevel(logging.CRITICAL)
