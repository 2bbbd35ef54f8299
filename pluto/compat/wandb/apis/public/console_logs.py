"""What a run that is read has printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.paginator import Paginator
from pluto.compat.wandb.apis.reading.facts import read_moment

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.run.content import RunContent


@dataclass(frozen=True)
class ConsoleLogLine:
    """A line: its number from 0, when it was printed (UTC), `error` or nothing, and its text."""

    number: int
    timestamp: datetime | None
    level: str
    label: str
    content: str


class ConsoleLogs(Paginator[ConsoleLogLine]):
    """The lines, oldest first; with `last` so many of the newest."""

    def __init__(self, service_api: Any, run: RunContent, per_page: int = 1000, last: int | None = None) -> None:
        if last is not None and last < 1:
            raise ValueError(f"last is at least 1, not {last}")
        self.run = run
        self._last = last
        super().__init__(service_api, {}, per_page)

    def _source(self) -> Iterator[ConsoleLogLine]:
        record = self.run._record
        lines = enumerate(record.client.iter_logs(record.place, record.number))
        chosen = lines if self._last is None else deque(lines, self._last)
        return (_line(number, line) for number, line in chosen)


def _line(number: int, line: Mapping[str, Any]) -> ConsoleLogLine:
    try:
        when = read_moment(str(line["time"]))
    except ValueError:
        when = None
    level = "error" if str(line["logType"]).upper() == "ERROR" else ""
    return ConsoleLogLine(number, when, level, "", line["message"])
