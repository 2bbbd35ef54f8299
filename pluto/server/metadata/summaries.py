"""Metric summaries in SQL, kept so that runs can be sorted and filtered by them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update

from pluto.server.lifecycle import RUNNING, ended
from pluto.server.metadata import tables
from pluto.server.metadata.contract import LastValue, MetricSummary
from pluto.server.metadata.database import Database, insert
from pluto.server.metadata.flatten import storable

_runs, _projects, _summaries = tables.runs, tables.projects, tables.summaries


class SqlSummaries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def stale(self, project: str) -> list[tuple[int, bool]]:
        query = (
            select(_runs.c.id, _runs.c.status)
            .join(_projects, _projects.c.id == _runs.c.project_id)
            .where(_projects.c.name == project, or_(_runs.c.status == RUNNING, _runs.c.stale == 1))
        )
        with self._database.read() as connection:
            return [(row.id, ended(row.status)) for row in connection.execute(query)]

    def put(self, run: int, summaries: Sequence[MetricSummary], *, complete: bool) -> None:
        rows = [
            {
                "run_id": run, "name": kept.name, "count": kept.count, "min": kept.min, "max": kept.max,
                "mean": kept.mean, "variance": kept.variance, "last": kept.last, "last_step": kept.last_step,
                "odd_last": kept.odd_last,
            }
            for kept in summaries
        ]  # fmt: skip
        with self._database.write() as connection:
            if connection.scalar(select(_runs.c.id).where(_runs.c.id == run)) is None:
                return
            if complete:
                connection.execute(delete(_summaries).where(_summaries.c.run_id == run))
                connection.execute(update(_runs).where(_runs.c.id == run).values(stale=0))
            insert(connection, _summaries, rows, update=True)

    def put_lasts(self, run: int, lasts: Sequence[LastValue]) -> None:
        rows = [
            {"run_id": run, "name": last.name, "source": last.source, "type": last.type, "step": last.step,
             "time": last.time, "body": storable(last.body)}
            for last in lasts
        ]  # fmt: skip
        with self._database.write() as connection:
            if connection.scalar(select(_runs.c.id).where(_runs.c.id == run)) is None:
                return
            connection.execute(delete(tables.lasts).where(tables.lasts.c.run_id == run))
            insert(connection, tables.lasts, rows, update=True)

    def mark_stale(self, run: int) -> None:
        with self._database.write() as connection:
            connection.execute(update(_runs).where(_runs.c.id == run, _runs.c.stale == 0).values(stale=1))
