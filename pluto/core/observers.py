"""What is recorded beside what the script logs: the machine's use, the console, and where the code came from."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pluto.core.distributed import Ranks
from pluto.core.jsonable import to_json
from pluto.core.settings import Settings
from pluto.protocol.records import Console, Kind, Metadata, encode

if TYPE_CHECKING:
    from pluto.core.recorder import Door

Put = Callable[[Kind, bytes], object]
logger = logging.getLogger("pluto")

_facts: dict[str, Any] | None = None
_facts_lock = threading.Lock()


class Observers:
    """Threads that watch while a run is open. They put records into its journal and never raise into the script."""

    def __init__(
        self, settings: Settings, ranks: Ranks, put: Put, sample: Callable[[dict[str, float]], object], door: Door
    ) -> None:
        self._door = door
        self._settings = settings
        self._ranks = ranks
        self._put = put
        self._sample = sample
        self._running: list[Any] = []

    def start(self) -> None:
        """Starts what the settings ask for: console and code of the first rank, the machine of each node's first."""
        settings = self._settings
        if self._ranks.primary:
            # The console goes first: what the others print at their start belongs to it.
            if not settings.disable_console and self._door.streams:
                from pluto.core.console import Capture

                self._try(Capture(settings, self._line))
            if not settings.disable_system_metrics if self._door.facts is None else self._door.facts:
                threading.Thread(target=self._tell_facts, name="pluto-facts", daemon=True).start()
        if not settings.disable_system_metrics and self._ranks.local_rank == 0:
            from pluto.core.system import Monitor

            self._try(Monitor(settings, self._measured))

    def stop(self) -> None:
        """Stops them; what they hold is in the journal when this returns."""
        while self._running:
            try:
                self._running.pop().stop()
            except Exception:
                logger.debug("stopping an observer failed", exc_info=True)

    def forget(self) -> None:
        """In a forked child: their threads are the parent's."""
        self._running = []

    def _try(self, observer: Any) -> None:
        try:
            observer.start()
        except Exception as error:  # noqa: BLE001  the training does not need it
            logger.warning("%s could not be started: %s", type(observer).__module__, error)
        else:
            self._running.append(observer)

    def _line(self, stream: str, first_line: int, lines: list[str], time_us: int) -> None:
        if stream in self._door.streams:
            self._put(Kind.CONSOLE, encode(Console(time_us, stream, first_line, lines, self._door.source)))

    def _measured(self, values: dict[str, float]) -> None:
        if self._ranks.rank:
            label = self._settings.x_sys_label
            values = {f"{label}/{self._ranks.node}{name[len(label) :]}": value for name, value in values.items()}
        self._sample(values)

    def _tell_facts(self) -> None:
        try:
            body = to_json(facts(self._settings))
            self._put(Kind.METADATA, encode(Metadata(time.time_ns() // 1000, body)))
        except Exception:
            logger.debug("facts about machine and code were not recorded", exc_info=True)


def facts(settings: Settings) -> dict[str, Any]:
    """What machine and code this is. Looked up once per process."""
    global _facts
    with _facts_lock:
        if _facts is None:
            from pluto.core import source
            from pluto.core.system import System

            _facts = {**System(settings).get_info(), **source.collect(os.getcwd(), sys.argv)}
        return _facts
