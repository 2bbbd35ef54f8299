"""The app called in process, and what stock and Pluto clients send it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from pluto.protocol import records
from pluto.protocol.batch import LANE, LINES, PREFIX, WRITER, Answer, Entry
from pluto.server.app import create_app

PROJECT = "my-ml-project"


class Caller:
    """Calls an app from a test, each call on the same event loop."""

    def __init__(self, store: Path, **options: Any) -> None:
        self.store = store
        self.app = create_app(store, **options)
        self.context = self.app.state.context
        self.token: str | None = None
        self._loop = asyncio.new_event_loop()
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost")

    def close(self) -> None:
        self._loop.run_until_complete(self._client.aclose())
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        async with self.app.router.lifespan_context(self.app):
            pass

    def request(self, method: str, url: str, **kwargs: Any) -> httpx.Response:
        if self.token is not None:
            kwargs["headers"] = {"Authorization": f"Bearer {self.token}", **kwargs.get("headers", {})}
        return self._loop.run_until_complete(self._client.request(method, url, **kwargs))

    def get(self, url: str, **params: Any) -> httpx.Response:
        return self.request("GET", url, params=params or None)

    def post(self, url: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return self.request("POST", url, json=body, **kwargs)

    def ok(self, response: httpx.Response) -> Any:
        assert response.status_code in (200, 201), (response.status_code, response.text)
        return response.json()

    def create(self, name: str = "run", project: str = PROJECT, **fields: Any) -> int:
        """The number of a new run."""
        body = {"runName": name, "projectName": project, **fields}
        run: int = self.ok(self.post("/api/runs/create", body))["runId"]
        return run

    def details(self, run: int) -> dict[str, Any]:
        found: dict[str, Any] = self.ok(self.get(f"/api/runs/details/{run}"))
        return found

    def status(self, run: int, status: str, **fields: Any) -> httpx.Response:
        return self.post("/api/runs/status/update", {"runId": run, "status": status, **fields})

    def lines(self, kind: str, run: int | str, text: str, project: str = PROJECT) -> httpx.Response:
        """Sends NDJSON as a stock client does."""
        headers = {
            "X-Run-Id": str(run),
            "X-Project-Name": project,
            "Content-Type": "application/x-ndjson",
        }
        return self.request("POST", f"/ingest/{kind}", content=text.encode(), headers=headers)

    def batch(
        self, run: int, items: Sequence[records.Record], *, first: int = 1, writer: str = "w-1", lane: str = LINES
    ) -> Answer:
        """Sends records as Pluto's own client does."""
        entries = [
            Entry(seq, records.kind_of(record), records.encode(record)) for seq, record in enumerate(items, first)
        ]
        response = self.entries(run, entries, writer=writer, lane=lane)
        assert response.status_code == 200, response.text
        return msgspec.msgpack.decode(response.content, type=Answer)

    def entries(
        self, run: int | str, entries: Sequence[Entry], *, writer: str = "w-1", lane: str = LINES
    ) -> httpx.Response:
        headers = {"X-Run-Id": str(run), "X-Project-Name": PROJECT, WRITER: writer, LANE: lane}
        return self.request("POST", f"{PREFIX}/batch", content=msgspec.msgpack.encode(list(entries)), headers=headers)
