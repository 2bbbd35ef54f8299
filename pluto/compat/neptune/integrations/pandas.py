"""Tables as pandas frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from pluto.compat.neptune.table import Fields, Table

__all__ = ["to_pandas"]

_PLACES = {"sys": 0, "monitoring": 2}


def to_pandas(table: Table) -> pd.DataFrame:
    """The rows of a table as a frame, as `Table.to_pandas`."""
    from pluto.query.frames import pandas

    module = pandas("to_pandas()")
    rows = [_cells(entry.attributes) for entry in table._entries]
    columns = sorted({path for row in rows for path in row}, key=_place)
    frame: pd.DataFrame = module.DataFrame.from_records(rows, columns=columns, index=range(len(rows)))
    return frame


def _cells(fields: Fields) -> dict[str, Any]:
    cells = {}
    for path in fields:
        value = fields.value(path)
        if value is not None:
            cells[path] = ",".join(sorted(value)) if isinstance(value, set) else value
    return cells


def _place(path: str) -> tuple[int, str]:
    return _PLACES.get(path.split("/")[0], 1), path
