"""Pluto's own server: batches of records as they lie in the journal, each stored once however often it is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from pluto.core.client import Client, ClientError, Unreachable
from pluto.core.journal import Row
from pluto.core.uploader.dialect import Parcel, Place, Ready
from pluto.core.uploader.retry import Verdict, verdict
from pluto.core.uploader.steps import step_of
from pluto.core.uploader.writer import Writer
from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import File, Forget, Kind

SMALL_BYTES: Final = 64 << 10
"""A file up to this size is sent without asking first whether the store has it."""
FILES_PER_RECORD: Final = 1000
"""In the lane of files, the wire's sequence number is the record's times this, plus the file's position in it."""

_STEPPED: Final = frozenset({Kind.METRICS, Kind.TEXTS, Kind.DATA})
_RELATIVE: Final = b"\x91"
"""How a relative step, an array of one, begins: the second field, behind a time that takes 9 bytes in this century."""
_encode = msgspec.msgpack.Encoder().encode
_Entry = tuple[int, int, bytes]


class PlutoDialect:
    """See `Dialect`."""

    extended = True
    lines_at_once = 5000
    files_at_once = 32

    def lines(self, client: Client, place: Place, writer: Writer, rows: list[Row]) -> None:
        """Sends the rows as they are; a batch that is refused is cut until the culprit stands alone."""
        base = writer.cursor.base
        entries: list[_Entry] = [
            (seq, kind, _resolved(kind, body, base))
            if body[10:11] == _RELATIVE and kind in _STEPPED and body[1] == 0xCF
            else (seq, kind, body)
            for seq, kind, body, _ in rows
        ]
        for part in _accepted(client, place, writer, LINES, entries, rows):
            writer.passed(LINES, part[-1][0])

    def files(self, client: Client, place: Place, writer: Writer, ready: list[Ready]) -> None:
        """Brings the bytes into the store, then sends the records that refer to them."""
        entries: list[_Entry] = []
        for one in ready:
            if isinstance(one.record, Forget):
                entries.append((one.row.seq * FILES_PER_RECORD, Kind.FORGET, one.row.body))
                continue
            for position, file in enumerate(one.files[:FILES_PER_RECORD]):
                _bring(client, file.sha256, file.path, file.size)
                record = File(
                    time=one.record.time,
                    step=step_of(one.record.step, writer.cursor.base),
                    name=one.record.name,
                    index=one.record.index,
                    type=one.record.type,
                    file_name=file.file_name,
                    file_type=file.file_type,
                    size=file.size,
                    sha256=file.sha256,
                    caption=file.caption,
                    annotations=file.annotations,
                    metadata=file.metadata,
                )
                entries.append((one.row.seq * FILES_PER_RECORD + position, Kind.FILE, records.encode(record)))
        for part in _accepted(client, place, writer, FILES, entries, [one.row for one in ready]):
            writer.passed(FILES, part[-1][0] // FILES_PER_RECORD)

    def artifact(self, client: Client, place: Place, writer: Writer, parcel: Parcel, out: Path) -> None:  # noqa: ARG002
        """Brings the bytes into the store, then the version: the store gives it its number, once."""
        for sha256, part in {part.sha256: part for part in parcel.parts}.items():
            _bring(client, sha256, part.source, part.size)
        entry = (parcel.row.seq * FILES_PER_RECORD, int(Kind.ARTIFACT), records.encode(parcel.record))
        for _ in _accepted(client, place, writer, FILES, [entry], [parcel.row]):
            writer.passed(FILES, parcel.row.seq)


def _bring(client: Client, sha256: str, path: Path, size: int) -> None:
    if size <= SMALL_BYTES or not client.has_blob(sha256):
        client.put_blob(sha256, path)


def _accepted(client: Client, place: Place, writer: Writer, lane: str, entries: list[_Entry], rows: list[Row]) -> Any:
    """Sends a batch and gives the parts of it that are settled, in order."""
    scale = 1 if lane == LINES else FILES_PER_RECORD
    waiting = [entries] if entries else []
    while waiting:
        part = waiting.pop()
        try:
            answer = client.batch(place.id, place.project, writer.name, lane, _encode(part))
        except ClientError as error:
            if verdict(error) is not Verdict.NEVER:
                raise
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
                continue
            writer.reject(_row(rows, part[0][0] // scale), str(error))
        else:
            if answer.mark < part[-1][0]:
                raise Unreachable(f"the server took {answer.mark} for the end of a batch that ends at {part[-1][0]}")
            place.status = answer.status
            for rejection in answer.rejected:
                writer.reject(_row(rows, rejection.seq // scale), rejection.error)
        yield part


def _row(rows: list[Row], seq: int) -> Row:
    for row in rows:
        if row.seq == seq:
            return row
    raise Unreachable(f"the server refused record {seq}, which was not sent")


def _resolved(kind: int, body: bytes, base: int | None) -> bytes:
    record = records.decode(kind, body)
    record.step = step_of(record.step, base)
    return records.encode(record)
