"""The first, and so far only, form of manifests."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import (
    DIGEST_ALGORITHM_EXTRA_KEY,
    ArtifactDigestAlgorithm,
)
from pluto.compat.wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.lib.hashutil import md5_file_b64
from pluto.protocol.artifacts import digest_of

_POLICY = "wandb-storage-policy-v1"
_HERE = frozenset({"path", "local_path", "skip_cache"})


class ArtifactManifestV1(ArtifactManifest):
    """Entries by path, as they are written down."""

    manifest_version = 1

    def __init__(
        self,
        *,
        entries: dict[str, ArtifactManifestEntry] | None = None,
        digest_algorithm: ArtifactDigestAlgorithm = ArtifactDigestAlgorithm.MANIFEST_MD5,
        storage_policy_config: dict[str, Any] | None = None,
    ) -> None:
        self.entries = dict(entries or {})
        self.digest_algorithm = digest_algorithm
        self._config = {"storageLayout": "V2", **(storage_policy_config or {})}

    @classmethod
    def from_manifest_json(
        cls,
        manifest_json: dict[str, Any],
        digest_algorithm: ArtifactDigestAlgorithm = ArtifactDigestAlgorithm.MANIFEST_MD5,
    ) -> ArtifactManifestV1:
        """The manifest that `to_manifest_json` wrote."""
        contents = manifest_json.get("contents") or {}
        return cls(
            entries={path: ArtifactManifestEntry(path=path, **entry) for path, entry in contents.items()},
            digest_algorithm=digest_algorithm,
            storage_policy_config=manifest_json.get("storagePolicyConfig"),
        )

    def to_manifest_json(self) -> dict[str, Any]:
        """The manifest as JSON has it, less what concerns this machine only."""
        return {
            "version": self.manifest_version,
            "storagePolicy": _POLICY,
            "storagePolicyConfig": dict(self._config),
            "contents": {
                str(path): entry.model_dump(exclude=_HERE, exclude_defaults=True)
                for path, entry in self.entries.items()
            },
        }

    def digest(self) -> str:
        """The digest of all entries, in hexadecimal."""
        pairs = ((str(path), entry.digest) for path, entry in self.entries.items())
        return digest_of(pairs, self.digest_algorithm.short)

    def size(self) -> int:
        """How many bytes the entries have, as far as it is known."""
        return sum(entry.size or 0 for entry in self.entries.values())

    def hash_contents_with_md5(self) -> None:
        """Gives files on this machine whose digests were made otherwise digests made by MD5."""
        for entry in self.entries.values():
            if entry.local_path and entry.digest_algorithm() is not ArtifactDigestAlgorithm.MANIFEST_MD5:
                entry.digest = md5_file_b64(entry.local_path)
                del entry.extra[DIGEST_ALGORITHM_EXTRA_KEY]
