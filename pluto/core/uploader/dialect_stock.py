"""A stock Pluto server: a route for each kind of record, one request at a time, each acknowledged before the next.

The server collapses repeated metrics only. How far each route has come is noted after every request, so that a line of
text, data or console can stand twice only where its own answer got lost.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from pluto.core import wire
from pluto.core.client import Client, ClientError, Refused, Unauthorized, Unavailable, Unreachable
from pluto.core.journal import Row
from pluto.core.uploader.dialect import Parcel, Place, Ready, Sending
from pluto.core.uploader.readable import READABLE_CALLS, Notes, annotated, data_lines
from pluto.core.uploader.retry import FRUITLESS, Verdict, ingest_verdict, verdict
from pluto.core.uploader.steps import step_of
from pluto.core.uploader.stock_calls import CALLS
from pluto.core.uploader.writer import Writer
from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import Kind
from pluto.protocol.rows import JSON, contents, each_of

_ROUTES: Final = {
    Kind.METRICS: ("metrics",), Kind.COLUMNS: ("metrics",), Kind.TEXTS: ("data",), Kind.DATA: ("data",),
    Kind.CONSOLE: ("logs",), Kind.ROW: ("metrics", "data"),
}  # fmt: skip
_LINES_AT_ONCE: Final = 5000
_ADDRESS_S: Final = 1800.0
"""How long an upload's address is used; the server's are good for an hour."""
_SPENT: Final = frozenset({400, 403, 404})
"""Answers after which an address is asked for anew."""
_TYPES: Final = frozenset({"METRIC", "IMAGE", "VIDEO", "AUDIO", "FILE", "TEXT", "ARTIFACT", "HISTOGRAM", "TABLE"})
"""Types a log name can be registered with; all others are DATA."""
_NAMED_ALIKE: Final = frozenset({"FILE", "TEXT", "ARTIFACT"})
"""Types whose files may share a name; media come with a name of their own, which their annotations refer to."""


class StockDialect:
    """See `Dialect`."""

    extended = False
    lines_at_once = 1000
    files_at_once = 10

    def __init__(self) -> None:
        self._fruitless: dict[tuple[str, int], int] = {}
        self._addresses: dict[tuple[str, int], tuple[float, dict[str, str]]] = {}
        self._portions: dict[tuple[str, int], int] = {}
        """How many portions of an artifact are up, by writer and record."""

    def lines(self, client: Client, place: Place, writer: Writer, rows: list[Row]) -> None:
        """Sends the rows route by route, in the order of each."""
        for name, top in writer.cursor.names.items():
            place.tops[name] = max(place.tops.get(name, top), top)
        for part, forget in _cut(rows):
            for route in ("metrics", "data", "logs"):
                mine = [row for row in self._unsent(writer, route, part) if route in _routes(row, writer.readable)]
                self._send(client, place, writer, route, mine)
            for row in self._unsent(writer, "calls", part):
                if row.kind in CALLS:
                    self._call(client, place, writer, row)
            if forget is not None:
                self._forget(client, place, writer, forget)
        with writer.lock:
            writer.cursor.routes = {}
            writer.passed(LINES, rows[-1].seq)

    def files(self, client: Client, place: Place, writer: Writer, ready: list[Ready]) -> None:
        """Announces and uploads the files of one record after the other."""
        for one in ready:
            if isinstance(one.record, records.Media):
                self._upload(client, place, writer, one, one.record)
            elif one.record.replaced or not writer.readable:
                pass  # the newest counts; or it is refused in the lane of lines
            elif one.record.entries:
                self._remove(client, place, writer, one, one.record)
            else:
                notes = Notes.of(client, place)
                notes.forget(FILES, one.record.names, writer.name, one.row.seq)
                notes.save(client, place)
            writer.passed(FILES, one.row.seq)

    def artifact(self, client: Client, place: Place, writer: Writer, parcel: Parcel, out: Path) -> None:
        """Uploads the files of an artifact, and a manifest that says which is which: a stock server has no versions."""
        from pluto.core.uploader.stock_artifacts import portions

        sent = self._portions.get((writer.name, parcel.row.seq), 0)
        for number, ready in enumerate(portions(parcel, writer.name, out)):
            if number >= sent:
                assert isinstance(ready.record, records.Media)
                self._upload(client, place, writer, ready, ready.record)
                self._portions[writer.name, parcel.row.seq] = number + 1
        self._portions.pop((writer.name, parcel.row.seq), None)

    # --- the ingest routes --------------------------------------------------------------------------------------------

    @staticmethod
    def _unsent(writer: Writer, route: str, rows: list[Row]) -> list[Row]:
        """The rows this route has not seen; one of an unknown kind is refused on the way."""
        done = writer.cursor.routes.get(route, 0)
        unsent = []
        for row in rows:
            if row.seq <= done:
                continue
            if row.kind in CALLS or row.kind in _ROUTES or row.kind == Kind.FORGET:
                unsent.append(row)
            elif route == "calls":
                writer.reject(row, f"records of kind {row.kind} do not go to a stock server")
        return unsent

    def _send(self, client: Client, place: Place, writer: Writer, route: str, rows: list[Row]) -> None:
        waiting = [rows] if rows else []
        while waiting:
            part = waiting.pop()
            steps = wire.Steps(place.tops)
            names: dict[str, str] = {}
            lines: list[bytes] = []
            notes = Notes.of(client, place) if writer.readable else None
            for row in part:
                try:
                    lines += _lines_of(row, route, writer, steps, names, notes)
                except (ValueError, msgspec.DecodeError) as error:
                    writer.reject(row, f"unreadable: {error}")
            if notes is not None:
                notes.save(client, place)
            self._register(client, place, names)
            try:
                for start in range(0, len(lines), _LINES_AT_ONCE):
                    client.ingest(route, place.id, place.project, b"".join(lines[start : start + _LINES_AT_ONCE]))
            except ClientError as error:
                meaning = ingest_verdict(error)
                if route != "metrics" and (meaning is Verdict.NEVER or getattr(error, "heard", False)):
                    # Lines before the refused one are stored, and all may be where the answer got lost.
                    writer.note_repeated(len(part) if meaning is not Verdict.NEVER else len(part) - 1)
                if meaning is not Verdict.NEVER:
                    raise _plainly(error, meaning) from error
                if len(part) > 1:
                    middle = len(part) // 2
                    waiting += [part[middle:], part[:middle]]
                    continue
                writer.reject(part[0], str(error))
            else:
                place.tops.update(steps.changes)
                writer.cursor.names.update(steps.changes)
            with writer.lock:
                writer.cursor.routes[route] = part[-1].seq
                writer.save()

    @staticmethod
    def _register(client: Client, place: Place, names: dict[str, str]) -> None:
        """Tells the server of log names it has not seen. It takes data of unknown ones, too: a refusal does no harm."""
        by_type: dict[str, list[str]] = {}
        for name, type in names.items():
            if name not in place.registered:
                by_type.setdefault(type if type in _TYPES else "DATA", []).append(name)
        for type, fresh in by_type.items():
            try:
                client.add_names(place.id, fresh, type)
            except ClientError as error:
                if verdict(error) is not Verdict.NEVER:
                    raise
            place.registered.update(fresh)

    # --- single calls -------------------------------------------------------------------------------------------------

    def _call(self, client: Client, place: Place, writer: Writer, row: Row) -> None:
        calls = READABLE_CALLS if writer.readable else CALLS
        try:
            calls[Kind(row.kind)](client, place, records.decode(row.kind, row.body))
        except Unavailable as error:
            self._again(writer, row, error)
        except (msgspec.DecodeError, ValueError) as error:
            writer.reject(row, str(error))
        except ClientError as error:
            if verdict(error) is not Verdict.NEVER:
                raise
            writer.reject(row, str(error))
        with writer.lock:
            writer.cursor.routes["calls"] = row.seq
            writer.save()

    def _again(self, writer: Writer, row: Row, error: Refused) -> None:
        """Raises the error until a call has failed so often that it must be the call's fault."""
        tries = self._fruitless.get((writer.name, row.seq), 0) + 1
        self._fruitless[writer.name, row.seq] = tries
        if tries < FRUITLESS:
            raise error
        del self._fruitless[writer.name, row.seq]
        writer.reject(row, str(error))

    def _forget(self, client: Client, place: Place, writer: Writer, row: Row) -> None:
        """What was logged under names stays, and what follows goes to others, where readers look."""
        if row.seq <= writer.cursor.routes.get("forget", 0):
            return
        record: records.Forget = records.decode(row.kind, row.body)
        if not writer.readable:
            writer.reject(row, "a stock server forgets nothing")
        elif not record.replaced and not record.entries:
            notes = Notes.of(client, place)
            notes.forget(LINES, record.names, writer.name, row.seq)
            notes.save(client, place)
        with writer.lock:
            writer.cursor.routes["forget"] = row.seq
            writer.save()

    def _remove(self, client: Client, place: Place, writer: Writer, ready: Ready, record: records.Forget) -> None:
        """Sends an empty file that tells which entries of a set are there no more."""
        with tempfile.NamedTemporaryFile() as nothing:
            marker = Sending(
                Path(nothing.name), "removed", "", "application/octet-stream", None,
                annotated(None, {"removed": record.entries}), None, 0, "",
            )  # fmt: skip
            for name in record.names:
                media = records.Media(record.time, 0, name, 0, "ARTIFACT", "file", "removed")
                self._upload(client, place, writer, Ready(ready.row, media, [marker]), media)

    def _upload(self, client: Client, place: Place, writer: Writer, ready: Ready, media: records.Media) -> None:
        name = wire.log_name(media.name)
        step = step_of(media.step, writer.cursor.base)
        sent = writer.cursor.counts.get(media.name, 0)
        if writer.readable:
            notes = Notes.of(client, place)
            name = notes.shard(media.name, writer.name, sent, creator=writer.creator)
            notes.save(client, place)
        self._register(client, place, {name: media.type})
        announced: list[dict[str, Any]] = []
        for position, file in enumerate(ready.files):
            file_name, annotations = file.file_name, file.annotations
            # Of a readable run the name travels besides; masks are what annotations name.
            if media.type in _NAMED_ALIKE or (writer.readable and file.file_type != "mask"):
                file_name = wire.file_name(file_name, writer.name, ready.row.seq, position)
            if writer.readable:
                metadata = json.loads(file.metadata) if file.metadata else None
                more = {"name": file.file_name, "metadata": metadata, "time": media.time, "step": step}
                annotations = annotated(annotations, more)
            announced.append(
                {
                    "fileName": file_name,
                    "fileSize": file.size,
                    "fileType": file.file_type,
                    "time": media.time // 1000,
                    "logName": name,
                    "step": wire.whole_step(step),
                    "sampleIndex": media.index,
                    "caption": file.caption,
                    "annotations": annotations,
                }
            )
        addresses = self._announce(client, place, (writer.name, ready.row.seq), announced)
        for file, told in zip(ready.files, announced, strict=True):
            address = addresses.get(told["fileName"])
            if address is None:
                raise Unreachable(f"the server gave no address for {told['fileName']!r}")
            try:
                client.upload(address, file.path, file.mime)
            except Refused as error:
                # The store of files speaks for itself: a 403 may be a clock or an address that has grown old.
                if error.status in _SPENT:
                    del self._addresses[writer.name, ready.row.seq]
                self._again(writer, ready.row, Unavailable(error.status, error.text))
                return
        del self._addresses[writer.name, ready.row.seq]
        if writer.readable:
            writer.cursor.counts[media.name] = sent + len(ready.files)

    def _announce(
        self, client: Client, place: Place, record: tuple[str, int], announced: list[dict[str, Any]]
    ) -> dict[str, str]:
        """Addresses to upload to, kept for another try: each time one asks, the server lists the file again."""
        kept = self._addresses.get(record)
        if kept is None or time.monotonic() - kept[0] > _ADDRESS_S:
            kept = self._addresses[record] = time.monotonic(), client.presign(place.id, place.project, announced)
        return kept[1]


