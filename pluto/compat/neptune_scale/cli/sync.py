"""Delivering one run that was left behind."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Final

from pluto.compat.neptune_scale.sync.folder import Pointer, remove
from pluto.compat.neptune_scale.util import get_logger

__all__ = ["sync_all"]

_PATIENCE_S: Final = 60.0
"""How long a server is tried that does not answer."""


def sync_all(run_log_file: Path, *, timeout: float | None = None) -> bool:
    """Delivers the run that a `run_operations.sqlite3` points to, and says whether nothing is left.

    A run that was kept offline goes where Pluto's settings say now. Raises `ValueError` for a file that is not one of
    Pluto's, `OSError` for one that can't be read.
    """
    from pluto.core.leftovers import await_others, of_path, redirect
    from pluto.core.settings import resolve
    from pluto.core.uploader.loop import deliver

    pointer = Pointer.read(run_log_file)
    folder = pointer.folder
    if not folder.is_dir():
        get_logger().info("Run %s is delivered already", pointer.run_id)
        remove(run_log_file)
        return True
    (found,) = of_path(folder)
    if found.mode == "offline":
        redirect(folder, resolve())
    patience = min(_PATIENCE_S, math.inf if timeout is None else timeout)
    stop = threading.Event()
    if timeout is not None:
        timer = threading.Timer(timeout, stop.set)
        timer.daemon = True
        timer.start()
    problems = deliver(folder.parent.parent, only=frozenset({folder.name}), patience_s=patience, stop=stop)
    if not problems:
        await_others([folder], patience)
    if folder.is_dir():
        left = next(iter(of_path(folder)), found)
        why = problems.get(folder.name) or left.problem or "another process is at work on it"
        get_logger().warning("%d records of run %s are left: %s", left.records + left.files, pointer.run_id, why)
        return False
    get_logger().info("%d records of run %s are delivered", found.records + found.files, pointer.run_id)
    remove(run_log_file)
    return True
