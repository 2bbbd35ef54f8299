"""Console lines, histograms, tables, texts, graphs, alerts and notes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pluto.core.wire import DATA_STREAM
from pluto.query import frames
from pluto.query.readable import Readable, data_in
from pluto.query.runs import Runs
from pluto.query.values import microseconds, whole

_PAGE: Final = 1000
_LINES: Final = 10_000
_TEXTS: Final = "string-series"


class Contents(Runs):
    """Reads of what is neither number nor file."""

    def get_logs(
        self, project: str, run_id: int | str, log_type: str | None = None, limit: int = 10000, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Up to `limit` console lines from `offset` on: `message`, `logType`, `time`, `lineNumber`, `step`.

        `log_type`: `info` (stdout), `error` (stderr), `warning`, `debug` or `print`. `iter_logs` gives all lines.
        """
        params = {
            "runId": self._id(project, run_id),
            "projectName": project,
            "limit": min(limit, _LINES),
            "offset": offset,
            "logType": None if log_type is None else log_type.upper(),
        }
        return [line for line in self._log_page(params) if data_in(line) is None]

    def iter_logs(self, project: str, run_id: int | str, log_type: str | None = None) -> Iterator[dict[str, Any]]:
        """Every console line, as `get_logs` gives them, page after page."""
        for line in self._all_lines(project, self._id(project, run_id), log_type):
            if data_in(line) is None:
                yield line

    def iter_lines(
        self, project: str, run_id: int | str, stream: str | None = None, source: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every console line: `source` (who printed it), `stream`, `line`, `time` (microseconds), `message`.

        Of one stream (`INFO`: stdout, `ERROR`: stderr), and of one source, where these are given. A stock server does
        not tell the source: there it is empty, and lines of every source are given.
        """
        number = self._id(project, run_id)
        if not self._connection.extended:
            for line in self.iter_logs(project, number, stream):
                yield {"source": "", "stream": line["logType"], "line": line["lineNumber"],
                       "time": microseconds(line["time"]), "message": line["message"]}  # fmt: skip
            return
        asked = {"stream": stream, "source": source, "limit": _LINES}
        offset = 0
        while True:
            page = self._connection.extension(f"/runs/{number}/lines", {**asked, "offset": offset}, fresh=not offset)
            yield from page["rows"]
            offset += len(page["rows"])
            if len(page["rows"]) < _LINES:
                return

    def _log_page(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        lines = self._connection.get("/api/runs/logs", params)["logs"]
        return [{**line, "lineNumber": whole(line["lineNumber"])} for line in lines]

    def _all_lines(self, project: str, run: int, log_type: str | None) -> Iterator[dict[str, Any]]:
        kind = None if log_type is None else log_type.upper()
        params = {"runId": run, "projectName": project, "limit": _LINES, "logType": kind}
        offset = 0
        while True:
            lines = self._log_page({**params, "offset": offset})
            yield from lines
            if len(lines) < _LINES:
                return
            offset += len(lines)

    def _readable_rows(self, project: str, run: int, readable: Readable) -> Iterator[dict[str, Any]]:
        """Texts and data that a stock server has as console lines, in the order they came."""
        return readable.rows(self._all_lines(project, run, DATA_STREAM))

    def iter_data(
        self, project: str, run_id: int | str, name: str | None = None, type: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every structured value, by name and step: `name`, `type`, `step`, `time` (microseconds) and `value`, decoded.

        `type` is `HISTOGRAM`, `TABLE`, `GRAPH` or `string-series`. A stock server has them only of runs that were
        written to be read there (docs/architecture.md).
        """
        if not self._connection.extended:
            yield from self._stock_data(project, run_id, name, type)
            return
        number = self._id(project, run_id)
        params = {"name": name, "type": type, "limit": _PAGE}
        cursor: str | None = None
        while True:
            page = self._connection.extension(
                f"/runs/{number}/data", {**params, "cursor": cursor}, fresh=cursor is None
            )
            for row in page["rows"]:
                value = row["body"] if row["type"] == _TEXTS else json.loads(row["body"])
                yield {**{key: row[key] for key in ("name", "type", "step", "time")}, "value": value}
            cursor = page.get("next")
            if cursor is None:
                return

    def _stock_data(
        self, project: str, run_id: int | str, name: str | None, type: str | None
    ) -> Iterator[dict[str, Any]]:
        run = self.get_run(project, run_id)
        names = {row["logName"]: row["logType"] for row in run.get("logNames", [])}
        readable = Readable(run.get("config") or {}, names)
        if not readable.notes:
            self._connection.demand("histograms, tables, graphs and texts", "see them in its web page")
        rows = [
            row
            for row in self._readable_rows(project, int(run["id"]), readable)
            if name in (None, row["name"]) and (type is None or type.lower() == row["type"].lower())
        ]
        for row in sorted(rows, key=lambda row: (row["name"], row["step"], row["time"])):
            value = row["body"] if row["type"] == _TEXTS else json.loads(row["body"])
            yield {**{key: row[key] for key in ("name", "type", "step", "time")}, "value": value}

    def get_histograms(self, project: str, run_id: int | str, name: str) -> list[dict[str, Any]]:
        """Every histogram logged under the name, by step; `value` has `freq` and `bins`."""
        return list(self.iter_data(project, run_id, name, "HISTOGRAM"))

    def get_tables(self, project: str, run_id: int | str, name: str) -> list[dict[str, Any]]:
        """Every table logged under the name, by step; `value` is a DataFrame, without pandas a list of rows (lists)."""
        rows = self.iter_data(project, run_id, name, "TABLE")
        return [{**row, "value": _table(row["value"])} for row in rows]

    def get_graphs(self, project: str, run_id: int | str, name: str) -> list[dict[str, Any]]:
        """Every graph logged under the name, by step; `value` has `nodes` and `edges`."""
        return list(self.iter_data(project, run_id, name, "GRAPH"))

    def get_texts(self, project: str, run_id: int | str, name: str | None = None) -> Any:
        """The texts of a name, or all: a DataFrame, or a list of dicts, with `name`, `step`, `time`, `value`."""
        columns = ["name", "step", "time", "value"]
        rows = [{column: row[column] for column in columns} for row in self.iter_data(project, run_id, name, _TEXTS)]
        return frames.frame_or_list(rows, columns)

    def get_model_graph(self, project: str, run_id: int | str) -> dict[str, Any] | None:
        """The graph of the watched model (`format`, `nodes`), or None. Needs Pluto's own server."""
        return self._extra(project, run_id, "graph")  # type: ignore[no-any-return]

    def get_alerts(self, project: str, run_id: int | str) -> list[dict[str, Any]]:
        """The run's alerts: `time` (microseconds), `level`, `title`, `body`, `url`. Needs Pluto's own server."""
        return list(self._extra(project, run_id, "alerts"))

    def get_notes(self, project: str, run_id: int | str) -> str | None:
        """The run's notes. Needs Pluto's own server."""
        return self._extra(project, run_id, "notes")  # type: ignore[no-any-return]

    def _extra(self, project: str, run_id: int | str, what: str) -> Any:
        self._connection.demand({"graph": "model graphs"}.get(what, what), "see it in its web page")
        return self._connection.extension(f"/runs/{self._id(project, run_id)}/{what}")[what]


def _table(value: dict[str, Any]) -> Any:
    try:
        pd = frames.pandas("a table")
    except ImportError:
        return value["table"]
    columns = [column["name"] for column in value["col"]] if value.get("col") else None
    index = [row["name"] for row in value["row"]] if value.get("row") else None
    return pd.DataFrame(value["table"], columns=columns, index=index)
