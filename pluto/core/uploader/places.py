"""What a sync folder says: which processes live, who delivers a run, and where it goes."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any, Final

from pluto.core.settings import Local, Remote

IDLE_S: Final = 600.0
"""After this time without a write a process of another host is taken for gone, if its lock is free as well: on some
network disks locks are not seen by other hosts."""
_KNOWN_S: Final = 0.2
"""How long an answer about a process is good for."""
HOST: Final = socket.gethostname()


class Processes:
    """The processes that log, by their places in `sync/processes/`."""

    def __init__(self, sync: Path) -> None:
        self._folder = sync / "processes"
        self._known: dict[str, tuple[float, bool]] = {}

    def alive(self, name: str) -> bool:
        """Whether the process holds its place."""
        now = time.monotonic()
        known = self._known.get(name)
        if known is not None and (not known[1] or now - known[0] < _KNOWN_S):
            return known[1]
        alive = self._held(self._folder / os.path.basename(name))
        self._known[name] = (now, alive)
        return alive

    def any(self) -> bool:
        """Whether any process lives. Places of dead ones are cleared away."""
        found = False
        try:
            names = os.listdir(self._folder)
        except OSError:
            return False
        for name in names:
            if self.alive(name):
                found = True
            else:
                self._clear(name)
        self._known = {name: known for name, known in self._known.items() if name in names or not known[1]}
        return found

    def _held(self, path: Path) -> bool:
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # Empty: its owner has made it and is about to lock it, and must not find it locked.
            if os.fstat(file).st_size == 0 and time.time() - os.fstat(file).st_mtime < IDLE_S:
                return True
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return True  # locks do not work here: nobody is declared dead for it
        finally:
            os.close(file)
        return False

    def _clear(self, name: str) -> None:
        try:
            os.unlink(self._folder / name)
        except OSError:
            return


def alive(processes: Processes, writer: dict[str, Any], folder: Path) -> bool:
    """Whether a writer's process may still write."""
    if processes.alive(str(writer.get("process", ""))):
        return True
    if writer.get("host") in (None, HOST):
        return False
    try:
        newest = max((entry.stat().st_mtime for entry in os.scandir(folder)), default=0.0)
    except OSError:
        return False
    return time.time() - newest < IDLE_S


def writes(processes: Processes, folder: Path) -> bool:
    """Whether the process of the writer in `folder` may still write. False where there is no writer."""
    try:
        facts = json.loads((folder / "writer.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(facts, dict) and alive(processes, facts, folder)


def take(folder: Path) -> int | None:
    """Takes a run folder for delivery: the handle that holds its lock, None when another has it or it is gone."""
    path = folder / "lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it may have cleared the folder away meanwhile, and the file with it.
        if os.path.samestat(os.fstat(handle), os.stat(path)):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None


def to_target(described: Any) -> Local | Remote:
    """The target that `run.json` describes. Raises `KeyError`, `TypeError` or `AttributeError` for one that is none."""
    if described.get("kind") == "local":
        return Local(Path(described["store"]))
    return Remote(
        app=str(described["app"]),
        api=str(described["api"]),
        ingest=str(described["ingest"]),
        py=str(described["py"]),
        key=described.get("key"),
        proxies=described.get("proxies") or {},
        verify=bool(described.get("verify", True)),
    )
