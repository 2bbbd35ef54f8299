"""Addresses of schemes that nobody here can read: they are noted down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import StorageHandler

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class TrackingHandler(StorageHandler):
    """Notes addresses down as they are."""

    def __init__(self, scheme: str = "") -> None:
        self._scheme = scheme

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The path in the artifact: what is there can't be fetched, so `local` raises `ValueError`."""
        if local:
            scheme = urlparse(str(manifest_entry.ref)).scheme
            raise ValueError(f"Cannot download file at path {manifest_entry.ref}, scheme {scheme} not recognized")
        return str(manifest_entry.path)

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,  # noqa: ARG002
        max_objects: int | None = None,  # noqa: ARG002
    ) -> list[ArtifactManifestEntry]:
        """One entry, which needs a name."""
        if name is None:
            raise ValueError(
                f'You must pass name="<entry_name>" when tracking references with unknown schemes. ref: {path}'
            )
        termwarn(f"Artifact references with unsupported schemes cannot be checksummed: {path}")
        return [ArtifactManifestEntry(path=name or urlparse(path).path[1:], ref=path, digest=path)]
