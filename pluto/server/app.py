"""The ASGI app over one store folder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from pluto.server.blobs import Blobs
from pluto.server.context import Context
from pluto.server.errors import Errors, no_route
from pluto.server.guard import Guard
from pluto.server.metadata.sql import open_metadata
from pluto.server.routes import routes
from pluto.server.series import open_store
from pluto.server.signing import Signer
from pluto.server.watch import HEARTBEAT_LIMIT_S, Watch


def create_app(
    store: Path,
    *,
    require_key: bool = False,
    public_url: str | None = None,
    watch: bool = False,
    wal: bool = True,
    embedded: bool = False,
) -> Starlette:
    """The server of the store in a folder, which is made if need be.

    Every route runs on the event loop and never on a thread. Several apps, in one process or many, may serve one store.
    `require_key`: ask for a key of the store's key ring; else any token will do, and foreign web pages are kept out.
    `public_url`: where the server is reached, if not by the Host of the request. `watch`: look for runs gone quiet all
    the time the lifespan lasts, and not only when somebody reads. `wal`: the folder's file system carries SQLite's
    write-ahead log, which a network file system does not. `embedded`: the app is called in process only, and runs have
    no page to point to. The lifespan's end closes the stores.
    """
    store = Path(store).absolute()
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    metadata = open_metadata(store, wal=wal)
    series = open_store(store / "series", wal=wal)
    blobs = Blobs(store / "blobs")
    context = Context(store, metadata, series, blobs, Signer(store), require_key, public_url, embedded)

    watcher = Watch(metadata, series, grace_s=HEARTBEAT_LIMIT_S if watch else 0)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(watcher.forever()) if watch else None
        yield
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        metadata.close()
        series.close()

    every = routes()
    guard = Middleware(
        Guard,
        keys=metadata.keys,
        require_key=require_key,
        public_url=public_url,
        named=frozenset(route.path for route in every),
    )
    app = Starlette(
        routes=every,
        middleware=[Middleware(Errors), guard],
        exception_handlers={HTTPException: no_route},
        lifespan=lifespan,
    )
    app.state.context = context
    app.state.watch = watcher
    return app
