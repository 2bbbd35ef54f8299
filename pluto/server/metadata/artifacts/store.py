"""The store of artifacts on SQL."""

from __future__ import annotations

from pluto.server.metadata.artifacts.collections import SqlCollections
from pluto.server.metadata.artifacts.versions import SqlVersions


class SqlArtifacts(SqlVersions, SqlCollections):
    """See `contract.Artifacts`."""
