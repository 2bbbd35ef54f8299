"""Keys of servers: `login` asks for one, checks it and keeps it in `<root>/auth`; settings look there.

The file maps a server's API address to its key and addresses, is readable by its owner alone and replaced by rename.
A key is never printed, logged or part of an error.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pluto.core.options import say_once
from pluto.core.settings import Remote, Settings, resolve

logger = logging.getLogger("pluto")

ATTEMPTS = 3
"""How often a refused key is asked for again."""
_OLD_MARK = Path(".pluto") / ".login_ok"
_OLD_ENTRY = "pluto"


class Login(NamedTuple):
    """A server and its key, as `login` keeps them."""

    app: str
    api: str
    ingest: str
    py: str
    key: str

    def __repr__(self) -> str:
        return f"Login({self.app!r})"


def login(settings: Settings | Mapping[str, Any] | None = None, retry: bool = False) -> dict[str, Any] | None:
    """Logs in to the configured server and keeps the key, so that runs go there from now on.

    The key is the one in the settings (`api_key`, `PLUTO_API_KEY`), else the one kept already, else it is asked for
    at the terminal, which is the way to prefer; `retry=True` asks in any case. Gives `{"url", "organization",
    "checked"}`, or None when there is no key or the server refuses it: nothing is kept then, and the logger `pluto`
    says why. A server that can't be reached does not stand in the way: the key is kept unchecked. Raises
    `SettingsError` alone.
    """
    settings = resolve(settings)
    if settings.host == "local":
        logger.error("the local store needs no key; name a server to log in to")
        return None
    server = _server(settings)
    key = None if retry else (settings.api_key or "").strip() or stored_key(settings.root, server.api)
    ask = not key
    for _ in range(ATTEMPTS):
        if ask:
            key = _ask(server)
        if not key:
            return None
        organization, refusal, problem = _check(server, key)
        if refusal is None:
            break
        logger.error("%s does not take this key: %s", server.api, refusal)
        if not ask:
            return None
    else:
        return None
    if problem:
        logger.warning("the key could not be checked with %s: %s; it is kept", server.api, problem)
    _keep(settings.root, server, key)
    return {"url": server.app, "organization": organization, "checked": problem is None}


def logout(settings: Settings | Mapping[str, Any] | None = None) -> bool:
    """Forgets the key of the configured server, or of the last login when none is configured. Whether there was one."""
    settings = resolve(settings)
    kept = _read(settings.root)
    configured = settings.host is not None or settings.origin("url_api") != "default"
    api = settings.url_api if configured else kept["last"] or settings.url_api
    gone = kept["servers"].pop(api, None)
    if kept["last"] == api:
        kept["last"] = None
    if gone is not None:
        _write(settings.root, kept)
    return _forget_old() or gone is not None


def stored_key(root: Path, api: str) -> str | None:
    """The key kept for a server's API address, else the one the original client left in the keyring, else None."""
    entry = _read(root)["servers"].get(api)
    return entry["key"] if entry else _old_key()


def last_login(root: Path) -> Login | None:
    """The server of the last `login`, or None after `logout` or without any."""
    kept = _read(root)
    entry = kept["servers"].get(kept["last"])
    if entry:
        return Login(**entry)
    key = _old_key()
    if key is None:
        return None
    return Login(Settings.url_app, Settings.url_api, Settings.url_ingest, Settings.url_py, key)


def _server(settings: Settings) -> Remote:
    # Without a host, login means the server that was logged in to last, else the hosted one: never the local store.
    target = settings.target()
    if isinstance(target, Remote):
        return target
    urls = (settings.url_app, settings.url_api, settings.url_ingest, settings.url_py)
    return Remote(*urls, None, settings.proxies, not settings.insecure_disable_ssl)


def _ask(server: Remote) -> str | None:
    import getpass

    if "ipykernel" not in sys.modules and not (sys.stdin is not None and sys.stdin.isatty()):
        logger.error("there is no terminal to ask for the key: set PLUTO_API_KEY, or run `pluto login --stdin`")
        return None
    print(f"A key can be made at {server.app}/api-keys; what you type is not shown.", file=sys.stderr)  # noqa: T201
    try:
        return getpass.getpass("Key: ").strip() or None
    except (EOFError, KeyboardInterrupt):
        return None


def _check(server: Remote, key: str) -> tuple[str | None, str | None, str | None]:
    """Organization, why the key is refused, why it could not be checked: each or None."""
    from pluto.core.client import Client, ClientError, Unauthorized

    try:
        with Client(dataclasses.replace(server, key=key)) as client:
            return client.login(), None, None
    except Unauthorized as error:
        return None, error.text, None
    except ClientError as error:
        return None, None, str(error)


def _keep(root: Path, server: Remote, key: str) -> None:
    kept = _read(root)
    kept["servers"][server.api] = Login(server.app, server.api, server.ingest, server.py, key)._asdict()
    kept["last"] = server.api
    _write(root, kept)


def _read(root: Path) -> dict[str, Any]:
    empty: dict[str, Any] = {"version": 1, "last": None, "servers": {}}
    path = root / "auth"
    try:
        with path.open(encoding="utf-8") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                os.fchmod(file.fileno(), 0o600)
                say_once(str(path), f"{path} could be read by others; now only by you. Consider a new key")
            kept = json.load(file)
        servers = {api: Login(**entry)._asdict() for api, entry in kept["servers"].items()}
        return {"version": 1, "last": kept["last"], "servers": servers}
    except FileNotFoundError:
        return empty
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Not the error's text: it may quote the file.
        say_once(str(path), f"{path} can't be read and counts as empty; `pluto login` writes it anew")
        return empty


def _write(root: Path, kept: dict[str, Any]) -> None:
    root.mkdir(0o700, parents=True, exist_ok=True)
    draft = root / f"auth.{os.getpid()}"
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(root / "auth")


def _old_key() -> str | None:
    # Looked for only where the original client says that it was logged in: importing keyring takes a while.
    if not (Path.home() / _OLD_MARK).exists():
        return None
    with contextlib.suppress(Exception):
        return _keyring().get_password(_OLD_ENTRY, _OLD_ENTRY) or None
    return None


def _forget_old() -> bool:
    mark = Path.home() / _OLD_MARK
    if not mark.exists():
        return False
    with contextlib.suppress(Exception):
        _keyring().delete_password(_OLD_ENTRY, _OLD_ENTRY)
    mark.unlink(missing_ok=True)
    return True


def _keyring() -> Any:
    import importlib

    if sys.platform == "darwin":
        return importlib.import_module("keyring")
    return importlib.import_module("keyrings.alt.file").PlaintextKeyring()
