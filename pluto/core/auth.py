"""Keys."""

from __future__ import annotations
from pathlib import Path
from typing import NamedTuple


class Login(NamedTuple):
    """A server and its key, as `login` keeps them."""

    app: str
    api: str
    ingest: str
    py: str
    key: str


def stored_key(root: Path, api: str) -> str | None:
    """The kept key of a server."""
    return None


def last_login(root: Path) -> Login | None:
    """The server of the last `login`."""
    return None
