"""Records that become a call of their own at a stock server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from pluto.core.client import Client, Refused
from pluto.core.uploader.dialect import Place
from pluto.core.wire import NOTES_CHARS, limit_tags, strict_json
from pluto.protocol import records
from pluto.protocol.records import Kind

_LEVELS: Final = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})


def _config(client: Client, place: Place, record: records.Config) -> None:
    """Merged in; a stock server has no way to take a key away: a replacement is a merge, too, and what goes is null."""
    nothing: dict[str, Any] = {}
    for path in record.remove:
        *outer, last = path.split("/")
        inner = nothing
        for key in outer:
            inner = inner.setdefault(key, {}) or inner[key]
        inner[last] = None
    if nothing:
        client.merge_config(place.id, json.dumps(nothing))
    if json.loads(record.body):
        client.merge_config(place.id, strict_json(record.body))


def _tags(client: Client, place: Place, record: records.Tags) -> None:
    """The server wants the whole list: what it has is read first, since others may have added to it."""
    before = [str(tag) for tag in client.details(place.id).get("tags") or []]
    removed = frozenset(record.remove)
    after = [*([] if record.replace else (tag for tag in before if tag not in removed)), *record.add]
    kept = limit_tags(after)
    client.set_tags(place.id, kept)
    dropped = [tag for tag in record.add if tag not in kept]
    if dropped:
        raise ValueError(f"a run has 50 tags at most: {', '.join(dropped)} did not fit")


def _notes(client: Client, place: Place, record: records.Notes) -> None:
    client.set_notes(place.id, None if record.text is None else record.text[:NOTES_CHARS])


def _alert(client: Client, place: Place, record: records.Alert) -> None:
    """The address goes into the text: the server fails on one in its own field."""
    client.alert(
        place.id,
        {
            "timestamp": record.time // 1000,
            "level": record.level if record.level in _LEVELS else "ERROR",
            "title": record.title,
            "body": record.body if not record.url else f"{record.body}\n{record.url}",
            "email": record.email,
            "url": None,
        },
    )


def _model_graph(client: Client, place: Place, record: records.ModelGraph) -> None:
    client.add_model_graph(place.id, json.loads(strict_json(record.body)))


def _metadata(client: Client, place: Place, record: records.Metadata) -> None:
    """What did not join the creation of the run goes where the server still takes something."""
    if record.body != place.metadata:
        client.set_status(place.id, place.status, loggerSettings=strict_json(record.body))


def _name(_: Client, place: Place, record: records.Name) -> None:
    if record.text != place.name:
        raise Refused(400, "a stock server names a run when it is created, and never again")


Call: TypeAlias = Callable[[Client, Place, Any], None]
CALLS: Final[dict[Kind, Call]] = {
    Kind.CONFIG: _config,
    Kind.TAGS: _tags,
    Kind.NOTES: _notes,
    Kind.ALERT: _alert,
    Kind.MODEL_GRAPH: _model_graph,
    Kind.METADATA: _metadata,
    Kind.NAME: _name,
}
"""What to do with each kind."""
