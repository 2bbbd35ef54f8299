"""What is known of an artifact."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts._validators import (
    ensure_logged,
    validate_aliases,
    validate_metadata,
    validate_tags,
)
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import ArtifactDigestAlgorithm
from pluto.compat.wandb.sdk.artifacts.artifact_manifest import ArtifactManifest
from pluto.compat.wandb.sdk.artifacts.artifact_state import ArtifactState
from pluto.compat.wandb.sdk.artifacts.artifact_ttl import ArtifactTTL
from pluto.compat.wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError
from pluto.compat.wandb.sdk.artifacts.naming import ArtifactNaming

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.query import Client


class ArtifactFacts(ArtifactNaming):
    """Properties. What only a logged artifact has raises `ArtifactNotLoggedError` before."""

    _type: str
    _description: str | None
    _metadata: dict[str, Any]
    _ttl_duration_seconds: int | None
    _ttl_is_inherited: bool
    _ttl_changed: bool
    _aliases: list[str]
    _tags: list[str]
    _distributed_id: str | None
    _incremental: bool
    _size: int | None
    _digest: str | None
    _digest_algorithm: ArtifactDigestAlgorithm
    _manifest: ArtifactManifest | None
    _file_count: int | None
    _created_at: str | None
    _updated_at: str | None
    _linked_at: str | None
    _history_step: int | None

    @property
    def type(self) -> str:
        """The type: `model`, `dataset`, …"""
        return self._type

    @property
    @ensure_logged
    def url(self) -> str:
        """The version's page: there is none, so an empty text."""
        return ""

    @property
    def description(self) -> str | None:
        """A text about it; can be set, and kept by `save()`."""
        return self._description

    @description.setter
    def description(self, description: str | None) -> None:
        self._tell_of_source("description")
        self._description = description

    @property
    def metadata(self) -> dict[str, Any]:
        """Facts about it, as JSON has them; can be set, and kept by `save()`."""
        return self._metadata

    @metadata.setter
    def metadata(self, metadata: dict[str, Any]) -> None:
        self._tell_of_source("metadata")
        self._metadata = validate_metadata(metadata)

    @property
    def ttl(self) -> timedelta | None:
        """How long it is kept from its creation; None for ever. Can be set, to `ArtifactTTL.INHERIT` as well."""
        if self._ttl_is_inherited and (self.is_draft() or self._ttl_changed):
            raise ArtifactNotLoggedError("Artifact.ttl", self)
        return None if self._ttl_duration_seconds is None else timedelta(seconds=self._ttl_duration_seconds)

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        if self.type == "wandb-history":
            raise ValueError("Cannot set artifact TTL for type wandb-history")
        if self.is_link:
            raise ValueError(
                "Cannot set TTL for link artifact. Unlink the artifact first then set the TTL for the source artifact"
            )
        if isinstance(ttl, timedelta) and ttl.total_seconds() <= 0:
            raise ValueError(f"Artifact TTL Duration has to be positive. ttl: {ttl.total_seconds()}")
        self._ttl_changed = True
        self._ttl_is_inherited = isinstance(ttl, ArtifactTTL)
        self._ttl_duration_seconds = int(ttl.total_seconds()) if isinstance(ttl, timedelta) else None

    @property
    @ensure_logged
    def aliases(self) -> list[str]:
        """Its aliases in the collection it was got from; can be set, and kept by `save()`."""
        return self._aliases

    @aliases.setter
    @ensure_logged
    def aliases(self, aliases: list[str]) -> None:
        self._aliases = validate_aliases(aliases)

    @property
    @ensure_logged
    def tags(self) -> list[str]:
        """Its tags; can be set, and kept by `save()`."""
        return self._tags

    @tags.setter
    @ensure_logged
    def tags(self, tags: list[str]) -> None:
        self._tell_of_source("tags")
        self._tags = validate_tags(tags)

    @property
    def distributed_id(self) -> str | None:
        """What the parts of a version that several runs make together have in common; can be set."""
        return self._distributed_id

    @distributed_id.setter
    def distributed_id(self, distributed_id: str | None) -> None:
        self._distributed_id = distributed_id

    @property
    def incremental(self) -> bool:
        """Whether it comes on top of the collection's latest version."""
        return self._incremental

    @property
    def use_as(self) -> str | None:
        """Old, and always None."""
        termwarn("The use_as property of Artifact is deprecated.", repeat=False)
        return None

    @property
    def state(self) -> str:
        """`PENDING`, `COMMITTED` or `DELETED`."""
        return self._state.value

    @property
    def manifest(self) -> ArtifactManifest:
        """What it holds; of a logged one fetched when it is first asked for."""
        if self._manifest is None:
            from pluto.compat.wandb.sdk.artifacts.finding import manifest_of

            self._manifest = manifest_of(self)
        return self._manifest

    @property
    def digest(self) -> str:
        """The digest of what it holds, in hexadecimal."""
        if self._manifest is None and self._digest is not None:
            return self._digest
        return self.manifest.digest()

    @property
    def digest_algorithm(self) -> ArtifactDigestAlgorithm:
        """How its digests are made."""
        return self._digest_algorithm

    @property
    def size(self) -> int:
        """How many bytes it has, what it refers to included as far as that is known."""
        if self._manifest is None and self._size is not None:
            return self._size
        return self.manifest.size()

    @property
    @ensure_logged
    def commit_hash(self) -> str:
        """The digest it had when it was stored."""
        return str(self._digest)

    @property
    @ensure_logged
    def file_count(self) -> int:
        """How many files and references it has."""
        return int(self._file_count or 0)

    @property
    @ensure_logged
    def created_at(self) -> str:
        """When it was logged, in UTC."""
        return str(self._created_at)

    @property
    @ensure_logged
    def updated_at(self) -> str:
        """When it was last changed, in UTC."""
        return str(self._updated_at or self._created_at)

    @property
    @ensure_logged
    def linked_at(self) -> str | None:
        """When it was linked to the collection it was got from; None where it was logged."""
        return self._linked_at

    @property
    @ensure_logged
    def history_step(self) -> int | None:
        """The row before the one that its run was at when it logged it."""
        return None if self._history_step is None else max(0, self._history_step - 1)

    @ensure_logged
    def json_encode(self) -> dict[str, Any]:
        """How configs refer to it."""
        return {
            "_type": "artifactVersion",
            "_version": "v0",
            "id": self.id,
            "version": self.source_version,
            "sequenceName": self.source_name.partition(":")[0],
            "usedAs": None,
        }

    # within

    def _assign(self, row: dict[str, Any], client: Client) -> Self:
        """Takes over what the store says of it."""
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_id, place_of

        self._client = client
        self._number, self._id = int(row["id"]), artifact_id(int(row["id"]))
        self._collection_number = int(row["collectionId"])
        self._source_collection_number = int(row["sourceCollectionId"])
        self._entity, self._project = place_of(row["project"])
        self._source_entity, self._source_project = place_of(row["sourceProject"])
        self._version, self._source_version = f"v{row['version']}", f"v{row['sourceVersion']}"
        self._name = f"{row['collection']}:{self._version}"
        self._source_name = f"{row['sourceCollection']}:{self._source_version}"
        self._is_link = row["linkedAt"] is not None
        self._linked_at = row["linkedAt"]
        self._type, self._description = row["type"], row["description"]
        self._metadata = dict(row["metadata"])
        self._aliases, self._tags = list(row["aliases"]), list(row["tags"])
        self._saved_aliases, self._saved_tags = list(self._aliases), list(self._tags)
        self._ttl_duration_seconds = row["ttl"] or None
        self._ttl_is_inherited, self._ttl_changed = row["ttl"] is None, False
        self._size, self._digest, self._file_count = row["size"], row["digest"], row["fileCount"]
        self._digest_algorithm = ArtifactDigestAlgorithm.of(row["algorithm"])
        self._created_at, self._updated_at = row["createdAt"], row["updatedAt"]
        self._history_step = row["step"]
        self._manifest = None
        self._state = ArtifactState.COMMITTED
        self._final = True
        return self

    _saved_aliases: list[str]
    _saved_tags: list[str]

    def _ttl_seconds(self) -> int | None:
        """How long the store is to keep it: 0 for ever, None as it does by itself."""
        return None if self._ttl_is_inherited else self._ttl_duration_seconds or 0

    def _metadata_json(self) -> str | None:
        return json.dumps(self._metadata) if self._metadata else None

    def _tell_of_source(self, what: str) -> None:
        if self.is_link:
            termwarn(
                f"Editing the {what} of this linked artifact will edit the {what} for the source artifact and its"
                " linked artifacts as well."
            )
