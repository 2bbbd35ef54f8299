"""What Pluto tells people: one logger, `pluto`, that is heard even where logging was never set up."""

from __future__ import annotations

import logging
import sys

logger = logging.getLogger("pluto")


class _LastResort(logging.Handler):
    """Writes to the current stderr, unless the program has handlers of its own."""

    def emit(self, record: logging.LogRecord) -> None:
        if logging.getLogger().handlers or sys.stderr is None:
            return
        try:
            sys.stderr.write(f"pluto: {record.getMessage()}\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            return  # stderr is closed: there is nobody to tell


def be_heard() -> None:
    """Gives the logger a voice, unless somebody has done so already."""
    if not any(isinstance(handler, _LastResort) for handler in logger.handlers):
        logger.addHandler(_LastResort())
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
