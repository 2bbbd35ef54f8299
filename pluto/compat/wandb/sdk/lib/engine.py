"""The engine's run behind a run of this door, and how it ends."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pluto.core.jsonable import to_json
from pluto.core.op import Op
from pluto.core.recorder import Opening
from pluto.core.shutdown import COMPLETED, FAILED, TERMINATED, Delivery, End, ShutdownPolicy
from pluto.protocol import records
from pluto.protocol.records import Kind

CTRL_C = 255
"""Exit code of a run that Ctrl-C has ended."""


class RunOp(Op):
    """A run of this door.

    It ends as finished or failed, whatever the code, and what the process prints goes to a file, too.
    """

    def __init__(self, opening: Opening, policy: ShutdownPolicy, *, leave_status: bool = False) -> None:
        """`leave_status`: another process says how the run ends."""
        self.before_end: Callable[[End], object] = lambda _: None
        """Called once, when the run ends and still takes records."""
        self.preempting = False
        self.output: Path | None = None
        """The file that gets what is printed."""
        self.stop_fn: Callable[[], object] | None = None
        """Called once when the run is stopped from elsewhere, in the place of Ctrl-C."""
        self.without: frozenset[str] = frozenset()
        """What is not to be told of machine and code: `all` of it, or `git`."""
        self._stopped = False
        self._leave_status = leave_status
        self._lines: dict[str, int] = {}
        self._lines_lock = threading.Lock()
        self._ended = False
        super().__init__(opening, policy)

    def end(self, end: End) -> Delivery | None:
        """As `Op.end`; before it, whoever owns the run writes what it has left."""
        try:
            if not self._ended and not self._child:
                self._ended = True
                self.before_end(self._own_end(end))
        finally:  # an impatient Ctrl-C does not take the end away
            delivery = super().end(end)
        return delivery

    def finish(self, code: int | None = None) -> None:
        """As `Op.finish`; any code but 0 and None means that the run failed."""
        self._finish(of_code(code))

    def print(self, stream: str, lines: list[str], time_us: int) -> None:
        """Records lines as if they had been printed."""
        with self._lines_lock:
            first = self._lines.get(stream, 1)
            self._lines[stream] = first + len(lines)
            super()._put(Kind.CONSOLE, records.encode(records.Console(time_us, stream, first, lines)))
            if self.output is not None:
                with contextlib.suppress(OSError), self.output.open("a", encoding="utf-8", errors="replace") as file:
                    file.writelines(f"{line}\n" for line in lines)

    def keep_file(
        self,
        path: Path,
        name: str,
        step: records.Step,
        *,
        type: str,
        where: str,
        file_type: str | None = None,
        index: int = 0,
        caption: str | None = None,
        annotations: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Takes a file over as it is now. `where` is its path in the run's folder of files. Raises `OSError`."""
        from pluto.core.media.draft import MediaDraft, place
        from pluto.core.media.names import extension_of, safe_name

        with self.blobs() as blobs:
            if blobs is None:
                return
            blob, inline, parameters = place(path.resolve(), blobs)
            file_type = file_type or extension_of(where)[1:]
            if file_type:
                parameters = {**parameters, "file_type": file_type}
            draft = MediaDraft(
                type=type,
                form="file",
                file_name=safe_name(Path(where).name),
                blob=blob,
                inline=inline,
                parameters=parameters,
                caption=caption,
                annotations=annotations,
                metadata={"path": where, **(metadata or {})},
            )
            self.write(draft.record(time.time_ns() // 1000, step, name, index))

    def delivered(self, seq: int, seconds: float) -> bool:
        """Whether the record with this number has been delivered, or refused for good; waits at most that long."""
        recorder = self._recorder
        return recorder is not None and self._answer.until(lambda: recorder.receipts.delivered(seq), seconds)

    @property
    def last_seq(self) -> int:
        """The number of the last record."""
        return 0 if self._recorder is None else self._recorder.journal.last_seq

    @property
    def attended(self) -> bool:
        """Whether somebody is there who delivers the run."""
        if self._recorder is None:
            return False
        import fcntl

        try:
            file = os.open(self._recorder.folder.path / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            # Shared, and for a moment: it keeps nobody from delivering.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            return False
        finally:
            os.close(file)

    def poisoned(self) -> list[dict[str, Any]]:
        """The records that the server refused for good, as they are kept."""
        if self._recorder is None:
            return []
        try:
            text = (self._recorder.journal.folder / "poison.jsonl").read_text(encoding="utf-8")
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def _own_end(self, end: End) -> End:
        if self._leave_status:
            return End("", None)
        if end.status == TERMINATED:
            reason = (end.metadata or {}).get("reason")
            code = CTRL_C if reason == "exception" else end.code
            end = dataclasses.replace(end, status=FAILED, code=code)
        if self.preempting and end.code:
            end = dataclasses.replace(end, metadata={**(end.metadata or {}), "preempted": True})
        return end

    def beat(self) -> None:
        """As `Op.beat`; a run that was stopped from elsewhere has `stop_fn` called."""
        super().beat()
        if self.cancelled and self.stop_fn is not None and not self._stopped:
            self._stopped = True
            self.stop_fn()

    def tell_facts(self) -> None:
        """Records what machine and code this is, where nobody else does."""
        from pluto.core.observers import facts

        body = to_json(facts(self.settings))
        self._put(Kind.METADATA, records.encode(records.Metadata(time.time_ns() // 1000, body)))

    def _put(self, kind: Kind, body: bytes) -> None:
        if kind is Kind.CONSOLE:
            console: records.Console = records.decode(kind, body)
            self.print(console.stream, console.lines, console.time)
        elif kind is Kind.METADATA and self.without:
            if "all" not in self.without:
                metadata: records.Metadata = records.decode(kind, body)
                facts = {name: value for name, value in json.loads(metadata.body).items() if name not in self.without}
                super()._put(kind, records.encode(records.Metadata(metadata.time, to_json(facts))))
        else:
            super()._put(kind, body)


def of_code(code: int | None) -> End:
    """The end an exit code means: 0 or None finished, any other failed."""
    if not code:
        return End(COMPLETED, 0)
    return End(FAILED, code, {"reason": "exit code", "code": code})
