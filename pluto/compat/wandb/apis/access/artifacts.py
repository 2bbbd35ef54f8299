"""Artifacts and registries of an Api."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from pluto.compat.wandb.apis.access.paths import Paths
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.errors.term import termwarn

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api
    from pluto.compat.wandb.apis.public.artifacts import (
        ArtifactCollection,
        ArtifactCollections,
        Artifacts,
        ArtifactType,
        ArtifactTypes,
    )
    from pluto.compat.wandb.apis.public.registries.registries_search import Registries
    from pluto.compat.wandb.apis.public.registries.registry import Registry
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact


class ArtifactAccess(Paths):
    """Names of artifacts are `[entity/][project/]name:alias`, those of collections the same without alias."""

    _service_api: Any

    @normalize_exceptions
    def artifact(self, name: str, type: str | None = None) -> Artifact:
        """The artifact of a name; `latest` where it has no alias.

        Raises `CommError` where there is none, or one of another type.
        """
        return self._artifact(name, type)

    def _artifact(self, name: str, type: str | None = None) -> Artifact:
        from pluto.compat.wandb.sdk.artifacts.finding import find_artifact

        if name is None:
            raise ValueError("You must specify name= to fetch an artifact.")
        entity, project, rest = self._parse_artifact_path(name)
        found = find_artifact(self._service_api, rest, entity=entity or None, project=project)
        if type is not None and found.type != type:
            raise ValueError(f"type {type!r} specified but this artifact is of type {found.type!r}")
        return found

    @normalize_exceptions
    def artifact_exists(self, name: str, type: str | None = None) -> bool:
        """Whether there is an artifact of a name. Raises `CommError` where the server does not say."""
        try:
            self._artifact(name, type)
        except CommError as error:
            if getattr(error.exc, "status_code", 404) != 404:
                raise
            return False
        return True

    @normalize_exceptions
    def artifacts(
        self,
        type_name: str,
        name: str,
        order: str | None = None,
        per_page: int = 50,
        tags: list[str] | None = None,
        start: str | None = None,
    ) -> Artifacts:
        """The versions in a collection, the newest first; those that have all `tags`."""
        from pluto.compat.wandb.apis.public.artifacts import Artifacts

        entity, project, collection = self._parse_artifact_path(name)
        return Artifacts(
            self._service_api,
            entity,
            project,
            collection,
            type_name,
            order=order,
            per_page=per_page,
            tags=tags,
            start=start,
        )

    def artifact_versions(self, type_name: str, name: str, per_page: int = 50) -> Artifacts:
        """`artifacts` by its older name."""
        termwarn(
            "Api.artifact_versions(type_name, name) is deprecated, use Api.artifacts(type_name, name) instead.",
            repeat=False,
        )
        return self.artifacts(type_name, name, per_page=per_page)

    @normalize_exceptions
    def artifact_types(self, project: str | None = None, start: str | None = None) -> ArtifactTypes:
        """The types of a project's artifacts."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactTypes

        return ArtifactTypes(self._service_api, *self._parse_project_path(project), start=start)

    @normalize_exceptions
    def artifact_type(self, type_name: str, project: str | None = None) -> ArtifactType:
        """The type of a name. Raises `CommError` where the project has no artifacts of it."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactType

        return ArtifactType(self._service_api, *self._parse_project_path(project), type_name)

    @normalize_exceptions
    def artifact_collections(
        self,
        project_name: str,
        type_name: str,
        order: str | None = None,
        per_page: int = 50,
        start: str | None = None,
    ) -> ArtifactCollections:
        """The collections of one type in a project."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactCollections

        entity, project = self._parse_project_path(project_name)
        return ArtifactCollections(
            self._service_api, entity, project, type_name, order=order, per_page=per_page, start=start
        )

    @normalize_exceptions
    def artifact_collection(self, type_name: str, name: str) -> ArtifactCollection:
        """The collection of a name. Raises `CommError` where there is none of this type."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactCollection

        return ArtifactCollection(self._service_api, *self._parse_artifact_path(name), type_name)

    @normalize_exceptions
    def artifact_collection_exists(self, name: str, type: str) -> bool:
        """Whether there is a collection of a name. Raises `CommError` where the server does not say."""
        try:
            self.artifact_collection(type, name)
        except CommError as error:
            if getattr(error.exc, "status_code", 404) != 404:
                raise
            return False
        return True

    @normalize_exceptions
    def registries(
        self,
        organization: str | None = None,
        filter: dict[str, Any] | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> Registries:
        """The registries of the server that fit a filter by `name`, `created_at` or `updated_at`."""
        from pluto.compat.wandb.apis.public.registries.registries_search import Registries

        return Registries(self._service_api, self._organization(organization), filter, order, per_page, start)

    def registry(self, name: str, organization: str | None = None) -> Registry:
        """The registry of a name. Raises `ValueError` where there is none."""
        from pluto.compat.wandb.apis.public.registries.registry import Registry

        chosen = self._organization(organization)
        found = Registry(self._service_api, chosen, chosen, name)
        found.load()
        return found

    def create_registry(
        self,
        name: str,
        visibility: Literal["organization", "restricted"],
        organization: str | None = None,
        description: str | None = None,
        artifact_types: list[str] | None = None,
    ) -> Registry:
        """A new registry. Raises `ValueError` where there is one of the name."""
        from pluto.compat.wandb.apis.public.registries.registry import Registry

        chosen = self._organization(organization)
        try:
            self.registry(name, chosen)
        except ValueError:
            return Registry.create(cast("Api", self), chosen, name, visibility, description, artifact_types)
        raise ValueError(f"Registry {name!r} already exists in organization {chosen!r}, please use a different name.")

    def _organization(self, name: str | None) -> str:
        from pluto.compat.wandb.apis.public.utils import fetch_org_from_settings_or_entity

        return name or fetch_org_from_settings_or_entity(self._service_api, self.settings, self.default_entity)
