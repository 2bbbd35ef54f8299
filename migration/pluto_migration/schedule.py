"""The order in which runs come over."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from pluto_migration.source import SourceRun
from pluto_migration.staging import stored_id

Identity = tuple[str, str]
"""Project, and id in the store."""


def identity(run: SourceRun) -> Identity:
    """What tells a run from all others."""
    return run.project, stored_id(run.id)


class Schedule:
    """Gives runs, older ones first, and none before the run it was forked from is through."""

    def __init__(self, runs: Iterable[SourceRun]) -> None:
        self.twins: list[tuple[SourceRun, SourceRun]] = []
        """Runs with an id that another of the source has, each with that one. They are not given."""
        found: dict[Identity, SourceRun] = {}
        for run in runs:
            if identity(run) in found:
                self.twins.append((run, found[identity(run)]))
            else:
                found[identity(run)] = run
        self.total = len(found) + len(self.twins)
        # A version of an artifact gets its number when it comes: so the older runs are first, as far as that is known.
        ordered = sorted(found.values(), key=lambda run: (run.created is None, run.created or 0))
        self._waiting: dict[Identity, list[SourceRun]] = {}
        self._ready: deque[SourceRun] = deque()
        for run in ordered:
            parent = None if run.parent is None else (run.parent.project, stored_id(run.parent.id))
            if parent is None or parent not in found or parent == identity(run):
                self._ready.append(run)
            else:
                self._waiting.setdefault(parent, []).append(run)

    def __bool__(self) -> bool:
        """Whether there are more."""
        return bool(self._ready or self._waiting)

    def next(self, *, idle: bool) -> SourceRun | None:
        """The next run; None while all that are left wait for others. `idle`: nothing is on its way that they could
        wait for: then runs that are each other's parents are given all the same.
        """
        if not self._ready and idle and self._waiting:
            self._ready.extend(self._waiting.pop(next(iter(self._waiting))))
        return self._ready.popleft() if self._ready else None

    def through(self, run: SourceRun) -> None:
        """Nothing waits for this run any more."""
        self._ready.extendleft(reversed(self._waiting.pop(identity(run), [])))
