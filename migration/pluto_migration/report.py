"""What became of the runs of a source: a report of each, and of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pluto_migration.source import Problems, SourceRun

State = Literal["migrated", "unchanged", "topped up", "skipped", "failed", "refused"]
"""`migrated`: it is in the store, whole. `unchanged`: it was there already, as the source has it. `topped up`: it was
there, and what the source has got since has come over. `skipped`: it is not to come over. `failed`: it did not, or not
whole; the same command tries again. `refused`: the store has a run of this id that is none of ours."""

LEDGER_PROBLEMS = 200
"""Problems that are kept with a run in the store; the report has all of them."""


@dataclass(slots=True)
class Counts:
    """How much of each kind."""

    points: int = 0
    texts: int = 0
    data: int = 0
    files: int = 0
    artifacts: int = 0
    lines: int = 0
    """Of the console."""
    alerts: int = 0
    values: int = 0
    """Of the config, leaves."""
    bytes: int = 0
    """Of files, those of artifacts included."""

    def add(self, other: Counts) -> None:
        """Adds what another has counted."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Noted:
    """A problem, and how often it came."""

    where: str
    what: str
    count: int = 1


@dataclass(slots=True)
class RunReport:
    """What became of one run."""

    project: str
    id: str
    path: str
    """The folder or file it was read from."""
    state: State
    reason: str = ""
    """Why it was skipped, failed or refused, and what to do about it."""
    name: str | None = None
    read: Counts = field(default_factory=Counts)
    """What the source gave."""
    added: Counts = field(default_factory=Counts)
    """What of it was new to the store."""
    problems: list[Noted] = field(default_factory=list)
    """What of it did not come over, or not whole."""
    extras: list[str] = field(default_factory=list)
    """Names of what had no place of its own, and is kept under `_migration.extras`."""
    number: int | None = None
    """The server's number of the run."""
    url: str | None = None
    seconds: float = 0.0

    @property
    def label(self) -> str:
        """How the run is called in messages."""
        return f"{self.project}/{self.id}"

    @classmethod
    def of(cls, run: SourceRun, state: State, reason: str = "") -> RunReport:
        """The report of a run that nothing more is known of."""
        return cls(run.project, run.id, str(run.path), state, reason, run.name)

    def note(self, problems: Problems | Iterable[Noted]) -> None:
        """Adds problems."""
        if isinstance(problems, Problems):
            self.problems += [Noted(one.where, one.what, count) for one, count in problems]
        else:
            self.problems += problems


@dataclass(slots=True)
class Report:
    """What became of all runs. `to_json` gives it as JSON has it."""

    source: str
    target: str
    """The server's address, or the folder of the local store."""
    runs: list[RunReport] = field(default_factory=list)
    problems: list[Noted] = field(default_factory=list)
    """What was found and is no run that can be read."""
    dry_run: bool = False
    """Whether nothing was written: states are what they would have become."""
    interrupted: bool = False
    """Whether it was stopped before all runs were done; the same command goes on."""
    seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether everything that was to come over is in the store now, as far as it could be read.

        Not so where there was no run.
        """
        if self.interrupted or not self.runs:
            return False
        return not any(run.state in ("failed", "refused") for run in self.runs)

    @property
    def states(self) -> dict[str, int]:
        """How many runs are in which state."""
        found: dict[str, int] = {}
        for run in self.runs:
            found[run.state] = found.get(run.state, 0) + 1
        return found

    @property
    def totals(self) -> Counts:
        """What was new to the store, of all runs."""
        total = Counts()
        for run in self.runs:
            total.add(run.added)
        return total

    def to_json(self) -> dict[str, Any]:
        """The report as dicts, lists, texts and numbers."""
        return {**asdict(self), "states": self.states, "totals": asdict(self.totals), "whole": self.whole}


def noted(where: str | Path, what: str) -> Noted:
    """A problem that came once."""
    return Noted(str(where), what)
