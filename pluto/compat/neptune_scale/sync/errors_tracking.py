"""Telling a script's callbacks what went wrong: on a thread, never in the call that caused it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from pluto.compat.neptune_scale.exceptions import (
    NeptuneConnectionLostError,
    NeptuneRetryableError,
    NeptuneScaleError,
    NeptuneScaleWarning,
    NeptuneUnexpectedError,
)
from pluto.compat.neptune_scale.sync.parameters import ERRORS_MONITOR_THREAD_SLEEP_TIME
from pluto.compat.neptune_scale.util import get_logger
from pluto.core import fork

__all__ = ("ErrorsMonitor",)

Callback = Callable[[BaseException, "float | None"], Any]
Look = Callable[[], "Iterator[BaseException]"]

_NETWORK_MESSAGE_S: Final = 5.0


def default_error_callback(error: BaseException, last_seen_at: float | None) -> None:  # noqa: ARG001
    """Logs the error."""
    get_logger().error(error)


def default_network_error_callback(error: BaseException, last_seen_at: float | None) -> None:
    """Logs the error, unless the one before was just now."""
    if last_seen_at is None or time.time() - last_seen_at > _NETWORK_MESSAGE_S:
        get_logger().warning("%s", error)


def default_warning_callback(error: BaseException, last_seen_at: float | None) -> None:  # noqa: ARG001
    """Logs the warning."""
    get_logger().warning(error)


class ErrorsMonitor:
    """Hands errors to callbacks, in order, on a thread of its own; there they may do what they like, `terminate` too.

    `look` gives, about once a second, what has gone wrong elsewhere. Without `look` there are no callbacks and no
    thread: errors are logged as they come.
    """

    def __init__(
        self,
        look: Look | None,
        on_network_error_callback: Callback | None = None,
        on_error_callback: Callback | None = None,
        on_warning_callback: Callback | None = None,
    ) -> None:
        self._look = look
        self._on_network_error = on_network_error_callback or default_network_error_callback
        self._on_error = on_error_callback or default_error_callback
        self._on_warning = on_warning_callback or default_warning_callback
        self._last_seen: dict[type, float] = {}
        self._errors: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = False
        fork.tell(self)

    def start(self) -> None:
        """Starts the thread, where there is to be one."""
        if self._look is not None and self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._run, name="ErrorsMonitor", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # the interpreter is about to end: no more threads
                self._thread, self._stopped = None, True

    def tell(self, error: BaseException) -> None:
        """Takes an error for the callbacks."""
        self.start()
        if self._thread is None:
            self._hand_over(error)
        else:
            self._errors.put(error)

    def stop(self, seconds: float | None) -> None:
        """Waits until the callbacks have heard everything, `seconds` at most; then none is called any more."""
        thread, self._stopped = self._thread, True
        if thread is not None:
            self._errors.put(None)
            if thread is not threading.current_thread():
                thread.join(seconds)

    def forked(self) -> None:
        """In a forked child: the thread, and what waits for it, are the parent's."""
        self._errors = queue.SimpleQueue()
        self._thread = None

    def _run(self) -> None:
        errors, look = self._errors, self._look
        assert look is not None
        looked = time.monotonic()
        while True:
            left = looked + ERRORS_MONITOR_THREAD_SLEEP_TIME - time.monotonic()
            try:
                error = errors.get(timeout=max(0.0, left))
                if error is None:
                    return
                self._hand_over(error)
            except queue.Empty:
                looked = time.monotonic()
                try:
                    for error in look():
                        self._hand_over(error)
                except Exception:  # noqa: BLE001  errors still have to be told
                    get_logger().debug("looking after the run failed", exc_info=True)

    def _hand_over(self, error: BaseException) -> None:
        last_seen = self._last_seen.get(type(error))
        self._last_seen[type(error)] = time.time()
        try:
            if isinstance(error, NeptuneConnectionLostError):
                self._on_network_error(error, last_seen)
            elif isinstance(error, (NeptuneScaleWarning, NeptuneRetryableError)):
                self._on_warning(error, last_seen)
            elif isinstance(error, NeptuneScaleError):
                self._on_error(error, last_seen)
            else:
                self._on_error(NeptuneUnexpectedError(reason=str(error)), last_seen)
        except Exception:  # noqa: BLE001  a callback is the script's, and must not end the monitor
            get_logger().error("A callback of the run failed", exc_info=True)
