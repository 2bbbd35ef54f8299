"""Console output as it was printed, in fragments, made lines of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pluto_migration.model import Console, Stream

_LINES: Final = 1_000
_CHARS: Final = 1 << 18
"""So many lines, or characters, make an item."""
_LONGEST: Final = 1 << 16
"""A line that has no end after so many characters ends there."""


class Lines:
    """The lines of one stream of one source. A line counts for the moment when its end was printed.

    What a carriage return let be overwritten is left out, as on a terminal.
    """

    def __init__(self, stream: Stream, source: str = "") -> None:
        self._stream = stream
        self._source = source
        self._rest = ""
        self._time = 0
        self._times: list[int] = []
        self._lines: list[str] = []
        self._chars = 0

    def add(self, text: str, time: int) -> Iterator[Console]:
        """Goes on with what was printed next; gives the lines once there are many."""
        *whole, rest = (self._rest + text).split("\n")
        for line in whole:
            self._keep(line, time)
        if "\r" in rest:
            rest = _shown(rest) + ("\r" if rest.endswith("\r") else "")
        while len(rest) > _LONGEST:
            self._keep(rest[:_LONGEST], time)
            rest = rest[_LONGEST:]
        self._rest, self._time = rest, time
        if len(self._lines) >= _LINES or self._chars >= _CHARS:
            yield from self._drain()

    def end(self) -> Iterator[Console]:
        """What is left, a line without an end included."""
        if self._rest:
            self._keep(self._rest, self._time)
            self._rest = ""
        yield from self._drain()

    def _keep(self, line: str, time: int) -> None:
        shown = _shown(line)
        self._lines.append(shown)
        self._times.append(time)
        self._chars += len(shown)

    def _drain(self) -> Iterator[Console]:
        if self._lines:
            times, lines = self._times, self._lines
            self._times, self._lines, self._chars = [], [], 0
            yield Console(self._stream, times, lines, self._source)


def _shown(line: str) -> str:
    """What a terminal shows of a line in the end."""
    return line if "\r" not in line else next((state for state in reversed(line.split("\r")) if state), "")
