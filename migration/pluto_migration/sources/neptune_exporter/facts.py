"""Attributes that hold one value, and what they say of the run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from pluto.compat.attributes import layout
from pluto.core.wire import GROUP
from pluto_migration.model import Facts, Status
from pluto_migration.source import Problems
from pluto_migration.sources.neptune_exporter.columns import moments, sets, texts, values
from pluto_migration.sources.neptune_exporter.rows import Rows

KINDS: Final = {
    "int": "int_value",
    "float": "float_value",
    "string": "string_value",
    "bool": "bool_value",
    "datetime": "datetime_value",
    "string_set": "string_set_value",
}
"""Kinds of such attributes, and the columns of their values."""
SYS: Final = "sys/"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_OWN: Final = (
    "sys/name", "sys/description", "sys/tags", "sys/group_tags", "sys/state", "sys/failed", "sys/creation_time",
)  # fmt: skip
"""What a run of Pluto has a place for: kept once, so that it stays true when the run goes on."""
_GOES_ON: Final = ("active", "running")


def parameters(kind: str, rows: Rows) -> Iterator[tuple[str, Any]]:
    """Paths and values; those of attributes that only other runs have are left out."""
    column = rows.column(KINDS[kind])
    found: list[Any]
    if kind == "string":
        found = texts(column)
    elif kind == "datetime":
        found = moments(column)
    elif kind == "string_set":
        found = sets(column)
    else:
        found = values(column, kind)
    for path, value in zip(rows.paths, found, strict=True):
        if value is not None:
            yield path, value


@dataclass(slots=True)
class Attributes:
    """What is known of a run's attributes when all parts are read."""

    values: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    """What values and names do not tell by themselves, by path."""
    monitoring: dict[str, dict[str, bool]] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)

    def add(self, path: str, value: Any, where: str, problems: Problems) -> None:
        """Takes a value. Of two different ones the later counts."""
        known = self.values.get(path)
        if known is not None and not _same(known, value):
            problems.note(where, f"{path} has a second value: the first one, {known!r}, is left out")
        self.values[path] = value

    def facts(self, *, newer: bool, model: bool) -> Facts:
        """All of it.

        `newer`: as the door of the newer client has them, whole paths as the keys of the config. `model`: of a model or
        a version of one, which nobody says the end of.
        """
        own = {path: value for path, value in self.values.items() if path.startswith(SYS)}
        config = {path: value for path, value in self.values.items() if path not in own}
        flat = newer or _overlapping(config)
        attributes: dict[str, Any] = {
            "sys": layout.nest({path[len(SYS) :]: value for path, value in own.items() if path not in _OWN}, flat=flat),
            layout.TYPES: layout.nest(self.kinds, flat=flat),
            layout.MONITORING: self.monitoring,
        }
        groups = own.get("sys/group_tags")
        if isinstance(groups, frozenset):
            attributes[layout.GROUP_TAGS] = dict.fromkeys(sorted(groups), True)
        tags = own.get("sys/tags")
        tags = sorted(tags) if isinstance(tags, frozenset) else None
        aside = [tag for tag in tags or () if tag.startswith(GROUP)]
        if aside:
            attributes[layout.TAGS] = dict.fromkeys(aside, True)
        if not isinstance(own.get("sys/custom_run_id"), str):
            attributes[layout.MADE_ID] = True
        name, notes, host = (own.get(f"sys/{one}") for one in ("name", "description", "hostname"))
        return Facts(
            name=str(name) if name else None,
            notes=str(notes) if notes else None,
            tags=None if tags is None else [tag for tag in tags if tag not in aside],
            status=_status(own, model=model),
            ended=_ended(own),
            config=layout.nest(config, flat=flat),
            metadata={"os_info": {"hostname": host}} if isinstance(host, str) and host else {},
            attributes={name: value for name, value in attributes.items() if value},
            extras=self.extras,
        )


def microseconds(moment: object) -> int | None:
    """Microseconds since the epoch; None for what is no moment."""
    if not isinstance(moment, datetime):
        return None
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _status(own: Mapping[str, Any], *, model: bool) -> Status:
    if str(own.get("sys/state", "")).lower() in _GOES_ON:
        return "running"
    failed = own.get("sys/failed")
    if failed is None:
        return "finished" if model else "unknown"
    return "failed" if failed else "finished"


def _ended(own: Mapping[str, Any]) -> int | None:
    """When it was last heard of."""
    began, seconds = microseconds(own.get("sys/creation_time")), own.get("sys/running_time")
    for name in ("sys/ping_time", "sys/modification_time"):
        heard = microseconds(own.get(name))
        if heard is not None:
            return heard
    if began is not None and isinstance(seconds, (int, float)) and math.isfinite(seconds):
        return began + int(seconds * 1_000_000)
    return None


def _overlapping(paths: Mapping[str, Any]) -> bool:
    """Whether a path is a value and a namespace, too, which a nested config can't have."""
    for path in paths:
        parts = path.split("/")
        if any("/".join(parts[:count]) in paths for count in range(1, len(parts))):
            return True
    return False


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (one == other or (one != one and other != other))
