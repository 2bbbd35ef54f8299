"""One registry."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.reading.facts import moment
from pluto.compat.wandb.apis.reading.places import REGISTRY
from pluto.compat.wandb.errors.errors import UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api
    from pluto.compat.wandb.apis.public.registries.registries_search import Collections, Versions

_MEMBERS = "A registry has no members: whoever has a key of the server reads and writes all of it"
_EDITS = "Nothing of a registry is changed but what is linked to it: artifact.link(), artifact.unlink()"


class Registry:
    """A registry: the project `wandb-registry-<name>`, of no entity."""

    def __init__(
        self,
        service_api: Any,
        organization: str,
        entity: str,
        name: str,
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        self._service_api = service_api
        self._organization = organization
        self._entity = entity
        self._name = name.removeprefix(REGISTRY)
        self._attrs = dict(attrs or {})

    @property
    def id(self) -> str:
        """The store's id."""
        return base64.standard_b64encode(f"Project:{self._loaded()['id']}".encode()).decode()

    @property
    def internal_id(self) -> str:
        """The same."""
        return self.id

    @property
    def full_name(self) -> str:
        """The name of its project."""
        return REGISTRY + self._name

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @property
    def entity(self) -> str:
        """The entity as it was asked for: there is one for the whole server."""
        return self._entity

    @property
    def organization(self) -> str:
        """The organization as it was asked for: there is one for the whole server."""
        return self._organization

    @property
    def description(self) -> str | None:
        """What it is."""
        found: str | None = self._loaded().get("description")
        return found

    @property
    def allow_all_artifact_types(self) -> bool:
        """True: a registry takes any."""
        return True

    @property
    def artifact_types(self) -> list[str]:
        """The types of what is linked to it."""
        return [row["name"] for row in self._service_api.list_artifact_types(self.full_name)]

    @property
    def created_at(self) -> str:
        """When it was made."""
        return moment(self._loaded()["createdAt"])

    @property
    def updated_at(self) -> str:
        """When it was last changed."""
        return moment(self._loaded()["updatedAt"])

    @property
    def path(self) -> list[str]:
        """Entity and name of its project."""
        return [self._entity, self.full_name]

    @property
    def visibility(self) -> Literal["organization", "restricted"]:
        """`organization`: whoever has a key sees it."""
        return "organization"

    def collections(
        self, filter: dict[str, Any] | None = None, order: str | None = None, per_page: int = 100,
        start: str | None = None,
    ) -> Collections:  # fmt: skip
        """The collections in it."""
        from pluto.compat.wandb.apis.public.registries.registries_search import Collections

        return Collections(
            self._service_api, self._organization, {"name": self.full_name}, filter, order, per_page, start
        )

    def versions(
        self, filter: dict[str, Any] | None = None, order: str | None = None, per_page: int = 100,
        start: str | None = None,
    ) -> Versions:  # fmt: skip
        """The versions in its collections."""
        return self.collections().versions(filter, order, per_page, start)

    @classmethod
    @normalize_exceptions
    def create(
        cls,
        api: Api,
        organization: str,
        name: str,
        visibility: Literal["organization", "restricted"],
        description: str | None = None,
        artifact_types: list[str] | None = None,
    ) -> Registry:
        """A new one. Raises `UnsupportedError` for one that not everybody may see, or that takes some types only."""
        from pluto.compat.wandb.apis.public.projects import make_project

        if visibility not in ("organization", "restricted"):
            raise ValueError(f"visibility is 'organization' or 'restricted', not {visibility!r}")
        if visibility == "restricted" or artifact_types:
            raise UnsupportedError(f"{_MEMBERS}, and takes any type: visibility='organization', no artifact_types")
        found = cls(api._service_api, organization, api.default_entity or "", name)
        make_project(api._service_api, found.full_name, description)
        return found

    def load(self) -> None:
        """Reads what is known of it. Raises `ValueError` where there is no such registry."""
        for row in self._service_api.list_projects():
            if row["name"] == self.full_name:
                self._attrs = dict(row)
                return
        raise ValueError(f"Failed to load registry {self._name!r} in organization {self._organization!r}.")

    @normalize_exceptions
    def delete(self) -> None:
        """Deletes it with its collections; what was linked stays where it was logged."""
        for row in list(self._service_api.iter_artifact_collections(self.full_name)):
            self._service_api.delete_artifact_collection(row["id"])
        delete = getattr(self._service_api, "delete_project", None)
        if delete is not None:
            delete(self.full_name)

    def save(self) -> None:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_EDITS)

    def members(self) -> list[Any]:
        """Raises `UnsupportedError`, as all that follow."""
        raise UnsupportedError(_MEMBERS)

    def user_members(self) -> list[Any]:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_MEMBERS)

    def team_members(self) -> list[Any]:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_MEMBERS)

    def add_members(self, *members: Any) -> Registry:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_MEMBERS)

    def remove_members(self, *members: Any) -> Registry:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_MEMBERS)

    def update_member(self, member: Any, role: Any) -> Registry:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_MEMBERS)

    def _loaded(self) -> dict[str, Any]:
        if not self._attrs:
            self.load()
        return self._attrs

    def __repr__(self) -> str:
        return f"<Registry {self._name}>"
