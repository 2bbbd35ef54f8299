"""How a logged artifact is changed, linked and deleted, and which runs have to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts._validators import ensure_logged
from pluto.compat.wandb.sdk.artifacts.artifact_state import ArtifactState
from pluto.compat.wandb.sdk.artifacts.downloads import ArtifactDownloads
from pluto.compat.wandb.sdk.artifacts.finding import plainly

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


class ArtifactRelations(ArtifactDownloads):
    """Collections, links, runs. What the store refuses raises `CommError`."""

    @property
    @ensure_logged
    def collection(self) -> Any:
        """The collection it was got from."""
        return self._collection_of(self.entity, self.project, self.name)

    @property
    @ensure_logged
    def source_collection(self) -> Any:
        """The collection it was logged to."""
        return self._collection_of(self.source_entity, self.source_project, self.source_name)

    def _collection_of(self, entity: str, project: str, name: str) -> Any:
        from pluto.compat.wandb.apis.public.artifacts import ArtifactCollection

        return ArtifactCollection(self._get_client(), entity, project, name.partition(":")[0], self.type)

    @property
    @ensure_logged
    def linked_artifacts(self) -> list[Artifact]:
        """It, in the collections it is linked to; nothing for what was got from such a collection."""
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_from_row

        if self.is_link:
            return []
        with plainly():
            rows = self._get_client().artifact_links(self._at())
        return [artifact_from_row(row, self._get_client()) for row in rows]

    @property
    @ensure_logged
    def source_artifact(self) -> Artifact:
        """It, in the collection it was logged to."""
        from pluto.compat.wandb.sdk.artifacts.finding import artifact_from_row

        if not self.is_link:
            return self  # type: ignore[return-value]
        if self._source_artifact is None:
            with plainly():
                row = self._get_client().get_artifact_by_id(self._at())
            self._source_artifact = artifact_from_row(row, self._get_client())
        found: Artifact = self._source_artifact
        return found

    @ensure_logged
    def logged_by(self) -> Any:
        """The run that made it; None where that is gone."""
        with plainly():
            run = self._get_client().artifact_runs(self._at())["madeBy"]
        return None if run is None else self._run(run)

    @ensure_logged
    def used_by(self) -> list[Any]:
        """The runs that used it."""
        with plainly():
            runs = self._get_client().artifact_runs(self._at())["usedBy"]
        return [self._run(run) for run in runs]

    @ensure_logged
    def unlink(self) -> None:
        """Takes it out of the collection that it was got from. Raises `ValueError` where it was logged there."""
        if not self.is_link:
            raise ValueError(
                f"Artifact {self.qualified_name!r} is not a linked artifact and cannot be unlinked.  To delete it, use"
                " 'Artifact.delete' instead."
            )
        assert self._collection_number is not None
        with plainly():
            self._get_client().unlink_artifact(self._at(), self._collection_number)

    @ensure_logged
    def delete(self, delete_aliases: bool = False) -> None:
        """Deletes the version and what only it holds; of a linked one the link alone.

        Raises `CommError` where it has aliases, unless `delete_aliases`.
        """
        if self.is_link:
            termwarn(
                "Deleting a link artifact will only unlink the artifact from the source artifact and not delete the"
                " source artifact and the data of the source artifact."
            )
            self.unlink()
            return
        with plainly():
            self._get_client().delete_artifact(self._at(), aliases=delete_aliases)
        self._state = ArtifactState.DELETED

    # within

    def _update(self) -> None:
        client = self._get_client()
        before, now = set(self._saved_aliases), set(self._aliases)
        assert self._collection_number is not None
        with plainly():
            if before != now:
                client.alias_artifact(
                    self._at(), self._collection_number, add=sorted(now - before), remove=sorted(before - now)
                )
            changes: dict[str, Any] = {"description": self._description, "metadata": self._metadata}
            if self._ttl_changed:
                changes["ttl"] = self._ttl_seconds()
            old, new = set(self._saved_tags), set(self._tags)
            client.edit_artifact(self._at(), **changes, add_tags=sorted(new - old), remove_tags=sorted(old - new))
            row = client.get_artifact_by_id(self._at(), self._collection_number)
        manifest = self._manifest
        self._assign(row, client)
        self._manifest = manifest

    def _at(self) -> int:
        assert self._number is not None
        return self._number

    def _run(self, run: dict[str, Any]) -> Any:
        from pluto.compat.wandb.apis.public.runs import Run
        from pluto.compat.wandb.sdk.artifacts.finding import place_of

        entity, project = place_of(run["projectName"])
        return Run(self._get_client(), entity, project, run["externalId"] or str(run["id"]))
