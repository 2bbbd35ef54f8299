"""What a run does with artifacts."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termerror, termwarn
from pluto.compat.wandb.sdk.lib.paths import StrPath
from pluto.compat.wandb.sdk.lib.run_about import RunAbout, while_open

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
    from pluto.query import Client

_ASKING_S = 5
"""How long the server is asked for a collection's type before something is logged to it."""


class RunArtifacts(RunAbout):
    """The part of `Run` that logs, uses and links artifacts."""

    _types: dict[str, str]
    """The types of collections that this run has logged to."""

    @while_open
    def log_artifact(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
    ) -> Artifact:
        """Logs an artifact, or what lies at a path or address, and gives the artifact at once.

        It is on disk when this returns, and delivered in the background: `artifact.wait()` waits for its version.

        Args:
            artifact_or_path: An artifact; or a file, a folder or an address, which become one.
            name: Of that artifact: `run-<id>-<file name>` where none is given.
            type: Of that artifact.
            aliases: What the version is to be known by, besides `latest`. Each belongs to one version of a collection.
            tags: Tags of the version.

        Raises:
            TypeError: something else than an artifact or path.
            ValueError: a path where nothing is; aliases or tags that can't be; a name that has another type.
        """
        return self._log_artifact(artifact_or_path, name=name, type=type, aliases=aliases, tags=tags)

    @while_open
    def upsert_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Adds a part to a version that several runs make, those of the group, or that have the same `distributed_id`.

        Raises `TypeError` for a run without a group, unless there is a `distributed_id`.
        """
        return self._log_artifact(
            artifact_or_path, name=name, type=type, aliases=aliases,
            distributed_id=self._distributed(distributed_id, "upsert"), finalize=False,
        )  # fmt: skip

    @while_open
    def finish_artifact(
        self,
        artifact_or_path: Artifact | str,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        distributed_id: str | None = None,
    ) -> Artifact:
        """Adds the last part to a version that several runs make: it is whole then. Raises as `upsert_artifact`."""
        return self._log_artifact(
            artifact_or_path, name=name, type=type, aliases=aliases,
            distributed_id=self._distributed(distributed_id, "finish"),
        )  # fmt: skip

    @while_open
    def use_artifact(
        self,
        artifact_or_name: str | Artifact,
        type: str | None = None,
        aliases: list[str] | None = None,
        use_as: str | None = None,
    ) -> Artifact:
        """Notes that the run uses an artifact, and gives it. A draft is logged, with `aliases`, and waited for.

        A name is `[[entity/]project/]name[:alias]`; without an alias it means `latest`.

        Raises `TypeError` for an offline run, `CommError` where there is no such artifact, and `ValueError` for one of
        another type, or something that is none.
        """
        from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
        from pluto.protocol.records import ArtifactUse

        if self._settings._offline:
            raise TypeError("Cannot use artifact when in offline mode.")
        if use_as is not None:
            termwarn(
                "`use_as` argument is deprecated and does not affect the behaviour of `run.use_artifact`", repeat=False
            )
        if isinstance(artifact_or_name, str):
            artifact = self._find_artifact(artifact_or_name, type)
        elif not isinstance(artifact_or_name, Artifact):
            raise ValueError(
                'You must pass an artifact name (e.g. "pedestrian-dataset:v1"), an instance of `wandb.Artifact`, or'
                " `wandb.Api().artifact()` to `use_artifact`"
            )
        elif artifact_or_name.is_draft():
            return self._log_artifact(artifact_or_name, aliases=aliases, use_after_commit=True).wait()
        else:
            artifact = artifact_or_name
        self._op.write(ArtifactUse(time.time_ns() // 1000, artifact._at()))
        return artifact

    @while_open
    def link_artifact(self, artifact: Artifact, target_path: str, aliases: list[str] | None = None) -> Artifact:
        """Links an artifact, which is logged first if need be, to a collection; gives it as it is there.

        `target_path`: `wandb-registry-<registry>/<collection>`, or `[entity/][project/]<collection>`. Raises
        `NotImplementedError` for an offline run: link it once it is synced.
        """
        from pluto.compat.wandb.sdk.artifacts._validators import ArtifactPath

        if artifact.is_draft() and not artifact._is_draft_save_started():
            artifact = self._log_artifact(artifact)
        if self._settings._offline:
            raise NotImplementedError("an offline run can't link artifacts: link them once the run is synced")
        target = ArtifactPath.from_str(target_path)
        if not target.is_registry_path():
            target = target.with_defaults(prefix=self.entity or None, project=self.project)
        return artifact.link(target.to_str(), aliases)

    # within

    def _log_artifact(
        self,
        artifact_or_path: Artifact | StrPath,
        name: str | None = None,
        type: str | None = None,
        aliases: list[str] | None = None,
        tags: list[str] | None = None,
        distributed_id: str | None = None,
        finalize: bool = True,
        is_user_created: bool = False,  # noqa: ARG002  frameworks name it
        use_after_commit: bool = False,
    ) -> Artifact:
        from pluto.compat.wandb.sdk.artifacts import record
        from pluto.compat.wandb.sdk.artifacts._validators import validate_aliases, validate_tags
        from pluto.compat.wandb.sdk.artifacts.pending import Pending
        from pluto.protocol.artifacts import LATEST, is_version

        if not finalize and distributed_id is None:
            raise TypeError("Must provide distributed_id if artifact is not finalize")
        names = validate_aliases(aliases or [])
        if any(is_version(alias) or not alias for alias in names):
            raise ValueError("Aliases must not be empty, or look like the number of a version: v0, v1, …")
        artifact = self._as_artifact(artifact_or_path, name, type)
        artifact.finalize()
        artifact.metadata = {**artifact.metadata}
        artifact.distributed_id = distributed_id
        self._check_place(artifact)
        try:
            kept = record.keep(
                self._op,
                artifact,
                aliases=[alias for alias in dict.fromkeys(names) if alias != LATEST],
                tags=validate_tags(tags or []),
                step=None if self._settings._shared else self._row_now(),
                final=finalize,
                used=use_after_commit,
            )
        except OSError as error:
            termerror(f"artifact {artifact.name} was not logged: {error}")
            return artifact
        self._types_logged()[artifact.name.partition(":")[0]] = artifact.type
        if kept is not None and not self._settings._offline:
            token, seq = kept
            artifact._save_handle = Pending(self._op, seq, token, self._artifact_client, whole=finalize)
        return artifact

    def _as_artifact(self, given: Any, name: str | None, type: str | None) -> Artifact:
        from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

        if isinstance(given, Artifact):
            return given
        if not isinstance(given, (str, os.PathLike)):
            raise TypeError("You must pass an instance of wandb.Artifact or a valid file path to log_artifact")
        path = os.fspath(given)
        made = Artifact(name or f"run-{self._settings.run_id}-{os.path.basename(path)}", type or "unspecified")
        if os.path.isfile(path):
            made.add_file(path)
        elif os.path.isdir(path):
            made.add_dir(path)
        elif "://" in path:
            made.add_reference(path)
        else:
            raise ValueError("path must be a file, directory or externalreference like s3://bucket/path")
        return made

    def _check_place(self, artifact: Artifact) -> None:
        """Raises `ValueError` where the artifact belongs elsewhere, or its name to artifacts of another type."""
        name = artifact.source_name.partition(":")[0]
        for mine, other, what in (
            (self.entity, artifact._source_entity, "is owned by entity"),
            (self.project, artifact._source_project, "exists in project"),
        ):
            if mine and other and mine != other:
                raise ValueError(f"Artifact {name} {what} '{other}'; it can't be moved to '{mine}'")
        known = self._types_logged().get(name)
        if known is None and not self._settings._offline:
            from pluto.compat.wandb.sdk.artifacts.finding import full_project

            project = full_project(self._settings.entity, self.project)
            known = self._artifact_client().artifact_type_of(project, name)
        if known is not None and known != artifact.type:
            raise ValueError(
                f"Artifact {name} already exists with type '{known}'; cannot create another with type '{artifact.type}'"
            )

    def _artifact_client(self) -> Client:
        """What reads from where the run goes to."""
        found: Client | None = self.__dict__.get("_reading")
        if found is None:
            from pluto.query import Client as NewClient

            found = self.__dict__["_reading"] = NewClient(settings=self._op.settings, timeout=_ASKING_S)
        return found

    def _find_artifact(self, name: str, type: str | None) -> Artifact:
        from pluto.compat.wandb.sdk.artifacts.finding import find_artifact

        return find_artifact(
            self._artifact_client(), name, entity=self._settings.entity, project=self.project, type=type
        )

    def _config_artifact_callback(self, key: str, val: Any) -> Artifact:  # noqa: ARG002
        """The artifact that a value of the config stands for; the run uses it."""
        from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_by_id, artifact_by_token

        if isinstance(val, Artifact):
            return self.use_artifact(val)
        if isinstance(val, dict) and "id" in val:
            return self.use_artifact(artifact_by_id(self._artifact_client(), str(val["id"])))
        if isinstance(val, str) and val.startswith(("wandb-artifact://", "wandb-client-artifact://")):
            scheme, _, path = val.partition("://")
            if scheme == "wandb-client-artifact":
                found = artifact_by_token(self._artifact_client(), path.partition("/")[0])
                if found is None:
                    raise ValueError(f"{val} has not arrived yet")
                return self.use_artifact(found)
            if path.startswith("_id/"):
                return self.use_artifact(artifact_by_id(self._artifact_client(), path.removeprefix("_id/")))
            return self.use_artifact(path)
        raise ValueError(f"Cannot call _config_artifact_callback on type {type(val)}")

    def _types_logged(self) -> dict[str, str]:
        found: dict[str, str] = self.__dict__.setdefault("_types", {})
        return found

    def _row_now(self) -> int | None:
        """The row the run is at."""
        rows = self.__dict__.get("_rows")
        return None if rows is None else int(self.step)  # type: ignore[attr-defined]

    def _distributed(self, distributed_id: str | None, what: str) -> str:
        if self._settings.run_group is None and distributed_id is None:
            raise TypeError(f"Cannot {what} artifact unless run is in a group or distributed_id is provided")
        return self._settings.run_group or "" if distributed_id is None else distributed_id
