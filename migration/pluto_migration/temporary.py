"""Folders for copies that last as long as what they were made for."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Final

_PREFIX: Final = "pluto-copy-"
_HELD: Final = "held"
"""A file in the folder that its process holds (flock): free means that the process is gone."""
_making = threading.Lock()


class OwnFolder:
    """A folder of this process: made when first asked for, gone with its owner. Another process makes its own.

    One that a killed process has left goes when the next is made.
    """

    def __init__(self) -> None:
        self._made: tuple[int, Path] | None = None

    def __getstate__(self) -> dict[str, None]:
        return {"_made": None}

    def path(self) -> Path:
        """The folder, empty at first."""
        with _making:
            if self._made is None or self._made[0] != os.getpid():
                _clear_away()
                whole = Path(tempfile.mkdtemp(prefix=_PREFIX))
                handle = os.open(whole / _HELD, os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                weakref.finalize(self, _remove, whole, handle, os.getpid())
                folder = whole / "copies"
                folder.mkdir(mode=0o700)
                self._made = (os.getpid(), folder)
            return self._made[1]


def _remove(folder: Path, handle: int, pid: int) -> None:
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _clear_away() -> None:
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another user's, or one that is being made or cleared away just now
            handle = os.open(left / _HELD, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)
