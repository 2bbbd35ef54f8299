"""Artifacts for a stock server: files of one log name, and a manifest beside them."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pluto.core import wire
from pluto.core.media.names import safe_name
from pluto.core.uploader.dialect import Parcel, Part, Ready, Sending
from pluto.protocol import records

MANIFEST: Final = "manifest.json"
PORTION: Final = 300
"""Files announced at once."""


def portions(parcel: Parcel, writer: str, out: Path) -> Iterator[Ready]:
    """The files of an artifact in portions of media records, its manifest last."""
    record = parcel.record
    media = records.Media(
        record.time, record.step or 0, record.name, 0, "ARTIFACT", "file", record.name, metadata={"type": record.type}
    )
    names: dict[str, str] = {}
    for start in range(0, len(parcel.parts), PORTION):
        portion = parcel.parts[start : start + PORTION]
        sending = [_sending(part) for part in portion]
        for position, (part, file) in enumerate(zip(portion, sending, strict=True)):
            names[part.path] = wire.file_name(file.file_name, writer, parcel.row.seq, position)
        yield Ready(parcel.row, media, sending)
    path = out / f"{parcel.row.seq}.{MANIFEST}"
    path.write_text(json.dumps(_manifest(record, names)))
    sending = [Sending(path, MANIFEST, "json", "application/json", MANIFEST, None, None, path.stat().st_size, "")]
    yield Ready(parcel.row, media, sending)


def _sending(part: Part) -> Sending:
    extension = os.path.splitext(part.path)[1].removeprefix(".")
    mime = mimetypes.guess_type(part.path)[0] or "application/octet-stream"
    # Two paths may look alike once they are one component: the hash in the name tells them apart.
    name = wire.file_name(safe_name(part.path.replace("/", "-")), part.path)
    return Sending(part.source, name, extension, mime, part.path, None, None, part.size, part.sha256)


def _manifest(record: records.Artifact, names: dict[str, str]) -> dict[str, object]:
    return {
        "name": record.name,
        "type": record.type,
        "digest": record.digest,
        "algorithm": record.algorithm,
        "aliases": record.aliases,
        "tags": record.tags,
        "description": record.description,
        "metadata": json.loads(record.metadata) if record.metadata else {},
        "contents": {
            entry.path: {
                "file": names.get(entry.path),
                "digest": entry.digest,
                "size": entry.size,
                "ref": entry.ref,
                "extra": entry.extra,
            }
            for entry in record.entries
        },
    }
