"""What migrations that were killed have left on the disk: drafts, journals to be delivered, folders half deleted."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any, Final

from pluto_migration.delivery import Arrival
from pluto_migration.draft import drafts

_KEPT: Final = frozenset({"unauthorized"})
"""Refusals that another try may not meet: the journal stays."""
_WAIT_S: Final = 2.0
_LOOK_S: Final = 0.02


def clear_away(sync: Path, mark: str) -> None:
    """Throws away what a killed process had not finished, be it making a journal or deleting one."""
    from pluto.core.uploader.places import Processes

    processes = Processes(sync)
    for folder, process in drafts(sync):
        if not processes.alive(process):
            shutil.rmtree(folder, ignore_errors=True)
    for folder in (sync / "runs").glob("[!.]*"):
        if _is_spent(folder, mark):
            _delete(folder, mark)


def _is_spent(folder: Path, mark: str) -> bool:
    """Whether nothing of a run's folder is left but what was being deleted."""
    from pluto.core.uploader.writer import GONE, read_json

    try:
        names = set(os.listdir(folder))
    except OSError:
        return False
    ours = mark in read_json(folder / "run.json") or "run.json" not in names
    rest = {name for name in names - {"run.json", "lock"} if not (name.startswith(".") and name.endswith(GONE))}
    return ours and not rest


def _delete(folder: Path, mark: str) -> None:
    from pluto.core.uploader import places

    handle = places.take(folder)
    if handle is None:
        return
    try:
        if _is_spent(folder, mark):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def left_behind(sync: Path, target: dict[str, Any], mark: str) -> list[tuple[str, str]]:
    """Run folders with their newest writers that an earlier migration to `target` has left to be delivered, in the
    order they were made.
    """
    from pluto.core.uploader.loop import has_work
    from pluto.core.uploader.writer import read_json

    found = []
    for path in (sync / "runs").glob("[!.]*/run.json"):
        about = read_json(path)
        if mark in about and about.get("target") == target and has_work(path.parent):
            writers = sorted(path.parent.glob("[!.]*/writer.json"), key=lambda one: one.stat().st_mtime_ns)
            if writers:
                found.append((writers[-1].stat().st_mtime_ns, path.parent.name, writers[-1].parent.name))
    return [(key, writer) for _, key, writer in sorted(found)]


def drop_refused(sync: Path, arrival: Arrival) -> None:
    """Deletes a journal that no server will take: it can be made again from its source."""
    from pluto.core.uploader import places

    if arrival.refused is None or arrival.refused in _KEPT:
        return
    folder = sync / "runs" / arrival.key
    handle = None
    deadline = time.monotonic() + _WAIT_S
    while handle is None and folder.is_dir() and time.monotonic() < deadline:
        handle = places.take(folder)
        if handle is None:
            time.sleep(_LOOK_S)
    if handle is None:
        return
    try:
        shutil.rmtree(folder / arrival.writer, ignore_errors=True)
        if not any(folder.glob("[!.]*/writer.json")):
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
