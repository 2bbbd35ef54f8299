"""The program that stands between a process's output and where it goes. Started by `console`, standard library only.

It forwards every byte at once and sends a copy of the finished lines back. Because it is a process of its own it
outlives whatever happens to the other one, and needs nothing from it: what was written before a kill -9 still reaches
the terminal.

    argv: the file descriptors `<channel>:<real>:<stream>`, one or two, then `<orders>` and `<copies>`

Orders are single bytes: `m` asks for a mark once everything written so far is forwarded. Copies are frames, see
`FRAME`.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable

FRAME = struct.Struct("<cqI")
"""Tag, microseconds since the epoch, bytes that follow.

Tags: READY, LINES of a stream, MARK, BROKEN (then the stream).
"""
READY, OUT, ERR, MARK, BROKEN = b"r", b"o", b"e", b"m", b"b"

CHUNK = 1 << 16
BATCH_S = 0.1
"""Copies go at most so often: each wakes a thread of the training process."""
LINE_LIMIT = 1 << 16
"""Longer lines are recorded in pieces."""
PENDING_LIMIT = 16 << 20
"""Copies that wait for a process that does not read. Beyond it lines are counted instead of kept."""
FINISH_S = 1.0
QUIET_S = 0.02
"""A terminal hands bytes on a little later than they were written; after so long without any, all have come."""


class Lines:
    """Cuts a stream into lines. Of a line that a carriage return rewrote, the last state is kept."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` finishes."""
        *whole, rest = (self._rest + data).split(b"\n")
        lines = [_last_state(line) for line in whole]
        if b"\r" in rest:  # what was overwritten on the screen need not be kept
            rest = _last_state(rest) + (b"\r" if rest.endswith(b"\r") else b"")
        while len(rest) > LINE_LIMIT:
            lines.append(_last_state(rest[:LINE_LIMIT]))
            rest = rest[LINE_LIMIT:]
        self._rest = rest
        return lines

    def flush(self) -> list[bytes]:
        """The unfinished line, if there is one."""
        rest, self._rest = _last_state(self._rest), b""
        return [rest] if rest else []


def _last_state(line: bytes) -> bytes:
    if b"\r" not in line:
        return line
    return next((state for state in reversed(line.split(b"\r")) if state), b"")


class Channel:
    """One way from a process's output to the real one."""

    def __init__(self, source: int, real: int, stream: bytes) -> None:
        self.source = source
        self.stream = stream
        self.lines = Lines()
        self.ready: list[bytes] = []
        self._real = real
        self._terminal = os.isatty(source)
        self._size = b""

    def pump(self) -> bool:
        """Reads once and forwards.

        False at the end of the stream; raises `OSError` when the real output takes no more.
        """
        try:
            data = os.read(self.source, CHUNK)
        except OSError:  # how a terminal says that nobody has it open any more
            return False
        if data:
            if self._terminal:
                self._follow_size()
            self._forward(data)
            self.ready += self.lines.feed(data)
        return bool(data)

    def drain(self) -> bool:
        """Forwards what is there by now; False at the end of the stream."""
        due = waiting(self.source)
        limit = time.monotonic() + 1.0
        while time.monotonic() < limit:
            if self._terminal:
                if not select.select([self.source], [], [], QUIET_S)[0]:
                    break
            elif due <= 0:
                break
            before = waiting(self.source)
            if not self.pump():
                return False
            due -= max(1, min(before, CHUNK))
        return True

    def _forward(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._real, view) :]
            except BlockingIOError:
                select.select([], [self._real], [])

    def _follow_size(self) -> None:
        try:
            size = fcntl.ioctl(self._real, termios.TIOCGWINSZ, b"\0" * 8)
            if size != self._size:
                fcntl.ioctl(self.source, termios.TIOCSWINSZ, size)
                self._size = size
        except OSError:
            return


