"""Where files lie that belong to no run yet."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile


class _Staging:
    """A folder of this process, made when it is first asked for and gone with it."""

    def __init__(self) -> None:
        self._made: tuple[int, str] | None = None

    @property
    def name(self) -> str:
        """Its path. A forked child has one of its own."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = os.getpid(), tempfile.mkdtemp(prefix="pluto-media-")
            atexit.register(self.cleanup)
        return self._made[1]

    def cleanup(self) -> None:
        """Removes it, unless it is another process's."""
        if self._made is not None and self._made[0] == os.getpid():
            shutil.rmtree(self._made[1], ignore_errors=True)
            self._made = None


MEDIA_TMP = _Staging()
