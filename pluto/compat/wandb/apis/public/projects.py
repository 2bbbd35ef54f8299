"""Projects that are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.paginator import RelayPaginator
from pluto.compat.wandb.apis.reading.facts import moment
from pluto.compat.wandb.apis.reading.places import REGISTRY, find_project, places
from pluto.compat.wandb.errors.errors import UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.artifacts import ArtifactTypes, ProjectArtifactCollections
    from pluto.compat.wandb.apis.public.sweeps import Sweeps
    from pluto.compat.wandb.apis.public.users import User


class Projects(RelayPaginator[Any, "Project"]):
    """The projects of an entity, the newest first; without an entity those that have none."""

    def __init__(self, service_api: Any, entity: str, per_page: int = 50) -> None:
        self.entity = entity
        super().__init__(service_api, {"entity": entity}, per_page)

    def _source(self) -> Iterator[Project]:
        for row in self._service_api.list_projects():
            entity, _, name = row["name"].rpartition("/")
            if entity == (self.entity or "") and not name.startswith(REGISTRY):
                yield Project(self._service_api, entity, name, _attrs(row))

    @property
    def length(self) -> None:
        """None, as ever."""
        return

    def __repr__(self) -> str:
        return f"<Projects {self.entity}>"


class Project(Attrs):
    """A project: `name`, `entity`, `id`, `created_at`."""

    def __init__(self, service_api: Any, entity: str, project: str, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self._is_loaded = bool(attrs)
        self._service_api = service_api
        self.name = project
        self.entity = entity or ""

    def _load(self) -> None:
        wanted = places(self.entity, self.name)
        rows = {row["name"]: row for row in self._service_api.list_projects()}
        found = next((rows[place] for place in wanted if place in rows), None)
        self._attrs = {} if found is None else _attrs(found)
        self._is_loaded = True

    @property
    def id(self) -> str:
        """The store's id. Raises `ValueError` where there is no such project."""
        if not self._is_loaded:
            self._load()
        if "id" not in self._attrs:
            raise ValueError(f"Project {self.name} not found")
        return str(self._attrs["id"])

    @property
    def owner(self) -> User:
        """Raises `ValueError`: projects have no owner."""
        raise ValueError(f"No user found for project {self.name}")

    @property
    def path(self) -> list[str]:
        """Entity and name."""
        return [self.entity, self.name]

    @property
    def url(self) -> str | None:
        """The address of its page; None in the local store, which has none."""
        place = find_project(self._service_api, self.entity, self.name) or places(self.entity, self.name)[0]
        found: str | None = self._service_api.project_url(place)
        return found

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """HTML that shows the project's page in a frame, or says where the project is."""
        from pluto.compat.wandb.apis.reading.pages import framed

        return framed(self.url, "project", "/".join(self.path), height, hidden)

    def _repr_html_(self) -> str:
        return self.to_html()

    @normalize_exceptions
    def artifacts_types(self, per_page: int = 50) -> ArtifactTypes:
        """The types of the artifacts in it."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactTypes

        return ArtifactTypes(self._service_api, self.entity, self.name, per_page)

    @normalize_exceptions
    def collections(
        self, filters: Mapping[str, Any] | None = None, order: str | None = None, per_page: int = 50
    ) -> ProjectArtifactCollections:
        """The collections of artifacts in it."""
        from pluto.compat.wandb.apis.public.artifacts import ProjectArtifactCollections

        return ProjectArtifactCollections(self._service_api, self.entity, self.name, filters, order, per_page)

    @normalize_exceptions
    def sweeps(self, per_page: int = 50, filters: dict[str, Any] | None = None, order: str | None = None) -> Sweeps:
        """The sweeps in it, the newest first."""
        from pluto.compat.wandb.apis.public.sweeps import Sweeps

        if order is not None:
            raise UnsupportedError("Sweeps come newest first: sort the list of them by what you like")
        return Sweeps(self._service_api, self.entity, self.name, per_page, filters)

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("_") and not self._is_loaded:
            self._load()
        return super().__getattr__(name)

    def __repr__(self) -> str:
        return f"<Project {'/'.join(self.path)}>"


def _attrs(row: Mapping[str, Any]) -> dict[str, Any]:
    entity, _, name = row["name"].rpartition("/")
    return {
        "id": str(row["id"]),
        "name": name,
        "entityName": entity,
        "createdAt": moment(row["createdAt"]),
        "isBenchmark": False,
    }


def make_project(client: Any, place: str, description: str | None = None) -> None:
    """Makes a project, unless it is there. A stock server, where projects come with their first run, says so."""
    from pluto.query import QueryError

    if any(row["name"] == place for row in client.list_projects()):
        return
    try:
        client.create_project(place, description=description)
    except QueryError as error:
        if error.status_code != 409:
            raise
