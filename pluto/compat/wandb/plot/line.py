"""Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart
    from pluto.compat.wandb.sdk.data_types.table import Table


def line(
    table: Table,
    x: str,
    y: str,
    stroke: str | None = None,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """A line through the points of the columns `x` and `y`; with a column `stroke` one for each of its values.

    `split_table`: the table is shown in a section of its own.
    """
    return plot_table("wandb/line/v0", table, {"x": x, "y": y, "stroke": stroke}, {"title": title}, split_table)


__all__ = ["line"]
