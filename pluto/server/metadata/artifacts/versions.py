"""Versions of artifacts in SQL."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from pluto.protocol.artifacts import LATEST, PORTFOLIO, SEQUENCE, is_version
from pluto.protocol.records import Artifact, ArtifactEntry
from pluto.server.metadata import tables
from pluto.server.metadata.artifacts import rows
from pluto.server.metadata.artifacts.commit import commit, join, move_aliases, new_collection, note_run
from pluto.server.metadata.artifacts.contract import KEEP, Conflict, Freed, Role, Version
from pluto.server.metadata.artifacts.forget import forget_versions
from pluto.server.metadata.database import Database, dump, insert, now_ms
from pluto.server.metadata.runs import project_number

_artifacts, _collections, _members = tables.artifacts, tables.artifact_collections, tables.artifact_members
_files, _aliases, _runs = tables.artifact_files, tables.artifact_aliases, tables.artifact_runs
_projects = tables.projects


class SqlVersions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(self, run: int, record: Artifact) -> Version | None:
        with self._database.write() as connection:
            project = connection.scalar(select(tables.runs.c.project_id).where(tables.runs.c.id == run))
            if project is None:
                raise LookupError(f"run {run} not found")
            artifact = commit(connection, run, project, record)
            return None if artifact is None else _at_home(connection, artifact)

    def use(self, run: int, artifact: int) -> bool:
        with self._database.write() as connection:
            if connection.scalar(select(tables.runs.c.id).where(tables.runs.c.id == run)) is None:
                raise LookupError(f"run {run} not found")
            if _at_home(connection, artifact) is None:
                return False
            note_run(connection, artifact, run, "used")
            return True

    def find(self, project: str, name: str, alias: str) -> Version | None:
        query = rows.selected().where(_projects.c.name == project, _collections.c.name == name)
        if is_version(alias):
            query = query.where(_members.c.version == int(alias[1:18]))
        else:
            query = query.join(
                _aliases,
                (_aliases.c.collection_id == _members.c.collection_id) & (_aliases.c.version == _members.c.version),
            ).where(_aliases.c.alias == alias)
        with self._database.read() as connection:
            return rows.one(connection, query)

    def get(self, artifact: int, collection: int | None = None) -> Version | None:
        with self._database.read() as connection:
            if collection is None:
                return _at_home(connection, artifact)
            return rows.one(connection, _member(artifact, collection))

    def committed(self, token: str) -> Version | None:
        commits = tables.artifact_commits.c
        with self._database.read() as connection:
            artifact = connection.scalar(select(commits.artifact_id).where(commits.token == token))
            return None if artifact is None else _at_home(connection, artifact)

    def members(
        self, collection: int, *, tags: Several[str] = (), before: int | None = None, limit: int = 50
    ) -> list[Version]:
        query = rows.selected().where(_members.c.collection_id == collection)
        for tag in tags:
            tagged = select(tables.artifact_tags.c.artifact_id).where(tables.artifact_tags.c.tag == tag)
            query = query.where(_artifacts.c.id.in_(tagged))
        if before is not None:
            query = query.where(_members.c.version < before)
        with self._database.read() as connection:
            return rows.versions(connection, query.order_by(_members.c.version.desc()).limit(limit))

    def links(self, artifact: int) -> list[Version]:
        query = rows.selected().where(_artifacts.c.id == artifact, _collections.c.kind == PORTFOLIO)
        with self._database.read() as connection:
            return rows.versions(connection, query.order_by(_members.c.created_at, _members.c.collection_id))

    def of_run(self, run: int, role: Role, *, after: int = 0, limit: int = 50) -> list[Version]:
        mine = select(_runs.c.artifact_id).where(_runs.c.run_id == run, _runs.c.role == role)
        query = rows.selected().where(
            _artifacts.c.id.in_(mine), _artifacts.c.id > after, _members.c.collection_id == _artifacts.c.collection_id
        )
        with self._database.read() as connection:
            return rows.versions(connection, query.order_by(_artifacts.c.id).limit(limit))

    def runs(self, artifact: int, role: Role) -> list[int]:
        query = select(_runs.c.run_id).where(_runs.c.artifact_id == artifact, _runs.c.role == role)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(_runs.c.created_at, _runs.c.run_id)))

    def entries(self, artifact: int, *, prefix: str = "", after: str = "", limit: int = 1000) -> list[ArtifactEntry]:
        query = select(_files).where(_files.c.artifact_id == artifact, _files.c.path > after)
        if prefix:
            query = query.where(func.substr(_files.c.path, 1, len(prefix)) == prefix)
        with self._database.read() as connection:
            return [rows.entry(row) for row in connection.execute(query.order_by(_files.c.path).limit(limit))]

    def edit(
        self,
        artifact: int,
        *,
        description: str | None = KEEP,
        metadata: Mapping[str, Any] = KEEP,
        ttl: int | None = KEEP,
        add_tags: Iterable[str] = (),
        remove_tags: Iterable[str] = (),
    ) -> bool:
        values: dict[str, Any] = {"updated_at": now_ms()}
        if description is not KEEP:
            values["description"] = description
        if metadata is not KEEP:
            values["metadata"] = dump(metadata)
        tag = tables.artifact_tags
        with self._database.write() as connection:
            created = connection.scalar(select(_artifacts.c.created_at).where(_artifacts.c.id == artifact))
            if created is None:
                return False
            if ttl is not KEEP:
                values |= {"ttl": ttl, "expires_at": created + ttl * 1000 if ttl else None}
            connection.execute(update(_artifacts).where(_artifacts.c.id == artifact).values(values))
            insert(connection, tag, [{"artifact_id": artifact, "tag": text} for text in dict.fromkeys(add_tags)])
            connection.execute(delete(tag).where(tag.c.artifact_id == artifact, tag.c.tag.in_(list(remove_tags))))
            return True

    def alias(self, collection: int, artifact: int, add: Sequence[str], remove: Sequence[str]) -> bool:
        with self._database.write() as connection:
            version = connection.scalar(
                select(_members.c.version).where(
                    _members.c.collection_id == collection, _members.c.artifact_id == artifact
                )
            )
            if version is None:
                return False
            connection.execute(
                delete(_aliases).where(
                    _aliases.c.collection_id == collection,
                    _aliases.c.version == version,
                    _aliases.c.alias.in_(list(remove)),
                )
            )
            move_aliases(connection, collection, artifact, add)
            return True

    def link(self, artifact: int, project: str, name: str, aliases: Sequence[str]) -> Version | None:
        with self._database.write() as connection:
            home = _at_home(connection, artifact)
            if home is None:
                return None
            number = project_number(connection, project)
            found = connection.execute(
                select(_collections).where(_collections.c.project_id == number, _collections.c.name == name)
            ).first()
            if found is None:
                collection = new_collection(connection, number, name, home.type, PORTFOLIO)
            elif found.kind != PORTFOLIO:
                raise Conflict(f"{project}/{name} holds versions of its own and takes no links")
            elif found.type != home.type:
                raise Conflict(f"{project}/{name} takes artifacts of type {found.type!r}, not {home.type!r}")
            else:
                collection = found.id
            query = _member(artifact, collection)
            if rows.one(connection, query) is None:
                join(connection, collection, artifact)
            move_aliases(connection, collection, artifact, [LATEST, *aliases])
            return rows.one(connection, query)

    def unlink(self, artifact: int, collection: int) -> bool:
        with self._database.write() as connection:
            found = rows.one(connection, _member(artifact, collection))
            if found is None:
                return False
            if found.source_collection == collection:
                raise Conflict(f"{found.name}:v{found.version} was logged there and is no link: delete it instead")
            leave(connection, artifact, collection)
            return True

    def delete(self, artifact: int, *, aliases: bool = False) -> Freed | None:
        with self._database.write() as connection:
            found = _at_home(connection, artifact)
            if found is None:
                return None
            if found.aliases and not aliases:
                names = ", ".join(found.aliases)
                raise Conflict(f"{found.name}:v{found.version} has aliases ({names}): say that they may go with it")
            places = select(_members.c.collection_id).where(_members.c.artifact_id == artifact)
            for collection in list(connection.scalars(places)):
                leave(connection, artifact, collection)
            return forget_versions(connection, [artifact])

    def expired(self) -> list[int]:
        linked = (
            select(_members.c.artifact_id)
            .join(_collections, _collections.c.id == _members.c.collection_id)
            .where(_collections.c.kind != SEQUENCE)
        )
        query = select(_artifacts.c.id).where(_artifacts.c.expires_at <= now_ms(), _artifacts.c.id.not_in(linked))
        with self._database.read() as connection:
            return list(connection.scalars(query))


def leave(connection: Connection, artifact: int, collection: int) -> None:
    """Takes a member out of a collection; `latest` goes to the newest that is left."""
    where = (_members.c.collection_id == collection) & (_members.c.artifact_id == artifact)
    version = connection.scalar(select(_members.c.version).where(where))
    mine = (_aliases.c.collection_id == collection) & (_aliases.c.version == version)
    was_latest = LATEST in set(connection.scalars(select(_aliases.c.alias).where(mine)))
    connection.execute(delete(_aliases).where(mine))
    connection.execute(delete(_members).where(where))
    if was_latest:
        newest = connection.scalar(
            select(_members.c.artifact_id)
            .where(_members.c.collection_id == collection)
            .order_by(_members.c.version.desc())
            .limit(1)
        )
        if newest is not None:
            move_aliases(connection, collection, newest, [LATEST])


def _member(artifact: int, collection: int) -> Any:
    return rows.selected().where(_artifacts.c.id == artifact, _members.c.collection_id == collection)


def _at_home(connection: Connection, artifact: int) -> Version | None:
    return rows.one(
        connection,
        rows.selected().where(_artifacts.c.id == artifact, _members.c.collection_id == _artifacts.c.collection_id),
    )
