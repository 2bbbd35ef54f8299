"""The delivery of one run: opened, its writers' lanes delivered, its status set, its folder cleared away."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from pluto.core.client import Client, ClientError
from pluto.core.journal import Row
from pluto.core.run_folder import slug
from pluto.core.uploader import files
from pluto.core.uploader.dialect import Dialect, Place
from pluto.core.uploader.opening import ParentComing, RunRefused, open_run
from pluto.core.uploader.places import Processes
from pluto.core.uploader.record import Record
from pluto.core.uploader.retry import Backoff, Verdict, verdict
from pluto.core.uploader.rows import numbered
from pluto.core.uploader.writer import GONE, LOST, Writer, read_json
from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import End, Kind, Start

_RANK: Final = ("COMPLETED", "TERMINATED", "CANCELLED", "FAILED")
"""Final statuses, the worst last."""
_QUIET_READS: Final = 4
"""Reads that find nothing before the journal of a dead process is taken for read: one or two may fail for the disk's
sake, and the reader gives a segment up for damaged after three."""
_PARENT_S: Final = 30.0
"""How long a run waits for the one it is forked from, once the server says that it has none."""
_AHEAD_ROWS: Final = 50
"""How far to look for what can join the creation of a run."""

_logger = logging.getLogger("pluto")


class Delivery:
    """One run folder, held by this deliverer. The lanes call `lines` and `files` from a thread each.

    `again`: asks once more for runs that were refused.
    """

    def __init__(self, folder: Path, handle: int, processes: Processes, *, again: bool = False) -> None:
        self.folder = folder
        self.key = folder.name
        self.about = read_json(folder / "run.json")
        self.backoffs = {LINES: Backoff(), FILES: Backoff()}
        self.beat_at = 0.0
        """When the next heartbeat is due, by `time.monotonic()`."""
        self.seen = 0
        """When the folder had last changed as it was looked through for writers."""
        self.over = False
        """Whether there is nothing to do here any more."""
        self._handle = handle
        self._processes = processes
        self._lock = threading.RLock()
        present = set(_writer_names(folder))
        self.record = Record(folder.parent.parent, self.key, present)
        if again:
            self.record.pardon()
        self.writers: dict[str, Writer] = {}
        self.place = Place(self.record.run) if self.record.run is not None else None
        self._restore: str | None = None
        self._patience = 0.0

    # --- the lanes ----------------------------------------------------------------------------------------------------

    def lines(self, client: Client, dialect: Dialect, limit: int | None = None) -> bool:
        """Takes the run a batch of lines further. Whether there was anything to do.

        Raises `ClientError` for what may work later, and `OSError` when the disk is in the way.
        """
        self._find_writers()
        busy = False
        for writer in list(self.writers.values()):
            if writer.settled or self._is_preceded(writer):
                continue
            known = writer.admitted or writer.refused
            admitted = self._admit(client, dialect, writer)
            busy |= not known and (admitted or writer.refused)
            if admitted:
                busy |= self._lines_of(client, dialect, writer, limit or dialect.lines_at_once)
        if self._is_settled():
            # Whatever was begun before the last of them ended can be seen by now: the status waits for it.
            self._find_writers()
            if self._is_settled():
                self._close(client)
            busy = True
        return busy

    def files(self, client: Client, dialect: Dialect, limit: int | None = None) -> bool:
        """The same for files."""
        if self.place is None:
            return False
        busy = False
        for writer in list(self.writers.values()):
            if writer.done or not writer.admitted:
                continue
            # Not far ahead of the other lane, unless that is in trouble: both then read the same segment, which is
            # opened once. Opening one means reading all of its write-ahead log.
            before = None if self.backoffs[LINES].failures else writer.reached + dialect.lines_at_once
            batch = writer.reader.read(writer.cursor.files, FILES, limit or dialect.files_at_once, before=before)
            if batch.rows:
                busy = True
                files.send(client, dialect, self.place, writer, batch.rows)
                writer.release()
            elif batch.through > writer.cursor.files:
                writer.passed(FILES, batch.through, save=False)
        return busy

    def beat(self, client: Client) -> None:
        """Says that the run is alive, if it is, and hears whether it was cancelled."""
        if self.place is not None and self.is_live():
            self.hear(client.heartbeat(self.place.id))

    def is_live(self) -> bool:
        """Whether the run is open and somebody may still log to it."""
        return self.place is not None and any(
            writer.end is None and writer.admitted and writer.alive() for writer in list(self.writers.values())
        )

    def hear(self, status: str) -> None:
        """Takes note of the run's status at the server."""
        if self.place is not None:
            self.place.status = status
        if status == "CANCELLED" and not self.record.receipt.cancelled:
            self.record.note(cancelled=True)

    def trouble(self, text: str | None) -> None:
        """Says in the receipt why delivery is not getting on; None once it is."""
        if self.record.receipt.problem != text:
            self.record.note(problem=text)

    def gone(self, text: str) -> None:
        """The server has the run no more: what is left of it stays on disk."""
        _logger.warning("%s: the run is gone: %s", self.key, text)
        for writer in list(self.writers.values()):
            if not writer.done:
                self.record.refuse(writer.name, "missing", f"the run is gone: {text}")
        self.trouble(None)

    def left(self) -> int:
        """How many records are not delivered yet."""
        return sum(writer.left() for writer in list(self.writers.values()))

    def leave(self) -> None:
        """Lets go of the folder, whatever its state."""
        with self._lock:
            self.over = True
            for writer in self.writers.values():
                writer.reader.close()
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    def forked(self) -> None:
        """In a forked child: lets go of the lock's copy, and touches nothing else."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    # --- one writer ---------------------------------------------------------------------------------------------------

    def _find_writers(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.seen = os.stat(self.folder).st_mtime_ns
        for name in _writer_names(self.folder):
            if name not in self.writers:
                writer = Writer(self.folder / name, self._processes, self.record)
                with self._lock:
                    self.writers = dict(
                        sorted({**self.writers, name: writer}.items(), key=lambda item: not item[1].primary)
                    )

    def _admit(self, client: Client, dialect: Dialect, writer: Writer) -> bool:
        """Whether the writer's records can be sent; asks the server for its run first."""
        if writer.admitted and self.place is not None:
            if writer.start is None:
                writer.read_start(self._fallback(writer))
            return True
        dead = not writer.alive()
        if writer.refused:
            self._end_refused(writer, dead)
            return False
        start = writer.read_start(self._fallback(writer))
        if start is None:
            writer.quiet = writer.quiet + 1 if dead else 0
            if writer.quiet >= _QUIET_READS and writer.reader.tail()[0] == 0:
                writer.end = End(0, "")
                writer.finish()
            return False
        # run.json has the last word on where the run goes: one kept offline gets its project when it is delivered.
        start = msgspec.structs.replace(start, project=str(self.about.get("project") or start.project))
        metadata, name = (None, None) if dialect.extended else self._joins_creation(writer)
        if writer.child and self._join(writer):
            return True
        try:
            facts, before = open_run(
                client,
                start,
                writer.name,
                extended=dialect.extended,
                metadata=metadata,
                name=name,
                coming=lambda external: self._is_coming(start, external),
                others=self._others(writer),
            )
        except ParentComing:
            return False
        except RunRefused as refusal:
            cause = refusal.__cause__
            if refusal.reason == "unauthorized" and not writer.key_renewed and isinstance(cause, ClientError):
                # The first time it counts as trouble: `pluto login` may have kept another key meanwhile.
                writer.key_renewed = True
                raise cause from None
            _logger.warning("%s: %s", self.key, refusal)
            self.record.refuse(writer.name, refusal.reason, refusal.message)
            self._end_refused(writer, dead)
            return False
        if writer.cursor.base is None:
            writer.cursor.base = int(facts.last_step or 0) if facts.resumed else start.first_step - 1
            writer.save()
        alone = not any(one.admitted and not one.child for one in self.writers.values())
        if self.place is None or alone or self.place.id != facts.run_id:
            self.place = Place(facts) if facts.resumed else Place(facts, metadata=metadata, name=name)
            self._restore = before
            self.record.note(run=facts, refused=None, status="RUNNING")
        self.record.note_writer(writer.name, lines=0, resumed=facts.resumed, last_step=facts.last_step)
        return True

    def _join(self, writer: Writer) -> bool:
        """Lets a forked child into the run its parent has opened. False while nothing is known of that run.

        The server is not asked: a run that has ended meanwhile stays as it is.
        """
        facts = self.place.run if self.place is not None else self.record.last_run
        if facts is None:
            return False
        if writer.cursor.base is None:
            before = [
                one
                for one in self.writers.values()
                if not one.child and one.rank == writer.rank and one.created <= writer.created
            ]
            parent = max(before, key=lambda one: one.created, default=writer)
            ours = int(facts.last_step or 0) if facts.resumed else 0
            writer.cursor.base = ours if parent.cursor.base is None else parent.cursor.base
            writer.save()
        if self.place is None:
            self.place = Place(facts, status=self.record.before)
            self.record.note(run=facts, refused=None, status=self.record.before)
        self.record.note_writer(writer.name, lines=0, resumed=facts.resumed, last_step=facts.last_step)
        return True

    def _is_coming(self, start: Start, external_id: str) -> bool:
        """Whether a run of this project is on its way from here. Not for ever: it may never get anywhere."""
        self._patience = self._patience or time.monotonic() + _PARENT_S
        if time.monotonic() >= self._patience:
            return False
        # Not by the name alone: where a run goes may have been changed since its folder was made.
        for folder in self.folder.parent.glob(f"{slug(external_id)}-*"):
            about = read_json(folder / "run.json")
            if (about.get("external_id"), about.get("project")) == (external_id, start.project):
                return any(_writer_names(folder))
        return False

    def _is_preceded(self, writer: Writer) -> bool:
        """Whether to wait for what an earlier writer has left: the new one goes on behind its last step.

        A forked child waits for the run its parent asks for, too.
        """
        if writer.admitted or writer.refused:
            return False
        earlier = [other for other in self.writers.values() if other.created < writer.created and not other.refused]
        if any(
            other.end is None
            and (not other.alive() or other.reader.tail()[1] or (writer.child and not (other.child or other.admitted)))
            for other in earlier
        ):
            return True
        start = writer.read_start(self._fallback(writer)) if earlier else None
        # Who may take the run's place lets all that belongs to it arrive first, files included.
        replaces = start is not None and start.policy == "replace"
        return replaces and any(other.end is not None and not other.done for other in earlier)

    def _others(self, writer: Writer) -> bool | None:
        """Whether others here write the run just now; None where nobody has before."""
        others = [other for other in self.writers.values() if other is not writer and other.created < writer.created]
        return any(other.end is None and other.alive() for other in others) if others else None

    def _lines_of(self, client: Client, dialect: Dialect, writer: Writer, limit: int) -> bool:
        assert self.place is not None
        dead = not writer.alive()  # asked before reading: what a dead process wrote is all there
        batch = writer.reader.read(writer.read_to, LINES, limit)
        end = batch.rows.pop() if batch.rows and batch.rows[-1].kind == Kind.END else None
        rows = list(batch.rows)
        if rows and rows[0].kind == Kind.START:
            rows[:1] = self._joining(writer, rows[0])
        writer.quiet = writer.quiet + 1 if dead and not batch.rows and end is None else 0
        last = writer.reader.tail()[0] if writer.quiet >= _QUIET_READS and writer.end is None else None
        lost = last is not None and batch.through >= last
        before = writer.rows
        writer.rows = before.copy()
        try:
            rows = writer.rows.take(rows, writer.cursor.sent, writer.reject)
            if end is not None or lost:
                rows += writer.rows.finish(end.seq if end is not None else batch.through + 1, writer.cursor.sent)
            if rows:
                dialect.lines(client, self.place, writer, numbered(rows, writer.cursor.base))
                self.hear(self.place.status)
        except BaseException:
            writer.rows = before
            raise
        writer.read_to = batch.through
        if end is not None:
            writer.end, writer.end_seq = _end(end.body), end.seq
            writer.cursor.lines = max(writer.cursor.lines, end.seq - 1)
        elif writer.end is None and batch.through > writer.reached:
            # Never past the END before all of it is delivered: whoever goes on from the cursor has to read it again.
            writer.passed(LINES, batch.through, save=False)
        if lost:
            # Forked children come and go without a word; how the run ends is their parent's to say.
            writer.end = End(_now(), "") if writer.child else End(writer.last_heard(), "FAILED", None, LOST)
            writer.end_seq = batch.through
        waiting = writer.has_files()
        if writer.end is not None and not waiting and writer.cursor.files >= writer.end_seq:
            writer.finish()
        elif rows:
            writer.release()
        self.record.note_writer(writer.name, lines=writer.reached, files=writer.cursor.files)
        return bool(batch.rows or rows)

    def _joining(self, writer: Writer, start: Row) -> list[Row]:
        """What a START still has to say once the run is opened: its tags, where the run was there before."""
        if not self.record.writer(writer.name).resumed or writer.start is None or not writer.start.tags:
            return []
        tags = records.Tags(writer.start.time, add=writer.start.tags)
        return [start._replace(kind=int(Kind.TAGS), body=records.encode(tags))]

    def _fallback(self, writer: Writer) -> Start:
        """What to open where the writer's START can't be read."""
        external = self.about.get("external_id")
        created = writer.created or _now()
        return Start(
            created, str(self.about.get("project") or "pluto"), str(external or self.key), external or self.key
        )

    def _joins_creation(self, writer: Writer) -> tuple[str | None, str | None]:
        metadata = name = None
        for row in writer.reader.read(0, LINES, _AHEAD_ROWS).rows:
            with contextlib.suppress(msgspec.DecodeError):
                if row.kind == Kind.METADATA and metadata is None:
                    metadata = records.decode(row.kind, row.body).body
                elif row.kind == Kind.NAME:
                    name = records.decode(row.kind, row.body).text
        return metadata, name

    def _end_refused(self, writer: Writer, dead: bool) -> None:
        """A refused writer is done when it has ended; what it logged stays on disk."""
        last, ended = writer.reader.tail()
        if (ended or dead) and not writer.done:
            if last <= 1 + ended:
                writer.end, writer.end_seq = End(0, ""), last
                writer.finish()
            else:
                writer.shelved = True
                self.record.note_writer(writer.name, done=True)

    # --- the end ------------------------------------------------------------------------------------------------------

    def _is_settled(self) -> bool:
        return bool(self.writers) and all(writer.settled for writer in self.writers.values())

    def _close(self, client: Client) -> None:
        """Sets the status, once every writer here has ended, and clears the folder away."""
        status, metadata, at = self._verdict()
        if status and self.place is not None:
            more: dict[str, Any] = {"statusUpdated": at // 1000} if at else {}
            if metadata is not None:
                more["statusMetadata"] = metadata
            try:
                client.set_status(self.place.id, status, **more)
            except ClientError as error:
                if verdict(error) not in (Verdict.GONE, Verdict.NEVER):
                    raise
                _logger.error("%s: the status %s was refused: %s", self.key, status, error)
        self.record.note(finished=True, problem=None, status=status or self.record.receipt.status)
        self.record.prune()
        self._clear()

    def _verdict(self) -> tuple[str, str | None, int]:
        """The status to send (empty for none), its metadata, and when the last writer ended."""
        admitted = [writer for writer in self.writers.values() if writer.admitted and not self._is_followed(writer)]
        if not admitted:
            return "", None, 0
        primary = any(writer.primary for writer in admitted)
        deciding = [writer for writer in admitted if not writer.child]
        ends = [writer.end for writer in deciding if writer.end is not None and writer.end.status in _RANK]
        worst = max(ends, key=lambda end: _RANK.index(end.status), default=None)
        at = max((end.time for end in ends), default=0)
        if worst is not None and (primary or worst.status == "FAILED"):
            return worst.status, worst.metadata, at
        if not primary:
            # A rank that came after the run had ended has reopened it: it gets back the status it had.
            before = self.record.before if deciding and self.record.before in _RANK else ""
            return self._restore or before, None, 0
        return "", None, 0

    def _is_followed(self, writer: Writer) -> bool:
        """Whether the same rank has begun again since the writer ended, as after a restart: then that one counts."""
        return writer.end is not None and any(
            other is not writer
            and other.rank == writer.rank
            and not other.child
            and other.admitted
            and other.created > writer.end.time
            for other in self.writers.values()
        )

    def _clear(self) -> None:
        cleared = [writer.done and writer.clean() for writer in self.writers.values()]
        if not all(cleared):
            self.leave()
            return
        for left in self.folder.glob(f".*{GONE}"):
            shutil.rmtree(left, ignore_errors=True)
        about = self.folder / "run.json"
        content = about.read_bytes() if about.exists() else b"{}"
        for path in (about, self.folder / "lock"):
            path.unlink(missing_ok=True)
        try:
            os.rmdir(self.folder)
        except FileNotFoundError:
            pass
        except OSError:
            # A writer has come meanwhile; it finds the run's description again.
            with contextlib.suppress(OSError):
                from pluto.core.uploader.record import replace

                if not about.exists():
                    replace(about, content)
        self.leave()


def _writer_names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    except OSError:
        return []


def _end(body: bytes) -> End:
    try:
        end: End = records.decode(Kind.END, body)
    except msgspec.DecodeError:
        return End(_now(), "FAILED", None, LOST)
    return end


def _now() -> int:
    return time.time_ns() // 1000
