"""Registries: projects whose collections hold what is linked to them, for the whole server."""

from __future__ import annotations

from pluto.compat.wandb.apis.public.registries.registries_search import Registries
from pluto.compat.wandb.apis.public.registries.registry import Registry

__all__ = ("Registries", "Registry")
