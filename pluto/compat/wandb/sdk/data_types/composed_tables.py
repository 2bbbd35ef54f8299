"""Tables made of tables of an artifact: two that are joined, or many that are parts of one."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from typing import Any, ClassVar

from pluto.compat.wandb.sdk.data_types import _dtypes
from pluto.compat.wandb.sdk.data_types.base_types.media import Media
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_run

_TABLES = ("table", "partitioned-table")


class _Composed(Media):
    """What exists in artifacts only; a run that logs it has the artifact's address."""

    def to_json(self, artifact_or_run: Any) -> dict[str, Any]:
        """What a row, or an artifact, has of it. Raises `ValueError` for a run before it is in an artifact."""
        if not is_run(artifact_or_run):
            return {"_type": self._log_type, **self._of_artifact(artifact_or_run)}
        url = self._get_artifact_entry_ref_url()
        if url is None:
            raise ValueError(f"{type(self).__name__}s must first be added to an Artifact before logging to a Run")
        return {"_type": self._log_type, "artifact_path": url}

    def _of_artifact(self, artifact: Any) -> dict[str, Any]:
        raise NotImplementedError

    def bind_to_run(self, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Raises `ValueError`."""
        raise ValueError(f"{type(self).__name__}s cannot be bound to runs")

    def _hand_over_again(self, key: int | str, step: int | str) -> None:
        """Nothing: there is no file."""


class _Part:
    """A table that is a part, read when it is needed."""

    def __init__(self, entry: Any, source_artifact: Any) -> None:
        self.entry = entry
        self.source_artifact = source_artifact
        self._table: Any = None

    def get_part(self) -> Any:
        """The table."""
        if self._table is None:
            self._table = self.source_artifact.get(self.entry.path)
        return self._table

    def free(self) -> None:
        """Lets go of it."""
        self._table = None


class PartitionedTable(_Composed):
    """The tables in a folder of an artifact as one; `parts_path` is the folder."""

    _log_type = "partitioned-table"

    def __init__(self, parts_path: str) -> None:
        super().__init__()
        self.parts_path = parts_path
        self._loaded_part_entries: dict[str, _Part] = {}

    def _of_artifact(self, artifact: Any) -> dict[str, Any]:  # noqa: ARG002
        return {"parts_path": self.parts_path}

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> PartitionedTable:
        """The table that an artifact has as this JSON."""
        table = cls(json_obj["parts_path"])
        for entry in source_artifact.manifest.get_entries_in_directory(table.parts_path):
            table._loaded_part_entries[entry.path] = _Part(entry, source_artifact)
        return table

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """The rows of all parts with their numbers. Raises `ValueError` where parts have different columns."""
        columns: list[Any] | None = None
        number = 0
        for part in self._loaded_part_entries.values():
            table = part.get_part()
            if columns is not None and columns != table.columns:
                raise ValueError(f"Table parts have non-matching columns. {columns} != {table.columns}")
            columns = table.columns
            for _, row in table.iterrows():
                yield number, row
                number += 1
            part.free()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.parts_path == other.parts_path


class JoinedTable(_Composed):
    """Two tables joined by a column, or by one of each.

    A table is a `Table`, a `PartitionedTable`, the path of one in the artifact, or an entry of another artifact. Raises
    `ValueError` for anything else.
    """

    _log_type = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: Any) -> None:
        super().__init__()
        if not isinstance(join_key, str) and (not isinstance(join_key, list) or len(join_key) != 2):
            raise ValueError("JoinedTable join_key should be a string or a list of two strings")
        for name, table in (("table1", table1), ("table2", table2)):
            if not self._validate_table_input(table):
                raise ValueError(f"JoinedTable {name} should be an artifact path to a table or wandb.Table object")
        self._table1 = table1
        self._table2 = table2
        self._join_key = join_key

    @classmethod
    def from_json(cls, json_obj: dict[str, Any], source_artifact: Any) -> JoinedTable:
        """The table that an artifact has as this JSON."""
        paths = json_obj["table1"], json_obj["table2"]
        found = [source_artifact.get(path) for path in paths]
        first, second = (path if table is None else table for path, table in zip(paths, found, strict=True))
        return cls(first, second, json_obj["join_key"])

    @staticmethod
    def _validate_table_input(table: Any) -> bool:
        if isinstance(table, str):
            return table.endswith(".table.json")
        if getattr(table, "_log_type", None) in _TABLES:
            return True
        return hasattr(table, "ref_url") and str(table.ref_url()).endswith(".table.json")

    def _ensure_table_in_artifact(self, table: Any, artifact: Any, number: int) -> str:
        """The path of a table in the artifact, into which it is put where it is not there."""
        path = table
        if isinstance(table, Media):
            source = table._artifact_source
            known = source.name if source is not None else None
            path = artifact.add(table, os.path.basename(known) if known else f"t{number}_{id(self)}").path
        elif hasattr(table, "ref_url"):
            digest = base64.standard_b64decode(table.digest).hex()[:20]
            name = f"{digest}.{table.name.split('.')[-2]}.json"
            path = artifact.add_reference(table.ref_url(), name)[0].path
        if path not in artifact.manifest.entries:
            raise ValueError(
                f"JoinedTable table:{path} not found in artifact. Add a table to the artifact using"
                f" Artifact#add(<table>, {path}) before adding this JoinedTable"
            )
        return str(path)

    def _of_artifact(self, artifact: Any) -> dict[str, Any]:
        return {
            "table1": self._ensure_table_in_artifact(self._table1, artifact, 1),
            "table2": self._ensure_table_in_artifact(self._table2, artifact, 2),
            "join_key": self._join_key,
        }

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, JoinedTable)
            and self._join_key == other._join_key
            and bool(self._table1 == other._table1)
            and bool(self._table2 == other._table2)
        )


class _JoinedTableType(_dtypes.Type):
    name = "joined-table"
    types: ClassVar = [JoinedTable]


class _PartitionedTableType(_dtypes.Type):
    name = "partitioned-table"
    types: ClassVar = [PartitionedTable]


_dtypes.TypeRegistry.add(_JoinedTableType)
_dtypes.TypeRegistry.add(_PartitionedTableType)
