"""What is wrong with a query."""

from __future__ import annotations


class QuerySyntaxError(ValueError):
    """A text that is no query. Says what was expected, and where (characters from 1)."""

    def __init__(self, problem: str, position: int | None = None) -> None:
        super().__init__(problem if position is None else f"{problem} at character {position + 1}")
