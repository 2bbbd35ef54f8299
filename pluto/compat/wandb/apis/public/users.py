"""People. A store knows one: whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.errors.errors import UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.api import Api

_NO_KEYS = "Keys of a Pluto server are made where it runs: `pluto server --help` says how"


class User(Attrs):
    """Somebody: `username`, `name`, `email`, `entity`, as far as known."""

    def __init__(self, service_api: Any, attrs: Mapping[str, Any], api_key: str | None = None) -> None:
        super().__init__(attrs)
        self._service_api = service_api
        self._api_key = api_key

    @property
    def user_api(self) -> Api | None:
        """An Api with this user's key."""
        from pluto.compat.wandb.apis.public.api import Api

        return Api(api_key=self._api_key) if self._api_key else None

    @classmethod
    def create(cls, api: Api, email: str, admin: bool | None = False) -> User:
        """Raises `UnsupportedError`: there are no accounts."""
        raise UnsupportedError(f"A Pluto server has keys, not accounts. {_NO_KEYS}")

    @property
    def api_keys(self) -> list[str]:
        """None are told."""
        return []

    @property
    def teams(self) -> list[str]:
        """None: there are no teams."""
        return []

    def delete_api_key(self, api_key: str) -> bool:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_NO_KEYS)

    def generate_api_key(self, description: str | None = None) -> str | None:
        """Raises `UnsupportedError`."""
        raise UnsupportedError(_NO_KEYS)

    def __repr__(self) -> str:
        return f"<User {self._attrs.get('email') or self._attrs.get('username') or self._attrs.get('name')}>"
