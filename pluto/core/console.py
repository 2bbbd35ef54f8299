"""Records what a process prints, whoever in it prints, and leaves what the terminal shows as it was.

How, and why so. File descriptors 1 and 2 are replaced by a channel, so that C code and child processes are recorded too. The
other end of the channel is held by a small process of its own (`relay`) and not by a thread here, because a thread dies with
the process: bytes still in a pipe, and with them the very message a crash leaves (an assertion, a segmentation fault's trace),
would never reach the terminal after a kill -9, `abort` or `os._exit`; and C code that prints much while it holds the GIL would
wait for a thread that waits for the GIL. The relay forwards first and copies second. The channel is a pseudo-terminal where
the real output is a terminal (so `isatty`, colours and window size stay), else a pipe. Where both descriptors lead to one place
they share one channel, so that their order stays; their lines are then recorded as stdout's, since nothing tells them apart.

If the relay dies, the thread that reads its copies puts the real output back and forwards what was left in the channel. If the
real output breaks (`| head`), it is put back too, so that the process sees that error itself. A stream that does not lead to
descriptors 1 and 2 (notebooks, pytest, a replaced `sys.stdout`) is recorded at its `write`.
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

from pluto.core.redact import Redactor
from pluto.core.settings import Settings

logger = logging.getLogger("pluto")

Emit = Callable[[str, int, list[str], int], object]
"""`emit(stream, first_line, lines, time_us)`: consecutive lines of `INFO` (stdout) or `ERROR` (stderr), counted from 1."""

STOP_WAIT_S = 2.0
"""How long the end waits for the last lines."""
_STREAMS = {1: "INFO", 2: "ERROR"}


class Capture:
    """Hands the lines this process and its children print to `emit`, from a daemon thread, until `stop`.

    Several captures at once share one redirection; each counts its own lines from 1. In a forked child a capture of the
    parent does nothing, and what the child prints is recorded with the parent's.
    """

    def __init__(self, settings: Settings, emit: Emit) -> None:
        self._emit = emit
        self._descriptors = settings.x_console_fd_capture
        secrets = [settings.api_key] if settings.sanitize_logs else None
        self._redactors = None if secrets is None else {name: Redactor(secrets) for name in _STREAMS.values()}
        self._next = dict.fromkeys(_STREAMS.values(), 1)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begins. Where something can't be redirected the rest is recorded, and a line at level DEBUG says so."""
        _shared.add(self)

    def stop(self) -> None:
        """Ends: what was printed before is handed over (waiting 2 seconds at most), and the last capture restores all."""
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
        from pluto.core.relay import Lines

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


