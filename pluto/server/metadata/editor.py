"""Changes of one run, gathered in memory and written together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update

from pluto.server.lifecycle import GROUP_ERROR, GROUP_PREFIX
from pluto.server.metadata import tables
from pluto.server.metadata.contract import Run
from pluto.server.metadata.database import chunks, dump, insert, now_ms
from pluto.server.metadata.flatten import flatten, merge, without


class SqlEditor:
    """Inside a write transaction; `write` puts what differs from `run` into the database."""

    def __init__(self, connection: Connection, run: Run) -> None:
        self.run = run
        self.tags = list(run.tags)
        self._connection = connection
        self._config = run.config
        self._system = run.system_metadata
        self._columns: dict[str, Any] = {}
        self._names: dict[str, str] = {}
        self._forgotten: dict[str, None] = {}
        self._blobs: dict[str, None] = {}

    def merge_config(self, values: Mapping[str, Any]) -> None:
        self._config = merge(self._config, values)

    def replace_config(self, values: Mapping[str, Any]) -> None:
        self._config = dict(values)

    def remove_config(self, paths: Iterable[str]) -> None:
        self._config = without(self._config, paths)

    def merge_settings(self, values: Mapping[str, Any]) -> None:
        self._columns["logger_settings"] = dump(merge(self.run.logger_settings, values))

    def merge_system_metadata(self, values: Mapping[str, Any]) -> None:
        self._system = {**self._system, **values}

    def set_tags(self, tags: Iterable[str]) -> None:
        self.tags = checked_tags(tags)

    def set_notes(self, notes: str | None) -> None:
        self._columns["notes"] = notes

    def rename(self, name: str) -> None:
        self._columns["name"] = name

    def add_names(self, names: Mapping[str, str]) -> None:
        self._names.update(names)

    def forget_names(self, names: Iterable[str]) -> None:
        self._forgotten.update(dict.fromkeys(names))

    def add_blobs(self, hashes: Iterable[str]) -> None:
        self._blobs.update(dict.fromkeys(hashes))

    def write(self) -> None:
        """Writes what changed; the run's `updatedAt` moves only if something about the run itself did."""
        run, columns = self.run, self._columns
        if self._config is not run.config:
            columns["config"] = dump(self._config)
            write_fields(self._connection, run.id, "config", run.config, self._config)
        if self._system is not run.system_metadata:
            columns["system_metadata"] = dump(self._system)
            write_fields(self._connection, run.id, "systemMetadata", run.system_metadata, self._system)
        if self.tags != run.tags:
            self._connection.execute(delete(tables.tags).where(tables.tags.c.run_id == run.id))
            write_tags(self._connection, run.id, self.tags)
        if columns or self.tags != run.tags:
            self._connection.execute(
                update(tables.runs).where(tables.runs.c.id == run.id).values(**columns, updated_at=now_ms())
            )
        for some in chunks(list(self._forgotten)):
            for table in (tables.names, tables.summaries, tables.lasts):
                self._connection.execute(delete(table).where(table.c.run_id == run.id, table.c.name.in_(some)))
        if self._names:
            write_names(self._connection, run.id, self._names)
        if self._blobs:
            now = now_ms()
            rows = [{"sha256": sha, "run_id": run.id, "created_at": now} for sha in self._blobs]
            insert(self._connection, tables.blobs, rows, update=True)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Each tag once, in order. Raises `ValueError` for more than one group."""
    unique = list(dict.fromkeys(tags))
    if sum(tag.startswith(GROUP_PREFIX) for tag in unique) > 1:
        raise ValueError(GROUP_ERROR)
    return unique


def write_tags(connection: Connection, run: int, tags: Iterable[str]) -> None:
    rows = [{"run_id": run, "tag": tag, "position": position} for position, tag in enumerate(tags)]
    if rows:
        connection.execute(tables.tags.insert(), rows)


def write_names(connection: Connection, run: int, names: Mapping[str, str]) -> None:
    """Registers names after those there; the first type of a name stays."""
    column = tables.names.c
    start = connection.scalar(select(func.coalesce(func.max(column.position), -1) + 1).where(column.run_id == run)) or 0
    rows = [
        {"run_id": run, "name": name, "type": type, "position": start + offset}
        for offset, (name, type) in enumerate(names.items())
    ]
    insert(connection, tables.names, rows)


def write_fields(connection: Connection, run: int, source: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Brings the flat fields from `old` to `new`."""
    before, after = flatten(old), flatten(new)
    column = tables.fields.c
    for keys in chunks([key for key in before if key not in after]):
        connection.execute(
            delete(tables.fields).where(and_(column.run_id == run, column.source == source, column.key.in_(keys)))
        )
    rows = [
        {"run_id": run, "source": source, "key": key, "text": value[0], "number": value[1]}
        for key, value in after.items()
        if before.get(key, ()) != value
    ]
    insert(connection, tables.fields, rows, update=True)
