"""Charts that a specification draws of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import Error

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.data_types.table import Table


@dataclass
class CustomChartSpec:
    """What draws a chart: the specification's name, and which columns and texts it takes for what."""

    spec_name: str
    fields: dict[str, Any]
    string_fields: dict[str, Any]
    key: str = ""
    panel_type: str = "Vega2"
    split_table: bool = False

    @property
    def table_key(self) -> str:
        """The name the table is logged under. Raises `Error` before the chart has one."""
        if not self.key:
            raise Error("Key for the custom chart spec is not set.")
        return f"Custom Chart Tables/{self.key}_table" if self.split_table else f"{self.key}_table"

    @property
    def config_value(self) -> dict[str, Any]:
        """What the run's config has of it."""
        table = {"name": "summaryTable", "args": [{"name": "tableKey", "value": self.table_key}], "fields": []}
        facts: list[dict[str, Any]] = [{"name": name, "fields": []} for name in ("id", "name", "_defaultColorIndex")]
        runs = {"name": "runSets", "args": [{"name": "runSets", "value": "${runSets}"}], "fields": [*facts, table]}
        return {
            "panel_type": self.panel_type,
            "panel_config": {
                "panelDefId": self.spec_name,
                "fieldSettings": self.fields,
                "stringSettings": self.string_fields,
                "transform": {"name": "tableWithLeafColNames"},
                "userQuery": {"queryFields": [runs]},
            },
        }

    @property
    def config_key(self) -> tuple[str, str, str]:
        """Where the run's config has it."""
        return "_wandb", "visualize", self.key


@dataclass
class CustomChart:
    """A table, and what draws it."""

    table: Table
    spec: CustomChartSpec

    def set_key(self, key: str) -> None:
        """Says under which name it is logged."""
        self.spec.key = key


def plot_table(
    vega_spec_name: str,
    data_table: Table,
    fields: dict[str, Any],
    string_fields: dict[str, Any] | None = None,
    split_table: bool = False,
) -> CustomChart:
    """A chart of a table by any specification.

    `fields` says which column is what in it, `string_fields` its texts. `split_table`: the table is shown in a section
    of its own. Raises `Error` for what is no table.
    """
    from pluto.compat.wandb.sdk.data_types.table import Table

    if not isinstance(data_table, Table):
        raise Error(f"Expected `data_table` to be `wandb.Table` type, instead got {type(data_table).__name__}")
    spec = CustomChartSpec(vega_spec_name, fields, string_fields or {}, split_table=split_table)
    return CustomChart(data_table, spec)


__all__ = ["CustomChart", "CustomChartSpec", "plot_table"]
