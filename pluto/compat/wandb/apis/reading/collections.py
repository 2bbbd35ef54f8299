"""Collections of artifacts, and what chooses from them and their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.apis.reading.facts import read_moment
from pluto.compat.wandb.apis.reading.fields import within
from pluto.compat.wandb.apis.reading.filters import MISSING, Several, compiled
from pluto.compat.wandb.apis.reading.places import in_project

if TYPE_CHECKING:
    from pluto.query import Client

Row = dict[str, Any]

_FIELDS: Final = {
    "name": "name",
    "type": "type",
    "description": "description",
    "tag": "tags",
    "tags": "tags",
    "alias": "aliases",
    "aliases": "aliases",
    "created_at": "createdAt",
    "createdAt": "createdAt",
    "updated_at": "updatedAt",
    "updatedAt": "updatedAt",
    "state": "state",
    "digest": "digest",
    "size": "size",
    "version": "version",
    "versionIndex": "version",
}
_METADATA: Final = "metadata."


def find_collection(client: Client, entity: str, project: str, name: str) -> Row | None:
    """The collection of a name; None where there is none."""
    rows = in_project(entity, project, lambda place: client.iter_artifact_collections(place, name=name))
    return next(rows, None)


def matching(filters: Mapping[str, Any] | None) -> Callable[[Row], bool]:
    """Whether a collection or version fits a filter. Raises `ValueError` for what is none."""
    fits = compiled(filters or {}, _check)
    return lambda row: fits(lambda name: _value(row, name))


def in_order(rows: Iterable[Row], order: str | None) -> Iterable[Row]:
    """Rows by a field with `+` or `-` before it; as they are without one. Raises `ValueError` for no field."""
    if not order:
        return rows
    name = order.lstrip("+-")
    _check(name)
    there = [row for row in rows if _value(row, name) not in (MISSING, None)]
    return sorted(there, key=lambda row: _value(row, name), reverse=order.startswith("-"))


def _check(name: str) -> None:
    if name not in _FIELDS and not name.startswith(_METADATA):
        raise ValueError(f"{name!r} is no field of artifacts; there are {', '.join(sorted(_FIELDS))}, metadata.<key>")


def _value(row: Row, name: str) -> Any:
    if name.startswith(_METADATA):
        return within(row.get("metadata"), name[len(_METADATA) :])
    found = row.get(_FIELDS[name], MISSING)
    if _FIELDS[name] == "state":
        return "COMMITTED"
    if isinstance(found, list):
        return Several(found)
    if isinstance(found, str) and _FIELDS[name].endswith("At"):
        return read_moment(found)
    return found
