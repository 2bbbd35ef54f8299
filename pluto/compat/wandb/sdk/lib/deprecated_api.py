"""`wandb.api` and `wandb.ensure_configured`, which older integrations ask for a key."""

from __future__ import annotations

import os
from typing import Any

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.term import termwarn

_NO_KEY = "pluto"
"""What stands for a key where none is needed: integrations only want to see one."""


def _warn() -> None:
    termwarn("wandb.api and wandb.ensure_configured() are deprecated; use wandb.login(prompt=False)", repeat=False)


class DeprecatedApi:
    """`wandb.api`."""

    @property
    def api_key(self) -> str:
        """A key: that of WANDB_API_KEY, or a word that stands for one, since nothing here needs any."""
        _warn()
        return os.environ.get(env.API_KEY) or _NO_KEY

    @property
    def default_entity(self) -> str | None:
        """Whose projects are meant where nobody is named."""
        _warn()
        from pluto.compat.wandb.apis.public import Api

        found: str | None = Api().default_entity
        return found

    def viewer(self) -> dict[str, Any]:
        """Who uses the API."""
        _warn()
        from pluto.compat.wandb.apis.public import Api

        return dict(Api().viewer._attrs)


api = DeprecatedApi()


def ensure_configured() -> None:
    """Nothing: there is nothing to configure."""
    _warn()
