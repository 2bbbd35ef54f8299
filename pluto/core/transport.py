"""The embedded server as an httpx transport: the local store is reached through the same calls as a server elsewhere.

httpx's own ASGI transport is async only; the client is synchronous. So the app runs on an event loop of its own, on one
daemon thread per store and process, and callers on any thread (inside a running event loop, too) hand it requests.

A fork waits until no app is at work: its loop holds a lock while it runs anything, and lets go of it while it waits for
something to do. So no child inherits a mutex of SQLite, or any other, from the middle of a request.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import queue
import selectors
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote

import httpx

from pluto.core.options import say_once

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_AHEAD: Final = 8
"""Chunks of a body that may wait between the two sides; the faster one then waits for the other."""
_LOOK_S: Final = 0.5
"""How often a sender that waits for room looks whether anybody still reads."""
_CLOSE_S: Final = 5.0
"""How long the end of the app's lifespan may take."""

_logger = logging.getLogger("pluto")
_hosts: Final[dict[Path, _Host]] = {}
_hosts_lock = threading.RLock()
"""Guards what transports and hosts know of each other. Taken before `_at_work`, never after it."""
_at_work = threading.RLock()
"""Held while the code of an app runs."""
_turn = threading.RLock()
"""Passed through by a loop that has waited and goes on: whoever is about to fork holds it, so that its turn comes."""


def local_transport(store: Path) -> httpx.BaseTransport:
    """A transport whose every request is answered by the server of the store in a folder, in this process.

    Nothing is started before the first request. Safe from several threads and after a fork. An exception of the server
    becomes a 500; a server that can't be started raises `httpx.ConnectError`.
    """
    return LocalTransport(Path(store).absolute(), _create)


def _create(store: Path) -> ASGIApp:
    from pluto.core.filesystem import store_note
    from pluto.server.app import create_app

    note = store_note(store)
    if note is not None:
        say_once(f"store {store}", note)
    return create_app(store, wal=note is None, embedded=True)


class LocalTransport(httpx.BaseTransport):
    """One client's way into the app of a store, which all transports of the process share."""

    def __init__(self, store: Path, create: Callable[[Path], ASGIApp]) -> None:
        self._store = store
        self._create = create
        self._host: _Host | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The app's answer, as soon as it has begun."""
        with _hosts_lock:
            if self._host is None or self._host.closed or self._host.pid != os.getpid():
                self._host = _join(self._store, self._create)
            host = self._host
        return _Exchange(host, request).response()

    def close(self) -> None:
        """Lets go of the app; the last transport of a store to do so ends it."""
        with _hosts_lock:
            host, self._host = self._host, None
        if host is not None and host.pid == os.getpid():
            _leave(self._store, host)


def _join(store: Path, create: Callable[[Path], ASGIApp]) -> _Host:
    with _hosts_lock:
        host = _hosts.get(store)
        if host is None:
            try:
                with _at_work:
                    app = create(store)
                host = _Host(app)
            except Exception as error:
                raise httpx.ConnectError(f"the local store {store} can't be opened: {error}") from error
            if not _hosts:
                atexit.unregister(_close_all)
                atexit.register(_close_all)
            _hosts[store] = host
        host.users += 1
        return host


def _leave(store: Path, host: _Host) -> None:
    with _hosts_lock:
        host.users -= 1
        if host.users > 0:
            return
        _hosts.pop(store, None)
    host.close()


def _close_all() -> None:
    with _hosts_lock:
        hosts = list(_hosts.values())
        _hosts.clear()
    for host in hosts:
        host.close()


def _park() -> None:
    _hosts_lock.acquire()
    _turn.acquire()
    _at_work.acquire()


def _unpark() -> None:
    _at_work.release()
    _turn.release()
    _hosts_lock.release()


def _forget() -> None:
    """In a forked child: the loops are the parent's. What they hold open is left alone, never closed."""
    global _hosts_lock, _turn, _at_work
    _inherited.extend(_hosts.values())
    _hosts.clear()
    _hosts_lock, _turn, _at_work = threading.RLock(), threading.RLock(), threading.RLock()


_inherited: Final[list[Any]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_park, after_in_parent=_unpark, after_in_child=_forget)


class _Waiting(selectors.DefaultSelector):
    """Where a loop waits: the only place at which it may be caught by a fork."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        _at_work.release()
        try:
            return super().select(timeout)
        finally:
            with _turn:
                _at_work.acquire()


class _Host:
    """An app, its event loop, and the thread they run on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.pid = os.getpid()
        self.users = 0
        self.closed = False
        self.loop: asyncio.AbstractEventLoop = asyncio.SelectorEventLoop(_Waiting())
        self._thread = threading.Thread(target=self._run, name="pluto-local-store", daemon=True)
        self._lifespan: asyncio.Queue[dict[str, str]] | None = None
        self._over = threading.Event()
        started: queue.Queue[BaseException | None] = queue.Queue()
        try:
            self._thread.start()
        except RuntimeError:
            self.loop.close()
            raise
        self.loop.call_soon_threadsafe(self._begin, started)
        problem = started.get()
        if problem is not None:
            self._stop()
            raise problem

    def close(self) -> None:
        """Ends the app's lifespan and the thread."""
        self.closed = True
        if self._lifespan is not None and self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._lifespan.put_nowait, {"type": "lifespan.shutdown"})
            self._over.wait(_CLOSE_S)
        self._stop()

    def _run(self) -> None:
        with _at_work:
            asyncio.set_event_loop(self.loop)
            try:
                self.loop.run_forever()
            finally:
                tasks = asyncio.all_tasks(self.loop)
                for task in tasks:
                    task.cancel()
                self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
                self.loop.close()

    def _stop(self) -> None:
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(_CLOSE_S)

    def _begin(self, started: queue.Queue[BaseException | None]) -> None:
        self._lifespan = asyncio.Queue()
        self._lifespan.put_nowait({"type": "lifespan.startup"})
        self._keeper = self.loop.create_task(self._live(self._lifespan, started))

    async def _live(self, told: asyncio.Queue[dict[str, str]], started: queue.Queue[BaseException | None]) -> None:
        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.put(None)
            elif message["type"] == "lifespan.startup.failed":
                started.put(RuntimeError(message.get("message") or "the server did not start"))
            else:
                self._over.set()

        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        try:
            await self.app(scope, cast("Callable[[], Awaitable[Any]]", told.get), send)
        except Exception as error:  # noqa: BLE001 (told to whoever waits for the start)
            started.put(error)
        finally:
            self._over.set()


