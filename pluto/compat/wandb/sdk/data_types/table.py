"""Tables."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, Literal

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types import _dtypes, table_json
from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.layout import json_text
from pluto.compat.wandb.sdk.data_types.base_types.media import Media, _numpy_arrays_to_lists
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue, is_artifact, is_run
from pluto.compat.wandb.sdk.data_types.composed_tables import JoinedTable, PartitionedTable
from pluto.compat.wandb.sdk.data_types.table_columns import ColumnKey, Columns
from pluto.compat.wandb.sdk.data_types.table_decorators import (
    allow_incremental_logging_after_append,
    allow_relogging_after_mutation,
    ensure_not_incremental,
)
from pluto.compat.wandb.sdk.data_types.table_increments import Increments
from pluto.compat.wandb.sdk.data_types.table_keys import _TableIndex, _TableLinkMixin

LogMode = Literal["IMMUTABLE", "MUTABLE", "INCREMENTAL"]
_LOG_MODES: Final = ["IMMUTABLE", "MUTABLE", "INCREMENTAL"]
_log: Final = logging.getLogger(__name__)


class Table(Columns, Increments, Media):
    """Rows and columns. Cells may be numbers, texts, arrays, media, or any object.

    `columns` are names or numbers, "Input", "Output", "Expected" unless they are said. `data`: a list of rows, an array
    of two dimensions or a frame of pandas; `dataframe`, `rows`: the same by older names. Each column has a type, which
    follows from its cells, unless `dtype` says it: a class, an example, or a list of them by column. `optional`:
    whether None is a cell, for all columns or each. With `allow_mixed_types` a column takes everything.

    `log_mode`: what logging it again does after a change. "IMMUTABLE": nothing; "MUTABLE": it is logged anew;
    "INCREMENTAL": the rows that were added are.

    Raises `AssertionError` for columns and data that are none, `ValueError` for a row of another length, `TypeError`
    for a cell of another type.
    """

    MAX_ROWS = 10000
    """More rows are not in the file of a run,"""
    MAX_ARTIFACT_ROWS = 200000
    """nor in that of an artifact."""
    _log_type = "table"

    def __init__(
        self,
        columns: list[ColumnKey] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode | None = "IMMUTABLE",
    ) -> None:
        super().__init__()
        assert log_mode in _LOG_MODES, f"Invalid log_mode: {log_mode}. Must be one of {_LOG_MODES}"
        self.log_mode = log_mode
        self._pk_col, self._fk_cols = None, set()
        self._settled = {}
        self.data = []
        dtype = _dtypes.AnyType if allow_mixed_types else dtype
        source: Any = next((given for given in (dataframe, data, rows) if given is not None), [])
        if _is_frame(source):
            columns, source = list(source.columns), zip(*(source[name].values for name in source), strict=True)
        else:
            assert dataframe is None, "dataframe argument expects a `pandas.core.frame.DataFrame` object"
            assert isinstance(source, list) or type(source).__name__ == "ndarray", (
                "data argument expects a `list` object"
            )
        columns = ["Input", "Output", "Expected"] if columns is None else columns
        assert isinstance(columns, list), "columns argument expects a `list` object"
        assert all(type(name) in (str, int) for name in columns), "columns argument expects list of strings or ints"
        self.columns = columns
        self._make_column_types(dtype, optional)
        for row in source:
            self.add_data(*row)

    # adding to it

    @allow_relogging_after_mutation
    def add_row(self, *row: Any) -> None:
        """`add_data` by its older name."""
        _log.warning("add_row is deprecated, use add_data")
        self.add_data(*row)

    @allow_relogging_after_mutation
    @allow_incremental_logging_after_append
    def add_data(self, *data: Any) -> None:
        """Adds a row. Raises `ValueError` for another number of cells, `TypeError` where one does not fit."""
        if len(data) != len(self.columns):
            raise ValueError(f"This table expects {len(self.columns)} columns: {self.columns}, found {len(data)}")
        for name, cell in zip(self.columns, data, strict=True):
            if isinstance(cell, _TableLinkMixin):
                self.cast(name, _dtypes.TypeRegistry.type_of(cell), optional=False)
        self._admit(data)
        self.data.append(list(data))
        if self._pk_col is not None or self._fk_cols:
            self._link(self.data[-1])

    @ensure_not_incremental
    @allow_relogging_after_mutation
    def add_column(self, name: str, data: Any, optional: bool = False) -> None:
        """Adds a column: a list or an array, as long as there are rows.

        Raises `AssertionError` for a name that is there or another length, `TypeError` for cells of different types;
        nothing has changed then.
        """
        assert isinstance(name, str)
        assert name not in self.columns
        assert isinstance(data, list) or type(data).__name__ == "ndarray"
        assert isinstance(optional, bool)
        first = not self.columns
        assert first or len(data) == len(self.data), f"Expected length {len(self.data)}, found {len(data)}"
        before = self.data
        self.data = [[*row, cell] for row, cell in zip([[] for _ in data] if first else before, data, strict=True)]
        self.columns.append(name)
        try:
            self.cast(name, _dtypes.UnknownType(), optional=optional)
        except TypeError:
            self.data = before
            self.columns.pop()
            raise

    @ensure_not_incremental
    @allow_relogging_after_mutation
    def add_computed_columns(self, fn: Callable[[int, dict[Any, Any]], dict[str, Any]]) -> None:
        """Adds columns: `fn` gets each row's number and the row by columns, and gives the new cells by columns."""
        added: dict[str, list[Any]] = {}
        for index, row in self.iterrows():
            cells = fn(index, dict(zip(self.columns, row, strict=True)))
            assert isinstance(cells, dict)
            for name, cell in cells.items():
                added.setdefault(name, []).append(cell)
        for name, column in added.items():
            self.add_column(name, column)

    # reading it

    def iterrows(self) -> Iterator[tuple[Any, list[Any]]]:
        """The rows with their numbers; in a cell of another table such a number refers to this one's row."""
        return zip(self.get_index(), self.data, strict=True)

    def get_index(self) -> list[Any]:
        """The numbers of the rows; in cells of another table they refer to this one's rows."""
        return [self.index_ref(index) for index in range(len(self.data))]

    def index_ref(self, index: int) -> Any:
        """The number of a row; in a cell of another table it refers to it. Raises `AssertionError` beyond the end."""
        assert index < len(self.data)
        reference = _TableIndex(index)
        reference.set_table(self)
        return reference

    def get_column(self, name: ColumnKey, convert_to: Literal["numpy"] | None = None) -> Any:
        """The cells of a column; with "numpy" as an array, media as their numbers."""
        assert name in self.columns
        assert convert_to is None or convert_to == "numpy"
        index = self.columns.index(name)
        cells = [row[index] for row in self.data]
        if convert_to is None:
            return cells
        import numpy

        return numpy.array([cell.to_data_array() if isinstance(cell, WBValue) else cell for cell in cells])

    def get_dataframe(self) -> Any:
        """The table as a frame of pandas."""
        import pandas

        return pandas.DataFrame.from_records(self.data, columns=self.columns)

    def __eq__(self, other: object) -> bool:
        """Whether the other one has the same columns, of the same types, and the same cells."""
        if not isinstance(other, Table):
            return False
        facts = ("columns", "_column_types")
        if len(self.data) != len(other.data) or any(getattr(self, name) != getattr(other, name) for name in facts):
            return False
        return all(
            _same(cell, another)
            for row, other_row in zip(self.data, other.data, strict=True)
            for cell, another in zip(row, other_row, strict=True)
        )

    # logging it

    def has_been_logged(self) -> bool:
        """Whether it was logged to a run, or put into an artifact."""
        return self._run is not None or self._artifact_target is not None

    def _forget_log(self) -> None:
        """It can be logged as if it never was."""
        self._run = self._artifact_target = self._path = self._sha256 = None

    def _to_table_json(self, max_rows: int | None = None, warn: bool = True) -> dict[str, Any]:
        limit = self.MAX_ROWS if max_rows is None else max_rows
        if len(self.data) > limit and warn:
            self._too_long(limit)
        first = self._first_row()
        return {"columns": self.columns, "data": self.data[first : first + limit]}

    def _too_long(self, limit: int) -> None:
        from pluto.compat.wandb.sdk.lib import module

        run = self._run or module.current()
        if run is not None and (run.settings.table_raise_on_max_row_limit_exceeded or run.settings.strict):
            raise ValueError(
                f"Table row limit exceeded: table has {len(self.data)} rows, limit is {limit}. To increase the maximum"
                " number of allowed rows in a wandb.Table, override the limit with `wandb.Table.MAX_ARTIFACT_ROWS = X`"
                " and try again."
            )
        termwarn(f"Truncating wandb.Table object to {limit} rows.", repeat=False)

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:
        """Puts the table, as it is now, into the run's folder. See `Media.bind_to_run`."""
        self._set_content(json_text(self._shown()), ".table.json")
        super().bind_to_run(*args, **kwargs)

    def _shown(self) -> dict[str, Any]:
        """What the file of a run has."""
        found: dict[str, Any] = _numpy_arrays_to_lists(self._to_table_json(warn=False))
        return found

    def _hand_over(self, key: int | str, step: int | str) -> None:
        super()._hand_over(key, step)
        native.keep_table(self._run, self.columns, self._shown()["data"], key, step)

    def _hand_over_again(self, key: int | str, step: int | str) -> None:
        """The table as it was logged: it may have changed since."""
        super()._hand_over(key, step)
        with contextlib.suppress(OSError, ValueError), open(self._path or "", encoding="utf-8") as file:
            logged = json.load(file)
            native.keep_table(self._run, logged["columns"], logged["data"], key, step)

    @classmethod
    def get_media_subdir(cls) -> str:
        """`media/table`."""
        return os.path.join("media", "table")

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> Table:
        """The table that an artifact has as this JSON."""
        return table_json.read(cls, json_obj, source_artifact)

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """For a run, the file; for an artifact, the table itself. Raises `TypeError` for anything else."""
        if not (is_run(run_or_artifact) or is_artifact(run_or_artifact)):
            raise TypeError("to_json accepts wandb_run.Run or wandb_artifact.Artifact")
        found = {**super().to_json(run_or_artifact), **self._increment_json()}
        if is_artifact(run_or_artifact):
            return {**found, "_type": Table._log_type, **table_json.write(self, run_or_artifact)}
        kind = "incremental-table-file" if self.log_mode == "INCREMENTAL" else "table-file"
        size = {"ncols": len(self.columns), "nrows": len(self.data)}
        return {**found, "_type": kind, **size, "log_mode": self.log_mode}


