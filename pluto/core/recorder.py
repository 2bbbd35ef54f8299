"""One writer of a run: its folder, its journal, its first and its last record."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.core import process
from pluto.core.distributed import Ranks
from pluto.core.filesystem import journal_place
from pluto.core.identity import Identity
from pluto.core.journal import Journal
from pluto.core.jsonable import to_json
from pluto.core.options import say_once
from pluto.core.receipt import Receipts
from pluto.core.run_folder import RunFolder, description, run_key, writer_name
from pluto.core.settings import Remote, Settings
from pluto.core.shutdown import End
from pluto.protocol.records import End as EndRecord
from pluto.protocol.records import Kind, Start, encode

if TYPE_CHECKING:
    from pluto.core.uploader.thread import ThreadMode


@dataclass(frozen=True, slots=True)
class Door:
    """How a door records, where that differs from `pluto.init`."""

    readable: bool = False
    """As `records.Start.readable`."""
    within: bool = False
    """As `records.Start.within`."""
    streams: frozenset[str] = frozenset(("INFO", "ERROR"))
    """Which output streams are recorded."""
    source: str = ""
    """As `records.Console.source`."""
    facts: bool | None = None
    """Whether facts about machine and code are recorded; None: where system metrics are."""
    counts_samples: bool = False
    """Whether the samples of the system metrics have steps of their own, from 0 on: the door's steps are no run's."""


@dataclass(slots=True)
class Opening:
    """What a run is to be, as `init` was told."""

    settings: Settings
    identity: Identity
    project: str
    name: str
    config: dict[str, Any]
    tags: list[str]
    notes: str | None
    ranks: Ranks
    created: int | None = None
    """As `records.Start.created`."""
    door: Door = Door()
    first_step: int = 1
    """The first automatic step of a run that is new."""

    def start(self, primary: bool) -> Start:
        """The first record of a writer."""
        identity, fork = self.identity, self.identity.fork
        return Start(
            time=time.time_ns() // 1000,
            project=self.project,
            name=self.name,
            external_id=identity.external_id,
            run_number=identity.number,
            display_id=identity.display_id,
            policy=identity.policy,
            config=to_json(self.config) if self.config else None,
            tags=self.tags,
            notes=self.notes,
            settings=to_json(self.settings.to_dict()),
            fork_run=fork.run if fork else None,
            fork_step=fork.step if fork else None,
            inherit_config=fork.inherit_config if fork else None,
            inherit_tags=fork.inherit_tags if fork else None,
            created=self.created,
            primary=primary,
            within=self.door.within,
            fork_external_id=fork.external_id if fork else None,
            fork_needed=bool(fork and fork.needed),
            readable=self.door.readable,
            first_step=self.first_step,
        )

    def again(self, primary: bool) -> Start:
        """The first record of a further writer of the run that `start` opened: it joins, and changes nothing."""
        start = self.start(primary)
        start.policy = "create" if start.external_id is not None else "must"
        start.config, start.tags, start.notes = None, [], None
        start.fork_run, start.fork_step, start.fork_external_id = None, None, None
        return start


class Recorder:
    """A writer that is open. Raises `OSError` or `sqlite3.Error` when nothing can be written there."""

    def __init__(self, opening: Opening, *, child: bool = False, anew: bool = False) -> None:
        """`child`: of a forked child. `anew`: in place of one whose folder is gone."""
        settings = opening.settings
        target = settings.target()
        place = journal_place(settings.root)
        if place.note:
            say_once("place", place.note)
        self.sync = place.folder
        self.root = settings.root
        self.primary = opening.ranks.primary and not child
        self.folder = RunFolder(self.sync, run_key(target, opening.project, opening.identity.text))
        self.name = writer_name()
        self._description = description(settings, target, opening.project, opening.identity.external_id)
        self.receipts = Receipts(self.sync, self.folder.key, self.name, primary=self.primary)
        if not child:
            process.remember(settings.root)
        path = self.folder.add_writer(
            self.name, process.place(self.sync), rank=opening.ranks.rank, primary=self.primary, child=child
        )
        self.journal = Journal(path, durability=settings.durability, wal=place.wal)
        start = opening.again(self.primary) if child else opening.start(self.primary)
        if anew:
            start.policy = opening.again(self.primary).policy
        self.journal.append(Kind.START, encode(start))
        self.folder.describe(self._description)
        self.thread: ThreadMode | None = None
        """Who delivers, where that is a thread of this process."""
        if settings.delivery == "thread" and settings.mode == "online" and isinstance(target, Remote) and not child:
            self.thread = process.thread(self.sync)

    def wake(self) -> None:
        """Sees to it that somebody delivers. Never raises."""
        if self.thread is not None:
            self.thread.add(self.folder.key)
        else:
            process.wake(self.sync)

    @property
    def gone(self) -> bool:
        """Whether somebody has deleted the folder under it. SQLite goes on writing to files that have no name."""
        try:
            os.stat(self.journal.folder / "writer.json")
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False

    def keep(self) -> None:
        """Puts `run.json` back, should a deliverer have tidied up the run just when this writer came."""
        try:
            self.folder.describe(self._description)
        except OSError:
            return

    def end(self, end: End) -> None:
        """Writes the last record, and closes the journal. Harmless when repeated, as `Journal.end` is."""
        metadata = dict(end.metadata or {})
        if self.journal.lost:
            metadata["lost"] = self.journal.lost
        body = to_json(metadata) if metadata else None
        self.journal.end(Kind.END, encode(EndRecord(time.time_ns() // 1000, end.status, end.code, body)))


def explain(root: Path, error: Exception) -> str:
    """One line on why nothing can be kept under a root."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    kind = "disk" if isinstance(error, sqlite3.Error) else "folder"
    where = f"the {kind} {os.fspath(root)} can't be written ({reason})"
    return f"nothing is recorded: {where}; init(dir=…) or PLUTO_DIR names another"
