"""Delivery of many runs to many servers: a thread for each server and lane, so that none waits for another."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any, Final

from pluto.core.uploader import places
from pluto.core.uploader.lane import Target
from pluto.core.uploader.pacer import Pacer
from pluto.core.uploader.places import Processes, to_target
from pluto.core.uploader.retry import GIVE_UP_S
from pluto.core.uploader.run import Delivery
from pluto.core.uploader.writer import read_json

_logger = logging.getLogger("pluto")

Progress = Callable[[str, int], None]
"""Told the folder name of a run and how many of its records are left."""
_TELL_S: Final = 0.2


class Loop:
    """Finds the runs of a sync folder and delivers them, on threads of its own. `scan` now and then, then `close`.

    `foreground`: for `pluto sync`, which takes offline runs, too, and tries again what was refused. `only`: the folder
    names of the runs to take; all when None. `beside`: the runs of this very process are taken, too (thread mode).
    """

    def __init__(
        self,
        sync: Path,
        *,
        foreground: bool = False,
        only: AbstractSet[str] | None = None,
        beside: bool = False,
        pacer: Pacer | None = None,
    ) -> None:
        self.sync = sync
        self.processes = Processes(sync)
        self.deliveries: dict[str, Delivery] = {}
        self._foreground = foreground
        self._only = only
        self._beside = beside
        self._pacer = pacer or Pacer()
        self._targets: dict[str, Target] = {}
        self._seen: dict[str, int] = {}
        self._asked_again: set[str] = set()

    def scan(self) -> None:
        """Takes new run folders on and drops those that are over."""
        try:
            entries = {entry.name: entry for entry in os.scandir(self.sync / "runs") if not entry.name.startswith(".")}
        except OSError:
            entries = {}
        for key, delivery in list(self.deliveries.items()):
            if delivery.over or key not in entries:
                delivery.leave()
                del self.deliveries[key]
                self._target(delivery.about).drop(delivery)
                # As it was when last looked through: a writer that came since, be it into a folder made anew, is seen.
                self._seen[key] = delivery.seen
        self._seen = {key: changed for key, changed in self._seen.items() if key in entries}
        for key, entry in entries.items():
            if key in self.deliveries or (self._only is not None and key not in self._only):
                continue
            if key in self._seen and self._seen[key] == _changed(entry.path):
                continue
            self._take(Path(entry.path))

    def wake(self, *, again: bool = False) -> None:
        """Ends the pauses of the lanes: there is something new. `again`: those after a failure, too."""
        for target in self._targets.values():
            target.wake(again=again)

    def stuck(self, seconds: float = GIVE_UP_S) -> bool:
        """Whether every run that is left has been in trouble for that long."""
        return all(self.is_stuck(delivery, seconds) for delivery in self.deliveries.values())

    def is_stuck(self, delivery: Delivery, seconds: float) -> bool:
        """Whether a run is over, or has got nowhere for that long."""
        return delivery.over or self._target(delivery.about).stuck(delivery, seconds)

    def forked(self) -> None:
        """In a forked child: closes its copies of the locks, which would else be held until the child has ended."""
        for delivery in self.deliveries.values():
            delivery.forked()
        self.deliveries = {}
        self._targets = {}

    def close(self) -> None:
        """Ends the lanes, as soon as their calls return or fail, and lets go of the folders."""
        for target in self._targets.values():
            target.stop()
        for delivery in self.deliveries.values():
            delivery.leave()

    def _take(self, folder: Path) -> None:
        about = read_json(folder / "run.json")
        if not about:
            return
        try:
            to_target(about.get("target"))
        except (KeyError, TypeError, AttributeError) as error:
            _logger.error("%s: run.json makes no sense: %r", folder.name, error)
            self._seen[folder.name] = _changed(str(folder))
            return
        if not self._is_ours(folder, about):
            return
        if not has_work(folder):
            self._seen[folder.name] = _changed(str(folder))
            return
        handle = places.take(folder)
        if handle is None:
            return
        try:
            again = self._foreground and folder.name not in self._asked_again
            self._asked_again.add(folder.name)
            delivery = Delivery(folder, handle, self.processes, again=again)
        except OSError as error:
            os.close(handle)
            _logger.warning("%s: %s", folder.name, error)
            return
        self.deliveries[folder.name] = delivery
        self._target(delivery.about).add(delivery)

    def _is_ours(self, folder: Path, about: dict[str, Any]) -> bool:
        if self._foreground:
            return True
        if about.get("mode") == "offline":
            return False
        if about.get("delivery") == "thread" and not self._beside and about["target"].get("kind") != "local":
            return not any(
                places.alive(self.processes, read_json(path), path.parent) for path in folder.glob("*/writer.json")
            )
        for path in folder.glob("*/writer.json"):
            facts = read_json(path)
            if facts.get("host") not in (None, places.HOST) and places.alive(self.processes, facts, path.parent):
                return False
        return True

    def _target(self, about: dict[str, Any]) -> Target:
        described = about["target"]
        key = json.dumps(described, sort_keys=True)
        if key not in self._targets:
            timeout = float((about.get("settings") or {}).get("http_timeout") or 0) or None
            self._targets[key] = Target(to_target(described), self.sync.parent, self._pacer, timeout)
        return self._targets[key]


def has_work(folder: Path) -> bool:
    """Whether a run folder has anything to deliver, or to clear away."""
    names = [path.parent for path in folder.glob("[!.]*/writer.json")]
    return any(any(writer.glob("*.db")) or not any(writer.glob("poison.jsonl")) for writer in names)


def deliver(
    sync: Path,
    *,
    only: AbstractSet[str] | None = None,
    progress: Progress | None = None,
    patience_s: float = 10.0,
    stop: threading.Event | None = None,
) -> dict[str, str]:
    """Delivers what is in a sync folder, in this process, and gives what could not be: folder name → why.

    Gives up on a run whose server has not answered for `patience_s`. Runs that are still written, or that another
    process delivers, are left to it. `stop` ends it early.
    """
    loop = Loop(sync, foreground=True, only=only)
    stop = stop or threading.Event()
    told = 0.0
    try:
        while True:
            loop.scan()
            loop.wake()
            live = [delivery for delivery in loop.deliveries.values() if not delivery.over]
            if progress is not None and time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                for delivery in live:
                    progress(delivery.key, delivery.left())
            open_still = [delivery for delivery in live if not _waits_for_more(delivery)]
            if stop.is_set() or all(loop.is_stuck(delivery, patience_s) for delivery in open_still):
                # What has come to its end meanwhile is not left.
                left = [delivery for delivery in live if not delivery.over]
                return {one.key: one.record.receipt.problem or "it is still being written" for one in left}
            stop.wait(0.02)
    finally:
        loop.close()


def _waits_for_more(delivery: Delivery) -> bool:
    """Whether all that is there of a run is delivered, and somebody still writes it."""
    # Asked again: it may have been delivered to its end while it was counted what is left.
    return delivery.is_live() and delivery.left() == 0 and delivery.is_live()


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
