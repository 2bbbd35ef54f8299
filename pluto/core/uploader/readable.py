"""A stock server and a run that asks to be readable: what no route there reads, or has no slot, travels besides.

| what | how it can be read back |
|---|---|
| texts, histograms and other data | each as a console line of type DEBUG too: JSON, with `pluto` as its first key |
| what is forgotten | goes on under another name: a name once forgotten is never used again |
| names outside ASCII, or that go on under another | `names` (name there → name), `lines`, `files` (name → name there) |
| more files under a name than a list shows | further names `<name>/_files/<writer>-<n>`, 900 files each |
| name, step, time and metadata of a file | its `annotations`, under `pluto` |
| files taken out of a set | an empty file whose annotations say `removed` |
| a new name, notes of any length, tags beyond what a run may have | `name`, `description`, `tags` |

All but the first and the file annotations lies in the config under `_attributes`.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pluto.core import wire
from pluto.core.client import Client
from pluto.core.uploader.dialect import Place
from pluto.core.uploader.opening import NAME_CHARS
from pluto.core.uploader.stock_calls import CALLS, Call
from pluto.core.wire import DATA_STREAM, MARK
from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import ATTRIBUTES, Kind

FILES_A_NAME: Final = 900
"""A stock server lists 1,000 files of a name."""
_LINE_BITS: Final = 32


class Notes:
    """What a run keeps in its config for its readers, as far as its deliverer has to know it. Safe from two threads."""

    def __init__(self, kept: Mapping[str, Any]) -> None:
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._current = {lane: _object(kept.get(lane)) for lane in (LINES, FILES)}
        self._names = _object(kept.get("names"))
        self.tags: dict[str, bool] = _object(kept.get("tags"))
        self._new: dict[str, Any] = {}

    @classmethod
    def of(cls, client: Client, place: Place) -> Notes:
        """Those of a run; asks the server once."""
        found = place.notes
        if found is None:
            kept = (client.details(place.id).get("config") or {}).get(ATTRIBUTES)
            found = place.notes = cls(_object(kept))
        assert isinstance(found, Notes)
        return found

    def sent(self, lane: str, name: str) -> str:
        """The name there of a name."""
        with self._lock:
            sent: str = self._current[lane].get(name) or wire.log_name(name)
            self._remember(sent, name)
            return sent

    def shard(self, name: str, writer: str, count: int, *, creator: bool) -> str:
        """The name there of the file that is the writer's `count`-th under a name, from 0."""
        base, number = self.sent(FILES, name), count // FILES_A_NAME
        if creator and not number:
            return base
        sent = f"{base}/_files/{_short(writer)}-{number}"
        with self._lock:
            self._remember(sent, name)
        return sent

    def forget(self, lane: str, names: Iterable[str], writer: str, seq: int) -> None:
        """From now on these names go on under others, which only depend on the record that says so."""
        with self._lock:
            for name in names:
                sent = wire.log_name(f"{name}/_{_short(writer)}-{seq}")
                self._current[lane][name] = sent
                self._new.setdefault(lane, {})[name] = sent
                self._remember(sent, name)

    def save(self, client: Client, place: Place) -> None:
        """Sends what is new, be it from the other lane. What depends on it is sent after."""
        with self._saving:
            with self._lock:
                new, self._new = self._new, {}
            if new:
                try:
                    keep(client, place, new)
                except BaseException:
                    with self._lock:
                        self._new = _merged(new, self._new)
                    raise

    def _remember(self, sent: str, name: str) -> None:
        if sent != name and self._names.get(sent) != name:
            self._names[sent] = name
            self._new.setdefault("names", {})[sent] = name


def keep(client: Client, place: Place, notes: Mapping[str, Any]) -> None:
    """Merges into what the run keeps for its readers."""
    client.merge_config(place.id, wire.strict_json(json.dumps({ATTRIBUTES: notes})))


def data_lines(record: records.Texts | records.Data, step: float, notes: Notes, writer: str, seq: int) -> list[bytes]:
    """Texts or data as console lines, each with a number no other line of the run has."""
    if isinstance(record, records.Texts):
        rows = [(name, "string-series", text) for name, text in record.values.items()]
    else:
        rows = [(record.name, record.type, record.body)]
    lines = []
    for index, (name, kind, body) in enumerate(rows):
        content = {
            MARK: [writer, seq, index], "name": name, "as": notes.sent(LINES, name), "type": kind,
            "step": _plain(step), "time": record.time, "body": body,
        }  # fmt: skip
        number = (zlib.crc32(writer.encode()) >> 11) << _LINE_BITS | (seq & 0xFFFFFFFF)
        lines.append(wire.log_line(record.time, json.dumps(content, ensure_ascii=False), number, DATA_STREAM))
    return lines


def annotated(annotations: str | None, more: Mapping[str, Any]) -> str:
    """A file's annotations with what the server has no field for."""
    found = _object(json.loads(annotations)) if annotations else {}
    marked = {**_object(found.get(MARK)), **{key: value for key, value in more.items() if value is not None}}
    return json.dumps({**found, MARK: marked})


def _name(client: Client, place: Place, record: records.Name) -> None:
    if record.text != place.name or len(record.text) > NAME_CHARS:
        keep(client, place, {"name": record.text})


def _notes(client: Client, place: Place, record: records.Notes) -> None:
    CALLS[Kind.NOTES](client, place, record)
    keep(client, place, {"description": record.text})


def _tags(client: Client, place: Place, record: records.Tags) -> None:
    """Tags beyond what a run may have there are kept aside; what is taken away is taken from both."""
    before = [str(tag) for tag in client.details(place.id).get("tags") or []]
    removed = frozenset(record.remove)
    after = [*([] if record.replace else (tag for tag in before if tag not in removed)), *record.add]
    kept = wire.limit_tags(after)
    client.set_tags(place.id, kept)
    aside = Notes.of(client, place).tags
    changes = {tag: False for tag, there in aside.items() if there and (record.replace or tag in removed)}
    changes |= {tag: True for tag in record.add if tag not in kept and not aside.get(tag)}
    if changes:
        keep(client, place, {"tags": changes})
        aside.update(changes)


READABLE_CALLS: Final[dict[Kind, Call]] = {**CALLS, Kind.NAME: _name, Kind.NOTES: _notes, Kind.TAGS: _tags}


def _short(writer: str) -> str:
    return f"{zlib.crc32(writer.encode()):08x}"


def _plain(step: float) -> Any:
    return int(step) if step == step and abs(step) < 2**63 and step == int(step) else step


def _object(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {key: {**old.get(key, {}), **new.get(key, {})} for key in old.keys() | new.keys()}
