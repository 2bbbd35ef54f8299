"""Batches of records from Pluto's own client: each stored once, however often it is sent."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from importlib import metadata as distribution

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pluto.protocol import records
from pluto.protocol.batch import FILES, LANE, LINES, PREFIX, WRITER, Answer, Entry, Info
from pluto.protocol.records import BATCH_KINDS, Kind
from pluto.server.answers import ext_response, msgpack_response
from pluto.server.bodies import NAME_MAX, read_body, run_number
from pluto.server.context import Context, context
from pluto.server.errors import ApiError, not_found
from pluto.server.lifecycle import ended
from pluto.server.metadata.contract import Editor
from pluto.server.metadata.flatten import parse_object
from pluto.server.routes.artifact_records import ARTIFACT_KINDS, keep
from pluto.server.routes.remarks import register

BATCH_MAX_BYTES = 256 << 20

_WRITER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_decoder = msgspec.msgpack.Decoder(list[Entry])

_APPLIED = frozenset({
    Kind.CONFIG, Kind.TAGS, Kind.NOTES, Kind.METADATA, Kind.NAME, Kind.FILE, Kind.MODEL_GRAPH, *ARTIFACT_KINDS,
})  # fmt: skip
"""Kinds that the metadata has a part in, or that have to be looked at before they are stored."""


async def info(request: Request) -> Response:
    """Which server this is, and that it has the extensions."""
    return ext_response(request, msgspec.to_builtins(Info(version=version())))


def version() -> str:
    """The version of the installed package, empty when it is not installed."""
    try:
        return distribution.version("pluto-ml")
    except distribution.PackageNotFoundError:
        return ""


async def batch(request: Request) -> Response:
    """Stores a batch and answers with the writer's mark and the run's status."""
    app = context(request)
    run, writer, lane = _headers(request)
    body = await read_body(request, BATCH_MAX_BYTES)
    try:
        entries = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ApiError(400, f"The body is no batch: {error}") from None
    seqs = [entry.seq for entry in entries]
    if not all(map(operator.lt, seqs, seqs[1:])):
        raise ApiError(400, "The entries of a batch have to come by rising seq")
    status = app.metadata.statuses.status(run)
    if status is None:
        raise not_found()
    refused: dict[int, str] = {}
    kinds = {entry.kind for entry in entries}
    if not kinds <= BATCH_KINDS - _APPLIED:
        mark = app.series.marks(run).get((writer, lane), 0)
        refused = apply(app, run, [entry for entry in entries if entry.seq > mark])
    appended = app.series.append(run, writer, lane, entries, refused)
    if appended.new_names or appended.forgotten:
        register(app, run, appended.new_names, appended.forgotten)
    if appended.forgotten and lane == FILES:
        app.release(run)
    if ended(status):
        app.metadata.summaries.mark_stale(run)
    return msgpack_response(Answer(appended.mark or 0, status, appended.rejected))


def _headers(request: Request) -> tuple[int, str, str]:
    run = request.headers.get("x-run-id", "")
    if not (run.isascii() and run.isdigit() and len(run) <= 18):
        raise ApiError(400, "X-Run-Id has to be the run's number")
    writer = request.headers.get(WRITER, "")
    if not _WRITER.fullmatch(writer):
        raise ApiError(400, f"{WRITER} has to match {_WRITER.pattern}")
    lane = request.headers.get(LANE, "")
    if lane not in (LINES, FILES):
        raise ApiError(400, f"{LANE} has to be {LINES} or {FILES}")
    return int(run), writer, lane


def apply(app: Context, run: int, entries: Sequence[Entry]) -> dict[int, str]:
    """Applies what belongs to the metadata, and gives what can't be, by seq, with the reason. What changes the run is
    one transaction, and so is each artifact.

    It comes before the mark is stored: whatever stops the server in between, the batch comes again, and the same
    changes made twice in the same order end in the same state.
    """
    refused: dict[int, str] = keep(app, run, [entry for entry in entries if entry.kind in ARTIFACT_KINDS])
    try:
        with app.metadata.runs.edit(run) as editor:
            for entry in entries:
                if entry.kind in ARTIFACT_KINDS or (entry.kind in BATCH_KINDS and entry.kind not in _APPLIED):
                    continue
                try:
                    if entry.kind not in BATCH_KINDS:
                        raise ValueError(f"records of kind {entry.kind} don't travel in batches")
                    _apply_one(app, editor, records.decode(entry.kind, entry.body))
                except (ValueError, msgspec.DecodeError) as error:
                    refused[entry.seq] = str(error)
    except LookupError:
        raise not_found() from None
    return refused


def _apply_one(app: Context, editor: Editor, record: object) -> None:
    """Applies one record, or looks whether it can be stored. Raises `ValueError` for one that can't be."""
    if isinstance(record, records.Config):
        values = parse_object(record.body)
        editor.remove_config(record.remove)
        if record.replace:
            editor.replace_config(values)
        else:
            editor.merge_config(values)
    elif isinstance(record, records.Metadata):
        editor.merge_system_metadata(parse_object(record.body))
    elif isinstance(record, records.Tags):
        removed = frozenset(record.remove)
        kept = [] if record.replace else [tag for tag in editor.tags if tag not in removed]
        editor.set_tags([*kept, *record.add])
    elif isinstance(record, records.Notes):
        editor.set_notes(record.text)
    elif isinstance(record, records.Name):
        if not record.text.strip() or len(record.text) > NAME_MAX:
            raise ValueError(f"a name has 1 to {NAME_MAX} characters")
        editor.rename(record.text)
    elif isinstance(record, records.ModelGraph):
        parse_object(record.body)
    elif isinstance(record, records.File):
        if not re.fullmatch(r"[0-9a-f]{64}", record.sha256):
            raise ValueError("sha256 has to be 64 lower-case hexadecimal digits")
        if not app.blobs.has(record.sha256):
            raise ValueError(f"the store has no blob {record.sha256}: it has to be sent first")
        editor.add_blobs([record.sha256])


async def marks(request: Request) -> Response:
    """How far each writer of a run has got."""
    app, run = context(request), run_number(request)
    if not app.metadata.runs.exists(run):
        raise not_found()
    found = app.series.marks(run)
    return ext_response(request, {f"{writer}/{lane}": mark for (writer, lane), mark in found.items()})


ROUTES = [
    Route(f"{PREFIX}/info", info, methods=["GET"]),
    Route(f"{PREFIX}/batch", batch, methods=["POST"]),
    Route(f"{PREFIX}/marks", marks, methods=["GET"]),
]
