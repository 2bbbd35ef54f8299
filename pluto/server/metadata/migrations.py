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


MIGRATIONS: Sequence[Migration] = (
    Migration("0001-baseline", _baseline),
    Migration("0002-artifacts", add_artifacts),
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