_Names = dict[str, str]


def _cut(rows: list[Row]) -> Iterator[tuple[list[Row], Row | None]]:
    """The rows up to each FORGET, with it, and those behind the last: what comes behind goes to other names."""
    start = 0
    for at, row in enumerate(rows):
        if row.kind == Kind.FORGET:
            yield rows[start:at], row
            start = at + 1
    yield rows[start:], None


def _routes(row: Row, readable: bool) -> tuple[str, ...]:
    """The ingest routes a row goes to."""
    routes = _ROUTES.get(Kind(row.kind), ())
    return ("data", "logs") if readable and routes == ("data",) else routes


def _lines_of(
    row: Row, route: str, writer: Writer, steps: wire.Steps, names: _Names, notes: Notes | None
) -> list[bytes]:
    """The lines a record becomes on a route. `names` takes what has to be registered."""
    record, base = records.decode(row.kind, row.body), writer.cursor.base
    if isinstance(record, (records.Texts, records.Data)) and route == "logs":
        assert notes is not None
        return data_lines(record, step_of(record.step, base), notes, writer.name, row.seq)

    def sent(name: str) -> str:
        return wire.log_name(name) if notes is None else notes.sent(LINES, name)

    if isinstance(record, records.Row):
        return [line for each in each_of(record) for line in _lines_of_row(each, route, base, steps, names)]
    if isinstance(record, records.Metrics):
        values = {sent(name): value for name, value in record.values.items()}
        _note(names, values, "METRIC")
        return wire.metric_lines(record.time, step_of(record.step, base), values, steps)
    if isinstance(record, records.Columns):
        name = sent(record.name)
        _note(names, [name], "METRIC")
        return [
            line
            for time, step, value in _points(record)
            for line in wire.metric_lines(time, step, {name: value}, steps)
        ]
    if isinstance(record, records.Texts):
        texts = {sent(name): text for name, text in record.values.items()}
        _note(names, texts, "DATA")
        step = step_of(record.step, base)
        return [wire.data_line(record.time, step, name, "string-series", text) for name, text in texts.items()]
    if isinstance(record, records.Data):
        name = sent(record.name)
        _note(names, [name], record.type)
        return [wire.data_line(record.time, step_of(record.step, base), name, record.type, record.body)]
    return [
        wire.log_line(record.time, message, record.first_line + offset, record.stream)
        for offset, message in enumerate(record.lines)
    ]


