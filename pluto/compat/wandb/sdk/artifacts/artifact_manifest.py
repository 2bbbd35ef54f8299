"""What an artifact holds."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from pluto.compat.wandb.sdk.artifacts._validators import validate_artifact_path
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import ArtifactDigestAlgorithm
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.artifacts_base import ArtifactsBase


class ArtifactManifest(ArtifactsBase):
    """Entries by path."""

    manifest_version: int = 0
    entries: dict[str, ArtifactManifestEntry]
    digest_algorithm: ArtifactDigestAlgorithm

    @classmethod
    def version(cls) -> int:
        """The version of the form it is written in."""
        return cls.manifest_version

    @classmethod
    @abstractmethod
    def from_manifest_json(
        cls,
        manifest_json: dict[str, Any],
        digest_algorithm: ArtifactDigestAlgorithm = ArtifactDigestAlgorithm.MANIFEST_MD5,
    ) -> ArtifactManifest:
        """The manifest that `to_manifest_json` wrote. Raises `ValueError` for a form that is not known."""
        if manifest_json.get("version") is None:
            raise ValueError("Invalid manifest format. Must contain version field.")
        from pluto.compat.wandb.sdk.artifacts.artifact_manifests.artifact_manifest_v1 import ArtifactManifestV1

        if manifest_json["version"] != ArtifactManifestV1.version():
            raise ValueError("Invalid manifest version.")
        return ArtifactManifestV1.from_manifest_json(manifest_json, digest_algorithm)

    def __len__(self) -> int:
        return len(self.entries)

    @abstractmethod
    def to_manifest_json(self) -> dict[str, Any]:
        """The manifest as JSON has it."""

    @abstractmethod
    def digest(self) -> str:
        """The digest of all entries, in hexadecimal."""

    @abstractmethod
    def size(self) -> int:
        """How many bytes the entries have, as far as it is known."""

    @abstractmethod
    def hash_contents_with_md5(self) -> None:
        """Gives files whose digests were made otherwise digests made by MD5."""

    def model_dump(self, *, mode: str = "json", **kwargs: Any) -> dict[str, Any]:
        """The manifest as a dict; `kwargs` as for entries."""
        entries = {str(path): entry.model_dump(mode=mode, **kwargs) for path, entry in self.entries.items()}
        return {"manifest_version": self.manifest_version, "entries": entries}

    def add_entry(self, entry: ArtifactManifestEntry, overwrite: bool = False) -> None:
        """Adds an entry. Raises `ValueError` where there is one of other content, unless it may be overwritten."""
        entry.path = validate_artifact_path(entry.path)
        before = self.entries.get(entry.path)
        if before is not None and not overwrite and entry.digest != before.digest:
            raise ValueError(f"Cannot add the same path twice: {entry.path!r}")
        self.entries[entry.path] = entry

    def remove_entry(self, entry: ArtifactManifestEntry) -> None:
        """Takes an entry out. Raises `FileNotFoundError` where there is none."""
        try:
            del self.entries[entry.path]
        except LookupError:
            raise FileNotFoundError(f"Cannot remove missing entry: {entry.path!r}") from None

    def get_entry_by_path(self, path: str) -> ArtifactManifestEntry | None:
        """The entry with a path, or None."""
        return self.entries.get(path)

    def get_entries_in_directory(self, directory: str) -> list[ArtifactManifestEntry]:
        """The entries below a folder."""
        return [entry for path, entry in self.entries.items() if path.startswith(f"{directory}/")]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(entries={self.entries!r})"
