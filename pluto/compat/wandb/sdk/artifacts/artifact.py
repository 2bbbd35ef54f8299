"""Artifacts."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts._validators import (
    ArtifactPath,
    ensure_logged,
    validate_aliases,
    validate_artifact_name,
    validate_artifact_type,
    validate_metadata,
)
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import (
    DIGEST_ALGORITHM_EXTRA_KEY,
    ArtifactDigestAlgorithm,
)
from pluto.compat.wandb.sdk.artifacts.artifact_instance_cache import artifact_instance_cache_by_client_id
from pluto.compat.wandb.sdk.artifacts.artifact_manifests.artifact_manifest_v1 import ArtifactManifestV1
from pluto.compat.wandb.sdk.artifacts.artifact_state import ArtifactState
from pluto.compat.wandb.sdk.artifacts.exceptions import ArtifactNotLoggedError
from pluto.compat.wandb.sdk.artifacts.finding import full_project, plainly
from pluto.compat.wandb.sdk.artifacts.relations import ArtifactRelations
from pluto.compat.wandb.sdk.data_types._dtypes import Type, TypeRegistry
from pluto.protocol.artifacts import hasher

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.pending import Pending

_LETTERS = string.ascii_lowercase + string.digits


class Artifact(ArtifactRelations):
    """A set of files that has versions: fill it by the methods that begin with `add`, then log it.

        artifact = wandb.Artifact("weights", type="model")
        artifact.add_file("weights.pt")
        run.log_artifact(artifact)

    Files are taken as they are when they are added. Logging gives a new version, or the equal one that is there.
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        incremental: bool = False,
        use_as: str | None = None,
        storage_region: str | None = None,
        digest_algorithm: Literal["MD5", "XXH128"] = "MD5",
    ) -> None:
        """An empty artifact.

        Args:
            name: Of the collection its version goes to: letters, digits, `-`, `_` and `.`, at most 128.
            type: `model`, `dataset`, …; a collection has one type.
            description: A text about it.
            metadata: At most 100 facts, made JSON.
            incremental: Whether it comes on top of the collection's latest version. `new_draft` is the better way.
            use_as: Old, without effect.
            storage_region: Kept in the manifest; where the store keeps its bytes is its own affair.
            digest_algorithm: `XXH128` is faster, and needs the package xxhash.

        Raises:
            ValueError: a name, type or metadata that can't be.
            TypeError: metadata that is no dict.
        """
        self._name = self._source_name = validate_artifact_name(name)
        self._type = self._checked_type(type, name)
        if incremental and not self._is_internal:
            termwarn("Using experimental arg `incremental`")
        if use_as is not None:
            termwarn("`use_as` argument is deprecated and does not affect the behaviour of `wandb.Artifact()`")
        if storage_region is not None and not storage_region.strip():
            raise ValueError("storage_region has to name a region")
        self._client = None
        self._id = self._number = self._collection_number = self._source_collection_number = None
        self._client_id = _new_id()
        self._sequence_client_id = _new_id()
        self._entity = self._project = self._version = None
        self._source_entity = self._source_project = self._source_version = self._source_artifact = None
        self._is_link = False
        self._description = description
        self._metadata = validate_metadata(metadata)
        self._ttl_duration_seconds, self._ttl_is_inherited, self._ttl_changed = None, True, False
        self._aliases, self._saved_aliases, self._tags, self._saved_tags = [], [], [], []
        self._distributed_id = None
        self._incremental = incremental
        self._state = ArtifactState.PENDING
        self._size = self._digest = self._file_count = None
        self._digest_algorithm = ArtifactDigestAlgorithm.of(digest_algorithm)
        if self._digest_algorithm is ArtifactDigestAlgorithm.MANIFEST_XXH128:
            hasher(self._digest_algorithm.short)
        self._manifest = ArtifactManifestV1(
            digest_algorithm=self._digest_algorithm,
            storage_policy_config={"storageRegion": storage_region} if storage_region else None,
        )
        self._created_at = self._updated_at = self._linked_at = self._history_step = None
        self._final = False
        self._added_objs, self._added_local_paths, self._new_files = {}, {}, None
        self._download_roots = set()
        self._save_handle: Pending | None = None
        self._times_logged = 0
        artifact_instance_cache_by_client_id[self._client_id] = self

    _is_internal = False

    def _checked_type(self, type: str, name: str) -> str:
        return validate_artifact_type(type, name)

    def __repr__(self) -> str:
        return f"<Artifact {self.id or self.name}>"

    @ensure_logged
    def new_draft(self) -> Artifact:
        """An artifact with the same content that can be changed, and logged as the next version."""
        draft = type(self)(self.source_name.partition(":")[0], self.type)
        draft._source_entity, draft._source_project = self._source_entity, self._source_project
        draft._entity, draft._project = self._source_entity, self._source_project
        draft._client = self._client
        draft._description = self._description
        draft._metadata = dict(self._metadata)
        draft._digest_algorithm = self._digest_algorithm
        manifest = ArtifactManifestV1.from_manifest_json(self.manifest.to_manifest_json(), self._digest_algorithm)
        for path, entry in manifest.entries.items():
            entry._sha256 = self.manifest.entries[path]._sha256
        draft._manifest = manifest
        return draft

    def save(self, project: str | None = None, settings: Any = None) -> None:
        """Keeps what was changed of a logged artifact. A draft is logged: by the open run, or by one opened for it.

        `project` and `settings` are those of the run that is opened.
        """
        from pluto.compat.wandb.sdk.wandb_setup import singleton

        if not self.is_draft():
            self._update()
            return
        run = singleton().most_recent_active_run
        if run is not None:
            run.log_artifact(self)
            return
        from pluto.compat.wandb.sdk.wandb_init import init
        from pluto.compat.wandb.sdk.wandb_settings import Settings

        with init(
            entity=self._source_entity or None,
            project=project or self._source_project,
            job_type="auto",
            settings=settings or Settings(silent=True),
        ) as run:
            run.log_artifact(self)

    def wait(self, timeout: int | None = None) -> Artifact:
        """It, once it has arrived: then it has a version. `timeout` is in seconds.

        Raises `WaitTimeoutError` where that was not enough, or nothing gets on; `ValueError` where the store refused
        it; `ArtifactNotLoggedError` for one that is not logged, or by an offline run.
        """
        if not self.is_draft():
            return self
        if self._save_handle is None:
            raise ArtifactNotLoggedError("Artifact.wait", self)
        row = self._save_handle.wait(timeout)
        if row is not None:
            self._assign(row, self._save_handle.client)
        return self

    def link(self, target_path: str, aliases: Iterable[str] | None = None) -> Artifact:
        """Links it to a collection, which is made if need be; gives it as it is there.

        `target_path` is `[entity/][project/]collection`, or `wandb-registry-<registry>/collection`. `latest` and the
        aliases move to it there. A draft is logged first.
        """
        from pluto.compat.wandb import env
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_from_row
        from pluto.compat.wandb.sdk.wandb_setup import singleton

        if self.is_link:
            termwarn(
                "Linking to a link artifact will result in directly linking to the source artifact of that link"
                " artifact."
            )
        if self.is_draft():
            if not self._is_draft_save_started():
                self.save(project=self._source_project)
            self.wait()
        names = validate_aliases(aliases or [])
        default = env.get_project(singleton().settings.project) or "uncategorized"
        target = ArtifactPath.from_str(target_path).with_defaults(project=default)
        if not target.is_registry_path():
            target = target.with_defaults(prefix=self.source_entity)
        with plainly():
            row = self._get_client().link_artifact(
                self._at(),
                full_project(target.prefix, str(target.project)),
                target.name.partition(":")[0],
                [alias for alias in names if alias != "latest"],
            )
        return artifact_from_row(row, self._get_client())

    def _is_draft_save_started(self) -> bool:
        return self._times_logged > 0

    def _next_token(self) -> str:
        """What the version is known by in the store: another one each time it is logged."""
        self._times_logged += 1
        return self._client_id if self._times_logged == 1 else f"{self._client_id}~{self._times_logged}"


class _ArtifactVersionType(Type):
    """Cells of tables that are artifacts."""

    name = "artifactVersion"
    types = [Artifact]  # noqa: RUF012


TypeRegistry.add(_ArtifactVersionType)


def _new_id() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(128))


__all__ = ["DIGEST_ALGORITHM_EXTRA_KEY", "Artifact"]
