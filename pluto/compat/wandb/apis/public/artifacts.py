"""Artifacts that are read, by type, collection and version."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.paginator import RelayPaginator, SizedRelayPaginator
from pluto.compat.wandb.apis.public.files import File
from pluto.compat.wandb.apis.reading.collections import find_collection, in_order, matching
from pluto.compat.wandb.apis.reading.facts import moment
from pluto.compat.wandb.apis.reading.places import in_project
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts.finding import artifact_from_row, place_of

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.run.content import RunContent
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


class ArtifactTypes(RelayPaginator[Any, "ArtifactType"]):
    """The types of a project's artifacts."""

    def __init__(
        self, service_api: Any, entity: str, project: str, per_page: int = 50, start: str | None = None
    ) -> None:
        self.entity = entity
        self.project = project
        super().__init__(service_api, {"entity": entity, "project": project}, per_page, start)

    def _source(self) -> Iterator[ArtifactType]:
        rows = in_project(self.entity, self.project, lambda place: iter(self._service_api.list_artifact_types(place)))
        return (ArtifactType(self._service_api, self.entity, self.project, row["name"], row) for row in rows)

    def __repr__(self) -> str:
        return f"<ArtifactTypes {self.entity}/{self.project}>"


class ArtifactType:
    """A type of artifacts in a project: `name`, `collections()`."""

    def __init__(
        self, service_api: Any, entity: str, project: str, type_name: str, attrs: Mapping[str, Any] | None = None
    ) -> None:
        """Raises `ValueError` where the project has no artifacts of the type."""
        self._service_api = service_api
        self.entity = entity
        self.project = project
        self.type = type_name
        self._attrs = dict(attrs or self.load())

    def load(self) -> Mapping[str, Any]:
        """What is known of it. Raises `ValueError` where the project has no artifacts of the type."""
        read = self._service_api.list_artifact_types
        for row in in_project(self.entity, self.project, lambda place: iter(read(place))):
            if row["name"] == self.type:
                return dict(row)
        raise ValueError(f"Could not find artifact type {self.type}")

    @property
    def id(self) -> str:
        """The store's id."""
        return base64.standard_b64encode(f"ArtifactType:{self.type}".encode()).decode()

    @property
    def name(self) -> str:
        """Its name."""
        return self.type

    @normalize_exceptions
    def collections(
        self,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of this type."""
        return ArtifactCollections(
            self._service_api, self.entity, self.project, self.type, filters, order, per_page, start
        )

    def collection(self, name: str) -> ArtifactCollection:
        """The collection of a name."""
        return ArtifactCollection(self._service_api, self.entity, self.project, name, self.type)

    def __repr__(self) -> str:
        return f"<ArtifactType {self.type}>"


class ProjectArtifactCollections(SizedRelayPaginator[Any, "ArtifactCollection"]):
    """The collections of artifacts in a project."""

    _type: str | None = None

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        self.entity = entity
        self.project = project
        self.filters = filters
        self.order = order
        self._fits = matching(filters)
        super().__init__(service_api, {"entity": entity, "project": project}, per_page, start)

    def _source(self) -> Iterator[ArtifactCollection]:
        read = self._service_api.iter_artifact_collections
        rows = in_project(self.entity, self.project, lambda place: read(place, type=self._type))
        for row in in_order((row for row in rows if self._fits(row)), self.order):
            entity, project = place_of(row["project"])
            yield ArtifactCollection(self._service_api, entity, project, row["name"], row["type"], attrs=row)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.entity}/{self.project}>"


class ArtifactCollections(ProjectArtifactCollections):
    """The collections of one type of artifacts in a project."""

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        type_name: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        self.type_name = self._type = type_name
        super().__init__(service_api, entity, project, filters, order, per_page, start)


class ArtifactCollection:
    """A collection of versions: `name`, `type`, `description` and `tags` are kept by `save`."""

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        name: str,
        type: str,
        organization: str | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises `ValueError` where there is no such collection."""
        self._service_api = service_api
        self.organization = organization
        self._take(attrs or self.load(entity, project, type, name))

    def _take(self, row: Mapping[str, Any]) -> None:
        self._saved = dict(row)
        self._current = {**row, "tags": list(row.get("tags") or ())}

    def load(self, entity: str, project: str, type_: str, name: str) -> Mapping[str, Any]:
        """What is known of a collection. Raises `ValueError` where there is none of this type and name."""
        found = find_collection(self._service_api, entity, project, name)
        if found is None or (type_ and found["type"] != type_):
            raise ValueError(f"Could not find artifact type {type_!r}")
        return found

    @property
    def id(self) -> str:
        """The store's id."""
        return base64.standard_b64encode(f"ArtifactCollection:{self._saved['id']}".encode()).decode()

    @property
    def entity(self) -> str:
        """Whose project it is in, or an empty text."""
        return place_of(self._saved["project"])[0]

    @property
    def project(self) -> str:
        """The project it is in."""
        return place_of(self._saved["project"])[1]

    @property
    def project_id(self) -> str:
        """The project's id."""
        return base64.standard_b64encode(f"Project:{self._saved['project']}".encode()).decode()

    @property
    def project_internal_id(self) -> str | None:
        """The same."""
        return self.project_id

    @normalize_exceptions
    def artifacts(self, per_page: int = 50, start: str | None = None) -> Artifacts:
        """The versions in it, the newest first."""
        return Artifacts(
            self._service_api,
            self.entity,
            self.project,
            self._saved["name"],
            self._saved["type"],
            per_page=per_page,
            start=start,
        )

    @property
    def aliases(self) -> list[str]:
        """The aliases of all versions."""
        rows = self._service_api.iter_artifacts(self._saved["project"], self._saved["name"])
        return list(dict.fromkeys(alias for row in rows for alias in row["aliases"]))

    @property
    def created_at(self) -> str:
        """When it was made."""
        return moment(self._saved["createdAt"])

    @property
    def updated_at(self) -> str | None:
        """When it was last changed."""
        return moment(self._saved["updatedAt"]) if self._saved.get("updatedAt") else None

    @property
    def description(self) -> str | None:
        """What it is."""
        found: str | None = self._current.get("description")
        return found

    @description.setter
    def description(self, description: str | None) -> None:
        self._current["description"] = description

    @property
    def tags(self) -> list[str]:
        """Its tags."""
        found: list[str] = self._current["tags"]
        return found

    @tags.setter
    def tags(self, tags: Collection[str]) -> None:
        self._current["tags"] = list(dict.fromkeys(tags))

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._current["name"])

    @name.setter
    def name(self, name: str) -> None:
        self._current["name"] = name

    @property
    def type(self) -> str:
        """The type of its artifacts."""
        return str(self._current["type"])

    @type.setter
    def type(self, type: str) -> None:
        if not self.is_sequence():
            raise ValueError("Type can only be changed if the artifact collection is a sequence.")
        self._current["type"] = type

    def is_sequence(self) -> bool:
        """Whether versions are logged to it; else they are linked."""
        return bool(self._saved["kind"] == "sequence")

    @normalize_exceptions
    def change_type(self, new_type: str) -> None:
        """Sets the type and keeps it; `type` and `save` do the same."""
        termwarn("ArtifactCollection.change_type(type) is deprecated, use ArtifactCollection.save() instead.")
        if not self.is_sequence():
            raise ValueError("Artifact collection needs to be a sequence")
        self.type = new_type
        self.save()

    @normalize_exceptions
    def save(self) -> None:
        """Keeps name, type, description and tags as they are here."""
        saved, now = self._saved, self._current
        changes = {key: now[key] for key in ("name", "type", "description") if now.get(key) != saved.get(key)}
        before, after = set(saved.get("tags") or ()), set(now["tags"])
        self._take(
            self._service_api.edit_artifact_collection(
                saved["id"], **changes, add_tags=sorted(after - before), remove_tags=sorted(before - after)
            )
        )

    @normalize_exceptions
    def delete(self) -> None:
        """Deletes it with its versions, or links. No way back."""
        self._service_api.delete_artifact_collection(self._saved["id"])

    def __repr__(self) -> str:
        return f"<ArtifactCollection {self.name} ({self.type})>"


