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

PAUSED: Final = "paused"
"""State of a sweep: agents wait. Others are RUNNING, STOPPED (no trial more) and CANCELLED (nor those under way)."""
CANCELLED: Final = "cancelled"

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_PATIENCE_S: Final = 60.0
_SCHEMA: Final = """
CREATE TABLE sweep (config TEXT NOT NULL, project TEXT, created REAL NOT NULL, state TEXT NOT NULL DEFAULT 'running');
CREATE TABLE trial (
    number INTEGER PRIMARY KEY, point TEXT NOT NULL, state TEXT NOT NULL, objective REAL, host TEXT NOT NULL,
    pid INTEGER NOT NULL, process REAL NOT NULL, started REAL NOT NULL, ended REAL, run TEXT, config TEXT,
    stop INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE queue (id TEXT PRIMARY KEY, config TEXT);
CREATE TABLE band (trial INTEGER NOT NULL, band INTEGER NOT NULL, best REAL NOT NULL, PRIMARY KEY (trial, band));
"""
_ADDED: Final = (
    "ALTER TABLE sweep ADD COLUMN state TEXT NOT NULL DEFAULT 'running'",
    "ALTER TABLE trial ADD COLUMN run TEXT",
    "ALTER TABLE trial ADD COLUMN config TEXT",
    "ALTER TABLE trial ADD COLUMN stop INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE queue (id TEXT PRIMARY KEY, config TEXT)",
)
"""What files of the first releases lack."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A trial as the others see it."""

    number: int
    point: Point
    state: str
    objective: float | None
    ended: float | None
    run: str | None = None
    """The run's id, where the agent has chosen it."""
    config: dict[str, Any] | None = None
    """The config, where a controller has chosen it and not a point."""
    stop: bool = False
    """Whether somebody wants it ended."""


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
            if not any(column[1] == "state" for column in file.execute("PRAGMA table_info(sweep)")):
                for statement in _ADDED:
                    file.execute(statement)
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
                file.execute(
                    "INSERT INTO sweep (config, project, created) VALUES (?, ?, ?)",
                    (json.dumps(config), project, time.time()),
                )
            return cls(root, sweep)

    def trials(self) -> list[Tried]:
        """All trials by number; those of processes that are gone are marked lost first."""
        with self._opened() as file:
            return self._trials(file)

    def claim(
        self, choose: Callable[[Sequence[Tried], int], Point | None], run: str | None = None
    ) -> tuple[int, Point] | None:
        """The number and point of a new trial of this process, or None where `choose` finds nothing to try.

        No other agent chooses meanwhile. `run` is the id its run is to have.
        """
        with self._opened() as file:
            known = self._trials(file)
            number = known[-1].number + 1 if known else 1
            point = choose(known, number)
            if point is None:
                return None
            self._add(file, number, point, run)
            return number, point

    def claim_queued(self, run: str | None = None) -> tuple[int, dict[str, Any] | None] | None:
        """The number and config of a new trial that a controller has put in the queue; None where there is none.

        The config is None where the controller says that there is nothing more to try.
        """
        with self._opened() as file:
            row = file.execute("SELECT id, config FROM queue ORDER BY rowid LIMIT 1").fetchone()
            if row is None:
                return None
            if row[1] is None:  # stays, for the other agents
                return 0, None
            file.execute("DELETE FROM queue WHERE id = ?", (row[0],))
            number = (file.execute("SELECT max(number) FROM trial").fetchone()[0] or 0) + 1
            config, point = json.loads(row[1])
            self._add(file, number, point, run, json.dumps(config))
            return number, config

    def enqueue(self, config: dict[str, Any] | None, point: Point | None = None) -> None:
        """Puts a config where agents of a sweep with a controller find it; None says that there are no more."""
        with self._opened() as file:
            text = None if config is None else json.dumps([config, point or []])
            file.execute("INSERT INTO queue VALUES (lower(hex(randomblob(8))), ?)", (text,))

    def queued(self) -> int:
        """How many configs wait for an agent."""
        with self._opened() as file:
            return int(file.execute("SELECT count(*) FROM queue WHERE config IS NOT NULL").fetchone()[0])

    def end(self, number: int, state: str, objective: float | None) -> None:
        """Notes how a trial ended. What its own process has reported (the objective, that it was stopped) stays."""
        with self._opened() as file:
            file.execute(
                "UPDATE trial SET state = CASE state WHEN ? THEN state ELSE ? END,"
                " objective = coalesce(?, objective), ended = ? WHERE number = ?",
                (STOPPED, state, objective, time.time(), number),
            )

    def report(self, number: int, objective: float | None, *, stopped: bool = False) -> None:
        """Notes, from the process that runs a trial, how far it has come."""
        with self._opened() as file:
            file.execute(
                "UPDATE trial SET objective = ?, state = iif(?, ?, state) WHERE number = ?",
                (objective, stopped, STOPPED, number),
            )

    def ask_to_stop(self, numbers: Sequence[int]) -> None:
        """Has these trials ended when they log their metric next, or by their agent."""
        with self._opened() as file:
            file.executemany("UPDATE trial SET stop = 1 WHERE number = ?", [(number,) for number in numbers])

    def is_to_stop(self, number: int) -> bool:
        """Whether somebody wants the trial ended."""
        with self._opened() as file:
            row = file.execute("SELECT stop OR (SELECT state FROM sweep) = ? FROM trial WHERE number = ?",
                               (CANCELLED, number)).fetchone()  # fmt: skip
            return bool(row and row[0])

    @property
    def state(self) -> str:
        """RUNNING, PAUSED, STOPPED or CANCELLED: what people want of the sweep."""
        with self._opened() as file:
            return str(file.execute("SELECT state FROM sweep").fetchone()[0])

    @state.setter
    def state(self, state: str) -> None:
        with self._opened() as file:
            file.execute("UPDATE sweep SET state = ?", (state,))

    def change(self, config: dict[str, Any]) -> None:
        """Gives the sweep another config."""
        with self._opened() as file:
            file.execute("UPDATE sweep SET config = ?", (json.dumps(config),))
        self.config = config

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
        rows = file.execute(
            "SELECT number, point, state, objective, ended, run, config, stop FROM trial ORDER BY number"
        )
        return [
            Tried(number, json.loads(point), state, objective, ended, run, config and json.loads(config), bool(stop))
            for number, point, state, objective, ended, run, config, stop in rows
        ]

    @staticmethod
    def _add(file: sqlite3.Connection, number: int, point: Point, run: str | None, config: str | None = None) -> None:
        me = os.getpid()
        row = (number, json.dumps(point), RUNNING, socket.gethostname(), me, _born(me), time.time(), run, config)
        file.execute(
            "INSERT INTO trial (number, point, state, host, pid, process, started, run, config)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )

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
