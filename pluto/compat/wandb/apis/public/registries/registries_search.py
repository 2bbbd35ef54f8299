"""Registries, their collections and versions, chosen by filters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.paginator import RelayPaginator, SizedRelayPaginator
from pluto.compat.wandb.apis.public.registries.registry import Registry
from pluto.compat.wandb.apis.reading.collections import in_order, matching
from pluto.compat.wandb.apis.reading.places import REGISTRY
from pluto.compat.wandb.sdk.artifacts.finding import artifact_from_row

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.artifacts import ArtifactCollection
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact

Filter = dict[str, Any]


class Registries(RelayPaginator[Any, Registry]):
    """The registries of the server that fit a filter. Names go with and without `wandb-registry-`."""

    def __init__(
        self,
        service_api: Any,
        organization: str,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> None:
        self.organization = organization
        self.filter = filter or {}
        self.order = order
        self._fits = matching(filter)
        super().__init__(service_api, {"organization": organization}, per_page, start)

    def _source(self) -> Iterator[Registry]:
        rows = [row for row in self._service_api.list_projects() if row["name"].startswith(REGISTRY)]
        fitting = (row for row in rows if self._fits({**row, "name": row["name"][len(REGISTRY) :]}) or self._fits(row))
        for row in in_order(fitting, self.order):
            yield Registry(self._service_api, self.organization, self.organization, row["name"], row)

    def collections(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> Collections:
        """The collections in them."""
        return Collections(self._service_api, self.organization, self.filter, filter, order, per_page, start)

    def versions(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> Versions:
        """The versions in their collections."""
        return self.collections().versions(filter, order, per_page, start)

    @property
    def length(self) -> int:
        """How many have been fetched so far."""
        return len(self.objects)


class Collections(SizedRelayPaginator[Any, "ArtifactCollection"]):
    """The collections of registries that fit a filter."""

    def __init__(
        self,
        service_api: Any,
        organization: str,
        registry_filter: Filter | None = None,
        collection_filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> None:
        self.organization = organization
        self.registry_filter = registry_filter or {}
        self.collection_filter = collection_filter or {}
        self.order = order
        self._fits = matching(collection_filter)
        super().__init__(service_api, {"organization": organization}, per_page, start)

    def _rows(self) -> Iterator[Filter]:
        for registry in Registries(self._service_api, self.organization, self.registry_filter):
            for row in self._service_api.iter_artifact_collections(registry.full_name):
                if self._fits(row):
                    yield row

    def _source(self) -> Iterator[ArtifactCollection]:
        from pluto.compat.wandb.apis.public.artifacts import ArtifactCollection

        for row in in_order(self._rows(), self.order):
            yield ArtifactCollection(
                self._service_api, "", row["project"], row["name"], row["type"], self.organization, row
            )

    def versions(
        self,
        filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> Versions:
        """The versions in them."""
        return Versions(
            self._service_api,
            self.organization,
            self.registry_filter,
            self.collection_filter,
            filter,
            order,
            per_page,
            start,
        )


class Versions(SizedRelayPaginator[Any, "Artifact"]):
    """The versions in collections of registries that fit a filter."""

    def __init__(
        self,
        service_api: Any,
        organization: str,
        registry_filter: Filter | None = None,
        collection_filter: Filter | None = None,
        artifact_filter: Filter | None = None,
        order: str | None = None,
        per_page: int = 100,
        start: str | None = None,
    ) -> None:
        self.organization = organization
        self.order = order
        self._collections = Collections(service_api, organization, registry_filter, collection_filter)
        self._fits = matching(artifact_filter)
        super().__init__(service_api, {"organization": organization}, per_page, start)

    def _rows(self) -> Iterator[Filter]:
        for collection in self._collections._rows():
            for row in self._service_api.iter_artifacts(collection["project"], collection["name"]):
                if self._fits(row):
                    yield row

    def _source(self) -> Iterator[Artifact]:
        for row in in_order(self._rows(), self.order):
            yield artifact_from_row(row, self._service_api)


CollectionsIterator = Collections
VersionsIterator = Versions
