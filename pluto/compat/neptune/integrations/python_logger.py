"""Records of Python's `logging` as a string series of a run."""

from __future__ import annotations

import logging
import threading

from pluto.compat.neptune.internal.state import ContainerState
from pluto.compat.neptune.internal.utils import verify_type
from pluto.compat.neptune.logging.logger import Logger
from pluto.compat.neptune.metadata_containers.run import Run
from pluto.compat.neptune.version import version

__all__ = ["NeptuneHandler"]

INTEGRATION_VERSION_KEY = "source_code/integrations/neptune-python-logger"


class NeptuneHandler(logging.Handler):
    """A handler that appends formatted records to a string series.

    It does nothing once the run is stopped, and leaves out what is logged while it appends.

    Args:
        run: The run.
        level: The least level that counts.
        path: Path of the series; None: `python_logger` in the run's monitoring namespace.
    """

    def __init__(self, *, run: Run, level: int = logging.NOTSET, path: str | None = None) -> None:
        verify_type("run", run, Run)
        verify_type("level", level, int)
        path = f"{run.monitoring_namespace}/python_logger" if path is None else path
        verify_type("path", path, str)
        super().__init__(level=level)
        self._run = run
        self._logger = Logger(run, path)
        self._thread = threading.local()
        self._run[INTEGRATION_VERSION_KEY] = str(version)

    def emit(self, record: logging.LogRecord) -> None:
        """Appends a record."""
        if self._run.get_state() != ContainerState.STARTED.value or getattr(self._thread, "appending", False):
            return
        self._thread.appending = True
        try:
            self._logger.log(self.format(record))
        finally:
            self._thread.appending = False
