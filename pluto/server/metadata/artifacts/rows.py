"""Versions, collections and entries as rows of SQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from pluto.protocol.artifacts import PORTFOLIO
from pluto.protocol.records import ArtifactEntry
from pluto.server.metadata import tables
from pluto.server.metadata.artifacts.contract import Collection, Version
from pluto.server.metadata.database import chunks, load

members, collections, artifacts = tables.artifact_members, tables.artifact_collections, tables.artifacts
projects = tables.projects

_home, _home_member, _home_project = collections.alias(), members.alias(), projects.alias()


def selected() -> Select[Any]:
    """Members of collections, with all that makes a `Version` but aliases and tags."""
    return (
        select(
            artifacts,
            members.c.collection_id.label("member_of"),
            members.c.version,
            members.c.created_at.label("joined_at"),
            collections.c.name,
            collections.c.kind,
            projects.c.name.label("project"),
            _home.c.name.label("home_name"),
            _home.c.type,
            _home_member.c.version.label("home_version"),
            _home_project.c.name.label("home_project"),
        )
        .join(members, members.c.artifact_id == artifacts.c.id)
        .join(collections, collections.c.id == members.c.collection_id)
        .join(projects, projects.c.id == collections.c.project_id)
        .join(_home, _home.c.id == artifacts.c.collection_id)
        .join(_home_project, _home_project.c.id == _home.c.project_id)
        .join(
            _home_member,
            and_(_home_member.c.artifact_id == artifacts.c.id, _home_member.c.collection_id == _home.c.id),
        )
    )


def versions(connection: Connection, query: Select[Any]) -> list[Version]:
    """What a query made of `selected` finds."""
    rows = connection.execute(query).all()
    tags = _texts(connection, tables.artifact_tags, "artifact_id", "tag", {row.id for row in rows})
    aliases: dict[tuple[int, int], list[str]] = {}
    alias = tables.artifact_aliases.c
    for some in chunks(sorted({row.member_of for row in rows})):
        for found in connection.execute(
            select(tables.artifact_aliases).where(alias.collection_id.in_(some)).order_by(alias.alias)
        ):
            aliases.setdefault((found.collection_id, found.version), []).append(found.alias)
    return [_version(row, aliases.get((row.member_of, row.version), []), tags.get(row.id, [])) for row in rows]


def one(connection: Connection, query: Select[Any]) -> Version | None:
    """The one a query finds."""
    found = versions(connection, query.limit(1))
    return found[0] if found else None


def _version(row: Any, aliases: list[str], tags: list[str]) -> Version:
    return Version(
        id=row.id,
        collection=row.member_of,
        project=row.project,
        name=row.name,
        version=row.version,
        aliases=aliases,
        linked_at=row.joined_at if row.kind == PORTFOLIO else None,
        source_collection=row.collection_id,
        source_project=row.home_project,
        source_name=row.home_name,
        source_version=row.home_version,
        type=row.type,
        digest=row.digest,
        algorithm=row.algorithm,
        description=row.description,
        metadata=load(row.metadata),
        tags=tags,
        ttl=row.ttl,
        size=row.size,
        files=row.files,
        run=row.run_id,
        step=row.step,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def collections_of(connection: Connection, query: Select[Any]) -> list[Collection]:
    """What a query of `artifact_collections`, joined to its project, finds."""
    rows = connection.execute(query).all()
    found = {row.id for row in rows}
    tags = _texts(connection, tables.artifact_collection_tags, "collection_id", "tag", found)
    counts: dict[int, int] = {}
    for some in chunks(sorted(found)):
        counted = select(members.c.collection_id, func.count().label("n")).where(members.c.collection_id.in_(some))
        for row in connection.execute(counted.group_by(members.c.collection_id)):
            counts[row.collection_id] = row.n
    return [
        Collection(
            id=row.id,
            project=row.project,
            name=row.name,
            type=row.type,
            kind=row.kind,
            description=row.description,
            tags=tags.get(row.id, []),
            versions=counts.get(row.id, 0),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def selected_collections() -> Select[Any]:
    """Collections with the names of their projects."""
    return select(collections, projects.c.name.label("project")).join(
        projects, projects.c.id == collections.c.project_id
    )


def entry(row: Any) -> ArtifactEntry:
    """An entry of a row of `artifact_files`."""
    return ArtifactEntry(
        path=row.path,
        digest=row.digest,
        size=row.size,
        ref=row.ref,
        extra=json.loads(row.extra) if row.extra else {},
        sha256=row.sha256,
        birth=row.birth,
    )


def entry_row(artifact: int, entry: ArtifactEntry) -> dict[str, Any]:
    """A row of `artifact_files`."""
    return {
        "artifact_id": artifact,
        "path": entry.path,
        "digest": entry.digest,
        "size": entry.size,
        "sha256": entry.sha256,
        "ref": entry.ref,
        "extra": json.dumps(entry.extra, separators=(",", ":")) if entry.extra else None,
        "birth": entry.birth,
    }


def entries_of(connection: Connection, artifact: int) -> dict[str, ArtifactEntry]:
    """All a version holds, by path."""
    column = tables.artifact_files.c
    query = select(tables.artifact_files).where(column.artifact_id == artifact).order_by(column.path)
    return {row.path: entry(row) for row in connection.execute(query)}


def _texts(connection: Connection, table: Any, key: str, text: str, keys: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    some: Sequence[int]
    for some in chunks(sorted(keys)):
        for row in connection.execute(select(table).where(table.c[key].in_(some)).order_by(table.c[text])):
            found.setdefault(getattr(row, key), []).append(getattr(row, text))
    return found
