"""The lane of files. MEDIA records → files ready to be sent, and what is to be done when one changes or is gone."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from pluto.core.client import Client, ClientError, Refused, Unreachable
from pluto.core.journal import Row
from pluto.core.uploader import artifacts
from pluto.core.uploader.dialect import Dialect, Place, Ready, Sending
from pluto.core.uploader.writer import Writer
from pluto.protocol import records
from pluto.protocol.batch import FILES
from pluto.protocol.records import Kind

_BLOCK_BYTES: Final = 1 << 20
_HELD_BYTES: Final = 256 << 20
"""Files made ready together take about this much room at most."""


def send(client: Client, dialect: Dialect, place: Place, writer: Writer, rows: list[Row]) -> None:
    """Delivers media records and artifacts, in order.

    Raises `ClientError` for what may work later and `OSError` when the disk is in the way.
    """
    with tempfile.TemporaryDirectory(prefix="pluto-") as folder:
        out = Path(folder)
        ready: list[Ready] = []
        held = 0
        for row in rows:
            if row.kind == Kind.ARTIFACT:
                _deliver(client, dialect, place, writer, ready, out)
                ready, held = [], 0
                artifacts.send(client, dialect, place, writer, row, out)
                continue
            one = prepare(writer, row, out)
            if one is not None:
                ready.append(one)
                held += sum(file.size for file in one.files)
            if held > _HELD_BYTES:
                _deliver(client, dialect, place, writer, ready, out)
                ready, held = [], 0
        _deliver(client, dialect, place, writer, ready, out)
    writer.passed(FILES, rows[-1].seq)


def prepare(writer: Writer, row: Row, out: Path) -> Ready | None:
    """The record as files; None for one that can't become any, which is then noted."""
    from pluto.core.media.render import RenderError, render

    try:
        if row.kind == Kind.FORGET:
            return Ready(row, records.decode(row.kind, row.body), [])
        media: records.Media = records.decode(row.kind, row.body)
        blob = None if media.blob is None else writer.reader.blob(row.segment, media.blob)
        rendered = render(media, blob, out)
        files = []
        for one in rendered:
            sha256, size = _hash(one.path)
            files.append(
                Sending(
                    one.path, one.file_name, one.file_type, one.mime, one.caption, one.annotations, one.metadata, size,
                    sha256,
                )
            )  # fmt: skip
    except FileNotFoundError:
        writer.note_lost()
        writer.reject(row, "its content is not there any more")
        return None
    except (RenderError, ValueError, msgspec.DecodeError) as error:
        writer.reject(row, str(error))
        return None
    if blob is not None and has_changed(media, blob):
        writer.note_changed(media.file_name)
    return Ready(row, media, files)


def has_changed(media: records.Media, blob: Path) -> bool:
    """Whether a file that is only linked is another one now than when it was logged."""
    if not media.parameters.get("linked"):
        return False
    facts = blob.stat()
    return (facts.st_size, facts.st_mtime_ns) != (media.parameters.get("size"), media.parameters.get("mtime_ns"))


def _deliver(client: Client, dialect: Dialect, place: Place, writer: Writer, ready: list[Ready], out: Path) -> None:
    if not ready:
        return
    try:
        dialect.files(client, place, writer, ready)
    except (Refused, Unreachable, OSError) as error:
        # A linked file that was written to meanwhile has no more the hash, or the length, that was told.
        moved = [one for one in ready if any(_hash(file.path)[0] != file.sha256 for file in one.files)]
        if not moved:
            if not isinstance(error, ClientError):
                raise
            _one_by_one(client, dialect, place, writer, ready, error)
            return
        dialect.files(client, place, writer, [_still(writer, one, out) if one in moved else one for one in ready])


def _one_by_one(
    client: Client, dialect: Dialect, place: Place, writer: Writer, ready: list[Ready], error: ClientError
) -> None:
    """Finds the file that the server will never take; raises `error` again for anything else."""
    from pluto.core.uploader.retry import Verdict, verdict

    if verdict(error) is not Verdict.NEVER:
        raise error
    for one in ready:
        try:
            dialect.files(client, place, writer, [one])
        except ClientError as alone:
            if verdict(alone) is not Verdict.NEVER:
                raise
            writer.reject(one.row, str(alone))
            writer.passed(FILES, one.row.seq)


def _still(writer: Writer, ready: Ready, out: Path) -> Ready:
    """The same with copies that nobody writes to."""
    assert isinstance(ready.record, records.Media)
    writer.note_changed(ready.record.file_name)
    files = []
    for file in ready.files:
        handle = tempfile.NamedTemporaryFile(dir=out, delete=False)  # noqa: SIM115 (closed below, kept for the sending)
        with handle, file.path.open("rb") as source:
            shutil.copyfileobj(source, handle, _BLOCK_BYTES)
        copy = Path(handle.name)
        sha256, size = _hash(copy)
        files.append(
            Sending(
                copy, file.file_name, file.file_type, file.mime, file.caption, file.annotations, file.metadata, size,
                sha256,
            )
        )  # fmt: skip
    return Ready(ready.row, ready.record, files)


def _hash(path: Path) -> tuple[str, int]:
    """SHA-256 and size of what was read."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size
