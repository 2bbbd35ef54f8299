"""One server and the threads that deliver to it: a lane of lines, a lane of files, and heartbeats."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import threading
import time
from pathlib import Path
from typing import Final

from pluto.core import auth
from pluto.core.client import TIMEOUT_S, Client, ClientError, NotFound, Unreachable
from pluto.core.settings import Local, Remote
from pluto.core.uploader.dialect import Dialect
from pluto.core.uploader.dialect_pluto import PlutoDialect
from pluto.core.uploader.pacer import Pacer
from pluto.core.uploader.retry import Backoff, Verdict, verdict
from pluto.core.uploader.run import Delivery
from pluto.protocol.batch import FILES, LINES

_logger = logging.getLogger("pluto")

SOON_S: Final = 0.02
"""Pause after a look that found something: while a run logs, there will be more."""
IDLE_S: Final = 1.0
"""Longest pause; the bell ends it."""
BEAT_S: Final = 4.0
"""Between two heartbeats of a run; a server takes it for dead after 150."""
_BEATS: Final = "beats"
_STOP_S: Final = 0.5
"""How long the end waits for a call on its way."""


class Link:
    """The way to a server: a client, and the dialect the server speaks, once known."""

    def __init__(self, target: Local | Remote, timeout_s: float) -> None:
        self.client = Client(target, timeout_s=timeout_s)
        self._dialect: Dialect | None = None

    def dialect(self) -> Dialect:
        """How to talk to the server; asks it the first time. Raises `ClientError`."""
        if self._dialect is None:
            if self.client.info() is not None:
                self._dialect = PlutoDialect()
            else:
                from pluto.core.uploader.dialect_stock import StockDialect

                self._dialect = StockDialect()
        return self._dialect


class Target:
    """A server, or the local store, and the runs that go there."""

    def __init__(self, target: Local | Remote, root: Path, pacer: Pacer, timeout_s: float | None) -> None:
        self._target = target
        self._root = root
        self._pacer = pacer
        self._timeout_s = timeout_s or TIMEOUT_S
        self._lock = threading.RLock()
        self._link: Link | None = None
        self._old_links: list[Link] = []
        self._working = 0
        self._deliveries: tuple[Delivery, ...] = ()
        self._stopped = threading.Event()
        self._rings = {LINES: threading.Event(), FILES: threading.Event()}
        self._hurries = {LINES: threading.Event(), FILES: threading.Event()}
        self._outages = {LINES: Backoff(), FILES: Backoff()}
        self._threads: list[threading.Thread] = []

    def add(self, delivery: Delivery) -> None:
        """Takes a run on. The threads start with the first."""
        delivery.beat_at = time.monotonic() + BEAT_S
        with self._lock:
            self._deliveries = (*self._deliveries, delivery)
        self.wake()
        if not self._threads:
            self._threads = [
                threading.Thread(target=self._work, args=(name,), name=f"pluto-{name}", daemon=True)
                for name in (LINES, FILES, _BEATS)
            ]
            self._working = len(self._threads)
            for thread in self._threads:
                thread.start()

    def drop(self, delivery: Delivery) -> None:
        """Forgets a run."""
        with self._lock:
            self._deliveries = tuple(one for one in self._deliveries if one is not delivery)

    def wake(self, *, again: bool = False) -> None:
        """Ends the pauses of the lanes; with `again` those after a failure, too."""
        if again:
            for backoff in (*self._outages.values(), *(b for one in self._deliveries for b in one.backoffs.values())):
                backoff.hurry()
            for hurry in self._hurries.values():
                hurry.set()
        for ring in self._rings.values():
            ring.set()

    def stuck(self, delivery: Delivery, seconds: float) -> bool:
        """Whether a run of this server has got nowhere for that long."""
        begun = [backoff.since for backoff in (*delivery.backoffs.values(), *self._outages.values())]
        return any(since is not None and time.monotonic() - since >= seconds for since in begun)

    def stop(self) -> None:
        """Ends the threads once their calls are over; one that hangs is left behind."""
        self._stopped.set()
        self.wake(again=True)
        for thread in self._threads:
            thread.join(_STOP_S)

    # --- the threads --------------------------------------------------------------------------------------------------

    def _work(self, name: str) -> None:
        try:
            if name == _BEATS:
                self._beats()
            else:
                self._lane(name)
        finally:
            with self._lock:
                self._working -= 1
                links = [] if self._working else [*self._old_links, *filter(None, [self._link])]
            for link in links:
                link.client.close()

    def _lane(self, lane: str) -> None:
        ring, hurry, outage = self._rings[lane], self._hurries[lane], self._outages[lane]
        pause = SOON_S
        while not self._stopped.is_set():
            busy = False
            for delivery in self._deliveries:
                if self._stopped.is_set() or not outage.ready:
                    break
                busy |= self._step(lane, delivery)
                self._pacer.breathe()
            if busy:
                pause = SOON_S
                if outage.ready:
                    continue
            if outage.failures:
                hurry.wait(max(outage.pause, SOON_S))
                hurry.clear()
            elif ring.wait(pause):
                pause = SOON_S
            else:
                pause = min(pause * 2, IDLE_S)
            ring.clear()

    def _step(self, lane: str, delivery: Delivery) -> bool:
        """Takes one run further. Whether it may have more at once."""
        backoff = delivery.backoffs[lane]
        if delivery.over or not backoff.ready:
            return False
        link: Link | None = None
        try:
            link = self._connect()
            work = delivery.lines if lane == LINES else delivery.files
            busy = work(link.client, link.dialect(), getattr(self._pacer, lane))
        except ClientError as error:
            self._failed(lane, delivery, link, error)
            return False
        except OSError as error:
            backoff.failed()
            delivery.trouble(f"this disk: {error}")
            _logger.warning("%s: %s", delivery.key, error)
            return False
        except Exception as error:
            backoff.failed()
            delivery.trouble(f"{type(error).__name__}: {error}")
            _logger.exception("%s: delivery failed and will be tried again", delivery.key)
            return False
        if busy:
            self._outages[lane].succeeded()
            backoff.succeeded()
            if not any(one.failures for one in (*delivery.backoffs.values(), *self._outages.values())):
                delivery.trouble(None)
        if busy and lane == LINES:
            self._rings[FILES].set()
        elif busy:
            self._rings[LINES].set()
        return busy

    def _failed(self, lane: str, delivery: Delivery, link: Link | None, error: ClientError) -> None:
        meaning = verdict(error)
        if isinstance(error, Unreachable):
            begun = not any(outage.failures for outage in self._outages.values())
            self._outages[lane].failed()
            for one in self._deliveries:
                one.trouble(str(error))
            # Said once an outage: where a thread delivers, people read it between the lines of their training.
            _logger.log(logging.INFO if begun else logging.DEBUG, "%s", error)
            return
        if meaning is Verdict.GONE and link is not None and self._is_gone(link, delivery):
            delivery.gone(str(error))
            return
        if meaning is Verdict.KEY:
            self._renew_key()
        delivery.backoffs[lane].failed()
        delivery.trouble(("the key: " if meaning is Verdict.KEY else "") + str(error))
        _logger.info("%s: %s", delivery.key, error)

    def _beats(self) -> None:
        while not self._stopped.wait(BEAT_S / 4):
            for delivery in self._deliveries:
                link = self._link
                if link is None or self._stopped.is_set() or delivery.over or time.monotonic() < delivery.beat_at:
                    continue
                delivery.beat_at = time.monotonic() + BEAT_S
                try:
                    delivery.beat(link.client)
                except Unreachable:
                    break
                except ClientError as error:
                    _logger.debug("%s: heartbeat: %s", delivery.key, error)

    # --- the server ---------------------------------------------------------------------------------------------------

    def _connect(self) -> Link:
        with self._lock:
            if self._link is None:
                self._link = Link(self._target, self._timeout_s)
            return self._link

    @staticmethod
    def _is_gone(link: Link, delivery: Delivery) -> bool:
        """Whether the server itself has no such run: proxies, too, say 404 while what they hide is down."""
        if delivery.place is None:
            return False
        with contextlib.suppress(ClientError):
            link.client.login()
            try:
                link.client.details(delivery.place.id)
            except NotFound:
                return True
        return False

    def _renew_key(self) -> None:
        """Takes the key that `pluto login` has kept meanwhile, if it is another one."""
        if isinstance(self._target, Local):
            return
        key = auth.stored_key(self._root, self._target.api)
        if key is None or key == self._target.key:
            return
        with self._lock:
            self._target = dataclasses.replace(self._target, key=key)
            # The other lane may be in the middle of a call: it keeps its client to the end.
            self._old_links += filter(None, [self._link])
            self._link = Link(self._target, self._timeout_s)
