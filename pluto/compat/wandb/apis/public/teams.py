"""Teams, which are of W&B's cloud: a Pluto server has keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.errors.errors import UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api

_TEAMS = (
    "A Pluto server has no teams: whoever has a key reads and writes all of it. Entities are names in front of projects"
)


class Member(Attrs):
    """Somebody in a team."""

    def __init__(self, service_api: Any, team: str, attrs: Mapping[str, Any]) -> None:
        super().__init__(attrs)
        self._service_api = service_api
        self.team = team

    def delete(self) -> bool:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_TEAMS)


class Team(Attrs):
    """A team. Raises `UnsupportedError`."""

    def __init__(self, service_api: Any, name: str, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__(attrs or {})
        self._service_api = service_api
        self.name = name
        self.load(force=not attrs)

    @classmethod
    def create(cls, api: Api, team: str, admin_username: str | None = None) -> Team:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_TEAMS)

    def invite(self, username_or_email: str, admin: bool = False) -> bool:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_TEAMS)

    def create_service_account(self, description: str) -> Member | None:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_TEAMS)

    def load(self, force: bool = False) -> dict[str, Any]:
        """Raises `UnsupportedError`."""
        if force:
            raise UnsupportedError(_TEAMS)
        return self._attrs

    def __repr__(self) -> str:
        return f"<Team {self.name}>"
