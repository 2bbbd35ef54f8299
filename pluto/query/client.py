"""The client for reading."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.query.addresses import Addresses
from pluto.query.artifacts import Artifacts
from pluto.query.connection import Connection
from pluto.query.edits import Edits
from pluto.query.overviews import Overviews
from pluto.query.projects import Projects

if TYPE_CHECKING:
    from typing_extensions import Self

    from pluto.core.settings import Settings


class Client(Overviews, Projects, Artifacts, Edits, Addresses):
    """Reads from the local store, or from a server where a key, a host or an address is set.

    `api_token` and `host` come before the settings; `timeout` is in seconds, for one request. Use it as a context
    manager or call `close`. A run is named by the server's number (int), its display id or its external id.
    """

    def __init__(
        self,
        api_token: str | None = None,
        host: str | None = None,
        timeout: int = 30,
        *,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> None:
        self._connection = Connection(settings, timeout, api_key=api_token, host=host)

    @property
    def root(self) -> Path:
        """The folder of everything Pluto keeps on this machine."""
        return self._connection.settings.root

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.close()
