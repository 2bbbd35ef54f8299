"""The watch over running runs: those that went quiet, and those that got where they want to be stopped."""

from __future__ import annotations

import asyncio
import logging
import time

from pluto.server.lifecycle import CANCELLED, FAILED, STALE, THRESHOLD
from pluto.server.metadata.contract import MetadataStore, QuietRun
from pluto.server.metadata.database import now_ms
from pluto.server.series.contract import Damaged, SeriesStore
from pluto.server.thresholds import metrics_of, reached

HEARTBEAT_LIMIT_S = 150
QUIET_LIMIT_S = 1_800
LOOK_EVERY_S = 5
LOOK_BY_ITSELF_EVERY_S = 60

log = logging.getLogger("pluto.server")


class Watch:
    """Marks runs FAILED that have been quiet for too long, and CANCELLED that have reached a threshold of their own.

    Whoever reads a list or a run calls `look` first. That a quiet run is dead is a guess: one that is heard of again
    goes on (see `lifecycle.allowed`). A run that Pluto's own uploader delivers without heartbeats is left alone, since
    the uploader reports its end, however late.
    """

    def __init__(
        self, metadata: MetadataStore, series: SeriesStore, *, every_s: float = LOOK_EVERY_S, grace_s: float = 0
    ) -> None:
        self._metadata = metadata
        self._series = series
        self._every_s = every_s
        # While this server was down nobody could reach it with a heartbeat.
        self._patient_until = time.monotonic() + grace_s
        self._next = 0.0

    def look(self, *, now: bool = False) -> list[int]:
        """The runs marked FAILED just now; looks at most every few seconds, or `now`."""
        if not now and time.monotonic() < self._next:
            return []
        self._next = time.monotonic() + self._every_s
        self._stop()
        if not now and time.monotonic() < self._patient_until:
            return []
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

    def _stop(self) -> None:
        for run in self._metadata.statuses.triggered():
            names = metrics_of(run.trigger)
            if not names:
                continue
            try:
                hit = reached(run.trigger, self._series.summaries(run.id, names), run.status_updated * 1000)
            except Damaged as error:
                log.warning("%s", error)
                continue
            if hit is not None:
                self._metadata.statuses.set(run.id, CANCELLED, source=THRESHOLD, metadata=hit)

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
