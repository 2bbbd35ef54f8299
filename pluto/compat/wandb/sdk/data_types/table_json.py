"""Tables as artifacts have them: columns, their types, cells with their media; and read back."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types._private import MEDIA_TMP
from pluto.compat.wandb.sdk.data_types.cells import cell_from_json, cell_to_json
from pluto.compat.wandb.sdk.lib.runid import generate_id

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.data_types.table import Table


def write(table: Table, artifact: Any) -> dict[str, Any]:
    """The table as JSON; media and arrays of its cells are put into the artifact."""
    rows = table._to_table_json(table.MAX_ARTIFACT_ROWS)["data"]
    elsewhere = {index for index, column in enumerate(table.columns) if _array_column(table, column, artifact)}
    data = [
        [None if index in elsewhere else cell_to_json(cell, artifact) for index, cell in enumerate(row)] for row in rows
    ]
    return {
        "columns": table.columns,
        "data": data,
        "ncols": len(table.columns),
        "nrows": len(data),
        "column_types": table._column_types.to_json(artifact),
        "log_mode": table.log_mode,
    }


def _array_column(table: Table, column: Any, artifact: Any) -> bool:
    """Whether a column's arrays are in a file of their own, where they are put now. Short ones stand as lists."""
    import numpy

    types = table._column_types.params["type_map"]
    array = _array_type(types[column])
    if array is None:
        return False
    if array.is_short:
        types[column] = array.as_list()
        return False
    name = f"{column}_{generate_id()}.npz"
    path = os.path.join(MEDIA_TMP.name, name)
    arrays: dict[str, Any] = {str(column): table.get_column(column, convert_to="numpy")}
    numpy.savez_compressed(path, **arrays)
    entry = artifact.add_file(path, f"media/serialized_data/{name}", is_tmp=True)
    array._serialization_path = {"path": entry.path, "key": str(column)}
    return True


def _members(kind: _dtypes.Type) -> list[_dtypes.Type]:
    return list(kind.params["allowed_types"]) if isinstance(kind, _dtypes.UnionType) else [kind]


def _array_type(kind: _dtypes.Type) -> _dtypes.NDArrayType | None:
    return next((member for member in _members(kind) if isinstance(member, _dtypes.NDArrayType)), None)


def read(kind: type[Table], json_obj: dict[str, Any], artifact: Any) -> Table:
    """The table that an artifact has as this JSON."""
    columns = json_obj["columns"]
    types: _dtypes.Type | None = None
    dtypes = None
    times: set[int] = set()
    arrays: dict[int, Any] = {}
    if json_obj.get("column_types") is not None:
        types = _dtypes.TypeRegistry.type_from_dict(json_obj["column_types"], artifact)
        by_name = types.params["type_map"]
        dtypes = [by_name[str(column)] for column in columns]
        for index, dtype in enumerate(dtypes):
            if any(isinstance(member, _dtypes.TimestampType) for member in _members(dtype)):
                times.add(index)
            array = _array_type(dtype)
            if array is not None and array._serialization_path is not None:
                arrays[index] = _load(array._serialization_path, artifact)
                array._serialization_path = None
    log_mode = json_obj.get("log_mode", "IMMUTABLE")
    rows = _increments(json_obj, artifact) if log_mode == "INCREMENTAL" else json_obj["data"]
    data = [
        [
            arrays[index][number] if index in arrays else cell_from_json(item, index in times, artifact)
            for index, item in enumerate(row)
        ]
        for number, row in enumerate(rows)
    ]
    table = kind(columns=columns, data=data, dtype=dtypes, log_mode=log_mode)
    if types is not None:
        by_name = types.params["type_map"]
        table._set_column_types(_dtypes.TypedDictType({column: by_name[str(column)] for column in columns}))
    return table


def _load(where: dict[str, str], artifact: Any) -> Any:
    import numpy

    with numpy.load(artifact.get_entry(where["path"]).download()) as arrays:
        return arrays[where["key"]]


def _increments(json_obj: dict[str, Any], artifact: Any) -> list[Any]:
    """The rows of all increments, in the order in which they were logged."""
    if "latest" not in artifact.aliases:
        termwarn(
            "It is recommended to use the latest version of the incremental table artifact for ordering guarantees.",
            repeat=False,
        )
    if json_obj.get("increment_num") is None:
        return []
    found: list[Any] = []
    for name in sorted((name for name in artifact.manifest.entries if name.endswith(".table.json")), key=_when):
        try:
            with open(artifact.manifest.entries[name].download(), encoding="utf-8") as file:
                found += json.load(file)["data"]
        except (ValueError, KeyError) as error:
            raise Error(f"Invalid table file {name}") from error
    return found


def _when(name: str) -> tuple[int, int]:
    """Number and time of an increment, from a name such as `3-1700000000000.key.table.json`."""
    number, _, moment = name.split(".")[0].partition("-")
    try:
        return int(number), int(moment or 0)
    except ValueError:
        termwarn(
            f"Could not parse artifact entry for increment {name}. The entry name does not follow the naming convention"
            " <increment_number>-<timestamp>.<key>.table.json The data in the table will be out of order.",
            repeat=False,
        )
        return 0, 0
