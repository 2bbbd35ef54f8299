"""The redirection of descriptors 1 and 2: channels in front of them, and the relay behind.

`console` says why it is so.
"""

from __future__ import annotations

import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

from pluto.core import relay

logger = logging.getLogger("pluto")

STOP_WAIT_S = 2.0
"""How long the end waits for the last lines."""


class Link:
    """The channels in front of descriptors 1 and 2, and the relay behind them."""

    def __init__(self, deliver: Callable[[str, list[str], int], object]) -> None:
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
            # The thread that reads the copies closes them itself: their number must not become another file's
            # meanwhile.
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
        self._relay.wait()
        # A program that closes all descriptors may have been quicker: the number is its own then, to be left alone.
        if self._copies.ours():
            with contextlib.suppress(OSError), open(self._copies.number, "rb", closefd=False) as frames:
                self._take(frames)
        self._copies.close()
        self._marked.set()
        if not self._closing:
            self._closing = True
            logger.debug("the console is no longer recorded: its relay ended")
            for side in self._sides:
                side.take_over()

    def _take(self, frames: BinaryIO) -> None:
        while len(head := frames.read(relay.FRAME.size)) == relay.FRAME.size:
            tag, time_us, length = relay.FRAME.unpack(head)
            body = frames.read(length)
            if tag == relay.MARK:
                self._marked.set()
            elif tag == relay.BROKEN:
                for side in self._sides:
                    if side.tag == body.decode():
                        side.abandon()
            elif tag != relay.READY:
                stream = "INFO" if tag == b"o" else "ERROR"
                self._deliver(stream, body.decode("utf-8", "replace").split("\n"), time_us)


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
        """The real output is broken: puts it back; who still writes to the channel gets a broken pipe's error."""
        self.release()
        self.sink.close()
        self.source.close()

    def take_over(self) -> None:
        """The relay is gone: puts the real output back and forwards what children still write to the channel."""
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
    """A descriptor of ours above 2.

    Programs that become daemons close all descriptors, and then the number is another's.
    """

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
