"""Collections of artifacts in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pluto.protocol.artifacts import PORTFOLIO, SEQUENCE
from pluto.server.metadata import tables
from pluto.server.metadata.artifacts import rows
from pluto.server.metadata.artifacts.commit import new_collection
from pluto.server.metadata.artifacts.contract import KEEP, Collection, Conflict, Freed
from pluto.server.metadata.artifacts.forget import forget_versions
from pluto.server.metadata.artifacts.versions import leave
from pluto.server.metadata.database import Database, insert, now_ms

_artifacts, _collections, _members = tables.artifacts, tables.artifact_collections, tables.artifact_members
_tags, _projects = tables.artifact_collection_tags, tables.projects


class SqlCollections:
    def __init__(self, database: Database) -> None:
        self._database = database

    def types(self, project: str) -> list[tuple[str, int]]:
        first = func.min(_collections.c.created_at)
        query = (
            select(_collections.c.type, first.label("first"))
            .join(_projects, _projects.c.id == _collections.c.project_id)
            .where(_projects.c.name == project)
            .group_by(_collections.c.type)
            .order_by(first, _collections.c.type)
        )
        with self._database.read() as connection:
            return [(row.type, row.first) for row in connection.execute(query)]

    def collections(
        self,
        project: str,
        *,
        type: str | None = None,
        name: str | None = None,
        kind: str | None = None,
        after: int = 0,
        limit: int = 50,
    ) -> list[Collection]:
        query = rows.selected_collections().where(_projects.c.name == project, _collections.c.id > after)
        for column, value in ((_collections.c.type, type), (_collections.c.name, name), (_collections.c.kind, kind)):
            if value is not None:
                query = query.where(column == value)
        with self._database.read() as connection:
            return rows.collections_of(connection, query.order_by(_collections.c.id).limit(limit))

    def collection(self, collection: int) -> Collection | None:
        with self._database.read() as connection:
            return _one(connection, collection)

    def create_collection(
        self, project: str, name: str, type: str, kind: str, description: str | None = None, tags: Iterable[str] = ()
    ) -> Collection:
        if kind not in (SEQUENCE, PORTFOLIO):
            raise Conflict(f"a collection is a {SEQUENCE} or a {PORTFOLIO}, not a {kind!r}")
        try:
            with self._database.write() as connection:
                collection = new_collection(connection, project, name, type, kind, description)
                insert(connection, _tags, [{"collection_id": collection, "tag": tag} for tag in dict.fromkeys(tags)])
                found = _one(connection, collection)
        except IntegrityError:
            raise _taken(project, name) from None
        assert found is not None
        return found

    def edit_collection(
        self,
        collection: int,
        *,
        name: str = KEEP,
        type: str = KEEP,
        description: str | None = KEEP,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> bool:
        given: dict[str, Any] = {"name": name, "type": type, "description": description}
        values = {key: value for key, value in given.items() if value is not KEEP}
        for key in ("name", "type"):
            if key in values and (not values[key].strip() or "/" in values[key] or ":" in values[key]):
                raise Conflict(f"{values[key]!r} can't be the {key} of a collection")
        with self._database.write() as connection:
            found = _one(connection, collection)
            if found is None:
                return False
            try:
                connection.execute(
                    update(_collections).where(_collections.c.id == collection).values(**values, updated_at=now_ms())
                )
            except IntegrityError:
                raise _taken(found.project, name) from None
            insert(connection, _tags, [{"collection_id": collection, "tag": tag} for tag in dict.fromkeys(add_tags)])
            connection.execute(
                delete(_tags).where(_tags.c.collection_id == collection, _tags.c.tag.in_(list(remove_tags)))
            )
            return True

    def delete_collection(self, collection: int) -> Freed | None:
        with self._database.write() as connection:
            if _one(connection, collection) is None:
                return None
            mine = list(connection.scalars(select(_artifacts.c.id).where(_artifacts.c.collection_id == collection)))
            for artifact in mine:
                where = (_members.c.artifact_id == artifact) & (_members.c.collection_id != collection)
                for other in list(connection.scalars(select(_members.c.collection_id).where(where))):
                    leave(connection, artifact, other)
            freed = forget_versions(connection, mine)
            for table in (tables.artifact_aliases, _members, _tags):
                connection.execute(delete(table).where(table.c.collection_id == collection))
            connection.execute(delete(_collections).where(_collections.c.id == collection))
            return freed


def _one(connection: Connection, collection: int) -> Collection | None:
    found = rows.collections_of(connection, rows.selected_collections().where(_collections.c.id == collection))
    return found[0] if found else None


def _taken(project: str, name: str) -> Conflict:
    return Conflict(f"{project} has a collection {name!r} already")
