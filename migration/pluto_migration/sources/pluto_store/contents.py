"""What a run of a Pluto store or server logged, as items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, cast

from pluto.query import Client, QueryError
from pluto.query.files import safe_name
from pluto.query.readable import FILE_TYPES, Readable
from pluto.query.values import microseconds, whole
from pluto_migration.model import (
    POINTS_AT_ONCE,
    Alert,
    Console,
    Data,
    File,
    Item,
    MediaType,
    ModelGraph,
    Points,
    Stream,
    Texts,
)
from pluto_migration.source import Problems
from pluto_migration.sources.pluto_store.place import Place

_TEXTS: Final = "string-series"
_TEXTS_AT_ONCE: Final = 1 << 20
"""Characters of the texts, or of the console lines, of one item."""
_ROWS_AT_ONCE: Final = 4_096
_SMALL: Final = 64 << 10
"""Bytes of a file that is kept in memory on its way from a server."""
_STREAMS: Final[dict[str, Stream]] = {"INFO": "stdout", "ERROR": "stderr"}
_MASK: Final = "mask"


class Contents:
    """Of one run, given as `get_run` tells of it. A stock server keeps less, and under other names."""

    def __init__(
        self, place: Place, client: Client, details: Mapping[str, Any], scratch: Path, problems: Problems
    ) -> None:
        self._place = place
        self._client = client
        self._project = str(details["projectName"])
        self._number = int(details["id"])
        self._scratch = scratch
        self._problems = problems
        self._fetched = 0
        self._readable: Readable | None = None
        if client.has_artifacts:
            self._names = client.get_names(self._project, self._number)
        else:
            there = {row["logName"]: row["logType"] for row in details.get("logNames") or ()}
            self._readable = Readable(details.get("config") or {}, there)
            self._names = self._readable.names()

    def items(self) -> Iterator[Item]:
        """All of it: numbers, texts and data, files, console, and what stands beside."""
        for name, kind in sorted(self._names.items()):
            if kind == "METRIC":
                yield from self._points(name)
        yield from self._data()
        yield from self._files()
        yield from self._console()
        yield from self._beside()

    def lack(self, what: str) -> None:
        """Notes something that a stock server does not give."""
        self._problems.note(self._place.label, f"a stock server does not give {what} with an API key")

    def _points(self, name: str) -> Iterator[Item]:
        readable = self._readable
        sent, order = (name, "logged") if readable is None else (readable.sent(name), "step")
        for page in self._client.iter_points(
            self._project, self._number, sent, order=cast(Literal["step", "logged"], order)
        ):
            for start in range(0, len(page), POINTS_AT_ONCE):
                part = slice(start, start + POINTS_AT_ONCE)
                yield Points(name, page.steps[part], page.times[part], page.values[part])

    def _data(self) -> Iterator[Item]:
        name, rows, length = "", list[tuple[float, int, str]](), 0
        try:
            for row in self._client.iter_data(self._project, self._number):
                if rows and (row["name"] != name or length > _TEXTS_AT_ONCE or len(rows) >= _ROWS_AT_ONCE):
                    yield _texts(name, rows)
                    rows, length = [], 0
                step, time = float(whole(row["step"])), int(row["time"])
                if row["type"] == _TEXTS:
                    name = row["name"]
                    rows.append((step, time, row["value"]))
                    length += len(row["value"])
                else:
                    yield Data(row["name"], row["type"], step, time, row["value"])
        except QueryError as error:
            if self._readable is None or self._readable.notes or error.status_code is not None:
                raise
            self.lack("texts, histograms, tables and graphs")
        if rows:
            yield _texts(name, rows)

    def _files(self) -> Iterator[Item]:
        for row in self._listed():
            content = self._content(row)
            if content is not None:
                yield File(
                    name=row["logName"],
                    type=cast(MediaType, row.get("type") or self._names.get(row["logName"], "FILE")),
                    content=content,
                    file_name=row["fileName"],
                    step=float(whole(row["step"])),
                    time=row["at"] if "at" in row else _time(row["time"]),
                    index=int(whole(row.get("sampleIndex") or 0)),
                    caption=row.get("caption"),
                    annotations=_object(row.get("annotations")),
                    mask=row["fileType"] == _MASK,
                    metadata=_object(row.get("metadata")),
                )

    def _listed(self) -> Iterator[dict[str, Any]]:
        if self._readable is None:
            yield from self._client.iter_files(self._project, self._number)
            return
        for name, kind in self._names.items():
            if kind not in FILE_TYPES:
                continue
            removed: list[str] = []
            rows: list[dict[str, Any]] = []
            for sent in self._readable.sent_files(name):
                for row in self._client.iter_files(self._project, self._number, sent):
                    found = self._readable.unpacked(row, name)
                    gone = found.pop("removed", None)
                    if gone:
                        removed += gone if isinstance(gone, list) else [gone]
                    else:
                        rows.append(found)
            if removed:
                self._problems.note(name, "files taken out of the set came over, too: a stock server keeps them")
            yield from rows

    def _content(self, row: Mapping[str, Any]) -> Path | bytes | None:
        here = self._place.blob(row.get("sha256"))
        if here is not None:
            return here
        try:
            if int(whole(row["fileSize"])) <= _SMALL:
                return self._client.read_file(row)
            target = (
                self._scratch / "files" / f"{len(list(self._scratch.glob('files/*')))}-{safe_name(row['fileName'])}"
            )
            self._client.fetch_file(row, target)
        except QueryError as error:
            self._problems.note(f"{row['logName']} at step {row['step']}", f"{row['fileName']}: {error}")
            return None
        return target

    def _console(self) -> Iterator[Item]:
        blocks: dict[tuple[str, str], tuple[list[int], list[str]]] = {}
        length = 0
        for line in self._client.iter_lines(self._project, self._number):
            times, lines = blocks.setdefault((line["source"], line["stream"]), ([], []))
            times.append(line["time"])
            lines.append(line["message"])
            length += len(line["message"]) + 1
            if length > _TEXTS_AT_ONCE or len(lines) >= _ROWS_AT_ONCE:
                yield from self._blocks(blocks)
                blocks, length = {}, 0
        yield from self._blocks(blocks)

    def _blocks(self, blocks: Mapping[tuple[str, str], tuple[list[int], list[str]]]) -> Iterator[Item]:
        for (source, stream), (times, lines) in blocks.items():
            if stream not in _STREAMS:
                self._problems.note("console", f"lines of type {stream} came over as lines of stdout")
            yield Console(_STREAMS.get(stream, "stdout"), times, lines, source)

    def _beside(self) -> Iterator[Item]:
        if self._readable is not None:
            self.lack("alerts and model graphs")
            self.lack("artifacts")
            return
        graph = self._client.get_model_graph(self._project, self._number)
        if graph is not None:
            yield ModelGraph(graph)
        for alert in self._client.get_alerts(self._project, self._number):
            yield Alert(alert["time"], alert["title"], alert["body"], alert["level"], alert["url"])


def _texts(name: str, rows: list[tuple[float, int, str]]) -> Texts:
    steps, times, values = zip(*rows, strict=True)
    return Texts(name, steps, times, values)


def _time(value: Any) -> int:
    return value if isinstance(value, int) else microseconds(value)


def _object(text: Any) -> dict[str, Any] | None:
    """The object in a column of JSON; other JSON is none of ours."""
    if not text:
        return None
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
