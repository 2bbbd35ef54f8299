"""A handler of Python's logging that logs records to a run."""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from pluto.compat.neptune_scale.api.run import Run
from pluto.compat.neptune_scale.api.validation import verify_max_length, verify_type
from pluto.compat.neptune_scale.logging.logging_utils import StepTracker, lines
from pluto.compat.neptune_scale.sync.parameters import MAX_ATTRIBUTE_PATH_LENGTH, MAX_STRING_SERIES_DATA_POINT_LENGTH

__all__ = ["NeptuneLoggingHandler"]


class NeptuneLoggingHandler(logging.Handler):
    """Logs records, formatted, line by line to a string series of a run.

        logger.addHandler(NeptuneLoggingHandler(run=run, level=logging.INFO))

    Args:
        run: The run.
        level: The lowest level that is logged.
        attribute_path: Path of the series, `runtime/logs` when not given.

    Records that come up while one is being logged are left out.
    """

    def __init__(self, *, run: Run, level: int = logging.NOTSET, attribute_path: str | None = None) -> None:
        verify_type("run", run, Run)
        verify_type("level", level, int)
        verify_type("attribute_path", attribute_path, (str, type(None)))
        self._path = attribute_path or "runtime/logs"
        verify_max_length("attribute_path", self._path, MAX_ATTRIBUTE_PATH_LENGTH)
        super().__init__(level=level)
        self._run = run
        self._steps = StepTracker(0 if run._fork_step is None else run._fork_step)
        self._inside = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        """Logs a record."""
        if getattr(self._inside, "now", False):
            return
        self._inside.now = True
        try:
            moment = datetime.now()
            for line in lines(self.format(record), MAX_STRING_SERIES_DATA_POINT_LENGTH):
                self._run.log_string_series({self._path: line}, self._steps.value, timestamp=moment)
                self._steps.increment()
        except Exception:  # noqa: BLE001  as every handler: logging.raiseExceptions says what becomes of it
            self.handleError(record)
        finally:
            self._inside.now = False
