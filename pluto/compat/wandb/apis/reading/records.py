"""Runs of a project as they are looked through: summary and notes are fetched when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.reading.facts import attrs_of

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.lib.stored import Stored
    from pluto.query import Client


class Record:
    """One run. `place` is its project in the store."""

    def __init__(self, client: Client, place: str, row: Mapping[str, Any]) -> None:
        """`row`: the run as a list gives it, or as `Client.get_run` does."""
        self.client = client
        self.place = place
        self.row = row
        if "config" in row:
            self.details = dict(row)

    @property
    def number(self) -> int:
        """The store's number of the run."""
        return int(self.row["id"])

    @cached_property
    def details(self) -> dict[str, Any]:
        """The run as `Client.get_run` gives it."""
        return self.client.get_run(self.place, self.number)

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """What an Api's run knows of itself."""
        return attrs_of(self.details)

    @cached_property
    def stored(self) -> Stored:
        """Its summary, and where its last row is."""
        from pluto.compat.wandb.sdk.lib.stored import summary_of

        return summary_of(self.client, self.place, self.details)

    @cached_property
    def notes(self) -> str | None:
        """Its notes; None on a stock server, which does not tell."""
        from pluto.query import QueryError

        try:
            return self.client.get_notes(self.place, self.number)
        except QueryError as error:
            if error.status_code is not None:
                raise
            return None

    def reload(self) -> None:
        """Forgets what was fetched."""
        self.row = {"id": self.number}
        for name in ("details", "attrs", "stored", "notes"):
            self.__dict__.pop(name, None)


def iter_records(client: Client, place: str, filters: dict[str, Any] | None) -> Iterator[Record]:
    """The runs of a project that the store finds by a filter of its own, the oldest first."""
    for row in client.iter_runs(place, sort="+createdAt", filters=filters or None, details=True):
        yield Record(client, place, row)
