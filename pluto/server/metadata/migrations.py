"""Brings a database to the tables of `tables.py`: named migrations, applied in order, each once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, select

from pluto.server.metadata import tables
from pluto.server.metadata.migration_0002_artifacts import add_artifacts


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of the tables. `apply` uses literal SQL: `tables.py` moves on, a migration does not."""

    name: str
    apply: Callable[[Connection], None]


def _baseline(_: Connection) -> None:
    """Nothing to do: the first tables are made whole."""


def _overviews(connection: Connection) -> None:
    """Projects can be described, and the last values of a run can be told without reading its series."""
    connection.exec_driver_sql("ALTER TABLE projects ADD COLUMN description TEXT")
    connection.exec_driver_sql("ALTER TABLE metric_summaries ADD COLUMN last_step FLOAT")
    connection.exec_driver_sql("ALTER TABLE metric_summaries ADD COLUMN odd_last TEXT")
    connection.exec_driver_sql(
        "CREATE TABLE last_values (run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE, name TEXT NOT NULL,"
        " source TEXT NOT NULL, type TEXT NOT NULL, step FLOAT NOT NULL, time BIGINT NOT NULL, body TEXT NOT NULL,"
        " PRIMARY KEY (run_id, name, source))"
    )
    connection.exec_driver_sql("UPDATE runs SET stale = 1 WHERE status <> 'RUNNING'")


MIGRATIONS: Sequence[Migration] = (
    Migration("0001-baseline", _baseline),
    Migration("0002-overviews", _overviews),
    Migration("0003-artifacts", add_artifacts),
)
"""The first stands for the tables as first released. To change them: edit `tables.py` and append a migration."""


class NewerDatabase(RuntimeError):
    """The database was written by a later version of Pluto than this one."""


def migrate(connection: Connection, migrations: Sequence[Migration] = MIGRATIONS) -> list[str]:
    """Applies what is missing, inside the transaction of `connection`, and gives the names applied.

    An empty database gets the tables of today at once, with every migration marked as applied. Raises `NewerDatabase`
    when the database has seen a migration this version does not know.
    """
    if not inspect(connection).has_table(tables.migrations.name):
        tables.schema.create_all(connection)
        missing = list(migrations)
    else:
        applied = set(connection.scalars(select(tables.migrations.c.name)))
        if unknown := applied - {migration.name for migration in migrations}:
            known_to_it = ", ".join(sorted(unknown))
            raise NewerDatabase(f"a later version of Pluto wrote this store ({known_to_it}): upgrade pluto-ml")
        missing = [migration for migration in migrations if migration.name not in applied]
        for migration in missing:
            migration.apply(connection)
    if missing:
        now = time.time_ns() // 1_000_000
        connection.execute(
            tables.migrations.insert(), [{"name": migration.name, "applied_at": now} for migration in missing]
        )
    return [migration.name for migration in missing]
