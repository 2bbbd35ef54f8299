"""The loop: finds runs, has them read and delivered, and reports."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pluto_migration.bringing import Brought
from pluto_migration.delivery import Arrival, Deliverer
from pluto_migration.leftovers import clear_away, drop_refused, left_behind
from pluto_migration.lock import alone
from pluto_migration.report import Noted, Report, RunReport, noted
from pluto_migration.schedule import Identity, Schedule, identity
from pluto_migration.source import Options, Problems, Source, SourceRun
from pluto_migration.staging import MARK, is_forked
from pluto_migration.workers import Crew, Done, Here, Reading, Workers

if TYPE_CHECKING:
    from pluto.core.settings import Settings

AHEAD: Final = 8
"""Journals that are ready and not delivered, at most: each takes as much room on the disk as its run."""
_WAIT_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a migration is."""

    phase: Literal["finding", "reading", "delivering", "done"]
    label: str
    """The run it is at, or empty."""
    done: int = 0
    """Runs that are through."""
    total: int = 0
    """Runs there are, 0 while that is not known."""
    points: int = 0
    """That were read so far, of all runs."""
    bytes: int = 0
    """Of files, likewise."""
    run: RunReport | None = None
    """With `done`: the report of the run that has just got through."""


Tell = Callable[[Progress], None]


def settings_for(to: str | None = None, *, dir: str | None = None) -> Settings:
    """The settings of where runs go: `local`, a server's URL, or None for what is configured.

    Raises `SettingsError` for an address that makes no sense.
    """
    from pluto.core.settings import resolve

    return resolve(host=to, dir=dir)


def migrate(
    source: Source,
    paths: Sequence[str],
    options: Options | None = None,
    settings: Settings | None = None,
    *,
    workers: int = 1,
    progress: Tell | None = None,
    dry_run: bool = False,
) -> Report:
    """Brings the runs below `paths` over, and reports on each; one that can't be read stops no other.

    Runs that are in the store as the source has them are left alone, others are topped up; what an earlier, killed
    call had ready is delivered first. `settings`: where they go (`settings_for`); None: what is configured. `workers`:
    processes that read at the same time; 1: this one. `progress` is told how far it is, from this thread. `dry_run`:
    reads everything and writes nothing; states and counts are what they would be.

    Ctrl-C ends it at any moment: the report says `interrupted`, and the same call goes on from there. Raises
    `SourceError` for paths in which there is nothing of the kind, or where another migration is at work in the same
    root, `pluto.query.QueryError` where the server can't be asked to begin with, and `OSError` where the root can't be
    written. Once a server stops answering, the runs that are left are reported as failed, and not begun.
    """
    if workers < 1:
        raise ValueError(f"workers is at least 1, not {workers}")
    options = options or Options()
    settings = settings or settings_for()
    return _Migration(source, settings, progress or (lambda _: None), dry_run).run(paths, options, workers)


