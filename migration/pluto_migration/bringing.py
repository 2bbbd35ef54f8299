"""One run: what is to be done about it, and its journal where there is anything to do."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pluto_migration import ledger
from pluto_migration.config import clean
from pluto_migration.known import Known, find
from pluto_migration.report import Counts, RunReport
from pluto_migration.source import SourceError, SourceRun
from pluto_migration.staging import stage, stored_id

if TYPE_CHECKING:
    from pluto.core.settings import Settings
    from pluto.query import Client

_ALL: Final = (None, 401, 403)
"""Answers of a store, or none at all, that are the same for every run."""

_logger = logging.getLogger("pluto")


@dataclass(slots=True)
class Brought:
    """A run as far as it is without delivery."""

    report: RunReport
    key: str = ""
    """The folder of its journal; empty where there is nothing to deliver."""
    writer: str = ""
    passes: int = 0
    """Of a run that is unchanged: how many times it was brought over, or topped up."""


class Bringer:
    """Brings runs of one source as far as their journals. For one thread; `close` at the end."""

    def __init__(
        self,
        settings: Settings,
        source: str,
        *,
        dry_run: bool = False,
        tell: Callable[[Counts], None] = lambda _: None,
    ) -> None:
        """`tell` is given what was read of the run so far, now and then."""
        self._settings = settings
        self._source = source
        self._dry_run = dry_run
        self._tell = tell
        self._client: Client | None = None

    def close(self) -> None:
        """Ends the connection to the store."""
        if self._client is not None:
            self._client.close()

    def bring(self, run: SourceRun) -> Brought:
        """Looks what the store has of the run, and stages what it has not. Raises `QueryError` for a store that does
        not answer; everything that is wrong with the run is in the report.
        """
        from pluto.query import QueryError

        begun = time.monotonic()
        try:
            found = self._bring(run)
        except QueryError as error:
            if error.status_code in _ALL:
                raise
            found = Brought(RunReport.of(run, "failed", f"what the store has of it can't be read: {error}"))
        except (SourceError, OSError, sqlite3.Error) as error:
            found = Brought(RunReport.of(run, "failed", _reason(error)))
        except Exception as error:
            # A mistake of the source's module, or of this: the other runs have nothing to do with it.
            _logger.debug("%s", run.label, exc_info=True)
            found = Brought(RunReport.of(run, "failed", f"{type(error).__name__}: {error}"))
        found.report.seconds = time.monotonic() - begun
        return found

    def _bring(self, run: SourceRun) -> Brought:
        there = self._there(run)
        if there is None:
            return self._stage(run, None)
        kept = ledger.read(there.get("config"), stored_id(run.id))
        report = RunReport.of(run, "refused")
        report.number = int(there["id"])
        if kept is None:
            report.reason = (
                f"there is a run {stored_id(run.id)!r} in project {run.project!r} that was not brought over by this:"
                " it is left alone; --project names another project"
            )
        elif kept.source != self._source:
            report.reason = (
                f"it was brought over from {kept.source!r}: what another source has of it would come twice;"
                " --project names another project"
            )
        elif kept.complete and kept.fingerprint == run.fingerprint:
            report.state, report.read = "unchanged", kept.counts
            return Brought(report, passes=kept.passes)
        elif kept.complete and there.get("status") == "RUNNING":
            # Somebody goes on with it: topping it up would end it.
            report.state = "failed"
            report.reason = "the store's run is being written just now, and is topped up once it has ended"
        else:
            return self._top_up(run, there, kept)
        return Brought(report)

    def _there(self, run: SourceRun) -> dict[str, Any] | None:
        from pluto.core.settings import Local

        target = self._settings.target()
        if isinstance(target, Local) and not target.store.exists():
            return None
        if self._client is None:
            from pluto.query import Client

            self._client = Client(settings=self._settings)
        return find(self._client, clean(run.project), stored_id(run.id))

    def _top_up(self, run: SourceRun, there: dict[str, Any], kept: ledger.Ledger) -> Brought:
        assert self._client is not None
        known = Known(self._client, there, kept)
        try:
            found = self._stage(run, known)
        finally:
            known.close()
        found.report.number = known.number
        return found

    def _stage(self, run: SourceRun, known: Known | None) -> Brought:
        staged = stage(run, self._settings, source=self._source, known=known, dry_run=self._dry_run, tell=self._tell)
        report = RunReport.of(run, "migrated" if known is None else "topped up")
        report.name = staged.name or report.name
        report.read, report.added = staged.read, staged.added
        report.problems, report.extras = staged.problems, staged.extras
        return Brought(report, staged.key, staged.writer)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error) or type(error).__name__
