"""Panels of older releases: a table, and the name of what draws it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import Error

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.data_types.table import Table


@dataclass
class VisualizeSpec:
    """What draws a panel."""

    name: str
    key: str = ""

    @property
    def config_value(self) -> dict[str, Any]:
        """What the run's config has of it."""
        return {"id": self.name, "historyFieldSettings": {"x-axis": "_step", "key": self.key}}

    @property
    def config_key(self) -> tuple[str, str, str]:
        """Where the run's config has it."""
        return "_wandb", "viz", self.key


@dataclass
class Visualize:
    """A table, and what draws it."""

    table: Table
    spec: VisualizeSpec

    def set_key(self, key: str) -> None:
        """Says under which name it is logged."""
        self.spec.key = key


def visualize(id: str, value: Table) -> Visualize:
    """A panel of a table. Raises `Error` for what is no table."""
    from pluto.compat.wandb.sdk.data_types.table import Table

    if not isinstance(value, Table):
        raise Error(f"Expected `value` to be `wandb.Table` type, instead got {type(value).__name__}")
    return Visualize(value, VisualizeSpec(id))


__all__ = ["Visualize", "VisualizeSpec", "visualize"]
