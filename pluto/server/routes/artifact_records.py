"""Records of artifacts in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from pluto.protocol import records
from pluto.protocol.batch import Entry
from pluto.protocol.records import Kind
from pluto.server.context import Context
from pluto.server.errors import not_found

ARTIFACT_KINDS: Final = frozenset({Kind.ARTIFACT, Kind.ARTIFACT_USE})


def keep(app: Context, run: int, entries: Sequence[Entry]) -> dict[int, str]:
    """Keeps artifacts, and gives what can't be, by seq, with the reason. Keeping one twice is keeping it once."""
    refused: dict[int, str] = {}
    for entry in entries:
        try:
            record = records.decode(entry.kind, entry.body)
            if isinstance(record, records.ArtifactUse):
                if not app.metadata.artifacts.use(run, record.artifact):
                    raise ValueError(f"there is no artifact {record.artifact} any more")
                continue
            _need_blobs(app, record)
            app.metadata.artifacts.commit(run, record)
        except LookupError:
            raise not_found() from None
        except (ValueError, msgspec.DecodeError) as error:
            refused[entry.seq] = str(error)
    if entries:
        app.expire()
    return refused


def _need_blobs(app: Context, record: records.Artifact) -> None:
    for entry in record.entries:
        if entry.sha256 is not None and not app.blobs.has(entry.sha256):
            raise ValueError(f"the store has no blob {entry.sha256} of {entry.path!r}: it has to be sent first")
