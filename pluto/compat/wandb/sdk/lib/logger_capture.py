"""Python loggers whose lines go to a run's console."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.wandb_run import Run


class LoggerHandler(logging.Handler):
    """Adds what is logged to what the run's process has printed."""

    def __init__(self, run: Run, level: int | str = logging.NOTSET) -> None:
        super().__init__(level=level)
        self._run = run
        self.setFormatter(logging.Formatter("%(levelname)s:%(name)s:%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one line."""
        try:
            self._run.write_logs(self.format(record))
        except Exception:  # noqa: BLE001  logging has a way of its own to tell
            self.handleError(record)


def capture(run: Run, loggers: dict[str, str] | None) -> None:
    """Has loggers heard until the run ends: a level by name. A level that there is not is told."""
    for name, level in (loggers or {}).items():
        handler = LoggerHandler(run, level)
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        run._on_finish.append(lambda logger=logger, handler=handler: logger.removeHandler(handler))
