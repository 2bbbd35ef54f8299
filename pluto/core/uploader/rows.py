"""The parts of rows in a writer's journal, and the whole rows they make."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import msgspec

from pluto.core.journal import Row
from pluto.protocol import records
from pluto.protocol.records import Kind


class _Draft:
    """A row that parts are still added to."""

    __slots__ = ("first", "part", "segment")

    def __init__(self, first: int, segment: int, part: records.Row) -> None:
        self.first = first
        """Sequence number of its first part."""
        self.segment = segment
        self.part = part


class Rows:
    """Merges the parts of rows, in the order of the journal.

    A whole row goes by the sequence number of the record that made it whole, so that it is known again when it is sent
    twice. Where one record makes two rows whole, the second goes by that of the next part.
    """

    def __init__(self) -> None:
        self._open: _Draft | None = None
        self._waiting: list[_Draft] = []
        """Whole rows that have no number yet."""
        self._given: list[tuple[int, int]] = []
        """Number, and number of the first part, of rows that were given out."""

    def copy(self) -> Rows:
        """Another that goes on from here. What was given out is settled."""
        other = Rows()
        other._open = copy.copy(self._open)
        other._waiting = list(self._waiting)
        return other

    def take(self, rows: list[Row], sent: int, reject: Callable[[Row, str], object]) -> list[Row]:
        """The records as they are sent: parts left out, whole rows in the place of what made them whole.

        What has been sent before, up to `sent`, is left out, too.
        """
        ready: list[Row] = []
        for row in rows:
            found = row if row.kind != Kind.ROW else self._add(row, reject)
            if found is not None and row.seq > sent:
                ready.append(found)
        return ready

    def finish(self, seq: int, sent: int) -> list[Row]:
        """What is left when the writer is over: whole now. The first goes by `seq`."""
        if self._open is not None:
            self._waiting.append(self._open)
            self._open = None
        drafts, self._waiting = self._waiting, []
        ready = [self._give(draft, seq + index) for index, draft in enumerate(drafts)]
        return [row for row in ready if row.seq > sent]

    def settled(self, seq: int) -> int:
        """How far the journal needs no second look, once everything up to `seq` is sent."""
        drafts = [*self._waiting, *([self._open] if self._open is not None else [])]
        firsts = [first for number, first in self._given if number > seq] + [draft.first for draft in drafts]
        return min([seq, *(first - 1 for first in firsts)])

    def _add(self, row: Row, reject: Callable[[Row, str], object]) -> Row | None:
        try:
            part: records.Row = records.decode(row.kind, row.body)
        except msgspec.DecodeError as error:
            reject(row, f"unreadable: {error}")
            return None
        draft = self._open
        if draft is not None and draft.part.step != part.step:
            self._waiting.append(draft)
            draft = None
        if draft is None:
            draft = self._open = _Draft(row.seq, row.segment, part)
        else:
            draft.part = records.Row(part.time, part.step, {**draft.part.values, **part.values}, part.flush)
        if part.flush:
            self._waiting.append(draft)
            self._open = None
        return self._give(self._waiting.pop(0), row.seq) if self._waiting else None

    def _give(self, draft: _Draft, seq: int) -> Row:
        self._given.append((seq, draft.first))
        part = records.Row(draft.part.time, draft.part.step, draft.part.values, True)
        return Row(seq, int(Kind.ROW), records.encode(part), draft.segment)


def numbered(rows: list[Row], before: float | None) -> list[Row]:
    """The same with the real numbers of rows that were counted by themselves: they go on behind row `before`."""
    return [_numbered(row, -1 if before is None else int(before)) if row.kind == Kind.ROW else row for row in rows]


def _numbered(row: Row, before: int) -> Row:
    record: Any = records.decode(row.kind, row.body)
    if not isinstance(record.step, list):
        return row
    record.step = before + record.step[0]
    return row._replace(body=records.encode(record))