class Artifacts(SizedRelayPaginator[Any, "Artifact"]):
    """The versions in a collection, the newest first."""

    def __init__(
        self,
        service_api: Any,
        entity: str,
        project: str,
        collection_name: str,
        type: str,
        filters: Mapping[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 50,
        tags: str | list[str] | None = None,
        start: str | None = None,
    ) -> None:
        self.entity = entity
        self.project = project
        self.collection_name = collection_name
        self.type = type
        self.filters = filters or {}
        self.order = order
        self.tags = [tags] if isinstance(tags, str) else list(tags or ())
        self._fits = matching(filters)
        super().__init__(service_api, {"project": project, "collection": collection_name}, per_page, start)

    def _source(self) -> Iterator[Artifact]:
        found = find_collection(self._service_api, self.entity, self.project, self.collection_name)
        if found is None or (self.type and found["type"] != self.type):
            name = f"{self.entity}/{self.project}/{self.collection_name}"
            raise ValueError(f"There is no collection {name!r} of artifacts of type {self.type!r}")
        rows = self._service_api.iter_artifacts(found["project"], found["name"], self.tags)
        for row in in_order((row for row in rows if self._fits(row)), self.order):
            yield artifact_from_row(row, self._service_api)

    def __repr__(self) -> str:
        return f"<Artifacts {self.entity}/{self.project}/{self.collection_name} ({self.type})>"


class RunArtifacts(SizedRelayPaginator[Any, "Artifact"]):
    """The artifacts that a run logged or used."""

    def __init__(
        self, service_api: Any, run: RunContent, mode: str = "logged", per_page: int = 50, start: str | None = None
    ) -> None:
        if mode not in ("logged", "used"):
            raise ValueError("mode must be logged or used")
        self.QUERY = ""
        self.run = run
        self._mode = mode
        super().__init__(service_api, {"run": "/".join(run.path), "mode": mode}, per_page, start)

    def _source(self) -> Iterator[Artifact]:
        rows = self._service_api.run_artifacts(self.run._record.number, self._mode)
        return (artifact_from_row(row, self._service_api) for row in rows)

    def __repr__(self) -> str:
        return f"<RunArtifacts {'/'.join(self.run.path)} ({self._mode})>"


class ArtifactFiles(SizedRelayPaginator[Any, File]):
    """The files of a version, by path."""

    def __init__(
        self,
        service_api: Any,
        artifact: Artifact,
        names: list[str] | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> None:
        self.artifact = artifact
        self._names = list(names or ())
        super().__init__(service_api, {"artifact": artifact.name, "names": self._names}, per_page, start)

    def _source(self) -> Iterator[File]:
        for row in self._service_api.iter_artifact_files(self.artifact._number):
            if not self._names or row["path"] in self._names:
                yield artifact_file(self._service_api, row)

    @property
    def path(self) -> list[str]:
        """Entity, project and name of the artifact."""
        return [self.artifact.entity, self.artifact.project, self.artifact.name]

    def __repr__(self) -> str:
        return f"<ArtifactFiles {'/'.join(self.path)} ({len(self)})>"


def artifact_file(client: Any, row: Mapping[str, Any]) -> File:
    """A file of an artifact, as `Client.iter_artifact_files` gives it."""
    import mimetypes

    attrs = {
        "id": row["path"],
        "name": row["path"],
        "url": row["ref"],
        "directUrl": row["ref"] or "",
        "sizeBytes": row["size"] or 0,
        "mimetype": mimetypes.guess_type(row["path"])[0] or "",
        "md5": row["digest"],
        "updatedAt": None,
        "_sha256": row["sha256"],
    }
    return File(client, attrs)