class _Migration:
    """One call of `migrate`."""

    def __init__(self, source: Source, settings: Settings, tell: Tell, dry_run: bool) -> None:
        from pluto.core.leftovers import place_of
        from pluto.core.run_folder import description

        self._source = source
        self._settings = settings
        self._tell = tell
        self._dry_run = dry_run
        self._target: dict[str, Any] = description(settings, settings.target(), "", None)["target"]
        self._report = Report(source.NAME, place_of(self._target), dry_run=dry_run)
        self._events: queue.SimpleQueue[Reading | Done | Arrival | BaseException] = queue.SimpleQueue()
        self._total = 0
        self._reading: dict[Identity, SourceRun] = {}
        self._order: dict[Identity, int] = {}
        """In which order runs were begun to be read."""
        self._ready: list[Done] = []
        """Runs with versions of artifacts, which older runs that are still read may have, too."""
        self._arriving: dict[str, tuple[SourceRun, RunReport]] = {}
        self._points = self._bytes = 0
        self._held: dict[Identity, str] = {}
        """Runs of which an earlier part is still on its way, each with the reason."""
        self._undelivered: list[str] = []
        """Why runs that are ready did not get to the store: there is room for so many on the disk, and no more."""
        self._silent = ""
        """Why the store can't be asked any more."""
        self._resumed: set[Identity] = set()
        """Runs whose journal an earlier call had left behind."""

    def run(self, paths: Sequence[str], options: Options, workers: int) -> Report:
        begun = time.monotonic()
        self._tell(Progress("finding", ""))
        problems = Problems()
        try:
            found = [one for one in self._source.find(paths, options, problems) if options.wants(one.project, one.id)]
            schedule = Schedule(found)
            self._total = schedule.total
            for twin, first in schedule.twins:
                self._finish(RunReport.of(twin, "failed", f"{first.path} has a run of the same id, which came over"))
            if self._dry_run:
                self._go(schedule, None, self._crew(workers))
            else:
                self._bring(schedule, workers)
        except KeyboardInterrupt:
            self._report.interrupted = True
        self._report.problems = [Noted(one.where, one.what, count) for one, count in problems]
        self._report.seconds = time.monotonic() - begun
        return self._report

    def _crew(self, workers: int, *inherited: int) -> Crew:
        tell, name = self._events.put, self._source.NAME
        if workers == 1:
            return Here(self._settings, name, tell, self._tell_reading, dry_run=self._dry_run)
        return Workers(workers, self._settings, name, tell, dry_run=self._dry_run, inherited=inherited)

    def _bring(self, schedule: Schedule, workers: int) -> None:
        from pluto.core import process
        from pluto.core.filesystem import journal_place

        sync = journal_place(self._settings.root).folder
        process.remember(self._settings.root)
        with alone(sync) as lock:
            clear_away(sync, MARK)
            deliverer = Deliverer(sync, self._events.put)
            try:
                self._catch_up(sync, deliverer)
                self._go(schedule, deliverer, self._crew(workers, lock))
            finally:
                deliverer.close()

    def _catch_up(self, sync: Path, deliverer: Deliverer) -> None:
        """Delivers what an earlier call has left behind."""
        from pluto.core.uploader.writer import read_json

        waiting: dict[str, Identity] = {}
        for key, writer in left_behind(sync, self._target, MARK):
            about = read_json(sync / "runs" / key / "run.json")
            waiting[key] = (str(about.get("project")), str(about.get("external_id")))
            deliverer.add(key, writer, in_turn=True)
        while waiting:
            event = self._next_event()
            if isinstance(event, BaseException):
                raise event
            if isinstance(event, Arrival):
                run = waiting.pop(event.key)
                self._tell(Progress("delivering", "/".join(run), 0, self._total))
                if event.refused is not None:
                    drop_refused(sync, event)
                elif event.problem:
                    self._held[run] = event.problem
                else:
                    self._resumed.add(run)

    def _go(self, schedule: Schedule, deliverer: Deliverer | None, crew: Crew) -> None:
        done = False
        try:
            while schedule or self._reading or self._arriving:
                while crew.free() and len(self._arriving) + len(self._ready) < AHEAD:
                    run = schedule.next(idle=not (self._reading or self._arriving))
                    if run is None:
                        break
                    if why := self._hindered(run):
                        self._through(schedule, run, RunReport.of(run, "failed", why))
                        continue
                    self._reading[identity(run)] = run
                    self._order[identity(run)] = len(self._order)
                    self._tell(self._progress("reading", run.label))
                    crew.give(run)
                    if not self._events.empty():
                        break
                if self._reading or self._arriving:
                    self._heed(self._next_event(), schedule, deliverer)
            done = True
        finally:
            crew.close(kill=not done)

    def _hindered(self, run: SourceRun) -> str:
        """Why a run is not to be begun now, empty where nothing speaks against it."""
        if self._silent:
            return f"not begun, since {self._silent}"
        held = self._held.get(identity(run))
        if held is not None:
            return f"an earlier part of it is not delivered yet: {held}"
        if len(self._undelivered) >= AHEAD:
            return f"not begun, since {len(self._undelivered)} others are not delivered yet: {self._undelivered[-1]}"
        return ""

    def _next_event(self) -> Reading | Done | Arrival | BaseException:
        while True:
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=_WAIT_S)

    def _heed(
        self, event: Reading | Done | Arrival | BaseException, schedule: Schedule, deliverer: Deliverer | None
    ) -> None:
        if isinstance(event, BaseException):
            raise event
        if isinstance(event, Reading):
            self._tell_reading(event)
        elif isinstance(event, Done):
            self._read(event, schedule, deliverer)
        elif event.key in self._arriving:
            run, report = self._arriving.pop(event.key)
            self._arrived(run, report, event)
            self._through(schedule, run, report)

    def _tell_reading(self, event: Reading) -> None:
        now = self._progress("reading", event.run.label)
        points, size = now.points + event.read.points, now.bytes + event.read.bytes
        self._tell(Progress("reading", now.label, now.done, now.total, points, size))

    def _read(self, event: Done, schedule: Schedule, deliverer: Deliverer | None) -> None:
        del self._reading[identity(event.run)]
        if event.brought is None:
            assert event.error is not None
            self._unasked(event.run, event.error, schedule)
            return
        report = event.brought.report
        self._points += report.read.points
        self._bytes += report.read.bytes
        if event.brought.key and deliverer is not None:
            self._ready.append(event)
        else:
            self._unstaged(event, event.brought, schedule)
        for one in sorted(self._ready, key=lambda one: self._order[identity(one.run)]):
            if deliverer is not None and one.brought is not None and self._is_next(one.run, one.brought):
                self._ready.remove(one)
                self._deliver(one.run, one.brought, deliverer)

    def _unasked(self, run: SourceRun, error: BaseException, schedule: Schedule) -> None:
        """A run of which the store could not be asked: no other is begun then."""
        from pluto.query import QueryError

        if not isinstance(error, QueryError) or not (self._report.runs or self._arriving or self._ready):
            raise error
        self._silent = f"the store does not answer: {error}"
        self._through(schedule, run, RunReport.of(run, "failed", self._silent))

    def _is_next(self, run: SourceRun, brought: Brought) -> bool:
        """Whether a run may be delivered: one with versions of artifacts only behind the older ones."""
        place = self._order[identity(run)]
        return not brought.report.read.artifacts or all(self._order[other] > place for other in self._reading)

    def _deliver(self, run: SourceRun, brought: Brought, deliverer: Deliverer) -> None:
        self._arriving[brought.key] = (run, brought.report)
        deliverer.add(brought.key, brought.writer, in_turn=brought.report.read.artifacts > 0)
        self._tell(self._progress("delivering", run.label))

    def _unstaged(self, event: Done, brought: Brought, schedule: Schedule) -> None:
        """A run of which nothing is to be delivered."""
        report = brought.report
        if report.state == "unchanged" and identity(event.run) in self._resumed:
            report.state = "migrated" if brought.passes == 1 else "topped up"
        self._through(schedule, event.run, report)

    def _arrived(self, run: SourceRun, report: RunReport, arrival: Arrival) -> None:
        from pluto.core.filesystem import journal_place

        report.note(arrival.problems)
        report.number = arrival.number if arrival.number is not None else report.number
        report.url = arrival.url
        if arrival.refused is not None:
            report.state = "refused" if arrival.refused == "exists" else "failed"
            report.reason = arrival.problem or ""
            drop_refused(journal_place(self._settings.root).folder, arrival)
        elif arrival.problem:
            report.state = "failed"
            report.reason = f"not delivered yet: {arrival.problem}; the same command, or `pluto sync`, goes on"
            self._undelivered.append(arrival.problem)
        elif report.state == "migrated" and is_forked(run) and not arrival.forked and run.parent is not None:
            parent = run.parent.id
            report.note([noted(run.path, f"it begins without the run it was forked from: there is no run {parent!r}")])

    def _through(self, schedule: Schedule, run: SourceRun, report: RunReport) -> None:
        schedule.through(run)
        if not self._dry_run and report.state in ("migrated", "topped up", "unchanged"):
            try:
                run.settled()
            except Exception as error:  # noqa: BLE001 (the run is there all the same)
                report.note([noted(run.path, f"what it was read from could not be cleared away: {error}")])
        self._finish(report)

    def _finish(self, report: RunReport) -> None:
        self._report.runs.append(report)
        self._tell(self._progress("done", report.label, report))

    def _progress(
        self, phase: Literal["finding", "reading", "delivering", "done"], label: str, run: RunReport | None = None
    ) -> Progress:
        return Progress(phase, label, len(self._report.runs), self._total, self._points, self._bytes, run)
