"""API keys in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select, update

from pluto.server.metadata import tables
from pluto.server.metadata.contract import ApiKey
from pluto.server.metadata.database import Database, now_ms

_keys = tables.keys


class SqlKeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, label: str, hash: str, hint: str, expires_at: int | None) -> ApiKey:
        now = now_ms()
        values = {"label": label, "hash": hash, "hint": hint, "created_at": now, "expires_at": expires_at}
        with self._database.write() as connection:
            key = connection.execute(_keys.insert().values(values)).inserted_primary_key[0]  # type: ignore[index]
        return ApiKey(key, label, hint, now, expires_at, None)

    def find(self, hash: str) -> ApiKey | None:
        with self._database.read() as connection:
            row = connection.execute(select(_keys).where(_keys.c.hash == hash)).first()
        return None if row is None else _key(row)

    def list(self) -> list[ApiKey]:
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(select(_keys).order_by(_keys.c.id))]

    def revoke(self, key: int) -> bool:
        query = update(_keys).where(_keys.c.id == key, _keys.c.revoked_at.is_(None)).values(revoked_at=now_ms())
        with self._database.write() as connection:
            return connection.execute(query).rowcount == 1


def _key(row: Any) -> ApiKey:
    return ApiKey(row.id, row.label, row.hint, row.created_at, row.expires_at, row.revoked_at)