class Link:
    """The channels in front of descriptors 1 and 2, and the relay behind them."""

    def __init__(self, deliver: Callable[[str, list[str], int], object]) -> None:
        from pluto.core import relay

        self._deliver = deliver
        self._sides: list[Side] = []
        self._held: list[Held] = []
        self._closing = False
        self._marked = threading.Event()
        try:
            self._open()
            orders, self._orders = self._pipe()
            self._copies, copies = self._pipe()
            pairs = [f"{side.source.number}:{side.real.number}:{side.tag}" for side in self._sides]
            handed = [orders, copies, *(held for side in self._sides for held in (side.source, side.real))]
            self._relay = subprocess.Popen(
                [sys.executable, "-I", "-S", relay.__file__, *pairs, str(orders.number), str(copies.number)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                pass_fds=[held.number for held in handed],
                start_new_session=True,
            )
        except BaseException:
            self.forget()
            raise
        orders.close()
        copies.close()
        threading.Thread(target=self._read, name="pluto-console", daemon=True).start()

    @property
    def covered(self) -> set[int]:
        """The descriptors whose output is recorded."""
        return {number for side in self._sides if side.engaged for number in side.numbers}

    def usable(self) -> bool:
        """Whether the relay lives and the descriptors still lead where they did when it was made."""
        return not self._closing and self._orders.ours() and all(side.unchanged() for side in self._sides)

    def engage(self) -> None:
        """Puts the channels in front."""
        for side in self._sides:
            side.engage()

    def settle(self) -> None:
        """Waits until the relay has forwarded, and this process has recorded, all that was written."""
        if self._closing or not self._orders.ours():
            return
        self._marked.clear()
        with contextlib.suppress(OSError):
            os.write(self._orders.number, b"m")
            self._marked.wait(STOP_WAIT_S)

    def release(self) -> None:
        """Puts the real output back. The relay stays for the next run; it ends with this process."""
        for side in self._sides:
            side.release()
        self.settle()

    def close(self) -> None:
        """Gives the relay up: it forwards what it has, and ends when nobody writes to it any more."""
        self._closing = True
        for held in self._held:
            # The thread that reads the copies closes them itself: their number must not become another file's meanwhile.
            if held is not self._copies:
                held.close()

    def forget(self) -> None:
        """In a forked child: closes what is not descriptors 1 and 2."""
        self._closing = True
        for held in self._held:
            held.close()

    def _open(self) -> None:
        places: dict[tuple[int, ...], Side] = {}
        for number, stream in ((1, sys.__stdout__), (2, sys.__stderr__)):
            place = _identity(number)
            # Closed when Python started: if the number is in use now, it is some file of the program's.
            if place is None or stream is None:
                continue
            if place in places:
                places[place].numbers.append(number)
            else:
                side = places[place] = Side(number)
                self._held += [side.real, side.source, side.sink]
                self._sides.append(side)
        if not self._sides:
            raise OSError("stdout and stderr are closed")

    def _pipe(self) -> tuple[Held, Held]:
        read, write = os.pipe()
        pair = Held(read), Held(write)
        self._held += pair
        return pair

    def _read(self) -> None:
        from pluto.core.relay import BROKEN, FRAME, MARK, READY

        self._relay.wait()
        with open(self._copies.number, "rb") as frames:
            while len(head := frames.read(FRAME.size)) == FRAME.size:
                tag, time_us, length = FRAME.unpack(head)
                body = frames.read(length)
                if tag == MARK:
                    self._marked.set()
                elif tag == BROKEN:
                    for side in self._sides:
                        if side.tag == body.decode():
                            side.abandon()
                elif tag != READY:
                    stream = "INFO" if tag == b"o" else "ERROR"
                    self._deliver(stream, body.decode("utf-8", "replace").split("\n"), time_us)
        self._marked.set()
        if not self._closing:
            self._closing = True
            logger.debug("the console is no longer recorded: its relay ended")
            for side in self._sides:
                side.take_over()


class Side:
    """One real output with its channel; both descriptors where they lead to the same place."""

    def __init__(self, number: int) -> None:
        self.numbers = [number]
        self.tag = "o" if number == 1 else "e"
        self.engaged = False
        self.real = Held(os.dup(number))
        source, sink = _terminal_like(self.real.number) if os.isatty(self.real.number) else os.pipe()
        self.source, self.sink = Held(source), Held(sink)

    def unchanged(self) -> bool:
        """Whether the descriptors lead to the real output, or to this channel."""
        if not (self.real.ours() and self.sink.ours()):
            return False
        return all(_identity(number) in (self.real.identity, self.sink.identity) for number in self.numbers)

    def engage(self) -> None:
        """Puts the channel in front."""
        for number in self.numbers:
            os.dup2(self.sink.number, number)
        self.engaged = True

    def release(self) -> None:
        """Puts the real output back, unless somebody else has put something in its place since."""
        self.engaged = False
        for number in self.numbers:
            if _identity(number) == self.sink.identity and self.real.ours():
                os.dup2(self.real.number, number)

    def abandon(self) -> None:
        """The real output is broken: puts it back, and whoever still writes to the channel gets the error of a broken pipe."""
        self.release()
        self.sink.close()
        self.source.close()

    def take_over(self) -> None:
        """The relay is gone: puts the real output back and forwards, from here, what children still write to the channel."""
        self.release()
        self.sink.close()
        if self.source.ours():
            threading.Thread(target=self._forward, name="pluto-console", daemon=True).start()

    def _forward(self) -> None:
        with contextlib.suppress(OSError):
            while self.source.ours() and (data := os.read(self.source.number, 1 << 16)):
                while data:
                    data = data[os.write(self.real.number, data) :]
        self.source.close()


class Held:
    """A descriptor of ours above 2. Programs that become daemons close all descriptors, and then the number is another's."""

    def __init__(self, number: int) -> None:
        if number <= 2:  # where 0 to 2 are closed, new ones land there
            import fcntl

            number, low = fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 3), number
            os.close(low)
        self.number = number
        self.identity = _identity(number)

    def ours(self) -> bool:
        """Whether the number still means what it did."""
        return self.number >= 0 and _identity(self.number) == self.identity

    def close(self) -> None:
        """Closes it, once, if it is still ours."""
        if self.ours():
            number, self.number = self.number, -1
            os.close(number)


def _can_relay() -> bool:
    # Frozen applications have no interpreter to start; a notebook's kernel redirects the descriptors for itself.
    frozen = getattr(sys, "frozen", False) or not sys.executable
    return os.name == "posix" and not frozen and "ipykernel" not in sys.modules


def _terminal_like(real: int) -> tuple[int, int]:
    import fcntl
    import termios

    source, sink = os.openpty()
    modes = termios.tcgetattr(real)
    modes[1] &= ~termios.OPOST  # the real terminal does this, once
    modes[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(sink, termios.TCSANOW, modes)
    fcntl.ioctl(sink, termios.TIOCSWINSZ, fcntl.ioctl(real, termios.TIOCGWINSZ, b"\0" * 8))
    return source, sink


def _identity(number: int) -> tuple[int, ...] | None:
    """What an open descriptor leads to; None for a closed one."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_rdev


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
