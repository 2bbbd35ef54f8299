"""A run of the store in this door's words."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Final

from pluto.compat.wandb.sdk.lib.opening import GROUP, JOB_TYPE
from pluto.compat.wandb.sdk.lib.stored import OWN
from pluto.protocol.records import OF_DOORS

HIDDEN: Final = OF_DOORS
"""Keys of configs that doors keep for themselves."""
SWEEP: Final = "sweep:"
"""What the tag of a sweep begins with."""
_STATES: Final = {"RUNNING": "running", "COMPLETED": "finished", "FAILED": "failed"}
_SILENT: Final = ("stale", "heartbeat-timeout", "lost")
"""Reasons why a run counts as failed that nobody has ended."""


def attrs_of(run: Mapping[str, Any]) -> dict[str, Any]:
    """What an Api's run knows of itself, from what `Client.get_run` gives; all but notes and summary."""
    config = dict(run.get("config") or {})
    own: Mapping[str, Any] = config.get(OWN) or {}
    user = {name: value for name, value in config.items() if name not in HIDDEN}
    id = id_of(run)
    return {
        "id": base64.standard_b64encode(f"Run:v1:{run['id']}".encode()).decode(),
        "name": id,
        "displayName": run["name"],
        "state": state_of(run),
        "tags": tags_of(run["tags"]),
        "group": _after(run["tags"], GROUP),
        "jobType": _after(run["tags"], JOB_TYPE),
        "createdAt": moment(run["createdAt"]),
        "updatedAt": moment(run["updatedAt"]),
        "heartbeatAt": moment(heard(run)),
        "commit": _within(run.get("systemMetadata"), "git", "commit"),
        "host": own.get("host") or _within(run.get("systemMetadata"), "os_info", "hostname"),
        "sweepName": own.get("sweep_id") or _after(run["tags"], SWEEP),
        "config": user,
        "rawconfig": {**({OWN: config[OWN]} if OWN in config else {}), **user},
        "projectId": None,
        "readOnly": False,
    }


def id_of(run: Mapping[str, Any]) -> str:
    """The id of a run in paths: the one it was given, else its display id."""
    return str(run.get("externalId") or run["displayId"])


def state_of(run: Mapping[str, Any]) -> str:
    """`running`, `finished`, `failed`, `crashed` where nobody has ended it, `killed`, or `preempted`."""
    metadata = run.get("statusMetadata")
    if isinstance(metadata, str):
        metadata = json.loads(metadata or "null")
    metadata = metadata if isinstance(metadata, dict) else {}
    if metadata.get("preempted"):
        return "preempted"
    if run["status"] == "FAILED" and metadata.get("reason") in _SILENT:
        return "crashed"
    return _STATES.get(run["status"], "killed")


def heard(run: Mapping[str, Any]) -> str:
    """When a run was last heard of: its end, where it has one, however often it was renamed or brought over since."""
    ended = None if run["status"] == "RUNNING" else run.get("statusUpdated")
    return str(ended or run["updatedAt"])


def statuses_of(state: str) -> list[str]:
    """The statuses of the store that a state can stand for; none for a word that is no state."""
    return {
        "running": ["RUNNING"],
        "finished": ["COMPLETED"],
        "failed": ["FAILED"],
        "crashed": ["FAILED"],
        "preempted": ["FAILED", "TERMINATED", "CANCELLED"],
        "killed": ["TERMINATED", "CANCELLED"],
    }.get(state.lower(), [])


def tags_of(tags: list[str]) -> list[str]:
    """The tags that somebody gave, less those that hold group and job type."""
    return [tag for tag in tags if not tag.startswith((GROUP, JOB_TYPE))]


def stored_tags(tags: list[str], group: str | None, job_type: str | None) -> list[str]:
    """The tags as the store has them."""
    return [
        *dict.fromkeys(tags),
        *([f"{GROUP}{group}"] if group else []),
        *([f"{JOB_TYPE}{job_type}"] if job_type else []),
    ]


def moment(text: str) -> str:
    """A time of the store as scripts read it: `2024-05-17T09:30:00Z`."""
    return read_moment(text).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_moment(text: str) -> datetime:
    """The time that a text says, in UTC unless it says otherwise. Raises `ValueError`."""
    text = text.strip()
    if text[-1:] in "zZ":
        text = f"{text[:-1]}+00:00"
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=timezone.utc)).astimezone(timezone.utc)


def _after(tags: list[str], prefix: str) -> str | None:
    return next((tag[len(prefix) :] for tag in tags if tag.startswith(prefix)), None)


def _within(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
