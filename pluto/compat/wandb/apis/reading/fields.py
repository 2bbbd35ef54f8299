"""The fields of a run that filters and orders name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.apis.reading.facts import heard, read_moment
from pluto.compat.wandb.apis.reading.filters import MISSING, Several

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.reading.records import Record

Get = Callable[[str], Any]

SUMMARY: Final = ("summary_metrics.", "summaryMetrics.", "summary.")
CONFIG: Final = "config."
LISTED: Final = {"display_name": "name", "displayName": "name"}
"""Fields that lists of runs have, too."""
_TIMES: Final = {
    "created_at": "createdAt",
    "createdAt": "createdAt",
    "updated_at": "updatedAt",
    "updatedAt": "updatedAt",
}
_HEARD: Final = ("heartbeat_at", "heartbeatAt")
_ATTRS: Final = {
    "state": "state",
    "name": "name",
    "id": "name",
    "run": "name",
    "group": "group",
    "jobType": "jobType",
    "job_type": "jobType",
    "sweep": "sweepName",
    "host": "host",
    "commit": "commit",
    "tags": "tags",
}
_OTHERS: Final = ("duration", "username", "user", "notes", "description", "project", "entity")


def check(name: str) -> None:
    """Raises `ValueError` for a name that no run has a field by."""
    known = name in {*LISTED, *_TIMES, *_HEARD, *_ATTRS, *_OTHERS}
    if not known and not any(name.startswith(p) and len(name) > len(p) for p in (CONFIG, *SUMMARY)):
        fields = sorted({*LISTED, *_TIMES, *_HEARD, *_ATTRS, *_OTHERS})
        raise ValueError(
            f"{name!r} is no field of runs; there are {', '.join(fields)}, config.<key> and summary_metrics.<name>"
        )


def getter(record: Record) -> Get:
    """What gives a run's fields by name; `MISSING` for what it does not have."""
    return lambda name: _value(record, name)


def _value(record: Record, name: str) -> Any:
    if name in LISTED and LISTED[name] in record.row:
        return record.row[LISTED[name]]
    if name in LISTED:
        return record.details["name"]
    if name in _TIMES:
        return read_moment(record.details[_TIMES[name]])
    if name in _HEARD:
        return read_moment(heard(record.details))
    if name in _ATTRS:
        found = record.attrs[_ATTRS[name]]
        if name == "tags":
            return Several(found)
        return MISSING if found is None else found
    if name.startswith(CONFIG):
        return config_value(record.attrs["config"], name[len(CONFIG) :])
    for prefix in SUMMARY:
        if name.startswith(prefix):
            return within(record.stored.summary, name[len(prefix) :])
    if name == "duration":
        return record.stored.runtime
    if name in ("notes", "description"):
        return MISSING if record.notes is None else record.notes
    entity, slash, project = record.place.rpartition("/")
    if name == "project":
        return project if slash else record.place
    return entity if name == "entity" and entity else MISSING


def config_value(config: Mapping[str, Any], path: str) -> Any:
    """The value at a path of a config; `.value` may stand behind it, as W&B's own configs have it there."""
    found = within(config, path)
    if found is MISSING and path.endswith(".value"):
        found = within(config, path.removesuffix(".value"))
    return found


def within(values: Any, path: str) -> Any:
    """The value at a path of nested names joined with dots, which names may have themselves."""
    if not isinstance(values, Mapping):
        return MISSING
    if path in values:
        return values[path]
    parts = path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        if name in values:
            found = within(values[name], ".".join(parts[end:]))
            if found is not MISSING:
                return found
    return MISSING
