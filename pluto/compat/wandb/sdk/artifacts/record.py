"""An artifact as the run's journal has it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pluto.compat.wandb.sdk.artifacts import staging
from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.protocol import records

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
    from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
    from pluto.compat.wandb.sdk.lib.engine import RunOp
    from pluto.core.journal.blobs import BlobFolder


def keep(
    op: RunOp,
    artifact: Artifact,
    *,
    aliases: Sequence[str],
    tags: Sequence[str],
    step: int | None,
    final: bool,
    used: bool,
) -> tuple[str, int] | None:
    """Writes the artifact down, and takes its files over; the token it goes by, and its place in the journal.

    None where nothing is recorded. Raises `OSError` where a file is gone or the disk takes nothing.
    """
    with op.blobs() as blobs:
        if blobs is None:
            return None
        entries = [_entry(entry, blobs) for entry in artifact.manifest.entries.values()]
        token = artifact._next_token()
        op.write(
            records.Artifact(
                time=time.time_ns() // 1000,
                token=token,
                name=artifact.source_name.partition(":")[0],
                type=artifact.type,
                digest=artifact.manifest.digest(),
                algorithm=artifact.digest_algorithm.short,
                entries=entries,
                aliases=list(aliases),
                tags=list(tags),
                description=artifact.description,
                metadata=artifact._metadata_json(),
                ttl=artifact._ttl_seconds(),
                step=step,
                incremental=artifact.incremental,
                distributed_id=artifact.distributed_id,
                final=final,
                used=used,
            )
        )
        seq = op.last_seq
    for entry in artifact.manifest.entries.values():
        if entry._staged and entry.local_path and not entry.skip_cache:
            get_artifact_file_cache().adopt(entry.local_path, entry.digest, entry.digest_algorithm())
    return token, seq


def _entry(entry: ArtifactManifestEntry, blobs: BlobFolder) -> records.ArtifactEntry:
    blob = None
    if entry.local_path and entry.ref is None:
        blob = blobs.adopt(entry.local_path) if entry._staged else blobs.put_path(entry.local_path).name
    elif entry.ref is None and entry._sha256 is None:
        raise FileNotFoundError(f"{entry.path} is in the manifest, and nobody has said where the file is")
    return records.ArtifactEntry(
        path=str(entry.path),
        digest=entry.digest,
        size=entry.size,
        ref=entry.ref,
        extra=entry.extra,
        sha256=None if blob else entry._sha256,
        blob=blob,
        birth=entry.birth_artifact_id,
    )


def let_go(artifact: Artifact) -> None:
    """Removes the copies behind an artifact that are not needed any more."""
    for entry in artifact.manifest.entries.values():
        if entry._staged and entry.local_path:
            staging.discard(entry.local_path)
