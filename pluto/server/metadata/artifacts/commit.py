"""A record of an artifact becomes a version: numbered, or found equal to one that is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from pluto.protocol.artifacts import LATEST, MD5, SEQUENCE, digest_of, is_version
from pluto.protocol.records import Artifact, ArtifactEntry
from pluto.server.metadata import tables
from pluto.server.metadata.artifacts import rows
from pluto.server.metadata.artifacts.contract import Conflict, Role
from pluto.server.metadata.database import chunks, dump, insert, now_ms
from pluto.server.metadata.flatten import parse_object
from pluto.server.metadata.runs import project_number

PENDING: Final = "PENDING"
COMMITTED: Final = "COMMITTED"
NAME_MAX: Final = 128

_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")
_artifacts, _collections, _members = tables.artifacts, tables.artifact_collections, tables.artifact_members
_files, _aliases, _commits = tables.artifact_files, tables.artifact_aliases, tables.artifact_commits


def commit(connection: Connection, run: int, project: int, record: Artifact) -> int | None:
    """The number of the version; None while there is more to come. Raises `Conflict`."""
    known = connection.execute(
        select(_artifacts.c.id, _artifacts.c.state)
        .join(_commits, _commits.c.artifact_id == _artifacts.c.id)
        .where(_commits.c.token == record.token)
    ).first()
    if known is not None:
        if known.state != COMMITTED:
            return None
        # Another run may log, or use, the very version by the same token: one that was brought over does.
        note_run(connection, int(known.id), run, "used" if record.used else "logged")
        return int(known.id)
    _check(record)
    collection = _sequence(connection, project, record)
    entries = {entry.path: entry for entry in record.entries}
    pending = None
    if record.distributed_id is not None:
        pending = connection.scalar(
            select(_artifacts.c.id).where(
                _artifacts.c.collection_id == collection,
                _artifacts.c.distributed_id == record.distributed_id,
                _artifacts.c.state == PENDING,
            )
        )
        if pending is not None:
            entries = {**rows.entries_of(connection, pending), **entries}
    if record.incremental and (latest := _latest(connection, collection)) is not None:
        entries = {**rows.entries_of(connection, latest), **entries}
    digest = record.digest
    if record.algorithm == MD5 or record.incremental or record.distributed_id is not None:
        digest = _digest(entries.values(), record.algorithm)
        if digest != record.digest and not record.incremental and record.distributed_id is None:
            raise Conflict(f"the digest {record.digest} is not that of what is in it, {digest}")
    if not record.final:
        artifact = pending or _insert(connection, collection, run, record, PENDING)
        _fill(connection, artifact, entries.values(), digest)
        _token(connection, record, artifact)
        return None
    equal = connection.scalar(
        select(_artifacts.c.id).where(
            _artifacts.c.collection_id == collection, _artifacts.c.digest == digest, _artifacts.c.state == COMMITTED
        )
    )
    if equal is None:
        artifact = pending or _insert(connection, collection, run, record, COMMITTED)
        connection.execute(update(_artifacts).where(_artifacts.c.id == artifact).values(state=COMMITTED))
        _fill(connection, artifact, entries.values(), digest)
        join(connection, collection, artifact)
    else:
        artifact = int(equal)
        # Its blobs have been offered once more: see `Context.drop`.
        connection.execute(update(_artifacts).where(_artifacts.c.id == artifact).values(stored_at=now_ms()))
        if pending is not None:
            connection.execute(update(_commits).where(_commits.c.artifact_id == pending).values(artifact_id=artifact))
            connection.execute(delete(_artifacts).where(_artifacts.c.id == pending))
    _token(connection, record, artifact)
    if record.made:
        note_run(connection, artifact, run, "logged")
    if record.used:
        note_run(connection, artifact, run, "used")
    tags = [{"artifact_id": artifact, "tag": tag} for tag in dict.fromkeys(record.tags)]
    insert(connection, tables.artifact_tags, tags)
    move_aliases(connection, collection, artifact, [LATEST, *record.aliases])
    return artifact


def join(connection: Connection, collection: int, artifact: int) -> int:
    """Makes a version the next member of a collection, and gives its number there."""
    now = now_ms()
    # The update locks the row, so that the number read next is this member's alone.
    connection.execute(
        update(_collections)
        .where(_collections.c.id == collection)
        .values(next_version=_collections.c.next_version + 1, updated_at=now)
    )
    version = connection.scalar(select(_collections.c.next_version - 1).where(_collections.c.id == collection))
    connection.execute(
        _members.insert().values(collection_id=collection, version=version, artifact_id=artifact, created_at=now)
    )
    assert version is not None
    return int(version)


def move_aliases(connection: Connection, collection: int, artifact: int, aliases: Sequence[str]) -> None:
    """Gives aliases of a collection to one of its members. Raises `Conflict` for what can't be an alias."""
    for alias in aliases:
        if not alias or "/" in alias or ":" in alias or is_version(alias):
            raise Conflict(f"{alias!r} can't be an alias: they have no '/' and ':', and do not look like a version")
    version = connection.scalar(
        select(_members.c.version).where(_members.c.collection_id == collection, _members.c.artifact_id == artifact)
    )
    moved = [{"collection_id": collection, "alias": alias, "version": version} for alias in dict.fromkeys(aliases)]
    insert(connection, _aliases, moved, update=True)


