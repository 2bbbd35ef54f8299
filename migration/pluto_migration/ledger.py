"""What the store keeps, with each run that was brought over, of how that was done: `_migration` in its config.

It says `"state": "complete"` in the last record before the run's end, so that a run which has it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from pluto.protocol.records import MIGRATION
from pluto_migration.config import clean, typed
from pluto_migration.report import LEDGER_PROBLEMS, Counts, Noted
from pluto_migration.source import SourceRun

KEY: Final = MIGRATION
COMPLETE: Final = "complete"
BEGUN: Final = "begun"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is read of it."""

    source: str
    fingerprint: str
    complete: bool
    passes: int
    """How many times the run was brought over, or topped up."""
    counts: Counts = field(default_factory=Counts)
    """What the source gave when it was last read."""
    tokens: frozenset[str] = frozenset()
    """Of the artifacts that came over."""
    alerts: int = 0
    said: Mapping[str, Any] = field(default_factory=dict)
    """The name and the tags that came over, and a hash of the notes."""
    created: int | None = None
    """When the run began: the time of what has none of its own."""


def read(config: Mapping[str, Any] | None, stored_id: str) -> Ledger | None:
    """The ledger in the config of a run that the store has under `stored_id`; None where it was not brought over."""
    config = config or {}
    found = config.get(KEY)
    if not isinstance(found, dict) or not isinstance(found.get("source"), str):
        return None
    # A run that was forked from one that was brought over has the parent's, where it inherited the config.
    if found.get("stored_id") != stored_id:
        return None
    counts, said = found.get("counts"), found.get("said")
    given = counts if isinstance(counts, dict) else {}
    known = {name: value for name, value in given.items() if name in Counts.__slots__ and isinstance(value, int)}
    return Ledger(
        source=found["source"],
        fingerprint=str(found.get("fingerprint")),
        complete=found.get("state") == COMPLETE,
        passes=found["pass"] if isinstance(found.get("pass"), int) else 1,
        counts=Counts(**known),
        tokens=frozenset(map(str, found.get("artifacts") or ())),
        alerts=known.get("alerts", 0),
        said=said if isinstance(said, dict) else {},
        created=found["created"] if isinstance(found.get("created"), int) else None,
    )


def begun(run: SourceRun, stored_id: str, source: str, fingerprint: str, passes: int) -> dict[str, Any]:
    """What stands in the ledger from the run's first record on."""
    parent = run.parent
    return {
        "source": source,
        "fingerprint": fingerprint,
        "id": clean(run.id),
        "stored_id": stored_id,
        "project": clean(run.project),
        "old_ids": [clean(text) for text in run.old_ids],
        "parent": None if parent is None else {"project": parent.project, "id": parent.id, "step": parent.step},
        "state": BEGUN,
        "pass": passes,
    }


def complete(
    status: str | None,
    problems: Sequence[Noted],
    extras: Mapping[str, Any],
    counts: Counts,
    tokens: Iterable[str],
    said: Mapping[str, Any],
    created: int,
) -> dict[str, Any]:
    """What is added once everything else is written. `status`: the source's word of how the run ended."""
    return {
        "state": COMPLETE,
        "status": status,
        "problems": [[clean(one.where), clean(one.what), one.count] for one in problems[:LEDGER_PROBLEMS]],
        "more_problems": max(0, len(problems) - LEDGER_PROBLEMS),
        "extras": typed(extras)[0],
        "counts": asdict(counts),
        "artifacts": sorted(tokens),
        "said": dict(said),
        "created": created,
    }
