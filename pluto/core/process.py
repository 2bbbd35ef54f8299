"""This process among those that log: its place in `sync/processes/`, and waking whoever delivers."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.core import fork

if TYPE_CHECKING:
    from pluto.core.uploader.thread import ThreadMode

_places: dict[Path, Place] = {}
_threads: dict[Path, ThreadMode] = {}


class Place:
    """A locked file: free means that this process is gone.

    The lock belongs to the open file, which a child inherits: a forked child closes it at once, an exec'd one never
    sees it.
    """

    def __init__(self, sync: Path) -> None:
        folder = sync / "processes"
        folder.mkdir(0o700, parents=True, exist_ok=True)
        self.name = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._path = folder / self.name
        self._file: int | None = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600)
        import fcntl

        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(self._file, f"{os.getpid()}\n".encode())
        fork.tell(self)

    @property
    def gone(self) -> bool:
        """Whether somebody has deleted the file."""
        return not self._path.exists()

    def forked(self) -> None:
        """In a forked child: leaves the place to the parent."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        _places.clear()
        _threads.clear()


def place(sync: Path) -> str:
    """The name of this process's place, taken when first asked for and kept to the end. Raises `OSError`."""
    found = _places.get(sync)
    if found is None or found.gone:
        found = _places[sync] = Place(sync)
    return found.name


def remember(root: Path) -> None:
    """Lists a root in `~/.pluto/roots`, so that `pluto sync` and `pluto status` find what is left there."""
    home = Path.home() / ".pluto"
    line = f"{root}\n"
    try:
        home.mkdir(0o700, exist_ok=True)
        with open(
            os.open(home / "roots", os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+", encoding="utf-8"
        ) as roots:
            if line not in roots.readlines():
                roots.write(line)
    except (OSError, UnicodeError):
        return  # a home that can't be written: the root itself still works


def thread(sync: Path) -> ThreadMode:
    """The thread of this process that delivers runs of a sync folder; made when first asked for."""
    from pluto.core.uploader.thread import ThreadMode

    found = _threads.get(sync)
    if found is None:
        found = _threads[sync] = ThreadMode(sync)
    return found


def stop_threads() -> None:
    """At the end of the process: what the threads have not delivered goes to the uploader."""
    for sync, running in list(_threads.items()):
        running.stop()
        _threads.pop(sync, None)


def wake(sync: Path) -> None:
    """Rings for the uploader of this root, and starts one where none listens. Never raises."""
    from pluto.core.uploader.spawn import ensure

    ensure(sync)


def is_reimport() -> bool:
    """Whether multiprocessing is importing the main script again in a child it spawned."""
    import sys

    process = sys.modules.get("multiprocessing.process")
    current: Any = process.current_process() if process is not None else None
    if getattr(current, "_inheriting", False):
        return True
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__") == "__mp_main__" and frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return False
