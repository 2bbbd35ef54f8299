"""The loop: finds runs, stages and delivers them, and reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pluto_migration.report import Report, RunReport
from pluto_migration.source import Options, Source

if TYPE_CHECKING:
    from pluto.core.settings import Settings


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


def settings_for(to: str | None = None, *, dir: str | None = None) -> Settings:
    """The settings of where runs go: `local`, a server's URL, or None for what is configured."""
    raise NotImplementedError


def migrate(
    source: Source,
    paths: Sequence[str],
    options: Options | None = None,
    settings: Settings | None = None,
    *,
    workers: int = 1,
    progress: Callable[[Progress], None] | None = None,
    dry_run: bool = False,
) -> Report:
    """Brings the runs below `paths` over, and reports on each; one that can't be read stops no other.

    Runs that are in the store as the source has them are left alone, others are topped up; what an earlier, killed
    call had ready is delivered first. `settings`: where they go (`settings_for`); None: what is configured. `workers`:
    processes that read at the same time. `progress` is told how far it is, from this thread. `dry_run`: reads
    everything and writes nothing; states and counts are what they would be.

    Ctrl-C ends it between two records: the report says `interrupted`, and the same call goes on from there.
    Raises `SourceError` for paths in which there is nothing of the kind.
    """
    raise NotImplementedError