class _Exchange:
    """One request and its answer, between the caller's thread and the loop."""

    def __init__(self, host: _Host, request: httpx.Request) -> None:
        self.host = host
        self._answer: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._request = request
        # Made here, used in the loop only: neither binds to a loop before it has to wait.
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._slots = threading.Semaphore(_AHEAD)
        self._task: asyncio.Task[None] | None = None
        self._gone = False
        self._complete = False

    def response(self) -> httpx.Response:
        """Sends the request and waits for the head of the answer."""
        loop = self.host.loop
        try:
            loop.call_soon_threadsafe(self._start)
        except RuntimeError as error:
            raise httpx.ConnectError("the local store is closed", request=self._request) from error
        try:
            for chunk in cast("httpx.SyncByteStream", self._request.stream):
                if not self._push(chunk):
                    break
            else:
                self._push(None)
            kind, content = self._next()
        except BaseException:
            self.abandon()
            raise
        if kind != "head":
            raise httpx.ReadError(f"the server gave no answer: {content}", request=self._request)
        status, headers = content
        return httpx.Response(status, headers=headers, stream=_Body(self), request=self._request)

    def chunks(self) -> Iterator[bytes]:
        """The body of the answer."""
        while True:
            kind, content = self._next()
            if kind == "body":
                yield content
                with contextlib.suppress(RuntimeError):
                    self.host.loop.call_soon_threadsafe(self._room.release)
            elif kind == "end":
                return
            else:
                raise httpx.ReadError(f"the server broke off its answer: {content}", request=self._request)

    def abandon(self) -> None:
        """Tells the app that nobody listens any more."""
        with contextlib.suppress(RuntimeError):
            self.host.loop.call_soon_threadsafe(self._leave)

    def _push(self, chunk: bytes | None) -> bool:
        """Hands over a piece of the request's body. False when the app has answered without it."""
        while not self._slots.acquire(timeout=_LOOK_S):
            if self._complete or not self.host.loop.is_running():
                return False
        with contextlib.suppress(RuntimeError):
            self.host.loop.call_soon_threadsafe(self._incoming.put_nowait, chunk)
        return True

    def _next(self) -> tuple[str, Any]:
        limit = (self._request.extensions.get("timeout") or {}).get("read")
        try:
            return self._answer.get(timeout=limit)
        except queue.Empty:
            self.abandon()
            raise httpx.ReadTimeout("the local store took too long", request=self._request) from None

    def _start(self) -> None:
        self._task = self.host.loop.create_task(self._serve())

    def _leave(self) -> None:
        self._gone = True
        if self._task is not None:
            self._task.cancel()

    async def _serve(self) -> None:
        begun = False
        sent_all = False

        async def receive() -> dict[str, Any]:
            nonlocal sent_all
            if sent_all:
                await asyncio.Event().wait()  # the caller is there until it cancels
            chunk = await self._incoming.get()
            self._slots.release()
            sent_all = chunk is None
            return {"type": "http.request", "body": chunk or b"", "more_body": not sent_all}

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._answer.put(("head", (message["status"], list(message.get("headers", ())))))
                return
            if message.get("body"):
                await self._room.acquire()
                self._answer.put(("body", message["body"]))
            if not message.get("more_body") and not self._complete:
                self._complete = True
                self._answer.put(("end", None))

        try:
            await self.host.app(_scope(self._request), receive, send)
            if not self._complete:
                self._fail(begun, "it ended early")
        except asyncio.CancelledError:
            self._fail(begun, "it was cancelled")
        except Exception as error:
            if not self._complete:
                _logger.debug("the embedded server failed", exc_info=error)
                self._fail(begun, f"{type(error).__name__}: {error}")

    def _fail(self, begun: bool, why: str) -> None:
        self._complete = True
        if begun or self._gone:
            self._answer.put(("broken", why))
            return
        self._answer.put(("head", (500, [(b"content-type", b"text/plain; charset=utf-8")])))
        self._answer.put(("body", why.encode("utf-8", "replace")))
        self._answer.put(("end", None))


class _Body(httpx.SyncByteStream):
    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._read = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._exchange.chunks()
        self._read = True

    def close(self) -> None:
        if not self._read:
            self._exchange.abandon()


def _scope(request: httpx.Request) -> dict[str, Any]:
    url = request.url
    port = url.port or (443 if url.scheme == "https" else 80)
    raw_path = url.raw_path.split(b"?")[0]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 0),
        "server": (url.host, port),
        "state": {},
    }