def _lines_of_row(record: records.Row, route: str, base: int | None, steps: wire.Steps, names: _Names) -> list[bytes]:
    found, step = contents(record), step_of(record.step, base)
    if route == "metrics":
        _note(names, found.numbers, "METRIC")
        return wire.metric_lines(record.time, step, found.numbers, steps) if found.numbers else []
    _note(names, found.texts, "DATA")
    _note(names, found.others, JSON)
    lines = [wire.data_line(record.time, step, name, "string-series", text) for name, text in found.texts.items()]
    return lines + [wire.data_line(record.time, step, name, JSON, body) for name, body in found.others.items()]


def _note(names: _Names, logged: Any, type: str) -> None:
    for name in logged:
        names.setdefault(wire.log_name(name), type)


def _points(record: records.Columns) -> Iterator[tuple[int, float, float]]:
    import numpy

    steps = numpy.frombuffer(record.steps, "<f8").tolist()
    times = numpy.frombuffer(record.times, "<i8").tolist()
    values = numpy.frombuffer(record.values, "<f8").tolist()
    return zip(times, steps, values, strict=True)


def _plainly(error: ClientError, meaning: Verdict) -> ClientError:
    """The error as what it means, where a 422 hid it."""
    if isinstance(error, Refused) and error.status == 422:
        return Unauthorized(401, error.text) if meaning is Verdict.KEY else Unavailable(503, error.text)
    return error
