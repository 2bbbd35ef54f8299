"""Records what a process prints, whoever in it prints, and leaves what the terminal shows as it was.

How, and why so. File descriptors 1 and 2 are replaced by a channel, so that C code and child processes are recorded
too. The other end of the channel is held by a small process of its own (`relay`) and not by a thread here, because a
thread dies with the process: bytes still in a pipe, and with them the very message a crash leaves (an assertion, a
segmentation fault's trace), would never reach the terminal after a kill -9, `abort` or `os._exit`; and C code that
prints much while it holds the GIL would wait for a thread that waits for the GIL. The relay forwards first and copies
second. The channel is a pseudo-terminal where the real output is a terminal (so `isatty`, colours and window size
stay), else a pipe. Where both descriptors lead to one place they share one channel, so that their order stays; their
lines are then recorded as stdout's, since nothing tells them apart.

If the relay dies, the thread that reads its copies puts the real output back and forwards what was left in the
channel. If the real output breaks (`| head`), it is put back too, so that the process sees that error itself. A
stream that does not lead to descriptors 1 and 2 (notebooks, pytest, a replaced `sys.stdout`) is recorded at its
`write`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from pluto.core.console_link import STOP_WAIT_S, Link
from pluto.core.redact import Redactor
from pluto.core.relay import Lines
from pluto.core.settings import Settings

logger = logging.getLogger("pluto")

Emit = Callable[[str, int, list[str], int], object]
"""`emit(stream, first_line, lines, time_us)`: consecutive lines of `INFO` (stdout) or `ERROR` (stderr), from 1."""


STREAMS = ("INFO", "ERROR")


class Capture:
    """Hands the lines this process and its children print to `emit`, from a daemon thread, until `stop`.

    Several captures at once share one redirection; each counts its own lines from 1. In a forked child a capture of the
    parent does nothing, and what the child prints is recorded with the parent's.
    """

    def __init__(self, settings: Settings, emit: Emit) -> None:
        self._emit = emit
        self._descriptors = settings.x_console_fd_capture
        secrets = [settings.api_key] if settings.sanitize_logs else None
        self._redactors = None if secrets is None else {name: Redactor(secrets) for name in STREAMS}
        self._next = dict.fromkeys(STREAMS, 1)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins. Where something can't be redirected the rest is recorded, and a line at level DEBUG says so."""
        _shared.add(self)

    def stop(self) -> None:
        """Ends: hands over what was printed before (waiting 2 seconds at most); the last capture restores all."""
        _shared.remove(self)

    def take(self, stream: str, lines: list[str], time_us: int) -> None:
        """Lines that were printed."""
        with self._lock:
            if self._redactors is not None:
                lines = [self._redactors[stream].line(line) for line in lines]
            first = self._next[stream]
            self._next[stream] += len(lines)
            try:
                self._emit(stream, first, lines, time_us)
            except Exception:
                logger.debug("%d console lines were not recorded", len(lines), exc_info=True)

    @property
    def descriptors(self) -> bool:
        """Whether C code and child processes are wanted too."""
        return self._descriptors


