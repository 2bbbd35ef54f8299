"""How records travel to a server: what the dialect of Pluto's own server and the stock one have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pluto.core.client import Client
from pluto.core.journal import Row
from pluto.core.receipt import RunFacts
from pluto.core.uploader.writer import Writer
from pluto.core.wire import Tops
from pluto.protocol import records


@dataclass(slots=True)
class Place:
    """The run that records go to."""

    run: RunFacts
    status: str = "RUNNING"
    """As the server last gave it."""

    metadata: str | None = None
    """System metadata that joined the run's creation."""
    name: str | None = None
    """Name that did."""
    tops: Tops = field(default_factory=dict)
    """Stock server: what the run's metrics have used of steps, by all writers here."""
    registered: set[str] = field(default_factory=set)
    """Stock server: log names that were registered."""
    notes: object = None
    """Stock server: the `readable.Notes` of a run that has some, once known."""

    @property
    def id(self) -> int:
        """The run's number."""
        return self.run.run_id or 0

    @property
    def project(self) -> str:
        """The run's project, which need not be the writer's."""
        return self.run.project_name or ""


@dataclass(frozen=True, slots=True)
class Ready:
    """A record of the lane of files as the files it has become."""

    row: Row
    record: records.Media | records.Forget
    """A FORGET has no files: it keeps its place among those that have."""
    files: list[Sending]


@dataclass(frozen=True, slots=True)
class Sending:
    """A file on its way."""

    path: Path
    """Where its bytes are."""
    file_name: str
    file_type: str
    mime: str
    caption: str | None
    annotations: str | None
    metadata: str | None
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """A file of an artifact on its way."""

    path: str
    """Within the artifact."""
    source: Path
    """Where its bytes are."""
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """An artifact with the files that go before it."""

    row: Row
    record: records.Artifact
    """As it is sent: its files by their hashes."""
    parts: list[Part]


class Dialect(Protocol):
    """Sends records, and tells the writer what has become of them. Raises `ClientError` for what may work later."""

    extended: bool
    """Whether this is Pluto's own server."""
    lines_at_once: int
    files_at_once: int

    def lines(self, client: Client, place: Place, writer: Writer, rows: list[Row]) -> None:
        """Sends rows of the lane of lines, in order."""

    def files(self, client: Client, place: Place, writer: Writer, ready: list[Ready]) -> None:
        """Sends records of the lane of files, in order."""

    def artifact(self, client: Client, place: Place, writer: Writer, parcel: Parcel, out: Path) -> None:
        """Sends an artifact; what has to be written for it goes into `out`."""
