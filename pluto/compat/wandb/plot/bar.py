"""Bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart
    from pluto.compat.wandb.sdk.data_types.table import Table


def bar(
    table: Table,
    label: str,
    value: str,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """A bar for each row of a table: its height in the column `value`, its name in the column `label`.

    `split_table`: the table is shown in a section of its own.
    """
    return plot_table("wandb/bar/v0", table, {"label": label, "value": value}, {"title": title}, split_table)


__all__ = ["bar"]