class _Shared:
    """The process's one redirection, with everyone who wants the lines."""

    def __init__(self) -> None:
        self.captures: tuple[Capture, ...] = ()
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._taps: list[Tap] = []
        self._owner = os.getpid()

    def add(self, capture: Capture) -> None:
        with self._lock:
            if capture in self.captures:
                return
            self.captures += (capture,)
            if capture.descriptors and _can_relay():
                self._redirect()
            covered = self._link.covered if self._link is not None else set()
            for name, stream in (("stdout", "INFO"), ("stderr", "ERROR")):
                target = getattr(sys, name)
                tapped = any(tap.target is target for tap in self._taps)
                if target is not None and not tapped and _descriptor(target) not in covered:
                    self._tap(target, stream)

    def remove(self, capture: Capture) -> None:
        with self._lock:
            if capture not in self.captures:
                return
            last = len(self.captures) == 1
            _flush()
            for tap in self._taps:
                tap.settle()
            if self._link is not None:
                self._link.settle()
                if last:
                    self._link.release()
            if last:
                for tap in self._taps:
                    tap.release()
                self._taps = []
            self.captures = tuple(other for other in self.captures if other is not capture)

    def deliver(self, stream: str, lines: list[str], time_us: int) -> None:
        for capture in self.captures:
            capture.take(stream, lines, time_us)

    def forget(self) -> None:
        """In a forked child: the threads are gone, and the redirection is the parent's."""
        link, taps = self._link, self._taps
        self.__init__()  # type: ignore[misc]
        for tap in taps:
            tap.release()
        if link is not None:
            link.forget()

    def _redirect(self) -> None:
        if self._link is not None and not self._link.usable():
            self._link.close()
            self._link = None
        try:
            if self._link is None:
                self._link = Link(self.deliver)
            self._link.engage()
        except (OSError, subprocess.SubprocessError) as error:
            logger.debug("the console is recorded through sys.stdout and sys.stderr alone: %s", error)
            if self._link is not None:
                self._link.close()
                self._link = None

    def _tap(self, target: Any, stream: str) -> None:
        try:
            self._taps.append(Tap(target, stream, self.deliver))
        except (AttributeError, TypeError) as error:
            logger.debug("%r can't be recorded: %s", target, error)


class Tap:
    """Records what goes through one stream object's `write`."""

    def __init__(self, target: Any, stream: str, deliver: Callable[[str, list[str], int], object]) -> None:
        self.target = target
        self._write = target.write
        self._stream = stream
        self._deliver = deliver
        self._lines = Lines()
        self._texts: queue.SimpleQueue[str | threading.Event | None] = queue.SimpleQueue()
        own = vars(target).get("write")

        def write(text: str, *more: Any) -> Any:
            written = self._write(text, *more)
            if isinstance(text, str):
                self._texts.put(text)
            return written

        target.write = write
        self._installed = write
        self._own = own
        threading.Thread(target=self._run, name="pluto-console", daemon=True).start()

    def settle(self) -> None:
        """Waits until what was written is delivered."""
        settled = threading.Event()
        self._texts.put(settled)
        settled.wait(STOP_WAIT_S)

    def release(self) -> None:
        """Gives the stream its own `write` back, unless somebody else put another in its place."""
        if vars(self.target).get("write") is self._installed:
            if self._own is None:
                del self.target.write
            else:
                self.target.write = self._own
        self._texts.put(None)

    def _run(self) -> None:
        while True:
            item = self._texts.get()
            time_us = time.time_ns() // 1_000
            if isinstance(item, str):
                texts = [item]
                item = None
                time.sleep(0.05)  # one delivery for many small writes
                while not self._texts.empty():
                    item = self._texts.get()
                    if not isinstance(item, str):
                        break
                    texts.append(item)
                    item = None
                self._hand_over(self._lines.feed("".join(texts).encode("utf-8", "replace")), time_us)
                if item is None:
                    continue
            self._hand_over(self._lines.flush(), time_us)
            if item is None:
                return
            item.set()

    def _hand_over(self, lines: Iterable[bytes], time_us: int) -> None:
        texts = [line.decode("utf-8", "replace") for line in lines]
        if texts:
            self._deliver(self._stream, texts, time_us)


def _can_relay() -> bool:
    # Frozen applications have no interpreter to start; a notebook's kernel redirects the descriptors for itself.
    frozen = getattr(sys, "frozen", False) or not sys.executable
    return os.name == "posix" and not frozen and "ipykernel" not in sys.modules


def _descriptor(stream: Any) -> int | None:
    try:
        number = stream.fileno()
    except (AttributeError, OSError, ValueError):
        return None
    return number if isinstance(number, int) else None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    if sys.platform != "win32" and "ctypes" in sys.modules:
        _flush_c()


def _flush_c() -> None:
    # What C code printed and its library still holds. Only these two: flushing all files would wait for a blocked read.
    import ctypes

    with contextlib.suppress(AttributeError, ValueError, OSError):
        library = ctypes.CDLL(None)
        prefix = "__" if sys.platform == "darwin" else ""
        suffix = "p" if sys.platform == "darwin" else ""
        for name in ("stdout", "stderr"):
            library.fflush(ctypes.c_void_p.in_dll(library, f"{prefix}{name}{suffix}"))


_shared = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.forget)
