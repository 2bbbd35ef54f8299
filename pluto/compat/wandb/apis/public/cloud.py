"""What there is in W&B's cloud only: paginators of it, which say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from pluto.compat.wandb.apis.paginator import RelayPaginator
from pluto.compat.wandb.errors.errors import UnsupportedError

LAUNCH = "Launch is a service of W&B's cloud: start runs with your own scheduler, or with wandb.agent() for sweeps"
AUTOMATIONS = "Automations are a service of W&B's cloud: run.alert() tells people, alerts are read with pluto.query"
INTEGRATIONS = "Integrations are a service of W&B's cloud: run.alert() posts to the address in PLUTO_URL_WEBHOOK"
REPORTS = "Reports are a service of W&B's cloud: read runs with wandb.Api().runs() and draw what you need"


def refuse(what: str) -> NoReturn:
    """Raises `UnsupportedError`."""
    raise UnsupportedError(what)


class CloudPaginator(RelayPaginator[Any, Any]):
    """Something of the cloud. Raises `UnsupportedError` when it is made."""

    _what = LAUNCH

    def _source(self) -> Iterator[Any]:
        refuse(self._what)
