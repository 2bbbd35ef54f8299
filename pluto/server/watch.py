"""The watch for runs that went quiet: their process is gone and nobody said so."""

from __future__ import annotations

import asyncio
import logging
import time

from pluto.server.lifecycle import FAILED, STALE
from pluto.server.metadata.contract import MetadataStore, QuietRun
from pluto.server.metadata.database import now_ms
from pluto.server.series.contract import Damaged, SeriesStore

HEARTBEAT_LIMIT_S = 150
QUIET_LIMIT_S = 1_800
LOOK_EVERY_S = 5
LOOK_BY_ITSELF_EVERY_S = 60

log = logging.getLogger("pluto.server")


class Watch:
    """Marks runs FAILED that have been quiet for too long; whoever reads a list or a run calls `look` first.

    Such a verdict is a guess: a run that is heard of again goes on (see `lifecycle.allowed`). A run that Pluto's own
    uploader delivers without heartbeats is left alone, since the uploader reports its end, however late.
    """

    def __init__(
        self, metadata: MetadataStore, series: SeriesStore, *, every_s: float = LOOK_EVERY_S, grace_s: float = 0
    ) -> None:
        self._metadata = metadata
        self._series = series
        self._every_s = every_s
        # While this server was down nobody could reach it with a heartbeat.
        self._next = time.monotonic() + grace_s if grace_s else 0.0

    def look(self, *, now: bool = False) -> list[int]:
        """The runs marked FAILED just now; looks at most every few seconds, or `now`."""
        if not now and time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + self._every_s
        at = now_ms()
        quiet = self._metadata.statuses.quiet(at - HEARTBEAT_LIMIT_S * 1000, at - QUIET_LIMIT_S * 1000)
        failed = []
        for run in quiet:
            try:
                if self._judge(run, at):
                    failed.append(run.id)
            except Damaged as error:
                log.warning("%s", error)
        return failed

    async def forever(self) -> None:
        """Looks every minute, for as long as the server runs."""
        while True:
            await asyncio.sleep(LOOK_BY_ITSELF_EVERY_S)
            try:
                self.look()
            except Exception:
                log.exception("the watch for quiet runs failed")

    def _judge(self, run: QuietRun, at: int) -> bool:
        if run.last_beat is None and self._series.marks(run.id):
            return False
        limit = QUIET_LIMIT_S if run.last_beat is None else HEARTBEAT_LIMIT_S
        metrics = [summary.last_time // 1000 for summary in self._series.summaries(run.id).values()]
        signs = [run.last_beat or 0, run.status_updated, *metrics]
        if run.last_beat is None and not metrics:
            signs.append(run.updated_at)
        last = max(sign for sign in signs if sign <= at + 60_000)  # a clock that is far ahead is no sign of life
        quiet_s = (at - last) / 1000
        if quiet_s < limit:
            return False
        reason = {
            "reason": "stale" if run.last_beat is None else "heartbeat-timeout",
            "grace_seconds": limit,
            "stale_for_seconds": int(quiet_s),
            "last_update_time": last,
        }
        return self._metadata.statuses.set(run.id, FAILED, source=STALE, metadata=reason)
