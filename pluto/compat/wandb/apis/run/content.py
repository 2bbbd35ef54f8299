"""Files, console lines and artifacts of a run that is read."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.artifacts import RunArtifacts
    from pluto.compat.wandb.apis.public.console_logs import ConsoleLogs
    from pluto.compat.wandb.apis.public.files import File, Files
    from pluto.compat.wandb.apis.reading.records import Record
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


class RunContent(Attrs):
    """What a run has beside its rows."""

    _record: Record
    _service_api: Any

    @property
    def metadata(self) -> dict[str, Any] | None:
        """What is known of machine and program: `wandb-metadata.json`, or the like for other runs."""
        from pluto.compat.wandb.apis.reading.machine import metadata_of

        found: dict[str, Any] | None = self.__dict__.get("_metadata")
        if found is None:
            found = self.__dict__["_metadata"] = metadata_of(self._record)
        return found

    @normalize_exceptions
    def files(self, names: list[str] | None = None, pattern: str | None = None, per_page: int = 50) -> Files:
        """The run's files; those with one of the `names`, or with one that fits `pattern`, where `%` is any text."""
        from pluto.compat.wandb.apis.public.files import Files

        return Files(self._service_api, self, names or [], pattern=pattern, per_page=per_page)

    @normalize_exceptions
    def file(self, name: str) -> File:
        """The file of a name; one that is not there has a size of 0."""
        from pluto.compat.wandb.apis.public.files import Files, missing_file

        found = Files(self._service_api, self, [name])[:1]
        return found[0] if found else missing_file(self._service_api, self, name)

    def console_logs(self, *, per_page: int = 1000, last: int | None = None) -> ConsoleLogs:
        """What the run printed, line by line; `last`: so many lines from the end."""
        from pluto.compat.wandb.apis.public.console_logs import ConsoleLogs

        return ConsoleLogs(self._service_api, self, per_page=per_page, last=last)

    @normalize_exceptions
    def upload_file(self, path: str, root: str = ".") -> File:
        """Puts a file to the run, under its path from `root`."""
        root = os.path.abspath(root)
        name = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
        if name == ".." or name.startswith("../"):
            raise ValueError(f"{path!r} is not below {root!r}: give a root that it is below of")
        self._record.client.upload_file(self._record.place, self._record.number, name, os.path.join(root, name))
        return self.file(name)

    @normalize_exceptions
    def logged_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """The artifacts that the run logged."""
        from pluto.compat.wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._service_api, self, mode="logged", per_page=per_page)

    @normalize_exceptions
    def used_artifacts(self, per_page: int = 100) -> RunArtifacts:
        """The artifacts that the run used."""
        from pluto.compat.wandb.apis.public.artifacts import RunArtifacts

        return RunArtifacts(self._service_api, self, mode="used", per_page=per_page)

    @normalize_exceptions
    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Notes that the run uses an artifact, which has to be logged. `use_as` has no meaning any more."""
        from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

        del use_as
        if not isinstance(artifact, Artifact):
            raise ValueError("You must pass a wandb.Api().artifact() to use_artifact")
        self._record.client.use_artifact(_logged(artifact), self._record.number)
        return artifact

    @normalize_exceptions
    def log_artifact(
        self, artifact: Artifact, aliases: Collection[str] | None = None, tags: Collection[str] | None = None
    ) -> Artifact:
        """Gives an artifact of the run's project, which has to be logged, further aliases and tags."""
        from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

        if not isinstance(artifact, Artifact):
            raise TypeError("You must pass a wandb.Api().artifact() to use_artifact")
        number = _logged(artifact)
        client = self._record.client
        row = client.get_artifact_by_id(number)
        if row["sourceProject"] != self._record.place:
            raise ValueError("A run can't log an artifact to a different project.")
        if aliases:
            client.alias_artifact(number, row["sourceCollectionId"], add=sorted(aliases))
        if tags:
            client.edit_artifact(number, add_tags=sorted(tags))
        return artifact


def _logged(artifact: Artifact) -> int:
    """The store's number of an artifact. Raises `ValueError` for one that is not logged."""
    from pluto.compat.wandb.sdk.artifacts.finding import number_of

    if artifact.is_draft() or artifact.id is None:
        raise ValueError(
            "Only existing artifacts are accepted by this api. Manually create one with `wandb artifact put`"
        )
    return number_of(artifact.id)
