"""What became of a run, as its deliverer writes it down. Only read here."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

_logger = logging.getLogger("pluto")


class Refusal(msgspec.Struct, frozen=True):
    """Why the server has no run for this writer."""

    reason: str
    """`exists`, `missing`, `ambiguous`, `invalid` or `unauthorized`."""
    message: str = ""


class RunFacts(msgspec.Struct, frozen=True, rename="camel"):
    """The server's answer to START."""

    run_id: int | None = None
    display_id: str | None = None
    url: str | None = None
    project_name: str | None = None
    organization_slug: str | None = None
    resumed: bool = False
    last_step: float | None = None
    forked_from_run_id: int | None = None
    fork_step: float | None = None
    number: int | None = None


class WriterFacts(msgspec.Struct, frozen=True):
    """How far one writer's journal is delivered."""

    lines: int = 0
    files: int = 0
    rejected: int = 0
    changed: list[str] = []
    lost: int = 0
    repeated: int = 0
    """Records that a stock server may have stored twice."""
    done: bool = False
    refused: Refusal | None = None
    resumed: bool = False
    """Whether the run was there before this writer came."""
    last_step: float | None = None
    """The run's last step when this writer came."""


class Receipt(msgspec.Struct, frozen=True):
    """One receipt file."""

    run: RunFacts | None = None
    refused: Refusal | None = None
    status: str = ""
    cancelled: bool = False
    problem: str | None = None
    writers: dict[str, WriterFacts] = {}
    finished: bool = False


_decoder = msgspec.json.Decoder(Receipt)


class Receipts:
    """The receipt of one run as one of its writers reads it; the file is only parsed when it has changed.

    A writer that is not `primary` hears what the first one heard of the run, so that all ranks of a job hear the same.
    """

    def __init__(self, sync: Path, run_key: str, writer: str, *, primary: bool = True) -> None:
        self._primary = primary
        self.path = sync / "receipts" / f"{run_key}.json"
        self.writer = writer
        self._seen: tuple[int, int, int] | None = None
        self._last = Receipt()

    def read(self) -> Receipt:
        """The receipt as it is now; an empty one when there is none."""
        try:
            facts = os.stat(self.path)
            seen = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if seen != self._seen:
                self._last = _decoder.decode(self.path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._last = Receipt()
        except (OSError, msgspec.DecodeError) as error:
            _logger.debug("receipt %s: %s", self.path, error)
        return self._last

    def mine(self) -> WriterFacts:
        """How far this writer's journal is delivered."""
        return self.read().writers.get(self.writer, WriterFacts())

    def answer(self) -> tuple[RunFacts | None, Refusal | None]:
        """What the server said to this writer's START; (None, None) while it has not."""
        receipt = self.read()
        mine = receipt.writers.get(self.writer)
        if mine is None:
            return None, None
        refusal = mine.refused or (receipt.refused if receipt.run is None else None)
        if refusal or receipt.run is None:
            return None, refusal
        resumed = mine.resumed if self._primary else receipt.run.resumed
        return msgspec.structs.replace(receipt.run, resumed=resumed, last_step=mine.last_step), None

    def delivered(self, seq: int) -> bool:
        """Whether everything up to a sequence number has been delivered, or refused for good."""
        mine = self.mine()
        return mine.done or min(mine.lines, mine.files) >= seq
