"""Delivery of journals while others are still made: the engine's own deliverer, on a thread."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto_migration.report import Noted

if TYPE_CHECKING:
    from pluto.core.receipt import Receipt
    from pluto.core.uploader.loop import Loop

PATIENCE_S: Final = 30.0
"""How long a server may not answer before the runs for it are left for another time."""
_LOOK_S: Final = 0.02
_SOON_S: Final = 0.005


@dataclass(slots=True)
class Arrival:
    """What became of a journal."""

    key: str
    writer: str
    refused: str | None = None
    """`exists`, `missing`, `ambiguous`, `invalid` or `unauthorized`."""
    problem: str | None = None
    """Why it is not delivered."""
    number: int | None = None
    url: str | None = None
    forked: bool = False
    problems: list[Noted] = field(default_factory=list)
    """What of it the server did not take."""


class Deliverer:
    """Delivers the journals it is told of, and says from its thread what became of each.

    Runs are begun in the order they are told of, so that their numbers follow it; a few of them are on their way at a
    time.
    `tell` is given an `Arrival`, or the exception that has ended the delivery. `close` leaves on disk what is not done.
    """

    def __init__(
        self, sync: Path, tell: Callable[[Arrival | BaseException], None], *, patience_s: float = PATIENCE_S
    ) -> None:
        self._sync = sync
        self._tell = tell
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[str, bool]] = {}
        """Run folders to be delivered, each with the writer that is waited for, and whether it is `in_turn`."""
        self._active: set[str] = set()
        """Those the engine's deliverer may see."""
        self._taken: set[str] = set()
        """Those of them that were seen to be delivered here."""
        self._troubled: dict[str, float] = {}
        """Since when another process has been in trouble with them."""
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pluto-migration", daemon=True)
        self._thread.start()

    def add(self, key: str, writer: str, *, in_turn: bool = False) -> None:
        """Takes a run folder on; `writer` is the one whose end is waited for.

        `in_turn`: not before the ones before it that are `in_turn` are through. Versions of artifacts get their numbers
        when they come.
        """
        with self._lock:
            self._taken.discard(key)
            self._waiting[key] = (writer, in_turn)

    def close(self) -> None:
        """Ends it."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        from pluto.core.uploader.loop import Loop

        loop = Loop(self._sync, foreground=True, only=self._active)
        pause = _LOOK_S
        try:
            while not self._stopped.wait(pause):
                self._settle(loop)
                pause = _SOON_S if self._activate(loop) else _LOOK_S
                loop.scan()
                loop.wake()
        except Exception as error:  # noqa: BLE001 (whatever it is, who waits has to hear of it)
            self._tell(error)
        finally:
            loop.close()

    def _settle(self, loop: Loop) -> None:
        with self._lock:
            waiting = list(self._waiting.items())
        for key, (writer, _) in waiting:
            problem = self._problem(loop, key)
            if problem is None:
                continue
            arrival = arrival_of(self._sync, key, writer)
            arrival.problem = problem or arrival.problem
            with self._lock:
                self._waiting.pop(key, None)
            self._tell(arrival)

    def _activate(self, loop: Loop) -> bool:
        """Lets the next run begin, if the one before it has. Whether there are more."""
        with self._lock:
            waiting = list(self._waiting.items())
        one_in_turn = False
        for key, (_, in_turn) in waiting:
            if key in self._active:
                delivery = loop.deliveries.get(key)
                if delivery is None or delivery.place is None:
                    break
                one_in_turn |= in_turn
            elif in_turn and one_in_turn:
                break
            else:
                self._active.add(key)
                break
        return not self._active.issuperset(key for key, _ in waiting)

    def _problem(self, loop: Loop, key: str) -> str | None:
        """None while a run is on its way; why it is given up, or nothing once it is through."""
        from pluto.core.leftovers import held
        from pluto.core.uploader.loop import has_work

        folder = self._sync / "runs" / key
        delivery = loop.deliveries.get(key)
        if delivery is not None and not delivery.over:
            self._taken.add(key)
            if not loop.is_stuck(delivery, self._patience_s):
                return None
            return delivery.record.receipt.problem or "the server does not answer"
        if not folder.is_dir():
            return ""
        if delivery is not None or key in self._taken:
            return ""
        # Not yet seen, or another process is at it: an uploader of the same root.
        trouble = _receipt(self._sync, key).problem if held(folder / "lock") else None
        since = self._troubled.setdefault(key, time.monotonic()) if trouble else None
        if since is None:
            self._troubled.pop(key, None)
            return None if has_work(folder) or held(folder / "lock") else ""
        return trouble if time.monotonic() - since > self._patience_s else None


def arrival_of(sync: Path, key: str, writer: str) -> Arrival:
    """What the receipt says of a writer."""
    from pluto.core.receipt import WriterFacts

    arrival, receipt = Arrival(key, writer), _receipt(sync, key)
    facts = receipt.writers.get(writer, WriterFacts())
    refusal = facts.refused or (receipt.refused if receipt.run is None else None)
    if refusal is not None:
        arrival.refused, arrival.problem = refusal.reason, refusal.message
    elif not facts.done and not receipt.finished:
        arrival.problem = receipt.problem or "it was not delivered to its end"
    if receipt.run is not None:
        arrival.number, arrival.url = receipt.run.run_id, receipt.run.url
        arrival.forked = receipt.run.forked_from_run_id is not None
    arrival.problems += [Noted(name, "it was changed while it was read", 1) for name in facts.changed]
    if facts.lost:
        arrival.problems.append(Noted(key, "records were lost between staging and delivery", facts.lost))
    if facts.repeated:
        arrival.problems.append(Noted(key, "records that the server may have twice", facts.repeated))
    arrival.problems += list(_poisoned(sync / "runs" / key / writer))
    return arrival


def _receipt(sync: Path, key: str) -> Receipt:
    import msgspec

    from pluto.core.receipt import Receipt

    try:
        return msgspec.json.decode((sync / "receipts" / f"{key}.json").read_bytes(), type=Receipt)
    except (OSError, msgspec.DecodeError):
        return Receipt()


def _poisoned(folder: Path) -> Iterator[Noted]:
    with contextlib.suppress(OSError):
        for line in (folder / "poison.jsonl").read_text("utf-8").splitlines():
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                yield Noted(_called(told), f"the store does not take it: {told.get('error')}")


def _called(told: dict[str, Any]) -> str:
    """The kind of a record that was refused, and the name in it."""
    from pluto.protocol.records import STRUCTS, Kind

    kind, record = str(told.get("kind")), told.get("record")
    if kind in Kind.__members__ and isinstance(record, list):
        named = dict(zip(STRUCTS[Kind[kind]].__struct_fields__, record, strict=False)).get("name")
        return f"{kind} {named!r}" if named else kind
    return kind
