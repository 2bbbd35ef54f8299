"""The server over HTTP, for `pluto server`."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pluto.server.app import create_app
from pluto.server.keys import KeyRing, refusal

HOST = "127.0.0.1"
PORT = 3003
BACKLOG = 2_048
SHUTDOWN_S = 10
"""How long requests under way may take once the server is told to stop."""


class KeysNeeded(RuntimeError):
    """The server would be open to others, and the store has no key to keep it from them."""


def serve(
    store: Path,
    host: str = HOST,
    port: int = PORT,
    *,
    require_key: bool | None = None,
    public_url: str | None = None,
    wal: bool = True,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serves a store until SIGINT or SIGTERM; `port` 0 takes a free one, and `ready` is told the address.

    On a loopback address no key is asked for unless `require_key` says so; beyond it keys are always asked for. `wal`
    is that of `create_app`. Raises `KeysNeeded` when keys are asked for and there is none, and `OSError` when the
    address can't be had.
    """
    demanded = not is_loopback(host)
    if demanded and require_key is False:
        raise KeysNeeded(f"{host} is open to other machines, so keys are required there")
    keyed = demanded or bool(require_key)
    if keyed:
        with KeyRing(store, wal=wal) as ring:
            if all(refusal(key) is not None for key in ring.list()):
                raise KeysNeeded("this store has no valid API key yet: make one with `pluto server keys`")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio sends small answers at once (TCP_NODELAY) only where it can tell that it is TCP.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
        app = create_app(store, require_key=keyed, public_url=public_url, watch=True, wal=wal)
        config = uvicorn.Config(
            app, lifespan="on", log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_S,
            server_header=False, ws="none",
        )  # fmt: skip
        if ready is not None:
            name = f"[{host}]" if ":" in host else host
            ready(public_url or f"http://{name}:{listening.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a host's address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