def note_run(connection: Connection, artifact: int, run: int, role: Role) -> None:
    """Notes what a run did with a version."""
    insert(
        connection,
        tables.artifact_runs,
        [{"artifact_id": artifact, "run_id": run, "role": role, "created_at": now_ms()}],
    )


def new_collection(
    connection: Connection, project: str | int, name: str, type: str, kind: str, description: str | None = None
) -> int:
    """The number of a new collection. Raises `Conflict` for a name or type that can't be."""
    for what, value in (("name", name), ("type", type)):
        if not value.strip() or len(value) > NAME_MAX or "/" in value or ":" in value or "\0" in value:
            raise Conflict(f"{value!r} can't be the {what} of artifacts: 1 to {NAME_MAX} characters, no '/', no ':'")
    now = now_ms()
    return int(
        connection.execute(
            _collections.insert().values(
                project_id=project if isinstance(project, int) else project_number(connection, project),
                name=name,
                type=type,
                kind=kind,
                description=description,
                next_version=0,
                created_at=now,
                updated_at=now,
            )
        ).inserted_primary_key[0]  # type: ignore[index]
    )


def _check(record: Artifact) -> None:
    if not record.token or len(record.token) > 200:
        raise Conflict("a version needs a token of 1 to 200 characters")
    if not record.final and record.distributed_id is None:
        raise Conflict("only a version that is made by several may be unfinished")
    if record.metadata is not None:
        parse_object(record.metadata)
    for entry in record.entries:
        path = PurePosixPath(entry.path)
        outside = path.is_absolute() or not path.parts or ".." in path.parts
        if outside or str(path) != entry.path or "\0" in entry.path:
            raise Conflict(f"{entry.path!r} is no path within an artifact")
        if entry.ref is None and not _SHA256.match(entry.sha256 or ""):
            raise Conflict(f"{entry.path!r} names no blob")


def _sequence(connection: Connection, project: int, record: Artifact) -> int:
    found = connection.execute(
        select(_collections.c.id, _collections.c.type, _collections.c.kind).where(
            _collections.c.project_id == project, _collections.c.name == record.name
        )
    ).first()
    if found is None:
        return new_collection(connection, project, record.name, record.type, SEQUENCE)
    if found.kind != SEQUENCE:
        raise Conflict(f"{record.name!r} holds links and takes no versions of its own")
    if found.type != record.type:
        raise Conflict(
            f"Artifact {record.name} already exists with type '{found.type}'; cannot create another with type"
            f" '{record.type}'"
        )
    return int(found.id)


def _latest(connection: Connection, collection: int) -> int | None:
    query = (
        select(_members.c.artifact_id)
        .where(_members.c.collection_id == collection)
        .outerjoin(
            _aliases,
            (_aliases.c.collection_id == collection)
            & (_aliases.c.alias == LATEST)
            & (_aliases.c.version == _members.c.version),
        )
        .order_by(_aliases.c.alias.is_(None), _members.c.version.desc())
        .limit(1)
    )
    found: int | None = connection.scalar(query)
    return found


def _digest(entries: Iterable[ArtifactEntry], algorithm: str) -> str:
    try:
        return digest_of(((entry.path, entry.digest) for entry in entries), algorithm)
    except (ImportError, ValueError) as error:
        raise Conflict(str(error)) from None


def _insert(connection: Connection, collection: int, run: int, record: Artifact, state: str) -> int:
    now = now_ms()
    values: dict[str, Any] = {
        "collection_id": collection,
        "state": state,
        "digest": record.digest,
        "algorithm": record.algorithm,
        "description": record.description,
        "metadata": dump(json.loads(record.metadata) if record.metadata else {}),
        "ttl": record.ttl,
        "expires_at": now + record.ttl * 1000 if record.ttl else None,
        "size": 0,
        "files": 0,
        "run_id": run,
        "step": record.step,
        "distributed_id": record.distributed_id,
        "stored_at": now,
        "created_at": record.time // 1000,
        "updated_at": now,
    }
    return int(connection.execute(_artifacts.insert().values(values)).inserted_primary_key[0])  # type: ignore[index]


def _fill(connection: Connection, artifact: int, entries: Iterable[ArtifactEntry], digest: str) -> None:
    found = list(entries)
    connection.execute(delete(_files).where(_files.c.artifact_id == artifact))
    written = [rows.entry_row(artifact, entry) for entry in found]
    for some in chunks(written):
        connection.execute(_files.insert(), list(some))
    size = sum(entry.size or 0 for entry in found)
    values = {"digest": digest, "size": size, "files": len(found), "stored_at": now_ms()}
    connection.execute(update(_artifacts).where(_artifacts.c.id == artifact).values(values))


def _token(connection: Connection, record: Artifact, artifact: int) -> None:
    connection.execute(_commits.insert().values(token=record.token, artifact_id=artifact))
