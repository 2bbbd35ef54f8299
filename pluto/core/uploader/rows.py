"""The parts of rows in a writer's journal, and the whole rows they make."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final

import msgspec

from pluto.core.journal import Row
from pluto.core.uploader.steps import step_of
from pluto.protocol import records
from pluto.protocol.records import Kind
from pluto.protocol.rows import each_of

_NONE: Final = msgspec.Raw(b"\xc0")


class _Peek(msgspec.Struct, array_like=True):
    """A part with its values left packed: most rows have one part, and travel as they lie in the journal."""

    time: int
    step: records.Step
    values: msgspec.Raw
    flush: bool = True
    before: msgspec.Raw = _NONE


_peek: Final = msgspec.msgpack.Decoder(_Peek)


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
    twice: its own flush, or the first part of the next row. Where that part flushes, too, both rows go together.
    """

    def __init__(self) -> None:
        self._open: _Draft | None = None
        self._given: list[tuple[int, int]] = []
        """Number, and number of the first part, of rows that were given out."""

    def copy(self) -> Rows:
        """Another that goes on from here. What was given out is settled."""
        other = Rows()
        other._open = copy.copy(self._open)
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
        """The row that is left when the writer is over: it is whole now, and goes by `seq`."""
        draft, self._open = self._open, None
        return [self._give(draft, None, seq)] if draft is not None and seq > sent else []

    def settled(self, seq: int) -> int:
        """How far the journal needs no second look, once everything up to `seq` is sent."""
        firsts = [first for number, first in self._given if number > seq]
        if self._open is not None:
            firsts.append(self._open.first)
        return min([seq, *(first - 1 for first in firsts)])

    def _add(self, row: Row, reject: Callable[[Row, str], object]) -> Row | None:
        try:
            if self._open is None and _peek.decode(row.body).flush:
                self._given.append((row.seq, row.seq))
                return row
            part: records.Row = records.decode(row.kind, row.body)
        except msgspec.DecodeError as error:
            reject(row, f"unreadable: {error}")
            return None
        before = None
        draft = self._open
        if draft is not None and draft.part.step != part.step:
            before, draft = draft, None
        if draft is None:
            draft = _Draft(row.seq, row.segment, part)
        else:
            draft.part = records.Row(part.time, part.step, {**draft.part.values, **part.values}, part.flush)
        self._open = None if part.flush else draft
        if part.flush:
            return self._give(draft, before, row.seq)
        return None if before is None else self._give(before, None, row.seq)

    def _give(self, draft: _Draft, before: _Draft | None, seq: int) -> Row:
        self._given.append((seq, draft.first if before is None else before.first))
        earlier = None if before is None else records.Row(before.part.time, before.part.step, before.part.values)
        part = records.Row(draft.part.time, draft.part.step, draft.part.values, True, earlier)
        return Row(seq, int(Kind.ROW), records.encode(part), draft.segment)


def numbered(rows: list[Row], base: int | None) -> list[Row]:
    """The same with the real numbers of rows that were counted by themselves: they count from `base`."""
    return [_numbered(row, base) if row.kind == Kind.ROW else row for row in rows]


def _numbered(row: Row, base: int | None) -> Row:
    head = _peek.decode(row.body)
    if not isinstance(head.step, list) and bytes(head.before) == bytes(_NONE):
        return row
    record: records.Row = records.decode(row.kind, row.body)
    for each in each_of(record):
        each.step = step_of(each.step, base)
    return row._replace(body=records.encode(record))
