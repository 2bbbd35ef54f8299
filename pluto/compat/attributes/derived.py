"""Attributes that nobody wrote: `sys/…` of what a run is, `source_code/…` of what Pluto found out about its code."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from pluto.compat.attributes import layout
from pluto.compat.attributes.kinds import Atom, GitCommit
from pluto.core.wire import GROUP

if TYPE_CHECKING:
    from pluto.compat.attributes.snapshot import RunAttributes
    from pluto.query import RunOverview

RUNNING: Final = "RUNNING"
FAILED: Final = "FAILED"
DIFF: Final = "source_code/diff"
MADE_OF: Final = {DIFF: "git.diff.head", "source_code/requirements": "requirements"}
"""Files, and what in the system metadata they are made of."""


def own_values(run: RunAttributes) -> dict[str, Atom]:
    """What the run itself is, as attributes. What was assigned to a path in `sys/` wins over it."""
    overview, notes = run.overview, run.notes
    ended = overview.status != RUNNING
    end = overview.status_updated if ended else _now_ms()
    seconds = max(0.0, (end - overview.created) / 1000)
    found: dict[str, Atom] = {
        "sys/id": run.sys_id,
        "sys/description": overview.notes or "",
        "sys/tags": _tags(overview.tags, layout.part_of(notes, layout.TAGS)),
        "sys/group_tags": _tags(
            [tag.removeprefix(GROUP) for tag in overview.tags if tag.startswith(GROUP)],
            layout.part_of(notes, layout.GROUP_TAGS),
        ),
        "sys/state": "idle" if ended else "running",
        "sys/failed": overview.status == FAILED,
        "sys/trashed": False,
        "sys/creation_time": run.created,
        "sys/modification_time": run.modified,
        "sys/ping_time": _moment(overview.heartbeat) if overview.heartbeat else run.modified,
        "sys/running_time": seconds,
        "sys/monitoring_time": seconds,
    }
    if notes.get(layout.UNNAMED) != run.name or "experiment/name" in layout.leaves(layout.part_of(notes, layout.SYS)):
        found["sys/name"] = run.name
    if run.container == "run" and notes.get(layout.MADE_ID) is not True:
        found["sys/custom_run_id"] = overview.external_id or run.display_id
    hostname = overview.facts.get("os_info.hostname")
    if hostname:
        found["sys/hostname"] = hostname
    return found


def source_values(overview: RunOverview) -> dict[str, Atom]:
    """What is known of the code."""
    facts = overview.facts
    found: dict[str, Atom] = {}
    commit, entry = facts.get("git.commit"), facts.get("source.entry")
    if commit:
        remote = facts.get("git.url")
        found["source_code/git"] = GitCommit(
            commit, dirty=facts.get("git.dirty") == "true", branch=facts.get("git.branch") or None,
            remotes=(remote,) if remote else (),
        )  # fmt: skip
    if entry:
        found["source_code/entrypoint"] = os.path.basename(entry)
    return found


def source_files(overview: RunOverview) -> list[str]:
    """The files that are made of what is known of the code."""
    return [path for path, key in MADE_OF.items() if overview.sizes.get(key)]


def _tags(own: list[str], aside: dict[str, object]) -> frozenset[str]:
    return frozenset(own) | frozenset(tag for tag, there in aside.items() if there)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, timezone.utc)


def _now_ms() -> int:
    return int(datetime.now(timezone.utc).timestamp() * 1000)
