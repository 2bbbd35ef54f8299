"""Delivering one run that was left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pluto.compat.neptune_scale.sync.folder import Pointer, remove
from pluto.compat.neptune_scale.util import get_logger
from pluto.compat.neptune_scale.util.timer import Timer

__all__ = ["sync_all"]

_PATIENCE_S: Final = 60.0
"""How long a server is tried that does not answer."""


def sync_all(run_log_file: Path, *, timeout: float | None = None) -> bool:
    """Delivers the run that a `run_operations.sqlite3` points to, and says whether nothing is left.

    A run that was kept offline goes where Pluto's settings say now. Raises `ValueError` for a file that is not one of
    Pluto's, `OSError` for one that can't be read.
    """
    from pluto.core.leftovers import deliver, redirect
    from pluto.core.settings import resolve
    from pluto.core.uploader.writer import read_json

    pointer = Pointer.read(run_log_file)
    if not pointer.folder.is_dir():
        get_logger().info("Run %s is delivered already", pointer.run_id)
        remove(run_log_file)
        return True
    if read_json(pointer.folder / "run.json").get("mode") == "offline":
        redirect(pointer.folder, resolve())
    timer = Timer(timeout)

    def look_at_the_clock() -> None:
        if timer.is_expired():
            raise TimeoutError("the time is up")

    try:
        why = deliver(
            pointer.folder, patience_s=min(_PATIENCE_S, timer.remaining_time_or_inf()), tell=look_at_the_clock
        )
    except TimeoutError as error:
        why = str(error)
    if why is not None:
        get_logger().warning("Run %s is not delivered to its end: %s", pointer.run_id, why)
        return False
    get_logger().info("Run %s is delivered", pointer.run_id)
    remove(run_log_file)
    return True
