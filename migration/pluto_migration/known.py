"""What a store has of a run that was brought over before, and what of its source is new to it.

Series are compared as multisets: of points that are equal, as many count as known as the store has. A store's own
series are read once, and lie as sorted numbers in files, 8 bytes a point, so that memory stays small.
"""

from __future__ import annotations

import collections
import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pluto_migration.digest import canonical, hashes, row_hash
from pluto_migration.ledger import Ledger
from pluto_migration.model import Alert
from pluto_migration.multiset import Multiset

if TYPE_CHECKING:
    from pluto.query import Client

_BLOCK_BYTES: Final = 1 << 20
_TEXTS: Final = "string-series"


def find(client: Client, project: str, external_id: str) -> dict[str, Any] | None:
    """The run of a store that has this external id, as `Client.get_run` gives it; None where there is none.

    A stock server finds runs by the id in their config that our deliverer keeps there. Raises `QueryError`.
    """
    from pluto.query import QueryError

    try:
        if client.has_artifacts:
            return client.find_run(project, external_id=external_id)
        for row in client.list_runs(project, filters={"config._attributes.id": external_id}, limit=2):
            return client.get_run(project, int(row["id"]))
    except QueryError as error:
        if error.status_code != 404:
            raise
    return None


class Known:
    """A run of the store. `new_…` says what of the source it has not yet; each call counts what it was asked about."""

    def __init__(self, client: Client, run: Mapping[str, Any], ledger: Ledger) -> None:
        """`run` as `find` gives it, and its ledger. `close` at the end."""
        self.ledger = ledger
        self.project = str(run["projectName"])
        self.number = int(run["id"])
        self.tags = frozenset(map(str, run.get("tags") or ()))
        self._client = client
        # A stock server keeps a metric's points by whole step, and times in milliseconds.
        self._exact = client.has_artifacts
        self._temporary = tempfile.TemporaryDirectory(prefix="pluto-")
        self._folder = Path(self._temporary.name)
        self._names = client.get_names(self.project, self.number)
        self._points: dict[str, Multiset | None] = {}
        self._others: dict[str, collections.Counter[bytes]] = {}
        self._last: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Deletes what lies in the temporary folder."""
        self._points.clear()
        self._temporary.cleanup()

    # --- points -------------------------------------------------------------------------------------------------------

    def new_points(
        self,
        name: str,
        steps: npt.NDArray[np.float64],
        times: npt.NDArray[np.int64],
        values: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.bool_]:
        """Which of the points the store has not."""
        if name not in self._points:
            self._points[name] = self._series(name)
        there = self._points[name]
        if there is None:
            return np.ones(len(steps), np.bool_)
        return there.take(self._hashed(steps, times, values))

    def _hashed(
        self, steps: npt.NDArray[np.float64], times: npt.NDArray[np.int64], values: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.uint64]:
        if self._exact:
            return next(hashes(steps, times, values))
        nothing = np.zeros(len(steps), np.int64)
        return next(hashes(steps, nothing, nothing.view(np.float64)))

    def _series(self, name: str) -> Multiset | None:
        """The store's points of a name; None where it has none."""
        if not self._names_have(name):
            return None
        path = self._folder / f"{len(self._points)}.hashes"
        with path.open("wb") as file:
            for page in self._client.iter_points(self.project, self.number, name):
                file.write(self._hashed(page.steps, page.times, page.values).tobytes())
        return Multiset(path, once=not self._exact)

    def _names_have(self, name: str) -> bool:
        return self._names.get(name) == "METRIC" or not self._exact

    # --- everything else ----------------------------------------------------------------------------------------------

    def new_text(self, name: str, step: float, time: int, text: str) -> bool:
        """Whether the store has not this text."""
        return self._new("data", (name, _TEXTS, step, time, text))

    def new_data(self, name: str, type: str, step: float, time: int, body: str) -> bool:
        """Whether the store has not this structured value."""
        return self._new("data", (name, type.upper(), step, time, canonical(json.loads(body))))

    def new_file(self, name: str, step: float, index: int, caption: str, content: Path | bytes, size: int) -> bool:
        """Whether the store has not this file."""
        told: object = _sha256(content) if self._exact else size
        at, position = (step, index) if self._exact else (_floor(step), 0)
        return self._new("files", (name, at, caption, told, position))

    def new_line(self, source: str, stream: str, time: int, line: str) -> bool:
        """Whether the store has not this line of the console."""
        return self._new("lines", (source, stream, time, line) if self._exact else ("", stream, time // 1000, line))

    def last_line(self, source: str, stream: str) -> int:
        """The number of the last line the store has of a source's stream; 0 for none."""
        self._counter("lines")
        return self._last.get((source if self._exact else "", stream), 0)

    def new_alert(self, number: int, alert: Alert) -> bool:
        """Whether the store has not this alert, the `number`-th of the run."""
        if not self._exact:
            return number > self.ledger.alerts
        return self._new("alerts", (alert.time, alert.title, alert.text))

    def new_graph(self, body: Mapping[str, Any]) -> bool:
        """Whether the store has another graph of the model, or none."""
        if not self._exact:
            return not self.ledger.complete
        return canonical(self._client.get_model_graph(self.project, self.number)) != canonical(body)

    def surplus(self) -> dict[str, int]:
        """How much the store has, by kind, that was not asked about: the source has it no more.

        Of a stock server nothing is told: it has files of artifacts among the others, and not every point.
        """
        if not self._exact:
            return {}
        points = sum(one.left for one in self._points.values() if one is not None)
        found = {kind: sum(there.values()) for kind, there in self._others.items()}
        return {kind: count for kind, count in {"points": points, **found}.items() if count}

    def _new(self, kind: str, key: tuple[object, ...]) -> bool:
        there = self._counter(kind)
        digest = row_hash(key)
        if there[digest] > 0:
            there[digest] -= 1
            return False
        return True

    def _counter(self, kind: str) -> collections.Counter[bytes]:
        if kind not in self._others:
            self._others[kind] = collections.Counter(map(row_hash, _READERS[kind](self)))
        return self._others[kind]

    def _data_there(self) -> Iterable[tuple[object, ...]]:
        for row in self._client.iter_data(self.project, self.number):
            type = str(row["type"])
            value = row["value"] if type == _TEXTS else canonical(row["value"])
            yield row["name"], type if type == _TEXTS else type.upper(), float(row["step"]), int(row["time"]), value

    def _files_there(self) -> Iterable[tuple[object, ...]]:
        if self._exact:
            for row in self._client.iter_files(self.project, self.number):
                yield row["logName"], float(row["step"]), row.get("caption") or "", row["sha256"], row["sampleIndex"]
            return
        from pluto.query.readable import Readable

        run = self._client.get_run(self.project, self.number)
        names = {row["logName"]: row["logType"] for row in run.get("logNames", [])}
        readable = Readable(run.get("config") or {}, names)
        for name in readable.names():
            for row in self._client.iter_files_of(self.project, self.number, name, readable):
                yield name, _floor(float(row["step"])), row.get("caption") or "", int(row["fileSize"]), 0

    def _lines_there(self) -> Iterable[tuple[object, ...]]:
        for row in self._client.iter_lines(self.project, self.number):
            source = str(row["source"])
            key = (source, str(row["stream"]))
            self._last[key] = max(self._last.get(key, 0), int(row["line"]))
            time = int(row["time"]) if self._exact else int(row["time"]) // 1000
            yield source, row["stream"], time, row["message"]

    def _alerts_there(self) -> Iterable[tuple[object, ...]]:
        for row in self._client.get_alerts(self.project, self.number):
            yield int(row["time"]), row["title"], row["body"]


_READERS: Final = {
    "data": Known._data_there,
    "files": Known._files_there,
    "lines": Known._lines_there,
    "alerts": Known._alerts_there,
}


def _floor(step: float) -> float:
    return float(int(step)) if step >= 0 and step < 2**53 else 0.0


def _sha256(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    found = hashlib.sha256()
    with content.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()
