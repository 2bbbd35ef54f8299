"""Automations, which there are in W&B's cloud only."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.apis.public.cloud import AUTOMATIONS, CloudPaginator, refuse


class LegacyAutomations(CloudPaginator):
    """Raises `UnsupportedError`."""

    def __init__(
        self, service_api: Any, *, name: str | None = None, per_page: int = 50, start: str | None = None
    ) -> None:
        refuse(AUTOMATIONS)


class EntityAutomations(CloudPaginator):
    """Raises `UnsupportedError`."""

    def __init__(
        self, service_api: Any, *, entity: str, name: str | None = None, per_page: int = 50, start: str | None = None
    ) -> None:
        refuse(AUTOMATIONS)


Automations = LegacyAutomations
LegacyEntityAutomations = EntityAutomations
