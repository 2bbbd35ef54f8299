"""How a run is read back that a stock server was told more of than it has slots for.

`pluto.core.uploader.readable` has the table of what travels where. What it kept for readers is in the run's config,
under `_attributes`; the config of a run that is not readable has nothing there, and all names are what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pluto.core.wire import COMPANION, DATA_STREAM, MARK, log_name
from pluto.protocol.records import ATTRIBUTES
from pluto.query.values import whole

_FILES: Final = "/_files/"
_START: Final = json.dumps({MARK: [""]})[:-4]


class Readable:
    """The names of one run: `config` and `names` are as the server has them."""

    def __init__(self, config: Mapping[str, Any], names: Mapping[str, str]) -> None:
        kept = config.get(ATTRIBUTES)
        self.notes: dict[str, Any] = kept if isinstance(kept, dict) else {}
        self._originals = _texts(self.notes.get("names"))
        self._lines = _texts(self.notes.get("lines"))
        self._files = _texts(self.notes.get("files"))
        self._there = dict(names)

    def names(self) -> dict[str, str]:
        """The names that were logged and not forgotten since, each with its type."""
        found: dict[str, str] = {}
        for sent, kind in self._there.items():
            if sent.endswith(COMPANION) and sent.removesuffix(COMPANION) in self._there:
                continue
            name = self._originals.get(sent, sent)
            current = self._files if kind in FILE_TYPES else self._lines
            base, _, shard = sent.partition(_FILES)
            if current.get(name, log_name(name)) in (sent, base if shard else sent):
                found.setdefault(name, kind)
        return found

    def sent(self, name: str) -> str:
        """What a metric is called there."""
        return self._lines.get(name) or log_name(name)

    def sent_files(self, name: str) -> list[str]:
        """What a name's files lie under there."""
        base = self._files.get(name) or log_name(name)
        shards = [sent for sent in self._there if sent.startswith(base + _FILES)]
        return [base, *sorted(shards)]

    def rows(self, lines: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Texts and data out of console lines, each once: `name`, `type`, `step`, `time`, `body`."""
        seen: set[tuple[Any, ...]] = set()
        for line in lines:
            content = data_in(line)
            if content is None or content["as"] != self.sent(content["name"]):
                continue
            identity = tuple(content[MARK])
            if identity not in seen:
                seen.add(identity)
                kept = ("name", "type", "step", "time", "body")
                yield {key: content[key] for key in kept}

    def unpacked(self, row: Mapping[str, Any], name: str) -> dict[str, Any]:
        """A row of the list of files, with what came with it in its annotations: as Pluto's own server lists it."""
        annotations = _object(row.get("annotations"))
        more = annotations.pop(MARK, None)
        if not isinstance(more, dict):
            return {**row, "logName": name}
        return {
            **row,
            "logName": name,
            "fileName": more.get("name", row["fileName"]),
            "step": whole(more.get("step", row["step"])),
            "metadata": json.dumps(more["metadata"]) if "metadata" in more else None,
            "annotations": json.dumps(annotations) if annotations else None,
            "time": more.get("time", row["time"]),
            "removed": more.get("removed"),
        }


FILE_TYPES: Final = frozenset({"IMAGE", "VIDEO", "AUDIO", "FILE", "TEXT", "ARTIFACT"})


def data_in(line: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a console line carries for readers, None for one that was printed."""
    message = str(line.get("message", ""))
    if line.get("logType") != DATA_STREAM or not message.startswith(_START):
        return None
    found = _object(message)
    wanted = {MARK, "name", "as", "type", "step", "time", "body"}
    return found if wanted <= found.keys() and isinstance(found[MARK], list) else None


def _object(text: Any) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _texts(value: Any) -> dict[str, str]:
    return {key: text for key, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
