"""Thread mode: delivery inside the training process, in slices so small that the training does not feel them."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from pluto.core import fork
from pluto.core.uploader.loop import Loop
from pluto.core.uploader.pacer import GentlePacer
from pluto.core.uploader.spawn import ensure
from pluto.core.uploader.writer import read_json

_TICK_S = 0.5
_LOOK_S = 0.02


class ThreadMode:
    """Delivers runs of this process to servers, on daemon threads that work a tenth of the time until `drain`.

    Only for servers: the local store is always written by the uploader process.
    """

    def __init__(self, sync: Path) -> None:
        self.sync = sync
        self._runs: set[str] = set()
        self._pacer = GentlePacer()
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._loop = Loop(sync, only=self._runs, beside=True, pacer=self._pacer)
        self._thread = threading.Thread(target=self._run, name="pluto-delivery", daemon=True)
        fork.tell(self)

    def add(self, run_key: str) -> None:
        """Takes on the run in `sync/runs/<run_key>`. Raises `ValueError` for one that goes to the local store."""
        about = read_json(self.sync / "runs" / run_key / "run.json")
        if about.get("target", {}).get("kind") == "local":
            raise ValueError("the local store is written by the uploader process; delivery='thread' is for servers")
        with self._lock:
            self._runs.add(run_key)
            if not self._thread.is_alive() and not self._stopped.is_set():
                try:
                    self._thread.start()
                except RuntimeError:
                    ensure(self.sync)  # the interpreter is about to end: no more threads
        self._wake.set()

    def drain(self, seconds: float) -> bool:
        """Works at full speed until what was logged so far is delivered. False when the time ran out first.

        Runs that have ended are delivered to their end, status included.
        """
        deadline = time.monotonic() + seconds
        self._pacer.hurry()
        try:
            while time.monotonic() < deadline:
                self._wake.set()
                if not self._is_behind():
                    return True
                time.sleep(_LOOK_S)
            return not self._is_behind()
        finally:
            self._pacer.hurry(False)

    def stop(self) -> None:
        """Ends the threads; what is left goes to the uploader process, which takes it when this process has ended."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(2)
        self._loop.close()
        if any((self.sync / "runs" / key / "run.json").exists() for key in self._runs):
            ensure(self.sync)

    def forked(self) -> None:
        """In a forked child: the threads, and the runs, are the parent's."""
        self._stopped = threading.Event()
        self._stopped.set()
        self._runs = set()
        self._loop.forked()

    def _is_behind(self) -> bool:
        for key in list(self._runs):
            delivery = self._loop.deliveries.get(key)
            if delivery is None or delivery.over:
                if (self.sync / "runs" / key / "run.json").exists():
                    return True
            elif delivery.left() or not delivery.is_live():
                return True
        return False

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._loop.scan()
            if self._wake.wait(_TICK_S):
                self._loop.wake()
            self._wake.clear()
