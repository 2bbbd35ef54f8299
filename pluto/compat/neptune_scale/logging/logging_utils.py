"""Lines of text as points of a string series."""

from __future__ import annotations

from collections.abc import Iterator

_STEPS_PER_WHOLE = 1_000_000


class StepTracker:
    """Counts steps by millionths: lines between two steps of a training keep their order."""

    def __init__(self, initial_step: float | int) -> None:
        self._count = int(round(initial_step * _STEPS_PER_WHOLE, 6)) + 1

    @property
    def value(self) -> float:
        """The step of the next line."""
        return self._count / _STEPS_PER_WHOLE

    def increment(self) -> float:
        """Goes to the step after that."""
        self._count += 1
        return self.value


def lines(text: str, max_bytes: int) -> Iterator[str]:
    """The lines of a text as a terminal shows them: what a carriage return has overwritten is gone, empty ones too.

    Longer ones come in parts of at most `max_bytes` of UTF-8.
    """
    for line in text.split("\n"):
        yield from parts(line.rpartition("\r")[2], max_bytes)


def parts(line: str, max_bytes: int) -> Iterator[str]:
    """The line in parts of at most `max_bytes` of UTF-8, which never cut a character."""
    data = line.encode("utf-8", "replace")
    start = 0
    while start < len(data):
        end = min(start + max_bytes, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end].decode("utf-8", "replace")
        start = end
