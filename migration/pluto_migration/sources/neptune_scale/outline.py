"""What a run holds in the end: the first pass over its operations, which leaves series alone."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pluto.core.protobuf import DamagedError
from pluto_migration.source import Problems
from pluto_migration.sources.neptune_scale import messages
from pluto_migration.sources.neptune_scale.database import CREATE, Database, Row
from pluto_migration.sources.neptune_scale.messages import Bytes, Creation, FileRef, Histogram, Update

Atom = float | int | bool | str | datetime | frozenset[str]
_STREAMS: Final = ("/stdout", "/stderr")
_RUNTIME: Final = "runtime/"
"""Where the console lies; in another namespace the step of its first line, a millionth, tells it from other texts."""
_NUMBER: Final = 11
"""Bytes of an entry behind its path, where its value is a number."""
_FILE: Final = 13 << 3 | 2
_TEXT: Final = 6 << 3 | 2
"""How values of these types begin."""
_SHOWN: Final = 10


class Damages:
    """Notes operations that are damaged: the first places each, then only how often."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._left = _SHOWN

    def note(self, database: Database, row: Row, what: str) -> None:
        """Something of an operation is lost."""
        self._left -= 1
        where = f"{database.path}, operation {row.sequence}" if self._left >= 0 else str(database.path)
        self._problems.note(where, what)


@dataclass(slots=True)
class Outline:
    """Attributes by path."""

    creation: Creation | None = None
    values: dict[str, Atom] = field(default_factory=dict)
    sets: dict[str, dict[str, None]] = field(default_factory=dict)
    """Sets that were changed bit by bit, as the tags are, in the order they came."""
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By path the last operation that assigned a file: which database, and which operation."""
    file_series: dict[str, None] = field(default_factory=dict)
    streams: dict[str, None] = field(default_factory=dict)
    """String series that are console."""
    first: int | None = None
    last: int | None = None
    gone: int = 0
    """How many operations lie before the first of a database: they were sent."""


def merged(databases: Sequence[Database]) -> Iterator[tuple[int, Row]]:
    """The operations of all, each with the place of its database: in order within each, by the clock among them."""
    if len(databases) == 1:
        yield from ((0, row) for row in databases[0].operations())
        return
    streams = [_timed(place, database) for place, database in enumerate(databases)]
    for _, place, row in heapq.merge(*streams, key=lambda one: one[0]):
        yield place, row


def _timed(place: int, database: Database) -> Iterator[tuple[int, int, Row]]:
    now = -(2**63)
    for row in database.operations():
        now = max(now, row.time if row.time is not None else now)
        yield now, place, row


def is_creation(row: Row) -> bool:
    """Whether an operation makes the run."""
    return row.type == CREATE


def outline(databases: Sequence[Database], damages: Damages) -> Outline:
    """What the run holds."""
    found = Outline()
    seen: set[int] = set()
    for place, row in merged(databases):
        if place not in seen:
            seen.add(place)
            found.gone += max(0, row.sequence - 1)
        try:
            if is_creation(row):
                _create(found, messages.creation(row.data))
                continue
            update = messages.update(memoryview(row.data))
        except DamagedError as error:
            damages.note(databases[place], row, f"is damaged: {error}")
            continue
        at = update.time if update.time is not None else row.time
        if at is not None:
            found.first = at if found.first is None else min(found.first, at)
            found.last = at if found.last is None else max(found.last, at)
        for data in update.assigned:
            _assign(found, place, row, data, databases[place], damages)
        for data in update.sets:
            _change_set(found, row, data, databases[place], damages)
        for data in update.appended:
            _append(found, update, data)
    return found


def _create(found: Outline, new: Creation) -> None:
    """A run that was opened again is not made again, but may get another name."""
    known = found.creation
    if known is None:
        found.creation = new
    elif new.experiment is not None:
        known.experiment = new.experiment


def _assign(found: Outline, place: int, row: Row, data: Bytes, database: Database, damages: Damages) -> None:
    try:
        path, content = messages.entry(data)
        value = messages.value(content)
    except DamagedError as error:
        damages.note(database, row, f"a value is damaged: {error}")
        return
    if value is None or isinstance(value, Histogram):
        damages.note(database, row, f"a value of {path!r} of a type that is not known")
    elif isinstance(value, FileRef):
        found.files[path] = place, row.sequence
        found.values.pop(path, None)
    else:
        found.values[path] = value
        found.files.pop(path, None)
        if isinstance(value, frozenset):
            found.sets.pop(path, None)


def _change_set(found: Outline, row: Row, data: Bytes, database: Database, damages: Damages) -> None:
    try:
        path, content = messages.entry(data)
        changes = sorted(messages.set_changes(content))
    except DamagedError as error:
        damages.note(database, row, f"a change of a set is damaged: {error}")
        return
    if not all(change in (messages.ADD, messages.REMOVE) for _, change in changes):
        damages.note(database, row, f"a change of the set {path!r} that is not known")
        return
    before = found.values.pop(path, None)
    texts = found.sets.setdefault(path, {})
    if isinstance(before, frozenset):
        texts |= dict.fromkeys(sorted(before))
    for text, change in changes:
        if change == messages.ADD:
            texts.setdefault(text)
        else:
            texts.pop(text, None)


def _append(found: Outline, update: Update, data: Bytes) -> None:
    """What is said of series before they are read: which are files, which are console."""
    if len(data) > _NUMBER and data[-_NUMBER] == 0x12 and data[1 - _NUMBER] == 9 and data[2 - _NUMBER] == 0x09:
        return  # a number, whose name need not be looked at
    try:
        path, content = messages.entry(data)
    except DamagedError:
        return  # noted when it is read
    if not len(content):
        return
    if content[0] == _FILE:
        found.file_series.setdefault(path)
    elif content[0] == _TEXT and path.endswith(_STREAMS) and path not in found.streams:
        fork = found.creation.fork_step if found.creation is not None else None
        if path.startswith(_RUNTIME) or update.step == round((fork or 0.0) * 1_000_000) + 1:
            found.streams.setdefault(path)
