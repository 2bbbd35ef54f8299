"""Entries of artifacts of this process that need not be logged yet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache_by_client_id
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import StorageHandler

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class WBLocalArtifactHandler(StorageHandler):
    """`wandb-client-artifact://<id>/<path>`: the id is the one the artifact was given by the process that made it."""

    def __init__(self) -> None:
        self._scheme = "wandb-client-artifact"

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """Where the other artifact's entry leads to, or the path of its file. `ValueError` while it is not logged."""
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_by_token, client_beside

        parsed = urlparse(str(manifest_entry.ref))
        found = artifact_by_token(client_beside(manifest_entry._parent_artifact), parsed.netloc)
        if found is None:
            raise ValueError(f"{manifest_entry.path} is in an artifact that has not arrived yet")
        entry = found.get_entry(parsed.path.lstrip("/"))
        return entry.download() if local else entry.ref_target()

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,  # noqa: ARG002
        max_objects: int | None = None,  # noqa: ARG002
    ) -> list[ArtifactManifestEntry]:
        """One entry, with the digest of that which it leads to."""
        parsed = urlparse(path)
        target = artifact_instance_cache_by_client_id.get(parsed.netloc)
        if target is None:
            raise TypeError("Artifact passed to store_path() must be a wandb.Artifact.")
        entry = target.manifest.entries.get(parsed.path.lstrip("/"))
        if entry is None:
            raise RuntimeError("Local entry not found - invalid reference")
        return [ArtifactManifestEntry(path=name or os.path.basename(path), ref=path, size=0, digest=entry.digest)]
