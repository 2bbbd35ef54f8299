"""Statuses, their history, and signs of life in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from pluto.server.lifecycle import CANCEL, CANCELLED, FAILED, HEARTBEAT, RUNNING, STALE, allowed, ended
from pluto.server.metadata import tables
from pluto.server.metadata.contract import QuietRun, StatusEvent, Triggered
from pluto.server.metadata.database import Database, dump, insert, load, now_ms

BEAT_COALESCE_MS = 2_000
"""A sign of life is written at most this often."""

_runs, _events, _beats, _triggers = tables.runs, tables.events, tables.heartbeats, tables.triggers


class SqlStatuses:
    def __init__(self, database: Database) -> None:
        self._database = database

    def status(self, run: int) -> str | None:
        with self._database.read() as connection:
            return connection.scalar(select(_runs.c.status).where(_runs.c.id == run))

    def set(self, run: int, status: str, *, source: str, at: int | None = None, metadata: Any = None) -> bool:
        with self._database.write() as connection:
            return change(connection, run, status, source=source, at=at, metadata=metadata)

    def set_metadata(self, run: int, metadata: Any) -> None:
        text = None if metadata is None else dump(metadata)
        with self._database.write() as connection:
            connection.execute(update(_runs).where(_runs.c.id == run).values(status_metadata=text))

    def events(self, run: int) -> list[StatusEvent]:
        query = select(_events).where(_events.c.run_id == run).order_by(_events.c.created_at, _events.c.id)
        with self._database.read() as connection:
            return [
                StatusEvent(
                    row.id, row.run_id, row.from_status, row.to_status, row.source,
                    None if row.metadata is None else load(row.metadata), row.created_at,
                )
                for row in connection.execute(query)
            ]  # fmt: skip

    def beat(self, run: int) -> str | None:
        now = now_ms()
        query = (
            select(_runs.c.status, _beats.c.last_seen, _triggers.c.run_id.label("cancel"))
            .outerjoin(_beats, _beats.c.run_id == _runs.c.id)
            .outerjoin(_triggers, _triggers.c.run_id == _runs.c.id)
            .where(_runs.c.id == run)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        fresh = row.last_seen is not None and now - BEAT_COALESCE_MS < row.last_seen <= now
        if fresh and row.status != FAILED and (row.cancel is None or row.status == CANCELLED):
            return str(row.status)
        with self._database.write() as connection:
            insert(connection, _beats, [{"run_id": run, "last_seen": now}], update=True)
            if row.cancel is not None and row.status == RUNNING:
                change(connection, run, CANCELLED, source=CANCEL)
            elif row.status == FAILED and _guessed(connection, run):
                change(connection, run, RUNNING, source=HEARTBEAT)
            status: str | None = connection.scalar(select(_runs.c.status).where(_runs.c.id == run))
            return status

    def cancel(self, run: int) -> bool:
        with self._database.write() as connection:
            if connection.scalar(select(_runs.c.id).where(_runs.c.id == run)) is None:
                return False
            insert(connection, _triggers, [{"run_id": run, "created_at": now_ms()}])
            return True

    def quiet(self, beat_before: int, update_before: int) -> list[QuietRun]:
        query = (
            select(_runs.c.id, _beats.c.last_seen, _runs.c.status_updated, _runs.c.updated_at)
            .outerjoin(_beats, _beats.c.run_id == _runs.c.id)
            .where(
                _runs.c.status == RUNNING,
                or_(
                    _beats.c.last_seen < beat_before,
                    _beats.c.last_seen.is_(None) & (_runs.c.updated_at < update_before),
                ),
            )
        )
        with self._database.read() as connection:
            return [
                QuietRun(row.id, row.last_seen, row.status_updated, row.updated_at) for row in connection.execute(query)
            ]

    def triggered(self) -> list[Triggered]:
        query = select(_runs.c.id, _runs.c.logger_settings, _runs.c.status_updated).where(
            _runs.c.status == RUNNING, _runs.c.logger_settings.contains('"trigger"', autoescape=True)
        )
        with self._database.read() as connection:
            found = [(row.id, load(row.logger_settings), row.status_updated) for row in connection.execute(query)]
        return [Triggered(run, settings["trigger"], at) for run, settings, at in found if settings.get("trigger")]


def change(
    connection: Connection, run: int, status: str, *, source: str, at: int | None = None, metadata: Any = None
) -> bool:
    """Moves a run to a status if the rules allow it, and notes the move. False for an unknown run."""
    current = connection.scalar(select(_runs.c.status).where(_runs.c.id == run))
    if current is None:
        return False
    now = now_ms()
    guessed = current == FAILED and _guessed(connection, run)
    moved = allowed(current, status, source, guessed=guessed)
    values: dict[str, Any] = {"updated_at": now}
    if moved:
        values["status"] = status
        if ended(status):
            values["stale"] = 1
        add_event(connection, run, current, status, source, metadata)
    if moved and status == RUNNING:
        # A run that goes on was not meant by an old wish to cancel it.
        connection.execute(delete(_triggers).where(_triggers.c.run_id == run))
        connection.execute(delete(_beats).where(_beats.c.run_id == run)) if source != HEARTBEAT else None
    if moved or current == status:
        if at is not None:
            values["status_updated"] = at
        elif moved or current == RUNNING:
            values["status_updated"] = now
    connection.execute(update(_runs).where(_runs.c.id == run).values(values))
    return True


def add_event(connection: Connection, run: int, before: str | None, after: str, source: str, metadata: Any) -> None:
    connection.execute(
        _events.insert().values(
            run_id=run,
            from_status=before,
            to_status=after,
            source=source,
            metadata=None if metadata is None else dump(metadata),
            created_at=now_ms(),
        )
    )


def _guessed(connection: Connection, run: int) -> bool:
    """Whether the run's status is what the watch for quiet runs made of it."""
    query = select(_events.c.source).where(_events.c.run_id == run).order_by(_events.c.id.desc()).limit(1)
    return connection.scalar(query) == STALE
