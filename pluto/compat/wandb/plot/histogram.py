"""Histograms of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart
    from pluto.compat.wandb.sdk.data_types.table import Table


def histogram(
    table: Table,
    value: str,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """How often the values of the column `value` occur.

    `split_table`: the table is shown in a section of its own.
    """
    return plot_table("wandb/histogram/v0", table, {"value": value}, {"title": title}, split_table)


__all__ = ["histogram"]
