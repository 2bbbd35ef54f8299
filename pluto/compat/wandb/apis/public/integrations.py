"""Integrations, which there are in W&B's cloud only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pluto.compat.wandb.apis.public.cloud import INTEGRATIONS, CloudPaginator, refuse


class Integrations(CloudPaginator):
    """Raises `UnsupportedError`."""

    def __init__(
        self, service_api: Any, variables: Mapping[str, Any], per_page: int = 50, start: str | None = None
    ) -> None:
        refuse(INTEGRATIONS)


class WebhookIntegrations(Integrations):
    """Raises `UnsupportedError`."""


class SlackIntegrations(Integrations):
    """Raises `UnsupportedError`."""
