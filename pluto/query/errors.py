"""What goes wrong when reading."""

from __future__ import annotations


class QueryError(Exception):
    """A read that failed, and what the server said. `status_code` is its HTTP status, None if it did not answer."""

    def __init__(self, message: str, status_code: int | None = None) -> None:
        self.status_code = status_code
        super().__init__(message)
