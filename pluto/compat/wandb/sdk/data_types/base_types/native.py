"""What values leave in the store for readers of every door: files of their kinds, tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.row_values import Place
from pluto.protocol import records


def place(run: Any, key: int | str, step: int | str) -> Place:
    """Where a value goes that was given `key` and `step`; one that belongs to no row to the one that is open."""
    if isinstance(step, Place):
        return step
    number = step if isinstance(step, int) else run.step
    return Place(number, number, str(key))


def keep(run: Any, path: str, key: int | str, step: int | str, **facts: Any) -> None:
    """Gives the file of a value to the store. `facts` are those of `Run._keep_file`."""
    where = place(run, key, step)
    run._keep_file(path, where.name, where.row, index=where.index, **facts)


def keep_table(run: Any, columns: Sequence[Any], rows: list[Any], key: int | str, step: int | str) -> None:
    """Gives a table to the store, as one that can be drawn. What can't be drawn so is told."""
    from pluto.core.data.table import Table

    where = place(run, key, step)
    try:
        kind, body = Table(rows, columns=[str(column) for column in columns]).to_data()
    except (TypeError, ValueError) as error:
        termwarn(f"{where.name!r} is kept as a file only: {error}", repeat=False)
        return
    number: Any = [where.row + 1] if run._rows.relative else where.row
    run._op.write(records.Data(time.time_ns() // 1000, number, where.name, kind, body))
