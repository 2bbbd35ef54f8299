"""What a run printed: line by line with times and streams where the service tells, else the file it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Console, Stream
from pluto_migration.sources.wandb_live.patience import Patience, Refused
from pluto_migration.sources.wandb_live.spool import Spool
from pluto_migration.sources.wandb_live.times import microseconds, stamped
from pluto_migration.sources.wandb_local.console import Screen

LOG: Final = "output.log"
_NAME: Final = "console"
_AT_ONCE: Final = 10_000
_PAGE: Final = 1000

Line = tuple[Stream, str, int, str]
"""Stream, who printed it, when, and what."""


def fetch(run: Any, spool: Spool, patience: Patience) -> None:
    """Keeps the lines in the spool; none where the service does not give them one by one. Raises `Unreachable`."""
    if spool.has_lines(_NAME):
        return
    try:
        spool.keep_lines(_NAME, _asked(run, patience) if hasattr(run, "console_logs") else ())
    except Refused:
        spool.keep_lines(_NAME, ())


def items(spool: Spool, log: Path | None, began: int) -> Iterator[Console]:
    """The lines, in order. `log`: the file that the service keeps; `began`: the time of lines that have none."""
    lines = (
        ("stderr" if level == "error" else "stdout", label, time, text)
        for level, label, time, text in spool.lines(_NAME)
    )
    empty = True
    for item in _gathered(lines, began):
        empty = False
        yield item
    if empty and log is not None:
        yield from _of_file(log, began)


def _of_file(log: Path, began: int) -> Iterator[Console]:
    screen, time = Screen("stdout"), began
    with log.open(encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        for line in file:
            said, text = stamped(line)
            time = said or time
            yield from screen.write(text.replace("\r\n", "\n"), time)
    yield from screen.end()


def _asked(run: Any, patience: Patience) -> Iterator[list[Any]]:
    pages = run.console_logs(per_page=_PAGE)
    at = 0
    while True:
        line = patience("the console", lambda: _at(pages, at))  # noqa: B023
        if line is None:
            return
        yield [line.level, line.label, microseconds(line.timestamp), line.content]
        at += 1
        if at == len(pages.objects):
            # What was read is not needed again, and a log may be long.
            del pages.objects[:]
            at = 0


def _at(pages: Any, at: int) -> Any:
    try:
        return pages[at]
    except IndexError:
        return None


def _gathered(lines: Iterator[Any], began: int) -> Iterator[Console]:
    """Consecutive lines of one stream and one writer together."""
    held: tuple[Stream, str, list[int], list[str]] | None = None
    last = began
    for stream, label, time, text in lines:
        last = last if time is None else time
        if held is not None and (held[:2] != (stream, label) or len(held[2]) >= _AT_ONCE):
            yield Console(held[0], held[2], held[3], held[1])
            held = None
        if held is None:
            held = (stream, label, [], [])
        held[2].append(last)
        held[3].append(text)
    if held is not None:
        yield Console(held[0], held[2], held[3], held[1])
