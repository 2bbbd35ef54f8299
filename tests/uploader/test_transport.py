"""The embedded app behind a synchronous client: streams, errors, threads, forks, loops, the end of the interpreter."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from pluto.core.transport import LocalTransport, local_transport
from tests.programs import Scripts
from tests.waiting import until

BLOCK = b"x" * 65536


class App:
    """A small app that notes what happens to it."""

    def __init__(self) -> None:
        self.began = self.ended = self.given_up = 0
        self.made = self.sent = 0

    def create(self, store: Path) -> Starlette:
        self.made += 1

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            self.began += 1
            yield
            self.ended += 1

        async def up(request: Request) -> Response:
            digest, most = hashlib.sha256(), 0
            async for chunk in request.stream():
                digest.update(chunk)
                most = max(most, len(chunk))
            return PlainTextResponse(f"{digest.hexdigest()} {most}")

        async def down(request: Request) -> Response:
            async def chunks() -> AsyncIterator[bytes]:
                try:
                    for number in range(int(request.query_params["n"])):
                        self.sent = number
                        yield BLOCK
                finally:
                    self.given_up += 1

            return StreamingResponse(chunks())

        async def boom(request: Request) -> Response:
            raise ValueError("broken inside")

        async def half(request: Request) -> Response:
            async def chunks() -> AsyncIterator[bytes]:
                yield b"half"
                raise ValueError("broken off")

            return StreamingResponse(chunks())

        async def no(request: Request) -> Response:
            return PlainTextResponse("too large", 413)

        async def echo(request: Request) -> Response:
            return PlainTextResponse(f"{request.url.path} {request.query_params.get('q')} {request.headers['x-a']}")

        async def slow(request: Request) -> Response:
            await asyncio.sleep(60)
            return PlainTextResponse("late")

        return Starlette(
            routes=[
                Route("/up", up, methods=["PUT"]),
                Route("/down", down),
                Route("/boom", boom),
                Route("/half", half),
                Route("/no", no, methods=["PUT"]),
                Route("/e/{name}", echo),
                Route("/slow", slow),
            ],
            lifespan=lifespan,
        )


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def client(app: App, tmp_path: Path) -> Iterator[httpx.Client]:
    with httpx.Client(transport=LocalTransport(tmp_path, app.create), base_url="http://in", timeout=20) as client:
        yield client


def blocks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield BLOCK


def test_requests_and_answers(client: httpx.Client) -> None:
    answer = client.get("/e/a%20ü", params={"q": "1 2"}, headers={"X-A": "b"})
    assert (answer.status_code, answer.text) == (200, "/e/a ü 1 2 b")
    assert client.get("/nothing").status_code == 404


def test_bodies_are_streamed_both_ways(client: httpx.Client) -> None:
    answer = client.put("/up", content=blocks(500))
    assert answer.text == f"{hashlib.sha256(BLOCK * 500).hexdigest()} {len(BLOCK)}"
    assert client.put("/up", content=b"").text.startswith(hashlib.sha256(b"").hexdigest())
    with client.stream("GET", "/down", params={"n": 500}) as answer:
        assert sum(len(chunk) for chunk in answer.iter_bytes()) == 500 * len(BLOCK)


def test_a_slow_reader_makes_the_app_wait(client: httpx.Client, app: App) -> None:
    with client.stream("GET", "/down", params={"n": 10**9}) as answer:
        for _ in zip(range(3), answer.iter_bytes(), strict=False):
            pass
    assert client.get("/e/x", headers={"X-A": ""}).status_code == 200
    until(lambda: gc.collect() >= 0 and app.given_up, 60)
    assert app.sent < 50


def test_exceptions_are_answers(client: httpx.Client) -> None:
    assert client.get("/boom").status_code == 500
    with pytest.raises(httpx.ReadError, match="broke off"):
        client.get("/half")


def test_an_answer_before_the_body_is_read(client: httpx.Client) -> None:
    assert client.put("/no", content=blocks(10_000)).status_code == 413


def test_a_body_that_fails_fails_the_call_only(client: httpx.Client) -> None:
    def failing() -> Iterator[bytes]:
        yield b"x"
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        client.put("/up", content=failing())
    assert client.get("/e/x", headers={"X-A": ""}).status_code == 200


def test_a_time_limit_holds(client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/slow", timeout=0.05)


def test_many_threads_share_one_app(app: App, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    clients = [httpx.Client(transport=LocalTransport(tmp_path, app.create), base_url="http://in") for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:

        def ask(n: int) -> str:
            return clients[n % 4].get(f"/e/{n}", headers={"X-A": str(n)}).text

        assert list(pool.map(ask, range(200))) == [f"/e/{n} None {n}" for n in range(200)]
    assert app.made == app.began == 1 and app.ended == 0
    for client in clients:
        client.close()
    assert app.ended == 1
    assert not any(thread.name == "pluto-local-store" for thread in set(threading.enumerate()) - before)


def test_inside_a_running_loop(client: httpx.Client) -> None:
    async def notebook() -> int:
        return client.get("/e/x", headers={"X-A": ""}).status_code

    assert asyncio.run(notebook()) == 200


def test_a_store_that_cannot_be_opened_is_a_connection_that_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with httpx.Client(transport=local_transport(tmp_path / "file" / "store"), base_url="http://in") as client:
        with pytest.raises(httpx.ConnectError, match="can't be opened"):
            client.get("/api/ext/v1/info")


def test_after_a_fork_the_child_has_its_own(root: Path) -> None:
    with httpx.Client(transport=local_transport(root / "store"), base_url="http://in") as client:
        body = {"runName": "n", "projectName": "p"}
        assert client.post("/api/runs/create", json=body).json()["runId"] == 1
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = client.post("/api/runs/create", json=body).json()["runId"]
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
        assert client.post("/api/runs/create", json=body).json()["runId"] == 3


def test_a_fork_waits_until_no_app_is_at_work(tmp_path: Path) -> None:
    """However busy the app is: it always has the next thing to do."""
    busy, calls = False, 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal busy, calls
        if scope["type"] == "lifespan":
            await Starlette()(scope, receive, send)
            return
        while not stop.is_set():
            busy = True
            time.sleep(0.002)
            calls += 1
            busy = False
            await asyncio.sleep(0)
        await PlainTextResponse("done")(scope, receive, send)

    stop = threading.Event()
    with httpx.Client(transport=LocalTransport(tmp_path, lambda _: app), base_url="http://in", timeout=60) as client:
        thread = threading.Thread(target=client.get, args=("/",))
        thread.start()
        until(lambda: calls > 0)
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(1 if busy else 0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            before = calls
            until(lambda: calls > before + 1)
        stop.set()
        thread.join()


def test_nothing_hangs_or_complains_at_the_end_of_the_interpreter(scripts: Scripts, root: Path) -> None:
    done = scripts.run(
        """
        import atexit, sys, httpx
        from pathlib import Path
        from pluto.core.transport import local_transport
        used = httpx.Client(transport=local_transport(Path(sys.argv[1]) / "one"), base_url="http://in")
        late = httpx.Client(transport=local_transport(Path(sys.argv[1]) / "two"), base_url="http://in")
        atexit.register(lambda: print(used.get("/api/ext/v1/info").status_code))
        def first_use():
            try:
                print(late.get("/api/ext/v1/info").status_code)
            except httpx.ConnectError:
                print(200)
        atexit.register(first_use)
        used.get("/api/ext/v1/info")
        """,
        str(root),
        timeout=60,
    )
    assert done.stdout.split() == ["200", "200"] and done.stderr == ""
