"""The columns of a table: what their cells may be, and which of them refer to rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.table_decorators import allow_relogging_after_mutation
from pluto.compat.wandb.sdk.data_types.table_keys import (
    _ForeignIndexType,
    _ForeignKeyType,
    _PrimaryKeyType,
    _TableIndex,
    _TableKey,
)

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.data_types.table import Table

ColumnKey = str | int
_SETTLING: Final = frozenset({int, float, bool, str, type(None)})
"""Classes whose values have one type, whatever they are; see `Columns._fits`."""


class Columns:
    """The part of a table about its columns."""

    columns: list[Any]
    """The names of the columns."""
    data: list[list[Any]]
    """The rows."""
    _column_types: _dtypes.Type
    _settled: dict[Any, set[type]]
    """Classes whose values a column takes as it is."""
    _pk_col: Any
    _fk_cols: set[Any]

    def _make_column_types(self, dtype: Any, optional: bool | list[bool]) -> None:
        dtype = _dtypes.UnknownType() if dtype is None else dtype
        kinds = dtype if isinstance(dtype, list) else [dtype] * len(self.columns)
        may_lack = optional if isinstance(optional, list) else [optional] * len(self.columns)
        self._column_types = _dtypes.TypedDictType({})
        for name, kind, lacking in zip(self.columns, kinds, may_lack, strict=False):
            self.cast(name, kind, lacking)

    def _set_column_types(self, types: _dtypes.Type) -> None:
        self._column_types = types
        self._settled.clear()
        self._update_keys()

    @allow_relogging_after_mutation
    def cast(self, col_name: ColumnKey, dtype: Any, optional: bool = False) -> _dtypes.Type:
        """Gives a column a type: a class, a type, or an example; `optional` where it takes None. Gives the type.

        Raises `TypeError` where a cell does not fit, and `AssertionError` for keys that make no sense.
        """
        assert col_name in self.columns
        kind = _dtypes.TypeRegistry.type_from_dtype(dtype)
        kind = _dtypes.OptionalType(kind) if optional else kind
        index = self.columns.index(col_name)
        for row in self.data:
            became = kind.assign(row[index])
            if isinstance(became, _dtypes.InvalidType):
                of = _dtypes.TypeRegistry.type_of(row[index])
                raise TypeError(f"Existing data {row[index]}, of type {of} cannot be cast to {kind}")
            kind = became
        if isinstance(kind, (_PrimaryKeyType, _ForeignKeyType, _ForeignIndexType)):
            assert not optional, "Primary keys, foreign keys, and foreign indexes cannot be optional."
        assert kind.params.get("table") is not self, "Cannot set a foreign table reference to same table."
        assert not isinstance(kind, _PrimaryKeyType) or self._pk_col is None, (
            f"Cannot have multiple primary keys - {self._pk_col} is already set as the primary key."
        )
        self._column_types.params["type_map"][col_name] = kind
        self._settled.pop(col_name, None)
        self._update_keys()
        return kind

    def _admit(self, row: Sequence[Any]) -> None:
        """Widens the columns' types by a row. Raises `TypeError` where a cell does not fit."""
        kinds: dict[Any, _dtypes.Type] = self._column_types.params["type_map"]
        wider: dict[Any, _dtypes.Type] = {}
        for name, cell in zip(self.columns, row, strict=True):
            if self._fits(name, cell):
                continue
            became = kinds[name].assign(cell)
            if isinstance(became, _dtypes.InvalidType):
                why = self._column_types.explain(dict(zip(self.columns, row, strict=True)))
                raise TypeError(f"Data row contained incompatible types:\n{why}")
            if became != kinds[name]:
                wider[name] = became
            elif _is_plain(cell) and _takes_all(kinds[name], _dtypes.TypeRegistry.type_of(cell)):
                self._settled.setdefault(name, set()).add(type(cell))
        if wider:
            self._column_types = _dtypes.TypedDictType({**kinds, **wider})

    def _fits(self, name: Any, cell: Any) -> bool:
        """Whether a column is known to take such cells as it is."""
        return type(cell) in self._settled.get(name, ()) and _is_plain(cell)

    @allow_relogging_after_mutation
    def set_pk(self, col_name: ColumnKey) -> None:
        """Says by which column rows are known."""
        assert col_name in self.columns
        self.cast(col_name, _PrimaryKeyType())

    @allow_relogging_after_mutation
    def set_fk(self, col_name: ColumnKey, table: Table, table_col: str) -> None:
        """Says that a column has keys of another table's rows."""
        assert col_name in self.columns
        assert col_name != self._pk_col
        self.cast(col_name, _ForeignKeyType(table, table_col))

    def _update_keys(self, force_last: bool = False) -> None:
        """Takes note of which columns are keys, and makes their cells know their tables."""
        kinds: dict[Any, _dtypes.Type] = self._column_types.params["type_map"]
        primary = next((name for name, kind in kinds.items() if isinstance(kind, _PrimaryKeyType)), None)
        foreign = {name for name, kind in kinds.items() if isinstance(kind, (_ForeignKeyType, _ForeignIndexType))}
        assert primary is not None or self._pk_col is None, f"Cannot unset primary key (column {self._pk_col})"
        lost = self._fk_cols - foreign
        assert not lost, f"Cannot unset foreign key. Attempted to unset ({lost})"
        if (primary, foreign) != (self._pk_col, self._fk_cols):
            self._pk_col, self._fk_cols = primary, foreign
            for row in self.data:
                self._link(row)
        elif force_last and self.data:
            self._link(self.data[-1])

    def _link(self, row: list[Any]) -> None:
        kinds = self._column_types.params["type_map"]
        for name in self._fk_cols:
            index, kind = self.columns.index(name), kinds[name]
            if isinstance(kind, _ForeignKeyType) and not isinstance(row[index], _TableKey):
                row[index] = _TableKey(row[index])
                row[index].set_table(kind.params["table"], kind.params["col_name"])
            elif isinstance(kind, _ForeignIndexType) and not isinstance(row[index], _TableIndex):
                row[index] = _TableIndex(row[index])
                row[index].set_table(kind.params["table"])
        if self._pk_col is not None:
            index = self.columns.index(self._pk_col)
            row[index] = _TableKey(row[index])
            row[index].set_table(self, self._pk_col)


def _is_plain(cell: Any) -> bool:
    """Whether a cell's class tells its type. NaN is None, and a text may be a link."""
    kind = type(cell)
    return kind in _SETTLING and bool(cell == cell) and not (kind is str and cell.startswith("wandb-"))


def _takes_all(kind: _dtypes.Type, of: _dtypes.Type) -> bool:
    """Whether a column takes every value of this type: ids of classes, say, are numbers, and not all of them."""
    members = kind.params["allowed_types"] if isinstance(kind, _dtypes.UnionType) else [kind]
    return of in members or any(isinstance(member, _dtypes.AnyType) for member in members)
