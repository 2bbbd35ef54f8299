"""What is known of the machine and program of a run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.reading.records import Record

FILE: Final = "wandb-metadata.json"


def metadata_of(record: Record) -> dict[str, Any] | None:
    """What the run's own file says, or else the facts that every run is stored with; None where there are none."""
    from pluto.query import QueryError

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = record.client.download_file(record.place, record.number, FILE, Path(folder, "metadata.json"))
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        except QueryError as error:
            if error.status_code != 404:
                raise
        else:
            return found
    return _from_facts(record.details.get("systemMetadata") or {})


def _from_facts(facts: dict[str, Any]) -> dict[str, Any] | None:
    source, os_info, git = (facts.get(name) or {} for name in ("source", "os_info", "git"))
    found = {
        "os": os_info.get("platform") or os_info.get("system"),
        "python": facts.get("python") if isinstance(facts.get("python"), str) else None,
        "host": os_info.get("hostname"),
        "program": source.get("entry"),
        "args": (source.get("argv") or [])[1:],
        "git": {"remote": git.get("url"), "commit": git.get("commit")} if git.get("commit") else None,
    }
    known = {name: value for name, value in found.items() if value}
    return known or None


def last_values(record: Record) -> dict[str, Any]:
    """The last values the machine was measured by, under W&B's names."""
    from pluto.compat.wandb.apis.reading import system
    from pluto.compat.wandb.sdk.lib.stored import SYSTEM

    found = {}
    for name, one in record.client.summaries(record.place, record.number).items():
        if name.startswith(SYSTEM):
            shown, factor = system.shown(name)
            found[shown] = one.last * factor
    return found
