"""The items of a run on their way into its journal: what is new of them, as records."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.core.jsonable import plain, to_json
from pluto.core.media.names import safe_name
from pluto.protocol import records
from pluto.protocol.records import kind_of
from pluto_migration.artifacts import Versions
from pluto_migration.blobs import Blobs, is_ours, size_of
from pluto_migration.columns import Columns, columns_of
from pluto_migration.config import clean
from pluto_migration.draft import Draft
from pluto_migration.model import (
    Alert,
    Artifact,
    Console,
    Data,
    Facts,
    File,
    Item,
    ModelGraph,
    Points,
    Texts,
)
from pluto_migration.report import Counts
from pluto_migration.source import Problems, SourceRun
from pluto_migration.tokens import token_of

if TYPE_CHECKING:
    from pluto_migration.known import Known

_STREAMS: Final = {"stdout": "INFO", "stderr": "ERROR"}
_WHOLE: Final = 2.0**53
_LAST: Final = 253_402_300_799_000_000


class Items:
    """Takes items one after another. Without a draft they are counted only.

    What can't be kept is noted in `problems`, and nothing else suffers for it. `finish` when there are no more.
    """

    def __init__(
        self,
        run: SourceRun,
        draft: Draft | None,
        known: Known | None,
        problems: Problems,
        created: int | None,
        scratch: Path,
    ) -> None:
        self.read = Counts()
        """What came."""
        self.added = Counts()
        """What of it the store has not."""
        self.tokens: set[str] = set()
        """Of the artifacts that came."""
        self.first: int | None = None
        """The earliest time that anything had,"""
        self.last: int | None = None
        """and the latest."""
        self._run = run
        self._draft = draft
        self._known = known
        self._problems = problems
        self._created = created if created is not None or known is None else known.ledger.created
        self._blobs = None if draft is None else Blobs(draft, scratch)
        self._versions = Versions(run.path, self._blobs, problems)
        self._columns = Columns(self._put)
        self._lines: dict[tuple[str, str], int] = {}
        self._alerts = 0
        self._unused = 0
        self._takers: Mapping[type, Callable[[Any], None]] = {
            Points: self._points,
            Texts: self._texts,
            Data: self._data,
            File: self._file,
            Artifact: self._artifact,
            Console: self._console,
            Alert: self._alert,
            ModelGraph: self._graph,
        }

    def take(self, item: Item) -> None:
        """Takes an item that is no `Facts`. Raises `OSError` and `sqlite3.Error` where the disk does not take it."""
        assert not isinstance(item, Facts)
        try:
            self._takers[type(item)](item)
        except (ValueError, TypeError, OverflowError) as error:
            name = getattr(item, "name", None) or getattr(item, "title", None) or ""
            self._problems.note(self._run.path, f"{type(item).__name__} {clean(str(name))!r} can't be kept: {error}")

    def finish(self) -> None:
        """Writes what waits for more of its kind."""
        self._columns.flush()

    # --- kinds --------------------------------------------------------------------------------------------------------

    def _points(self, item: Points) -> None:
        name, (steps, times, values) = columns_of(item)
        if not len(steps):
            return
        self._saw(int(times.min()))
        self._saw(int(times.max()))
        self.read.points += len(steps)
        if self._known is not None:
            new = self._known.new_points(name, steps, times, values)
            if not new.all():
                steps, times, values = steps[new], times[new], values[new]
        self.added.points += len(steps)
        self._columns.add(name, steps, times, values)

    def _texts(self, item: Texts) -> None:
        if not len(item.steps) == len(item.times) == len(item.values):
            raise ValueError("steps, times and values are of different lengths")
        name = clean(item.name)
        rows = [
            (float(step), int(at), clean(value))
            for step, at, value in zip(item.steps, item.times, item.values, strict=True)
        ]
        new = repeat(True) if self._known is None else self._known.new_texts(name, rows)
        for (step, at, text), is_new in zip(rows, new, strict=False):
            self._saw(at)
            self.read.texts += 1
            if is_new:
                self.added.texts += 1
                self._put(records.Texts(at, _step(step), {name: text}))

    def _data(self, item: Data) -> None:
        name, body = clean(item.name), json.dumps(item.body, ensure_ascii=False, separators=(",", ":"))
        self._saw(item.time)
        self.read.data += 1
        if self._known is not None and not self._known.new_data(name, item.type, float(item.step), item.time, body):
            return
        self.added.data += 1
        self._put(records.Data(int(item.time), _step(item.step), name, item.type, clean(body)))

    def _file(self, item: File) -> None:
        content = item.content
        where = content if isinstance(content, Path) else self._run.path
        size = size_of(content)
        if size is None:
            self._problems.note(where, f"the file {clean(item.name)!r} is not there, or can't be read")
            return
        if item.time:
            self._saw(item.time)
        self.read.files += 1
        self.read.bytes += size
        known = self._known
        if known is not None and not known.new_file(
            clean(item.name), float(item.step), item.index, clean(item.caption or ""), content, size
        ):
            return
        if self._blobs is None:
            self._count(size)
            return
        try:
            blob, inline, parameters = self._blobs.media(content, size)
        except OSError as error:
            if is_ours(error, content):
                raise
            self._problems.note(where, f"the file {clean(item.name)!r} can't be read: {error.strerror}")
            return
        self._count(size)
        metadata = None if item.metadata is None else plain(item.metadata)
        self._put(
            records.Media(
                time=int(item.time) or self._base(),
                step=_step(item.step),
                name=clean(item.name),
                index=item.index,
                type=item.type,
                form="file",
                file_name=safe_name(clean(item.file_name)),
                blob=blob,
                inline=inline,
                parameters={**parameters, "file_type": "mask"} if item.mask else parameters,
                caption=None if item.caption is None else clean(item.caption),
                annotations=None if item.annotations is None else plain(item.annotations),
                metadata=metadata,
            )
        )

    def _count(self, size: int) -> None:
        self.added.files += 1
        self.added.bytes += size

    def _artifact(self, item: Artifact) -> None:
        token = token_of(self._run.project, item)
        if item.time:
            self._saw(item.time)
        size = sum(size_of(entry.content) or 0 for entry in item.entries if entry.content is not None)
        self.read.artifacts += 1
        self.read.bytes += size
        seen = token in self.tokens or (self._known is not None and token in self._known.ledger.tokens)
        self.tokens.add(token)
        if seen:
            return
        self._put(self._versions.record(item, token, int(item.time) or self._base()))
        self.added.artifacts += 1
        self.added.bytes += size

    def _console(self, item: Console) -> None:
        if len(item.times) != len(item.lines):
            raise ValueError("times and lines are of different lengths")
        stream, who = _STREAMS[item.stream], clean(item.source)
        rows = [(int(at), clean(line)) for at, line in zip(item.times, item.lines, strict=True)]
        new = repeat(True) if self._known is None else self._known.new_lines(who, stream, rows)
        pending: list[str] = []
        since = 0
        for (at, line), is_new in zip(rows, new, strict=False):
            self._saw(at)
            self.read.lines += 1
            if not is_new:
                continue
            if pending and (at != since or len(pending) >= 1000):
                self._print(who, stream, since, pending)
                pending = []
            since = at
            pending.append(line)
        if pending:
            self._print(who, stream, since, pending)

    def _print(self, who: str, stream: str, at: int, lines: list[str]) -> None:
        key = (who, stream)
        if key not in self._lines:
            self._lines[key] = 1 + (0 if self._known is None else self._known.last_line(who, stream))
        self._put(records.Console(at, stream, self._lines[key], lines, who))
        self._lines[key] += len(lines)
        self.added.lines += len(lines)

    def _alert(self, item: Alert) -> None:
        self._saw(item.time)
        self._alerts += 1
        self.read.alerts += 1
        if self._known is not None and not self._known.new_alert(self._alerts, item):
            return
        self.added.alerts += 1
        url = None if item.url is None else clean(item.url)
        self._put(records.Alert(int(item.time), item.level, clean(item.title), clean(item.text), url, email=False))

    def _graph(self, item: ModelGraph) -> None:
        self.read.data += 1
        if self._known is not None and not self._known.new_graph(item.body):
            return
        self.added.data += 1
        self._put(records.ModelGraph(int(item.time) or self._base(), to_json(item.body)))

    def _put(self, record: records.Record) -> None:
        if self._draft is not None:
            self._draft.append(kind_of(record), records.encode(record))

    def _saw(self, at: int) -> None:
        if not is_moment(at):
            return
        self.first = at if self.first is None or at < self.first else self.first
        self.last = at if self.last is None or at > self.last else self.last

    def _base(self) -> int:
        """The time of what has none: when the run began, as far as that is known."""
        if self._created is None:
            self._created = self.first if self.first is not None else time.time_ns() // 1000
        return self._created


def is_moment(at: int) -> bool:
    """Whether a time is one that a run can have begun or ended at: of the years 1970 to 9999."""
    return 0 <= at <= _LAST


def _step(step: float) -> int | float:
    """Whole steps as whole numbers: servers tell them apart."""
    number = float(step)
    whole = number.is_integer() and abs(number) <= _WHOLE and not (number == 0 and math.copysign(1.0, number) < 0)
    return int(number) if whole else number
