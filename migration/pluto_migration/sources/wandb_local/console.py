"""What a run printed, as a terminal would have shown it: lines, of writes with carriage returns and cursor escapes."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from pluto_migration.model import Console, Stream

_HEIGHT: Final = 64
"""Lines above the last one that a cursor can go back to."""
_WIDEST: Final = 1 << 16
"""A line that has no end after so many characters ends there."""
_LINES: Final = 1_000
_CHARS: Final = 1 << 18
"""So many lines, or characters, make an item."""

_PIECES: Final = re.compile(r"\n|\r|\x08|\x1b\[([0-9;?]*)([A-Za-z])|\x1b[^\[]|[^\n\r\x08\x1b]+|\x1b")


class Screen:
    """The last lines of one stream. Colours stay in the text; what moves the cursor, or clears, is done.

    A line counts for the moment when it was last written to.
    """

    def __init__(self, stream: Stream, source: str = "") -> None:
        self._stream = stream
        self._source = source
        self._shown: deque[list[str]] = deque([[]])
        """Characters, each with the colours before it."""
        self._touched: deque[int] = deque([0])
        self._row = self._column = 0
        self._times: list[int] = []
        self._lines: list[str] = []
        self._chars = 0
        self._colour = ""

    def write(self, text: str, time: int) -> Iterator[Console]:
        """Goes on with what was printed next; gives lines that can't change any more, once there are many."""
        if "\x1b" not in text and "\r" not in text and "\x08" not in text and self._plain(text, time):
            pass
        else:
            for piece in _PIECES.finditer(text):
                self._do(piece, time)
        if len(self._lines) >= _LINES or self._chars >= _CHARS:
            yield from self._drain()

    def end(self) -> Iterator[Console]:
        """What is left, a line without an end included."""
        while len(self._shown) > 1:
            self._scroll()
        if self._shown[0]:
            self._scroll()
            self._shown.append([])
            self._touched.append(0)
        self._row = self._column = 0
        yield from self._drain()

    def _plain(self, text: str, time: int) -> bool:
        """Writes at the end of the last line, as nearly all is."""
        line = self._shown[self._row]
        if self._row != len(self._shown) - 1 or self._column != len(line):
            return False
        for index, part in enumerate(text.split("\n")):
            if index:
                self._newline(time)
            if part:
                self._put(part, time)
        return True

    def _do(self, piece: re.Match[str], time: int) -> None:
        text = piece[0]
        if text == "\n":
            self._newline(time)
        elif text == "\r":
            self._column = 0
        elif text == "\x08":
            self._column = max(0, self._column - 1)
        elif text[0] != "\x1b":
            self._put(text, time)
        elif piece[2] is not None:
            self._escape(piece[1], piece[2], time)

    def _escape(self, numbers: str, letter: str, time: int) -> None:
        first = numbers.split(";")[0]
        count = int(first[:4]) if first.isdigit() else 1
        if letter == "m":
            self._colour += f"\x1b[{numbers}m"
        elif letter in "AF":
            self._row = max(0, self._row - count)
        elif letter in "BE":
            self._row = min(len(self._shown) - 1, self._row + count)
        elif letter == "C":
            self._column = min(_WIDEST, self._column + count)
        elif letter == "D":
            self._column = max(0, self._column - count)
        elif letter == "G":
            self._column = min(_WIDEST, max(0, count - 1))
        elif letter == "K":
            line = self._shown[self._row]
            if not first or first == "0":
                del line[self._column :]
            elif first == "1":
                line[: self._column] = [" "] * min(self._column, len(line))
            else:
                line.clear()
            self._touched[self._row] = time
        elif letter == "J" and (not first or first == "0"):
            del self._shown[self._row][self._column :]
            while len(self._shown) > self._row + 1:
                self._shown.pop()
                self._touched.pop()
        if letter in "EF":
            self._column = 0

    def _put(self, text: str, time: int) -> None:
        line = self._shown[self._row]
        if self._column > len(line):
            line.extend(" " * (self._column - len(line)))
        line[self._column : self._column + len(text)] = [self._colour + text[0], *text[1:]]
        self._colour = ""
        self._column += len(text)
        self._touched[self._row] = time
        if self._column >= _WIDEST:
            self._newline(time)

    def _newline(self, time: int) -> None:
        if self._colour:
            self._shown[self._row].append(self._colour)
            self._colour = ""
        self._column = 0
        self._row += 1
        if self._row == len(self._shown):
            self._shown.append([])
            self._touched.append(time)
            if not self._touched[self._row - 1]:
                self._touched[self._row - 1] = time
            if len(self._shown) > _HEIGHT:
                self._scroll()
                self._row -= 1

    def _scroll(self) -> None:
        line = "".join(self._shown.popleft())
        self._lines.append(line)
        self._times.append(self._touched.popleft())
        self._chars += len(line)

    def _drain(self) -> Iterator[Console]:
        if self._lines:
            times, lines = self._times, self._lines
            self._times, self._lines, self._chars = [], [], 0
            yield Console(self._stream, times, lines, self._source)
