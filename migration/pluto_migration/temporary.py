"""Folders for copies that last as long as what they were made for."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from pathlib import Path

_making = threading.Lock()


class OwnFolder:
    """A folder of this process: made when first asked for, gone with its owner. Another process makes its own."""

    def __init__(self) -> None:
        self._made: tuple[int, Path] | None = None

    def __getstate__(self) -> dict[str, None]:
        return {"_made": None}

    def path(self) -> Path:
        """The folder, empty at first."""
        with _making:
            if self._made is None or self._made[0] != os.getpid():
                folder = Path(tempfile.mkdtemp(prefix="pluto-copy-"))
                weakref.finalize(self, _remove, folder, os.getpid())
                self._made = (os.getpid(), folder)
            return self._made[1]


def _remove(folder: Path, pid: int) -> None:
    if pid == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
