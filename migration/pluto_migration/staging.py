"""A run of a source as a journal of the engine: whole in a hidden folder, then there at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pluto_migration.report import Counts, Noted
from pluto_migration.source import SourceRun

if TYPE_CHECKING:
    from pluto.core.settings import Settings
    from pluto_migration.known import Known


@dataclass(slots=True)
class Staged:
    """A run that is on its way: its journal lies complete under `sync/runs/<key>/<writer>`."""

    key: str
    writer: str
    read: Counts = field(default_factory=Counts)
    added: Counts = field(default_factory=Counts)
    problems: list[Noted] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)


def stage(run: SourceRun, settings: Settings, *, source: str, known: Known | None = None) -> Staged:
    """Reads a run and puts it, whole, where the deliverer finds it.

    `settings` (of `pluto.core.settings.resolve`) say where the run goes and which root its journal lies in; `source` is
    the source's name. `known`: what the store has of the run; only what it has not is staged then.

    Raises `SourceError` where nothing can be read, `OSError` where the disk does not take it; nothing is left then.
    """
    raise NotImplementedError
