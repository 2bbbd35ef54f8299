"""Rows and columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pluto.core.data.arrays import as_numpy, is_array, is_tensor
from pluto.core.data.base import Data
from pluto.core.data.plain import plain


class Table(Data):
    """A table of cells, with names of columns and rows where there are any.

    `data` is a list of rows (sequences or dicts), a dict of columns, a numpy array or torch tensor of one or two
    dimensions, a pandas or polars frame or series, or a pyarrow table. `columns=` and `rows=` name columns and rows,
    in place of the names `data` brings; for rows that are dicts, `columns` chooses and orders the keys. `table=` and
    `dataframe=` are other names of `data`. Missing keys and missing values are null.

    Cells that JSON does not know are converted as `pluto.core.data.plain.plain` says (non-finite numbers become
    `"NaN"`, `"Infinity"`, `"-Infinity"` in a column of dtype `float`). Media in a cell are an error: log them under a
    name of their own. The cells are taken as they are now: later changes of `data` have no effect.

    Raises `TypeError` for what is no table, and `ValueError` where names and rows differ in length.
    """

    tag = "Table"

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        columns, rows = kwargs.pop("columns", None), kwargs.pop("rows", None)
        given = [
            value for value in (data, kwargs.pop("table", None), kwargs.pop("dataframe", None)) if value is not None
        ]
        if kwargs:
            raise TypeError(f"Table: unknown argument {min(kwargs)!r}; known are columns, rows, table and dataframe")
        if len(given) > 1:
            raise TypeError("Table: give only one of data, table and dataframe")
        columns = None if columns is None else list(columns)
        cells, own_columns, own_rows = _read(given[0] if given else [], columns)
        self._table = [
            [plain(cell, f"Table cell [{i}][{j}]") for j, cell in enumerate(row)] for i, row in enumerate(cells)
        ]
        width = len(cells[0]) if cells else len(columns or own_columns or [])
        for i, row in enumerate(cells):
            if len(row) != width:
                raise ValueError(f"Table: row {i} has {len(row)} cells, row 0 has {width}")
        columns = _names("columns", columns or own_columns, width)
        rows = _names("rows", list(rows) if rows is not None and len(rows) else own_rows, len(cells))
        self._col = _described(columns, zip(*cells, strict=True) if cells else ((),) * width)
        self._row = _described(rows, cells)

    def _payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"table": self._table}
        if self._col:
            payload["col"] = self._col
        if self._row:
            payload["row"] = self._row
        return payload


Cells = list[list[Any]]
Names = list[Any] | None


def _read(data: Any, columns: Names) -> tuple[Cells, Names, Names]:
    """The cells, and the names of columns and rows that the data itself has."""
    module = type(data).__module__.partition(".")[0]
    if module == "pandas" and hasattr(data, "to_frame"):
        data = data.to_frame()
    if module == "pandas" and hasattr(data, "to_dict") and hasattr(data, "index"):
        columns_of_cells = [_series(data.iloc[:, i]) for i in range(data.shape[1])]
        rows = (
            [list(row) for row in zip(*columns_of_cells, strict=True)] if columns_of_cells else [[] for _ in data.index]
        )
        return rows, list(data.columns), _index(data.index)
    if module == "polars" and hasattr(data, "to_frame"):
        data = data.to_frame()
    if module == "polars" and hasattr(data, "rows"):
        return [list(row) for row in data.rows()], list(data.columns), None
    if module == "pyarrow" and hasattr(data, "to_pydict"):
        return _of_columns(data.to_pydict())
    if is_array(data):
        return _of_array(as_numpy(data, "Table data") if module == "torch" else data)
    if isinstance(data, Mapping):
        return _of_columns(data)
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes)):
        return _of_rows(list(data), columns)
    raise TypeError(f"Table data: rows, columns, an array or a frame are needed, not {type(data).__name__}")


def _series(series: Any) -> list[Any]:
    """The cells of a column; a NaN that stands for a missing value, as it does but among floats, is None."""
    cells = list(series.tolist())
    if getattr(series.dtype, "kind", "O") == "f":
        return cells
    return [None if missing else cell for cell, missing in zip(cells, series.isna().tolist(), strict=True)]


def _index(index: Any) -> Names:
    """The names of the rows, if they are more than the rows' numbers."""
    pandas = sys.modules["pandas"]
    if isinstance(index, pandas.RangeIndex) and index.start == 0 and index.step == 1:
        return None
    return list(index)


def _of_array(array: Any) -> tuple[Cells, Names, Names]:
    import numpy

    array = numpy.asarray(array)
    if array.dtype.names:
        return [list(row) for row in array.reshape(-1).tolist()], list(array.dtype.names), None
    if array.ndim not in (1, 2):
        raise ValueError(f"Table data: an array of one or two dimensions is needed, not of {array.ndim}")
    if array.dtype.kind in "mM":
        array = array.astype(object)
    rows = (
        array.reshape(len(array), -1)
        if array.size
        else array.reshape(len(array), array.shape[1] if array.ndim == 2 else 1)
    )
    return rows.tolist(), None, None


def _of_columns(data: Mapping[Any, Any]) -> tuple[Cells, Names, Names]:
    columns: list[list[Any]] = []
    for name, column in data.items():
        if isinstance(column, (str, bytes)) or not isinstance(column, Iterable):
            raise TypeError(f"Table column {name!r}: a sequence of cells is needed, not {type(column).__name__}")
        columns.append(_cells(column))
        if len(columns[-1]) != len(columns[0]):
            raise ValueError(f"Table column {name!r}: {len(columns[-1])} cells, the first column has {len(columns[0])}")
    return [list(row) for row in zip(*columns, strict=True)], list(data), None


def _of_rows(rows: Sequence[Any], columns: Names) -> tuple[Cells, Names, Names]:
    if rows and all(isinstance(row, Mapping) for row in rows):
        names = list(columns) if columns else list({key: None for row in rows for key in row})
        return [[row.get(name) for name in names] for row in rows], names, None
    cells: Cells = []
    for i, row in enumerate(rows):
        if isinstance(row, (str, bytes, Mapping)) or not isinstance(row, Iterable):
            raise TypeError(f"Table row {i}: a sequence of cells is needed, not {type(row).__name__}")
        cells.append(_cells(row))
    return cells, None, None


def _cells(line: Iterable[Any]) -> list[Any]:
    return list(as_numpy(line, "Table data").tolist() if is_tensor(line) else line)


def _names(what: str, names: Names, length: int) -> list[Any]:
    if names and len(names) != length:
        raise ValueError(f"Table {what}: {len(names)} names for {length} {what}")
    return names or []


def _described(names: list[Any], cells: Iterable[Sequence[Any]]) -> list[dict[str, str]]:
    return (
        [{"name": str(name), "dtype": _dtype(line)} for name, line in zip(names, cells, strict=True)] if names else []
    )


def _dtype(cells: Iterable[Any]) -> str:
    """The Python type the cells have in common: `float` for numbers of both kinds, `object` where there is none."""
    kinds = {_KINDS.get(name.rstrip("0123456789_"), name) for name in {type(cell).__name__ for cell in cells}}
    kinds -= {"NoneType", "NaTType", "NAType"}
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "object" if kinds else "NoneType"


_KINDS = {
    **{name: name for name in ("int", "float", "bool", "str", "bytes", "datetime", "timedelta")},
    "uint": "int",
    "Timestamp": "datetime",
    "Timedelta": "timedelta",
}
"""Names of types, numpy's without their sizes, and what they are called here."""
