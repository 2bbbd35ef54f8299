"""The bell of the uploader: a FIFO in the sync folder. A byte wakes whoever listens; with no listener nothing rings."""

from __future__ import annotations

import contextlib
import os
import select
import stat
from pathlib import Path
from typing import Final

NAME: Final = "uploader.bell"


_PLAIN: Final = b"\0"
_URGENT: Final = b"\1"


def ring(sync: Path, *, urgent: bool = False) -> bool:
    """Wakes the uploader of this folder. False when none listens. Takes some µs, never waits and never raises.

    `urgent`: somebody waits, so that servers which did not answer are to be asked again at once.
    """
    try:
        bell = os.open(sync / NAME, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not stat.S_ISFIFO(os.fstat(bell).st_mode):
            return False
        os.write(bell, _URGENT if urgent else _PLAIN)
    except BlockingIOError:
        return True  # full: it has not got round to the last rings yet
    except OSError:
        return False
    finally:
        os.close(bell)
    return True


class Bell:
    """The listener's side: `ring` gives True from here on until `close`. Raises `OSError` where no FIFO can be made."""

    def __init__(self, sync: Path) -> None:
        self.urgent = False
        """Whether one of the rings that `wait` has heard last was urgent."""
        path = sync / NAME
        with contextlib.suppress(FileExistsError):
            os.mkfifo(path, 0o600)
        if not stat.S_ISFIFO(os.stat(path).st_mode):
            path.unlink()
            os.mkfifo(path, 0o600)
        self._listen = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        # A writer of its own: without one, poll would report the end of the file after the first ring.
        self._hold = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._listen, select.POLLIN)

    def wait(self, seconds: float) -> bool:
        """Whether somebody rang before the time was up. Rings that came meanwhile count as one."""
        self.urgent = False
        if not self._poll.poll(max(0.0, seconds) * 1000):
            return False
        with contextlib.suppress(BlockingIOError):
            while heard := os.read(self._listen, 4096):
                self.urgent |= _URGENT in heard
        return True

    def close(self) -> None:
        """Stops listening."""
        for handle in (self._listen, self._hold):
            os.close(handle)
