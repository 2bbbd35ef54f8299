"""Regular expressions of filters: texts of strangers, so they get a second of a query and no more."""

from __future__ import annotations

import time
from typing import Final

LIMIT_S: Final = 1.0
"""How long the regular expressions of one query may take together."""
MAX_PATTERN: Final = 500
_RECURSION: Final = ("(?R", "(?&", "(?P>", *(f"(?{digit}" for digit in range(10)))
"""Patterns within themselves, which take memory faster than time."""


def problem_of(pattern: str) -> str | None:
    """What is wrong with a regular expression, None for one that can be run."""
    # Loaded by the first filter that has one.
    import regex

    if len(pattern) > MAX_PATTERN:
        return f"A regular expression may have {MAX_PATTERN} characters"
    if any(sign in pattern for sign in _RECURSION):
        return "Invalid regular expression: it may not contain itself"
    try:
        regex.compile(pattern)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        return f"Invalid regular expression: {error}"
    return None


class Matcher:
    """The SQL function `regexp` of one connection.

    `regex` and not `re`, since it can be told when to give up: `(x+x+)+y` on a few dozen x takes `re` years, and the
    event loop with it.
    """

    def __init__(self) -> None:
        self.problem: str | None = None
        self._left_s = LIMIT_S

    def begin(self) -> None:
        """A transaction begins, with time of its own."""
        self.problem, self._left_s = None, LIMIT_S

    def __call__(self, pattern: str, text: str | None) -> bool:
        """Whether the pattern is found in the text. Raises `TimeoutError`, and says so in `problem`."""
        import regex

        if text is None:
            return False
        began = time.perf_counter()
        try:
            return regex.search(pattern, text, timeout=max(self._left_s, 0.001)) is not None
        except (TimeoutError, MemoryError, RecursionError):
            self.problem = f"The filter's regular expressions take longer than {LIMIT_S:g} s: simplify them"
            raise
        finally:
            self._left_s -= time.perf_counter() - began
