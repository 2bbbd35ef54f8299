"""The tables of artifacts, as they were when they were new."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

STATEMENTS: Final = (
    """
    CREATE TABLE artifact_collections (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        project_id INTEGER NOT NULL,
        name TEXT NOT NULL,
        type TEXT NOT NULL,
        kind TEXT NOT NULL,
        description TEXT,
        next_version INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        UNIQUE (project_id, name),
        FOREIGN KEY(project_id) REFERENCES projects (id)
    )
    """,
    """
    CREATE TABLE artifact_aliases (
        collection_id INTEGER NOT NULL,
        alias TEXT NOT NULL,
        version INTEGER NOT NULL,
        PRIMARY KEY (collection_id, alias),
        FOREIGN KEY(collection_id) REFERENCES artifact_collections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE artifact_collection_tags (
        collection_id INTEGER NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (collection_id, tag),
        FOREIGN KEY(collection_id) REFERENCES artifact_collections (id) ON DELETE CASCADE
    )
    """,
    """
    CREATE TABLE artifacts (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        collection_id INTEGER NOT NULL,
        state TEXT NOT NULL,
        digest TEXT NOT NULL,
        algorithm TEXT NOT NULL,
        description TEXT,
        metadata TEXT NOT NULL,
        ttl BIGINT,
        expires_at BIGINT,
        size BIGINT NOT NULL,
        files INTEGER NOT NULL,
        run_id INTEGER,
        step BIGINT,
        distributed_id TEXT,
        stored_at BIGINT NOT NULL,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        FOREIGN KEY(collection_id) REFERENCES artifact_collections (id) ON DELETE CASCADE,
        FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX artifacts_digest ON artifacts (collection_id, digest)",
    "CREATE INDEX artifacts_expires ON artifacts (expires_at)",
    "CREATE INDEX artifacts_run ON artifacts (run_id)",
    """
    CREATE TABLE artifact_commits (
        token TEXT NOT NULL,
        artifact_id INTEGER NOT NULL,
        PRIMARY KEY (token),
        FOREIGN KEY(artifact_id) REFERENCES artifacts (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX artifact_commits_artifact ON artifact_commits (artifact_id)",
    """
    CREATE TABLE artifact_files (
        artifact_id INTEGER NOT NULL,
        path TEXT NOT NULL,
        digest TEXT NOT NULL,
        size BIGINT,
        sha256 TEXT,
        ref TEXT,
        extra TEXT,
        birth TEXT,
        PRIMARY KEY (artifact_id, path),
        FOREIGN KEY(artifact_id) REFERENCES artifacts (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX artifact_files_sha256 ON artifact_files (sha256)",
    """
    CREATE TABLE artifact_members (
        collection_id INTEGER NOT NULL,
        version INTEGER NOT NULL,
        artifact_id INTEGER NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (collection_id, version),
        UNIQUE (collection_id, artifact_id),
        FOREIGN KEY(collection_id) REFERENCES artifact_collections (id) ON DELETE CASCADE,
        FOREIGN KEY(artifact_id) REFERENCES artifacts (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX artifact_members_artifact ON artifact_members (artifact_id)",
    """
    CREATE TABLE artifact_runs (
        artifact_id INTEGER NOT NULL,
        run_id INTEGER NOT NULL,
        role TEXT NOT NULL,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (artifact_id, run_id, role),
        FOREIGN KEY(artifact_id) REFERENCES artifacts (id) ON DELETE CASCADE,
        FOREIGN KEY(run_id) REFERENCES runs (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX artifact_runs_run ON artifact_runs (run_id, role)",
    """
    CREATE TABLE artifact_tags (
        artifact_id INTEGER NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (artifact_id, tag),
        FOREIGN KEY(artifact_id) REFERENCES artifacts (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX artifact_tags_tag ON artifact_tags (tag)",
)


def add_artifacts(connection: Connection) -> None:
    """Adds the tables of artifacts to a database that has none."""
    for statement in STATEMENTS:
        connection.execute(text(statement))
