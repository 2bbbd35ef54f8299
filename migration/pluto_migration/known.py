"""What a store has of a run that was brought over before, and what of its source is new to it.

Series are compared as multisets: of points that are equal, as many count as known as the store has. A store's own
series are read once, and lie as sorted numbers in files, 8 bytes a point, so that memory stays small.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from pluto.core.wire import GROUP
from pluto.protocol.records import ATTRIBUTES
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
        self._tags = frozenset(map(str, run.get("tags") or ()))
        attributes = (run.get("config") or {}).get(ATTRIBUTES)
        types = attributes.get("types") if isinstance(attributes, dict) else None
        self.types: dict[str, Any] = types if isinstance(types, dict) else {}
        """What kinds of values it has said, as `config.typed` gives them."""
        self._client = client
        # A stock server keeps a metric's points by whole step, and times in milliseconds.
        self._exact = client.has_artifacts
        self._temporary = tempfile.TemporaryDirectory(prefix="pluto-")
        self._folder = Path(self._temporary.name)
        self._names = client.get_names(self.project, self.number)
        self._points: dict[str, Multiset | None] = {}
        self._others: dict[str, Multiset] = {}
        self._last: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        """Deletes what lies in the temporary folder."""
        self._points.clear()
        self._others.clear()
        self._temporary.cleanup()

    def new_tags(self, tags: Sequence[str]) -> list[str]:
        """Which tags the run is to get: those that it got before are its people's to take away."""
        before = self._tags | frozenset(map(str, self.ledger.said.get("tags") or ()))
        new = [tag for tag in tags if tag not in before]
        if any(tag.startswith(GROUP) for tag in self._tags):
            new = [tag for tag in new if not tag.startswith(GROUP)]  # a server takes one of them
        return new

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
        if self._exact and name not in self._names:
            return None
        path = self._folder / f"{len(self._points)}.hashes"
        with path.open("wb") as file:
            for page in self._client.iter_points(self.project, self.number, name):
                file.write(self._hashed(page.steps, page.times, page.values).tobytes())
        return Multiset(path, once=not self._exact)

    # --- everything else ----------------------------------------------------------------------------------------------

    def new_texts(self, name: str, rows: Sequence[tuple[float, int, str]]) -> list[bool]:
        """Which of the texts, each with its step and time, the store has not."""
        return self._news("data", [(name, _TEXTS, step + 0.0, time, text) for step, time, text in rows])

    def new_data(self, name: str, type: str, step: float, time: int, body: str) -> bool:
        """Whether the store has not this structured value."""
        return self._news("data", [(name, type.upper(), step + 0.0, time, canonical(json.loads(body)))])[0]

    def new_file(self, name: str, step: float, index: int, caption: str, content: Path | bytes, size: int) -> bool:
        """Whether the store has not this file."""
        told: object = _sha256(content) if self._exact else size
        at, position = (step, index) if self._exact else (_floor(step), 0)
        return self._news("files", [(name, at + 0.0, caption, told, position)])[0]

    def new_lines(self, source: str, stream: str, rows: Sequence[tuple[int, str]]) -> list[bool]:
        """Which lines of the console, each with its time, the store has not."""
        who, scale = (source, 1) if self._exact else ("", 1000)
        return self._news("lines", [(who, stream, time // scale, line) for time, line in rows])

    def last_line(self, source: str, stream: str) -> int:
        """The number of the last line the store has of a source's stream; 0 for none."""
        self._rows("lines")
        return self._last.get((source if self._exact else "", stream), 0)

    def new_alert(self, number: int, alert: Alert) -> bool:
        """Whether the store has not this alert, the `number`-th of the run."""
        if not self._exact:
            return number > self.ledger.alerts
        return self._news("alerts", [(alert.time, alert.title, alert.text)])[0]

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
        found = {kind: there.left for kind, there in self._others.items()}
        return {kind: count for kind, count in {"points": points, **found}.items() if count}

    def _news(self, kind: str, keys: Sequence[tuple[object, ...]]) -> list[bool]:
        if not keys:
            return []
        words = np.frombuffer(b"".join(map(_short, keys)), np.uint64)
        return [bool(new) for new in self._rows(kind).take(words)]

    def _rows(self, kind: str) -> Multiset:
        """All that the store has of a kind."""
        if kind not in self._others:
            path = self._folder / f"{kind}.hashes"
            with path.open("wb") as file:
                file.writelines(map(_short, _READERS[kind](self)))
            self._others[kind] = Multiset(path)
        return self._others[kind]

    def _data_there(self) -> Iterable[tuple[object, ...]]:
        for row in self._client.iter_data(self.project, self.number):
            type = str(row["type"])
            value = row["value"] if type == _TEXTS else canonical(row["value"])
            named = type if type == _TEXTS else type.upper()
            yield row["name"], named, float(row["step"]) + 0.0, int(row["time"]), value

    def _files_there(self) -> Iterable[tuple[object, ...]]:
        if self._exact:
            for row in self._client.iter_files(self.project, self.number):
                step, caption = float(row["step"]) + 0.0, row.get("caption") or ""
                yield row["logName"], step, caption, row["sha256"], row["sampleIndex"]
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


def _short(row: tuple[object, ...]) -> bytes:
    return row_hash(row)[:8]


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