def waiting(source: int) -> int:
    """How many bytes can be read at once."""
    count = array.array("i", [0])
    try:
        fcntl.ioctl(source, termios.FIONREAD, count)
    except OSError:
        return 0
    return count[0]


class Copies:
    """Frames on their way back; never blocks."""

    def __init__(self, target: int) -> None:
        self._target: int | None = target
        self._pending = bytearray()
        self._left_out = 0
        os.set_blocking(target, False)

    @property
    def waits_on(self) -> list[int]:
        """The file descriptor to wait for before `push`, if anything waits."""
        return [self._target] if self._target is not None and self._pending else []

    def send(self, tag: bytes, body: bytes = b"") -> None:
        """Puts a frame in the queue."""
        if self._target is None:
            return
        if tag in (OUT, ERR):
            if len(self._pending) > PENDING_LIMIT:
                self._left_out += body.count(b"\n") + 1
                return
            if self._left_out:
                body = b"[%d lines not recorded]\n%b" % (self._left_out, body)
                self._left_out = 0
        self._pending += FRAME.pack(tag, time.time_ns() // 1_000, len(body)) + body
        self.push()

    def push(self) -> None:
        """Writes what the reader has room for."""
        try:
            while self._pending and self._target is not None:
                del self._pending[: os.write(self._target, self._pending[:CHUNK])]
        except BlockingIOError:
            return
        except OSError:  # nobody reads any more: forwarding goes on
            self._target = None
            self._pending.clear()

    def finish(self) -> None:
        """Gives the reader a last chance to take what waits."""
        limit = time.monotonic() + FINISH_S
        while self._pending and time.monotonic() < limit:
            select.select([], self.waits_on, [], 0.1)
            self.push()


def run(channels: list[Channel], orders: int, copies: Copies) -> None:
    """Forwards until every writer of every channel is gone."""
    copies.send(READY)
    sent = 0.0
    commanded = [orders]
    while channels:
        unsent = any(channel.ready for channel in channels)
        wait = max(0.0, sent + BATCH_S - time.monotonic()) if unsent else None
        sources = [channel.source for channel in channels]
        readable = select.select(sources + commanded, copies.waits_on, [], wait)[0]
        for channel in list(channels):
            if channel.source in readable:
                _step(channels, channel, copies, channel.pump)
        if orders in readable:
            order = os.read(orders, 1)
            if not order:  # the process ended or became another program
                commanded = []
            for channel in list(channels):
                _step(channels, channel, copies, channel.drain)
                channel.ready += channel.lines.flush()
                _send(channel, copies)
            if order:
                copies.send(MARK)
        if time.monotonic() >= sent + BATCH_S:
            for channel in channels:
                _send(channel, copies)
            sent = time.monotonic()
        copies.push()
    copies.finish()


def _step(channels: list[Channel], channel: Channel, copies: Copies, move: Callable[[], bool]) -> None:
    try:
        if move():
            return
        broken = False
    except OSError:
        broken = True
    channel.ready += channel.lines.flush()
    _send(channel, copies)
    channels.remove(channel)
    if broken:  # the process shall see this error itself, so it gets the real output back
        copies.send(BROKEN, channel.stream)
    os.close(channel.source)


def _send(channel: Channel, copies: Copies) -> None:
    if channel.ready:
        copies.send(channel.stream, b"\n".join(channel.ready))
        channel.ready = []


def main(arguments: list[str]) -> None:
    """Sets up and runs; see the module's head."""
    if os.fork():
        os._exit(0)  # the one who started it waits for this, and then has no child that its own os.wait() could meet
    # Ctrl-C, a hang-up or the end of the job's process group must not cut off what the process still has to say.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGTTOU):
        signal.signal(number, signal.SIG_IGN)
    *pairs, orders, copies = arguments
    channels = []
    for pair in pairs:
        source, real, stream = pair.split(":")
        channels.append(Channel(int(source), int(real), stream.encode()))
    run(channels, int(orders), Copies(int(copies)))


if __name__ == "__main__":
    main(sys.argv[1:])
