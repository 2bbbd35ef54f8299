"""One migration at a time works in a root."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pluto_migration.source import SourceError

PATIENCE_S: Final = 30.0
"""How long another one is waited for: what a killed one has started may take a moment to notice."""


@contextlib.contextmanager
def alone(sync: Path) -> Iterator[int]:
    """Holds the lock that says that this process alone migrates with a root, and gives its descriptor.

    Processes that inherit the descriptor hold the lock, too. Raises `SourceError` where another has it for long.
    """
    sync.mkdir(0o700, parents=True, exist_ok=True)
    handle = os.open(sync / "migration.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SourceError(f"another migration is at work in {sync.parent}: wait for its end") from None
                time.sleep(0.05)
        yield handle
    finally:
        os.close(handle)
