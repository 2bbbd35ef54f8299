"""Exceptions that end the program, or leave a `with` block: told to the runs that are open."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

__all__ = ["UncaughtExceptions", "uncaught"]

Listener = Callable[[list[str]], None]


class UncaughtExceptions:
    """Tells listeners the lines of a traceback. In `sys.excepthook` as long as there is a listener."""

    def __init__(self) -> None:
        self._listeners: dict[object, Listener] = {}
        self._lock = threading.Lock()
        self._before: Any = None

    def register(self, key: object, listener: Listener) -> None:
        """From now on `listener` is told."""
        with self._lock:
            self._listeners[key] = listener
            if self._before is None:
                self._before, sys.excepthook = sys.excepthook, self._hook

    def unregister(self, key: object) -> None:
        """No more."""
        with self._lock:
            self._listeners.pop(key, None)
            # Where somebody has put another hook in front, ours stays in the chain, and is not put in again.
            if not self._listeners and sys.excepthook == self._hook:
                sys.excepthook, self._before = self._before, None

    def tell(self, error: BaseException | None, trace: TracebackType | None) -> None:
        """Tells all listeners. Never raises."""
        import traceback
        from platform import node

        lines = [
            f"An uncaught exception ended the work of the run on {node()}.",
            "Marking run as failed",
            "Traceback:",
            *traceback.format_tb(trace),
            *str(error).split("\n"),
        ]
        for listener in list(self._listeners.values()):
            with contextlib.suppress(Exception):  # what ends the program is to be seen, and nothing else
                listener(lines)

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.tell(error, trace)
        (self._before or sys.__excepthook__)(kind, error, trace)


uncaught: Final = UncaughtExceptions()
