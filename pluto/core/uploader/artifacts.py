"""ARTIFACT records: the bytes of their files first, then the version."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import msgspec

from pluto.core.client import Client, ClientError, Refused, Unreachable
from pluto.core.journal import Row
from pluto.core.uploader.dialect import Dialect, Parcel, Part, Place
from pluto.core.uploader.retry import Verdict, verdict
from pluto.core.uploader.writer import Writer
from pluto.protocol import records
from pluto.protocol.artifacts import hasher
from pluto.protocol.batch import FILES

_BLOCK_BYTES = 1 << 20


class Spoilt(ValueError):
    """A file is not what it was when it was added: such a version is never made."""


def send(client: Client, dialect: Dialect, place: Place, writer: Writer, row: Row, out: Path) -> None:
    """Delivers one artifact; what stands between is in `out`.

    Raises `ClientError` for what may work later and `OSError` when the disk is in the way.
    """
    try:
        parcel = pack(writer, row)
    except FileNotFoundError:
        writer.note_lost()
        writer.reject(row, "its content is not there any more")
    except (Spoilt, msgspec.DecodeError) as error:
        writer.reject(row, str(error))
    else:
        try:
            dialect.artifact(client, place, writer, parcel, out)
        except (Refused, Unreachable) as error:
            _judge(writer, row, error)
    writer.passed(FILES, row.seq)


def pack(writer: Writer, row: Row) -> Parcel:
    """The record with the hashes of its files.

    Raises `Spoilt` where a file is another one now, `FileNotFoundError` where it is gone.
    """
    record: records.Artifact = records.decode(row.kind, row.body)
    parts: list[Part] = []
    entries: list[records.ArtifactEntry] = []
    for entry in record.entries:
        if entry.blob is None:
            entries.append(entry)
            continue
        path = writer.reader.blob(row.segment, entry.blob)
        sha256, size, digest = _hashes(path, str(entry.extra.get("alg") or "MD5"))
        if digest not in (entry.digest, None):
            raise Spoilt(f"{entry.path} of artifact {record.name} has changed since it was added")
        parts.append(Part(entry.path, path, size, sha256))
        entries.append(msgspec.structs.replace(entry, sha256=sha256, size=size, blob=None))
    return Parcel(row, msgspec.structs.replace(record, entries=entries), parts)


def _judge(writer: Writer, row: Row, error: ClientError) -> None:
    """Finds out whether the artifact itself is why a call failed; raises `error` again where it is not."""
    try:
        pack(writer, row)
    except Spoilt as spoilt:
        writer.reject(row, str(spoilt))
        return
    if verdict(error) is not Verdict.NEVER:
        raise error
    writer.reject(row, str(error))


def _hashes(path: Path, algorithm: str) -> tuple[str, int, str | None]:
    """SHA-256 and size of a file, and what its entry's digest should be; None where that can't be told here."""
    sha256, size = hashlib.sha256(), 0
    try:
        digest = hasher(algorithm)
    except (ImportError, ValueError):
        digest = None
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            sha256.update(block)
            size += len(block)
            if digest is not None:
                digest.update(block)
    told = None if digest is None else base64.b64encode(digest.digest()).decode()
    return sha256.hexdigest(), size, told
