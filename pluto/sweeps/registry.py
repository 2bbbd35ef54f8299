"""What several agents share of a sweep: its config, and who tries what, in one SQLite file under the root."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import socket
import sqlite3
import string
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pluto.core import fork

Point = list[int | float]

RUNNING: Final = "running"
COMPLETED: Final = "completed"
STOPPED: Final = "stopped"
FAILED: Final = "failed"
LOST: Final = "lost"
"""The process went away amid the trial: its combination is free again."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PATIENCE_S: Final = 60.0
_SCHEMA: Final = """
CREATE TABLE sweep (config TEXT NOT NULL, project TEXT, created REAL NOT NULL);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY, point TEXT NOT NULL, state TEXT NOT NULL, objective REAL, host TEXT NOT NULL,
    pid INTEGER NOT NULL, process REAL NOT NULL, started REAL NOT NULL, ended REAL
);
CREATE TABLE band (trial INTEGER NOT NULL, band INTEGER NOT NULL, best REAL NOT NULL, PRIMARY KEY (trial, band));
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial as the others see it."""

    number: int
    point: Point
    state: str
    objective: float | None
    ended: float | None


class Registry:
    """One sweep's file. Each call opens it anew: agents may be forked, and calls are few."""

    def __init__(self, root: Path, sweep: str) -> None:
        if not _ID.match(sweep):
            raise ValueError(f"{sweep!r} is no sweep id")
        self.sweep = sweep
        self.path = root / "sweeps" / f"{sweep}.db"
        self.config: dict[str, Any]
        self.project: str | None
        if not self.path.is_file():
            raise ValueError(f"there is no sweep {sweep!r} under {root}: pluto.sweep() makes one")
        with self._opened() as file:
            text, self.project = file.execute("SELECT config, project FROM sweep").fetchone()
        self.config = json.loads(text)

    @classmethod
    def create(cls, root: Path, config: dict[str, Any], project: str | None) -> Registry:
        """A new sweep with an id nobody has."""
        folder = root / "sweeps"
        folder.mkdir(0o700, parents=True, exist_ok=True)
        dice = random.SystemRandom()
        while True:
            sweep = "".join(dice.choices(string.ascii_lowercase + string.digits, k=8))
            path = folder / f"{sweep}.db"
            try:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            except FileExistsError:
                continue
            with fork.sqlite_lock(), contextlib.closing(sqlite3.connect(path)) as file, file:
                file.executescript(_SCHEMA)
                file.execute("INSERT INTO sweep VALUES (?, ?, ?)", (json.dumps(config), project, time.time()))
            return cls(root, sweep)

    def trials(self) -> list[Tried]:
        """All trials by number; those of processes that are gone are marked lost first."""
        with self._opened() as file:
            return self._trials(file)

    def claim(self, choose: Callable[[Sequence[Tried], int], Point | None]) -> tuple[int, Point] | None:
        """The number and point of a new trial of this process, or None where `choose` finds nothing to try.

        No other agent chooses meanwhile.
        """
        with self._opened() as file:
            known = self._trials(file)
            number = known[-1].number + 1 if known else 1
            point = choose(known, number)
            if point is None:
                return None
            row = (
                number,
                json.dumps(point),
                RUNNING,
                socket.gethostname(),
                os.getpid(),
                _born(os.getpid()),
                time.time(),
            )
            file.execute(
                "INSERT INTO trial (number, point, state, host, pid, process, started) VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            return number, point

    def end(self, number: int, state: str, objective: float | None) -> None:
        """Notes how a trial ended."""
        with self._opened() as file:
            file.execute(
                "UPDATE trial SET state = ?, objective = ?, ended = ? WHERE number = ?",
                (state, objective, time.time(), number),
            )

    def at_band(self, number: int, band: int, best: float) -> list[float]:
        """Notes a trial's best value at a band, and gives those of all trials that came so far, this one included."""
        with self._opened() as file:
            file.execute("INSERT OR REPLACE INTO band VALUES (?, ?, ?)", (number, band, best))
            return [row[0] for row in file.execute("SELECT best FROM band WHERE band = ?", (band,))]

    def _trials(self, file: sqlite3.Connection) -> list[Tried]:
        here = socket.gethostname()
        open_here = file.execute(
            "SELECT number, pid, process FROM trial WHERE state = ? AND host = ?", (RUNNING, here)
        ).fetchall()
        lost = [(LOST, time.time(), number) for number, pid, process in open_here if _born(pid) != process]
        file.executemany("UPDATE trial SET state = ?, ended = ? WHERE number = ?", lost)
        rows = file.execute("SELECT number, point, state, objective, ended FROM trial ORDER BY number")
        return [Tried(number, json.loads(point), *rest) for number, point, *rest in rows]

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The file in one write transaction; in SQLite's default journal mode, which network disks stand too."""
        opened = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
        with fork.sqlite_lock(), contextlib.closing(opened) as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
            except BaseException:
                file.execute("ROLLBACK")
                raise
            file.execute("COMMIT")


def _born(pid: int) -> float | None:
    """When the process started, None where there is none: a pid alone is given out again."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return -1.0
