"""The tables of a run's file, and how an older file becomes a current one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

from pluto.server.series.contract import Damaged

APPLICATION_ID: Final = 0x504C5553
"""`PLUS`: tells a file of series from any other SQLite file."""


def create(db: sqlite3.Connection) -> None:
    """The first layout.

    `tail` holds batches of metric rows as they came, `chunk` the points of one metric in sealed columns. `event` is the
    run's own log of what changes its metadata, with alerts and model graphs. `bound` has the highest step logged,
    for the system's metrics and for all others.
    """
    for statement in (
        "CREATE TABLE mark (writer TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (writer, lane))"
        " WITHOUT ROWID",
        "CREATE TABLE name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, type TEXT NOT NULL)",
        "CREATE TABLE bound (system INTEGER PRIMARY KEY, step REAL NOT NULL)",
        "CREATE TABLE tail (id INTEGER PRIMARY KEY, points INTEGER NOT NULL, width INTEGER NOT NULL,"
        " rows INTEGER NOT NULL, size INTEGER NOT NULL, body BLOB NOT NULL)",
        "CREATE TABLE chunk (id INTEGER PRIMARY KEY, name INTEGER NOT NULL, first INTEGER NOT NULL,"
        " count INTEGER NOT NULL, cell BLOB NOT NULL, levels BLOB, steps BLOB NOT NULL, times BLOB NOT NULL,"
        " vals BLOB NOT NULL)",
        "CREATE UNIQUE INDEX chunk_of ON chunk (name, first, count)",
        "CREATE TABLE data (id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, step REAL,"
        " time INTEGER NOT NULL, body TEXT NOT NULL)",
        "CREATE INDEX data_of ON data (name, step, time)",
        "CREATE TABLE console (id INTEGER PRIMARY KEY, line INTEGER NOT NULL, stream TEXT NOT NULL,"
        " time INTEGER NOT NULL, message TEXT NOT NULL)",
        "CREATE INDEX console_of ON console (line, stream)",
        'CREATE TABLE file (id INTEGER PRIMARY KEY, name TEXT NOT NULL, "index" INTEGER NOT NULL, type TEXT NOT NULL,'
        " file_name TEXT NOT NULL, file_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT, step REAL,"
        " time INTEGER NOT NULL, caption TEXT, annotations TEXT, metadata TEXT)",
        'CREATE INDEX file_of ON file (step, "index", file_name)',
        "CREATE TABLE event (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, body BLOB NOT NULL)",
    ):
        db.execute(statement)


def rejections(db: sqlite3.Connection) -> None:
    """`rejection` has what a writer's latest batches were refused for, should an answer get lost."""
    db.execute(
        "CREATE TABLE rejection (writer TEXT NOT NULL, lane TEXT NOT NULL, seq INTEGER NOT NULL, error TEXT NOT NULL,"
        " PRIMARY KEY (writer, lane, seq)) WITHOUT ROWID"
    )


def forgetting(db: sqlite3.Connection) -> None:
    """`forgetting` counts how often names were forgotten, since connections remember the numbers of names."""
    db.execute("CREATE TABLE forgetting (times INTEGER NOT NULL)")
    db.execute("INSERT INTO forgetting VALUES (0)")


def sources(db: sqlite3.Connection) -> None:
    """Console lines tell who printed them."""
    db.execute("ALTER TABLE console ADD COLUMN source TEXT NOT NULL DEFAULT ''")


MIGRATIONS: Final[tuple[tuple[str, Callable[[sqlite3.Connection], None]], ...]] = (
    ("create", create),
    ("rejections", rejections),
    ("forgetting", forgetting),
    ("sources", sources),
)
"""Name and work of each step; a file's `user_version` counts the steps it has behind it. Only ever append."""


def prepare(db: sqlite3.Connection, wal: bool) -> None:
    """Brings an open file to the current layout, however many processes try at once.

    Without `wal` the file leaves write-ahead logging for good: on a network file system other machines may use it.
    Raises `Damaged` for a file that a newer Pluto has written, or that is no file of series.
    """
    if not wal:
        db.execute("PRAGMA journal_mode = DELETE")
    version = _version(db)
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise Damaged(f"a newer Pluto wrote them (layout {version}); update this one to read them")
    if version == 0:
        if wal:
            # Nothing is in it yet that a power cut could take.
            db.execute("PRAGMA synchronous = OFF")
        # These take effect on an empty file only, which is why they come before the transaction.
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        if wal:
            db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)
        if version == 0 and db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise Damaged("the file is an SQLite database, but none of Pluto's series")
        for _, migrate in MIGRATIONS[version:]:
            migrate(db)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
