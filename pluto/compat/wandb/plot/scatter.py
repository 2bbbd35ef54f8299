"""Points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart
    from pluto.compat.wandb.sdk.data_types.table import Table


def scatter(
    table: Table,
    x: str,
    y: str,
    title: str = "",
    split_table: bool = False,
) -> CustomChart:
    """A point for each row of a table, by the columns `x` and `y`.

    `split_table`: the table is shown in a section of its own.
    """
    return plot_table("wandb/scatter/v0", table, {"x": x, "y": y}, {"title": title}, split_table)


__all__ = ["scatter"]
