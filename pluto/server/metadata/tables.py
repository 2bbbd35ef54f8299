"""The tables of the metadata store as they are now; `migrations.py` brings older databases here."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

schema = MetaData()

# SQLite gives rowid aliases to INTEGER only; a number never comes back after a deletion, since series go by it.
_Id = BigInteger().with_variant(Integer, "sqlite")

migrations = Table("migrations", schema, Column("name", Text, primary_key=True), Column("applied_at", BigInteger))

projects = Table(
    "projects",
    schema,
    Column("id", _Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("next_number", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("description", Text),
    Index("projects_prefix", "prefix"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    schema,
    Column("id", _Id, primary_key=True),
    Column("project_id", _Id, ForeignKey("projects.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("external_id", Text),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_updated", BigInteger, nullable=False),
    Column("status_metadata", Text),
    Column("config", Text, nullable=False),
    Column("system_metadata", Text, nullable=False),
    Column("logger_settings", Text, nullable=False),
    Column("notes", Text),
    Column("forked_from", _Id, ForeignKey("runs.id", ondelete="SET NULL")),
    Column("fork_step", Float),
    Column("stale", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("project_id", "external_id"),
    Index("runs_created", "project_id", "created_at"),
    Index("runs_status", "status"),
    Index("runs_forked_from", "forked_from"),
    sqlite_autoincrement=True,
)


def _of_run() -> Column[int]:
    return Column("run_id", _Id, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)


tags = Table(
    "run_tags",
    schema,
    _of_run(),
    Column("tag", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Index("run_tags_tag", "tag"),
)

names = Table(
    "run_names",
    schema,
    _of_run(),
    Column("name", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("position", Integer, nullable=False),
)

events = Table(
    "status_events",
    schema,
    Column("id", _Id, primary_key=True),
    Column("run_id", _Id, ForeignKey("runs.id", ondelete="CASCADE"), nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("metadata", Text),
    Column("created_at", BigInteger, nullable=False),
    Index("status_events_run", "run_id"),
    sqlite_autoincrement=True,
)

heartbeats = Table("run_heartbeats", schema, _of_run(), Column("last_seen", BigInteger, nullable=False))

triggers = Table("run_triggers", schema, _of_run(), Column("created_at", BigInteger, nullable=False))

fields = Table(
    "run_fields",
    schema,
    _of_run(),
    Column("source", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("text", Text),
    Column("number", Float),
    Index("run_fields_key", "key", "source"),
)

summaries = Table(
    "metric_summaries",
    schema,
    _of_run(),
    Column("name", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("min", Float),
    Column("max", Float),
    Column("mean", Float),
    Column("variance", Float),
    Column("last", Float),
    Column("last_step", Float),
    Column("odd_last", Text),
    Index("metric_summaries_name", "name"),
)

lasts = Table(
    "last_values",
    schema,
    _of_run(),
    Column("name", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("step", Float, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
"""The last text, histogram or file of each name (`source` is empty), and of each stream the last line by source."""

blobs = Table(
    "run_blobs",
    schema,
    Column("sha256", Text, primary_key=True),
    _of_run(),
    Column("created_at", BigInteger, nullable=False),
    Index("run_blobs_run", "run_id"),
)

keys = Table(
    "api_keys",
    schema,
    Column("id", _Id, primary_key=True),
    Column("label", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    sqlite_autoincrement=True,
)


def _of(table: str, name: str, *, primary: bool = True) -> Column[int]:
    return Column(name, _Id, ForeignKey(f"{table}.id", ondelete="CASCADE"), primary_key=primary, nullable=False)


artifact_collections = Table(
    "artifact_collections",
    schema,
    Column("id", _Id, primary_key=True),
    Column("project_id", _Id, ForeignKey("projects.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("description", Text),
    Column("next_version", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    UniqueConstraint("project_id", "name"),
    sqlite_autoincrement=True,
)

artifact_collection_tags = Table(
    "artifact_collection_tags",
    schema,
    _of("artifact_collections", "collection_id"),
    Column("tag", Text, primary_key=True),
)

artifacts = Table(
    "artifacts",
    schema,
    Column("id", _Id, primary_key=True),
    _of("artifact_collections", "collection_id", primary=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("algorithm", Text, nullable=False),
    Column("description", Text),
    Column("metadata", Text, nullable=False),
    Column("ttl", BigInteger),
    Column("expires_at", BigInteger),
    Column("size", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("run_id", _Id, ForeignKey("runs.id", ondelete="SET NULL")),
    Column("step", BigInteger),
    Column("distributed_id", Text),
    Column("stored_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index("artifacts_digest", "collection_id", "digest"),
    Index("artifacts_expires", "expires_at"),
    Index("artifacts_run", "run_id"),
    sqlite_autoincrement=True,
)

artifact_files = Table(
    "artifact_files",
    schema,
    _of("artifacts", "artifact_id"),
    Column("path", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("ref", Text),
    Column("extra", Text),
    Column("birth", Text),
    Index("artifact_files_sha256", "sha256"),
)

artifact_members = Table(
    "artifact_members",
    schema,
    _of("artifact_collections", "collection_id"),
    Column("version", Integer, primary_key=True),
    _of("artifacts", "artifact_id", primary=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("collection_id", "artifact_id"),
    Index("artifact_members_artifact", "artifact_id"),
)

artifact_aliases = Table(
    "artifact_aliases",
    schema,
    _of("artifact_collections", "collection_id"),
    Column("alias", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)

artifact_tags = Table(
    "artifact_tags",
    schema,
    _of("artifacts", "artifact_id"),
    Column("tag", Text, primary_key=True),
    Index("artifact_tags_tag", "tag"),
)

artifact_runs = Table(
    "artifact_runs",
    schema,
    _of("artifacts", "artifact_id"),
    _of("runs", "run_id"),
    Column("role", Text, primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index("artifact_runs_run", "run_id", "role"),
)

artifact_commits = Table(
    "artifact_commits",
    schema,
    Column("token", Text, primary_key=True),
    _of("artifacts", "artifact_id", primary=False),
    Index("artifact_commits_artifact", "artifact_id"),
)