def _is_frame(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"


def _same(cell: Any, other: Any) -> bool:
    equal = cell == other
    return bool(equal.all()) if hasattr(equal, "all") else bool(equal)


class _TableType(_dtypes.Type):
    """Tables, by the types of their columns."""

    name = "table"
    legacy_names: ClassVar = ["wandb.Table"]
    types: ClassVar = [Table]

    def __init__(self, column_types: Any = None) -> None:
        """Raises `TypeError` for anything but types of columns."""
        if isinstance(column_types, dict):
            column_types = _dtypes.TypedDictType(column_types)
        column_types = _dtypes.UnknownType() if column_types is None else column_types
        if not isinstance(column_types, (_dtypes.TypedDictType, _dtypes.UnknownType)):
            raise TypeError("column_types must be a dict or TypedDictType")
        self.params["column_types"] = column_types

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        """With the other's columns put in."""
        if not isinstance(wb_type, _TableType):
            return _dtypes.InvalidType()
        columns = self.params["column_types"].assign_type(wb_type.params["column_types"])
        return columns if isinstance(columns, _dtypes.InvalidType) else _TableType(columns)

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of a table. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, Table):
            raise TypeError("py_obj must be a wandb.Table")
        return cls(py_obj._column_types)


_dtypes.TypeRegistry.add(_TableType)

__all__ = ["ColumnKey", "JoinedTable", "LogMode", "PartitionedTable", "Table"]
