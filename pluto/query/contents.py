"""Console lines, histograms, tables, texts, graphs, alerts and notes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pluto.query import frames
from pluto.query.runs import Runs
from pluto.query.values import whole

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
        lines = self._connection.get("/api/runs/logs", params)["logs"]
        return [{**line, "lineNumber": whole(line["lineNumber"])} for line in lines]

    def iter_logs(self, project: str, run_id: int | str, log_type: str | None = None) -> Iterator[dict[str, Any]]:
        """Every console line, as `get_logs` gives them, page after page."""
        number = self._id(project, run_id)
        offset = 0
        while True:
            lines = self.get_logs(project, number, log_type, _LINES, offset)
            yield from lines
            if len(lines) < _LINES:
                return
            offset += len(lines)

    def iter_data(
        self, project: str, run_id: int | str, name: str | None = None, type: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every structured value, by name and step: `name`, `type`, `step`, `time` (microseconds) and `value`, decoded.

        `type` is `HISTOGRAM`, `TABLE`, `GRAPH` or `string-series`. Needs Pluto's own server.
        """
        self._connection.demand("histograms, tables, graphs and texts", "see them in its web page")
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
