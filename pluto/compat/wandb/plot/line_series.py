"""Several lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.plot.custom_chart import plot_table

if TYPE_CHECKING:
    from pluto.compat.wandb.plot.custom_chart import CustomChart


def line_series(
    xs: Iterable[Iterable[Any]] | Iterable[Any],
    ys: Iterable[Iterable[Any]],
    keys: Iterable[str] | None = None,
    title: str = "",
    xname: str = "x",
    split_table: bool = False,
) -> CustomChart:
    """A line for each of `ys`: with its own x values, or with the same for all where `xs` is one list.

    `keys` names the lines; `line_0`, … unless they are said. `split_table`: the table is shown in a section of its own.
    Raises `ValueError` where there are not as many x values, or names, as lines.
    """
    from pluto.compat.wandb.sdk.data_types.table import Table

    every: list[Any] = list(xs)
    lines: list[Any] = list(ys)
    if not every or not isinstance(every[0], Iterable) or isinstance(every[0], (str, bytes)):
        every = [every] * len(lines)
    if len(every) != len(lines):
        raise ValueError(f"Number of x-series ({len(every)}) must match y-series ({len(lines)}).")
    names = [f"line_{index}" for index in range(len(lines))] if keys is None else list(keys)
    if len(names) != len(lines):
        raise ValueError(f"Number of keys ({len(names)}) must match y-series ({len(lines)}).")
    points = [
        [x, name, y]
        for name, line_xs, line_ys in zip(names, every, lines, strict=True)
        for x, y in zip(line_xs, line_ys, strict=False)
    ]
    columns: list[Any] = ["step", "lineKey", "lineVal"]
    fields = {column: column for column in columns}
    texts = {"title": title, "xname": xname}
    return plot_table("wandb/lineseries/v0", Table(columns, points), fields, texts, split_table)


__all__ = ["line_series"]
