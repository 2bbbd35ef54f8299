"""What the deliverer of a run writes down: the receipt for everybody, and a cursor for each writer."""

from __future__ import annotations

import os
import secrets
import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from pluto.core.receipt import Receipt, Refusal, RunFacts, WriterFacts

RECEIPTS_KEPT: Final = 1000
_SLACK: Final = 100
_WRITERS_KEPT: Final = 100
"""Writers of a run that ended and are still listed: whoever waits for one of them reads it there."""


class Cursor(msgspec.Struct, omit_defaults=True):
    """How far the two lanes of a writer have come, and what has to be known to go on from there."""

    lines: int = 0
    files: int = 0
    sent: int = 0
    """How far the lane of lines has been sent, but for a row that is open: `lines` stays before its first part."""
    base: int | None = None
    """Step of the run when the writer started: what relative steps count from."""
    end: list[Any] | None = None
    """`[status, metadata, time]` of the writer's end once everything before it is delivered."""
    routes: dict[str, int] = {}
    """Stock server: how far each route has come within the batch on its way."""
    names: dict[str, list[int]] = {}
    """Stock server: for each metric the highest step sent, and 1 if its steps are adapted (see `pluto.core.wire`)."""
    readable: bool = False
    """As `records.Start.readable`: the segment that says so may be deleted before the writer is done."""
    counts: dict[str, int] = {}
    """Stock server: for each name of a readable run how many files were sent."""


def load_cursor(folder: Path) -> Cursor:
    """The cursor of a writer's folder; the beginning when there is none that can be read."""
    try:
        return msgspec.json.decode((folder / "cursor.json").read_bytes(), type=Cursor)
    except (OSError, msgspec.DecodeError):
        return Cursor()


def save_cursor(folder: Path, cursor: Cursor) -> None:
    """Writes the cursor. Raises `OSError`."""
    replace(folder / "cursor.json", msgspec.json.encode(cursor))


class Record:
    """The receipt of one run as its deliverer keeps it. Safe from several threads.

    A receipt that the disk does not take is written with the next change.
    """

    def __init__(self, sync: Path, run_key: str, present: set[str]) -> None:
        self._path = sync / "receipts" / f"{run_key}.json"
        self._lock = threading.RLock()
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Receipt)
        except (OSError, msgspec.DecodeError):
            found = Receipt()
        self.known = bool(present & found.writers.keys())
        """Whether an earlier deliverer has opened the run for a writer that is still there."""
        self.receipt = msgspec.structs.replace(found, finished=False, problem=None)
        if not self.known:
            old = {name: facts for name, facts in list(found.writers.items())[-_WRITERS_KEPT:] if facts.done}
            self.receipt = Receipt(writers=old)
        self.before = found.status
        """The status that was sent for the run when it was last delivered."""
        self.last_run = found.run
        """The run as it was then; None where nothing is known of it."""
        self._written: Receipt | None = None

    @property
    def run(self) -> RunFacts | None:
        """The server's answer to START."""
        return self.receipt.run

    def writer(self, name: str) -> WriterFacts:
        """What is noted of a writer."""
        return self.receipt.writers.get(name, WriterFacts())

    def note(self, **changes: Any) -> None:
        """Changes the receipt and writes it, if it is another one then."""
        with self._lock:
            self.receipt = msgspec.structs.replace(self.receipt, **changes)
            self.write()

    def note_writer(self, name: str, *, write: bool = True, **changes: Any) -> None:
        """Changes what is noted of a writer, and lists it from now on."""
        with self._lock:
            facts = msgspec.structs.replace(self.writer(name), **changes)
            self.receipt = msgspec.structs.replace(self.receipt, writers={**self.receipt.writers, name: facts})
            if write:
                self.write()

    def refuse(self, name: str, reason: str, message: str) -> None:
        """Notes that the server has no run for a writer."""
        refusal = Refusal(reason, message)
        with self._lock:
            if self.receipt.run is None:
                self.receipt = msgspec.structs.replace(self.receipt, refused=refusal)
            self.note_writer(name, refused=refusal)

    def pardon(self) -> None:
        """Forgets refusals, so that the server is asked again."""
        with self._lock:
            kept = {name: facts for name, facts in self.receipt.writers.items() if facts.refused is None}
            run = self.receipt.run if len(kept) == len(self.receipt.writers) else None
            if len(kept) < len(self.receipt.writers):
                self.last_run = None
            self.receipt = msgspec.structs.replace(self.receipt, writers=kept, refused=None, run=run)

    def write(self) -> None:
        """Writes the receipt unless it is on disk as it is."""
        with self._lock:
            if self.receipt == self._written:
                return
            content = msgspec.to_builtins(self.receipt)
            content["updated"] = time.time_ns() // 1000
            try:
                self._path.parent.mkdir(0o700, exist_ok=True)
                replace(self._path, msgspec.json.encode(content))
            except OSError:
                return
            self._written = self.receipt

    def prune(self) -> None:
        """Deletes the oldest receipts of runs that have no folder any more."""
        folder = self._path.parent
        try:
            names = [entry for entry in os.scandir(folder) if entry.name.endswith(".json")]
            if len(names) <= RECEIPTS_KEPT + _SLACK:
                return
            names.sort(key=lambda entry: entry.stat().st_mtime_ns)
            for entry in names[:-RECEIPTS_KEPT]:
                if not (folder.parent / "runs" / entry.name.removesuffix(".json")).exists():
                    os.unlink(entry.path)
        except OSError:
            return


def replace(path: Path, content: bytes) -> None:
    """Puts a private file in place, whole. Raises `OSError`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
