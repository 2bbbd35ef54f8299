"""The runs of a project that fit a filter, in an order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.apis.reading import fields
from pluto.compat.wandb.apis.reading.facts import SWEEP, statuses_of
from pluto.compat.wandb.apis.reading.filters import MISSING, compiled
from pluto.compat.wandb.apis.reading.places import find_run
from pluto.compat.wandb.apis.reading.records import Record, iter_records
from pluto.compat.wandb.sdk.lib.opening import GROUP, JOB_TYPE
from pluto.compat.wandb.sdk.lib.stored import OWN

if TYPE_CHECKING:
    from pluto.query import Client

_CREATED: Final = ("created_at", "createdAt")
_TEXT_MAX: Final = 100
"""Longest text that the store is asked to compare with."""


class Selection:
    """What `Api.runs` asks for. Raises `ValueError` for a filter or an order that is none."""

    def __init__(self, filters: Mapping[str, Any] | None, order: str | None) -> None:
        self._filters = dict(filters or {})
        self._fits = compiled(self._filters, fields.check)
        self._order = _read_order(order or "+created_at")

    def records(self, client: Client, place: str) -> Iterator[Record]:
        """The runs, one after another."""
        found = (record for record in self._candidates(client, place) if self._fits(fields.getter(record)))
        if [name for name, _ in self._order] == ["created_at"]:
            if not self._order[0][1]:
                return found
            return reversed(list(found))
        ordered = list(found)
        for name, descending in reversed(self._order):
            ordered = _sorted(ordered, name, descending)
        return iter(ordered)

    def _candidates(self, client: Client, place: str) -> Iterator[Record]:
        ids = _ids(self._filters)
        if ids is None:
            return iter_records(client, place, _for_store(self._filters))
        entity, _, project = place.rpartition("/")
        rows = (find_run(client, entity, project, id) for id in dict.fromkeys(ids))
        records = [Record(client, place, row) for row in rows if row is not None and row["projectName"] == place]
        return iter(sorted(records, key=lambda record: record.details["createdAt"]))


def _read_order(text: str) -> list[tuple[str, bool]]:
    """Names of fields, and whether they go down."""
    found = []
    for part in text.split(","):
        name = part.strip().lstrip("+-")
        found.append(("created_at" if name in _CREATED else name, part.strip().startswith("-")))
        fields.check(found[-1][0])
    return found


def _sorted(records: list[Record], name: str, descending: bool) -> list[Record]:
    """By one field; runs that have no value of it come last, whichever way it goes."""
    keys = {id(record): _key(fields.getter(record)(name)) for record in records}
    there = [record for record in records if keys[id(record)] is not None]
    rest = [record for record in records if keys[id(record)] is None]
    there.sort(key=lambda record: keys[id(record)] or (), reverse=descending)
    return [*there, *rest]


def _key(value: Any) -> tuple[int, Any] | None:
    if value is MISSING or value is None or value != value:
        return None
    if isinstance(value, (bool, int, float)):
        return (0, value)
    if isinstance(value, datetime):
        return (1, value)
    return (2, value if isinstance(value, str) else repr(value))


def _conjuncts(filters: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The conditions that must hold whatever else does."""
    for key, value in filters.items():
        if key == "$and":
            for child in value:
                yield from _conjuncts(child)
        elif not key.startswith("$"):
            yield key, value


def _ids(filters: Mapping[str, Any]) -> list[str] | None:
    """The ids of the only runs that can fit, where the filter names them."""
    for key, value in _conjuncts(filters):
        if key == "name":
            named = _named(value)
            if named is not None:
                return named
    return None


def _named(value: Any) -> list[str] | None:
    """The texts a condition allows; None where it allows others."""
    if isinstance(value, Mapping):
        value = value.get("$in", [value["$eq"]] if "$eq" in value else None)
    else:
        value = [value]
    if isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value):
        return list(value)
    return None


def _for_store(filters: Mapping[str, Any]) -> dict[str, Any]:
    """What the store can sort out by itself: a filter that every run passes which fits."""
    parts: list[dict[str, Any]] = []
    for key, value in _conjuncts(filters):
        named = _named(value)
        if key.startswith(fields.CONFIG):
            part = _config(key, value)
        elif named is None or not named or any(len(one) > _TEXT_MAX for one in named):
            part = None
        elif key == "state":
            statuses = [status for one in named for status in statuses_of(one)]
            part = {"status": {"$in": statuses}} if statuses else None
        elif key == "tags":
            part = {"tags": {"$in": named}}
        elif key == "group":
            part = {"tags": {"$in": [f"{GROUP}{one}" for one in named]}}
        elif key in ("jobType", "job_type"):
            part = {"tags": {"$in": [f"{JOB_TYPE}{one}" for one in named]}}
        elif key == "sweep":
            tags = {"tags": {"$in": [f"{SWEEP}{one}" for one in named]}}
            part = {"$or": [{f"config.{OWN}.sweep_id": {"$in": named}}, tags]}
        elif key in fields.LISTED:
            part = {"name": {"$in": named}}
        else:
            part = None
        if part is not None:
            parts.append(part)
    return {"$and": parts} if parts else {}


def _config(key: str, value: Any) -> dict[str, Any] | None:
    if isinstance(value, Mapping) and set(value) == {"$eq"}:
        value = value["$eq"]
    plain = isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool))
    if not plain or key.endswith(".value") or (isinstance(value, str) and len(value) > _TEXT_MAX):
        return None
    return {key: {"$eq": value}}
