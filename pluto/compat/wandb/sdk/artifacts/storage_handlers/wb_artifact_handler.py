"""Entries of other artifacts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import StorageHandler
from pluto.compat.wandb.sdk.lib.hashutil import b64_to_hex_id, hex_to_b64_id

if TYPE_CHECKING:
    from urllib.parse import ParseResult

    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


class WBArtifactHandler(StorageHandler):
    """`wandb-artifact://<id>/<path>`: an entry of an artifact that is logged."""

    def __init__(self) -> None:
        self._scheme = "wandb-artifact"

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """Where the other artifact's entry leads to, or the path of its file."""
        artifact, path = self._target(str(manifest_entry.ref), manifest_entry._parent_artifact)
        entry = artifact.get_entry(path)
        return entry.download() if local else entry.ref_target()

    def store_path(
        self,
        artifact: Any,
        path: str,
        name: Any = None,
        checksum: bool = True,  # noqa: ARG002
        max_objects: int | None = None,  # noqa: ARG002
    ) -> list[ArtifactManifestEntry]:
        """One entry, with the digest of that which it leads to in the end."""
        target, inner, entry = self._resolved(path, artifact)
        while entry.ref is not None and urlparse(entry.ref).scheme == self._scheme:
            target, inner, entry = self._resolved(entry.ref, artifact)
        assert target.id is not None
        ref = f"{self._scheme}://{b64_to_hex_id(target.id)}/{inner}"
        return [ArtifactManifestEntry(path=name or os.path.basename(ref), ref=ref, size=0, digest=entry.digest)]

    def _resolved(self, url: str, beside: Artifact) -> tuple[Artifact, str, ArtifactManifestEntry]:
        target, inner = self._target(url, beside)
        entry = target.manifest.get_entry_by_path(inner)
        if entry is None:
            raise ValueError(f"{target.name} has no entry {inner!r}")
        return target, inner, entry

    @staticmethod
    def _target(url: str, beside: Artifact | None) -> tuple[Artifact, str]:
        """The artifact that an address leads to, in the store of another one, and the path in it."""
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_by_id, client_beside

        parsed = urlparse(url)
        found = artifact_by_id(client_beside(beside), hex_to_b64_id(parsed.netloc))
        return found, parsed.path.removeprefix("/")
