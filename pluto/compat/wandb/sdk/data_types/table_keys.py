"""Cells that refer to tables: keys, and numbers of rows."""

from __future__ import annotations

from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.lib.runid import generate_id


class _TableLinkMixin:
    """A cell that belongs to a table, or refers to one."""

    _table: Any = None

    def set_table(self, table: Any) -> None:
        """Says which table."""
        self._table = table


class _TableKey(str, _TableLinkMixin):  # noqa: SLOT000
    """A key of a row in a table."""

    _col_name: Any = None

    def set_table(self, table: Any, col_name: Any = None) -> None:
        """Says which table, and which of its columns the key is in."""
        assert col_name in table.columns
        self._table, self._col_name = table, col_name


class _TableIndex(int, _TableLinkMixin):
    """The number of a row in a table."""

    def get_row(self) -> dict[Any, Any]:
        """The row, by columns; empty where the table is not known."""
        return dict(zip(self._table.columns, self._table.data[self], strict=True)) if self._table else {}


class _PrimaryKeyType(_dtypes.Type):
    """Texts by which rows of the table are known."""

    name = "primaryKey"
    legacy_names: ClassVar = ["wandb.TablePrimaryKey"]

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        """Itself, for texts and keys."""
        return self if isinstance(wb_type, (_dtypes.StringType, _PrimaryKeyType)) else _dtypes.InvalidType()

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of a key. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, _TableKey):
            raise TypeError("py_obj must be a _TableKey")
        return cls()


class _Foreign(_dtypes.Type):
    """Cells that refer to rows of another table, which an artifact has beside the one they are in."""

    plain: ClassVar[type[_dtypes.Type]]
    """What such cells are when their table is not known."""

    def assign_type(self, wb_type: _dtypes.Type) -> _dtypes.Type:
        """Itself, for what can refer to the same table."""
        same = isinstance(wb_type, type(self)) and all(
            value is wb_type.params[key] if key == "table" else value == wb_type.params[key]
            for key, value in self.params.items()
        )
        return self if same or isinstance(wb_type, self.plain) else _dtypes.InvalidType()

    def to_json(self, artifact: Any = None) -> dict[str, Any]:
        """The type, with the other table put into the artifact. Raises `AssertionError` without one."""
        if artifact is None:
            raise AssertionError(f"{type(self).__name__} does not support serialization without an artifact")
        entry = artifact.add(self.params["table"], f"media/tables/t_{generate_id()}")
        return {"wb_type": self.name, "params": {**self.params, "table": entry.path}}

    @classmethod
    def from_json(cls, json_dict: dict[str, Any], artifact: Any = None) -> _dtypes.Type:
        """The type that `to_json` has written. Raises `AssertionError` where the other table is not to be had."""
        if artifact is None:
            raise AssertionError(f"{cls.__name__} does not support deserialization without an artifact")
        table = artifact.get(json_dict["params"]["table"])
        if table is None:
            raise AssertionError("Unable to deserialize referenced table")
        return cls(**{**json_dict["params"], "table": table})


class _ForeignKeyType(_Foreign):
    """Keys of rows in another table."""

    name = "foreignKey"
    legacy_names: ClassVar = ["wandb.TableForeignKey"]
    types: ClassVar = [_TableKey]
    plain = _dtypes.StringType

    def __init__(self, table: Any, col_name: Any) -> None:
        assert isinstance(col_name, str)
        assert col_name in table.columns
        self.params.update({"table": table, "col_name": col_name})

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of a key. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, _TableKey):
            raise TypeError("py_obj must be a _TableKey")
        return cls(py_obj._table, py_obj._col_name)


class _ForeignIndexType(_Foreign):
    """Numbers of rows in another table."""

    name = "foreignIndex"
    legacy_names: ClassVar = ["wandb.TableForeignIndex"]
    types: ClassVar = [_TableIndex]
    plain = _dtypes.NumberType

    def __init__(self, table: Any) -> None:
        assert hasattr(table, "columns")
        self.params["table"] = table

    @classmethod
    def from_obj(cls, py_obj: Any = None) -> _dtypes.Type:
        """The type of a row's number. Raises `TypeError` for anything else."""
        if not isinstance(py_obj, _TableIndex):
            raise TypeError("py_obj must be a _TableIndex")
        return cls(py_obj._table)


for _type in (_ForeignKeyType, _PrimaryKeyType, _ForeignIndexType):
    _dtypes.TypeRegistry.add(_type)
