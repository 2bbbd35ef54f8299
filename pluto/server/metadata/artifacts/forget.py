"""Deletion of versions, and the blobs that nobody holds then."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from pluto.server.metadata import tables
from pluto.server.metadata.artifacts.contract import Freed
from pluto.server.metadata.database import chunks

_artifacts, _files, _blobs = tables.artifacts, tables.artifact_files, tables.blobs


def forget_versions(connection: Connection, artifacts: Sequence[int]) -> Freed:
    """Deletes versions, which are members of nothing any more, and gives the blobs that were theirs alone."""
    held: dict[str, int] = {}
    for some in chunks(artifacts):
        mine = select(_files.c.sha256, _artifacts.c.stored_at).join(_artifacts, _artifacts.c.id == _files.c.artifact_id)
        for row in connection.execute(mine.where(_files.c.artifact_id.in_(some), _files.c.sha256.is_not(None))):
            held[row.sha256] = max(row.stored_at, held.get(row.sha256, 0))
    for some in chunks(artifacts):
        for table in (
            _files, tables.artifact_members, tables.artifact_tags, tables.artifact_runs, tables.artifact_commits,
        ):  # fmt: skip
            connection.execute(delete(table).where(table.c.artifact_id.in_(some)))
        connection.execute(delete(_artifacts).where(_artifacts.c.id.in_(some)))
    for some in chunks(list(held)):
        for table in (_files, _blobs):
            for sha256 in connection.scalars(select(table.c.sha256).where(table.c.sha256.in_(some))):
                held.pop(sha256, None)
    return list(held.items())
