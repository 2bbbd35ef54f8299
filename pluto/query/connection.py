"""A way to the server, or to the local store, for reading: retries, errors, own writes first."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pluto.core.settings import Local, Remote, Settings, resolve
from pluto.protocol.batch import MSGPACK, PREFIX
from pluto.query.errors import QueryError

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger("pluto")
tag = "Query"

ATTEMPTS: Final = 5
_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 4.0
_AGAIN: Final = frozenset({408, 429})
_INSIDE: Final = "http://pluto.local"


class Connection:
    """Calls of one server. `target` says which one it is."""

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None,
        timeout: float,
        *,
        attempts: int = ATTEMPTS,
        **parameters: Any,
    ) -> None:
        import httpx

        self.settings = resolve(settings, **parameters)
        self.target: Local | Remote = self.settings.target()
        self.timeout = timeout
        self._attempts = attempts
        self._extended: bool | None = None
        common: dict[str, Any] = {"headers": {"User-Agent": "pluto-query"}, "timeout": httpx.Timeout(timeout)}
        if isinstance(self.target, Local):
            from pluto.core.transport import local_transport

            self.api = self.ingest = _INSIDE
            self._http = httpx.Client(transport=local_transport(self.target.store), **common)
            self._plain = self._http
            self._extended = True
        else:
            self.api, self.ingest = self.target.api, self.target.ingest
            proxies = {scheme: httpx.HTTPTransport(proxy=url) for scheme, url in self.target.proxies.items()}
            common.update(http2=True, verify=self.target.verify, mounts=proxies)
            self._http = httpx.Client(**common)
            if self.target.key:
                self._http.headers["Authorization"] = f"Bearer {self.target.key}"
            # Presigned addresses lie elsewhere: they must never see the key.
            self._plain = httpx.Client(**common, follow_redirects=True)

    def close(self) -> None:
        """Ends the connection."""
        self._http.close()
        self._plain.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def where(self) -> str:
        """The server's address or the store's folder, for messages."""
        return str(self.target.store) if isinstance(self.target, Local) else self.api

    @property
    def extended(self) -> bool:
        """Whether this is Pluto's own server, which has more to read than a stock one."""
        if self._extended is None:
            try:
                self._extended = self.get(f"{PREFIX}/info", fresh=False).get("server") == "pluto"
            except QueryError as error:
                if error.status_code not in (400, 401, 403, 404, 405):
                    raise
                self._extended = False
        return self._extended

    def demand(self, what: str, instead: str = "") -> None:
        """Raises `QueryError` on a stock server: `what` needs Pluto's own, `instead` is what a stock one has."""
        if not self.extended:
            hint = f"; {instead}" if instead else ""
            raise QueryError(f"{self.where} is a stock server and does not serve {what} with an API key{hint}")

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, fresh: bool = True) -> Any:
        """The JSON at `path` of the API. With `fresh`, what this process logged so far is stored first."""
        return self._answer("GET", path, params, fresh=fresh).json()

    def extension(self, path: str, params: Mapping[str, Any] | None = None, *, fresh: bool = True) -> Any:
        """What an extension route gives; arrays as bytes."""
        import msgspec

        answer = self._answer("GET", PREFIX + path, params, fresh=fresh, accept=MSGPACK)
        return msgspec.msgpack.decode(answer.content)

    def post(self, path: str, body: Any, *, base: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answer to a POST, sent once."""
        response = self._send("POST", (base or self.api) + path, json=body, headers=headers)
        self._check(response)
        return response.json() if response.content else {}

    def delete(self, path: str) -> None:
        """Deletes what is at an extension route."""
        self._check(self._send("DELETE", self.api + PREFIX + path))

    def client_for(self, url: str) -> tuple[httpx.Client, str]:
        """The client and the full address for a file's address: with the key only where the server itself is meant."""
        import httpx

        full = httpx.URL(self.api).join(url)
        own = {(u.scheme, u.host, u.port) for u in (httpx.URL(self.api), httpx.URL(self.ingest))}
        return (self._http if (full.scheme, full.host, full.port) in own else self._plain), str(full)

    def see_own_writes(self) -> None:
        """Waits until what this process logged to this server so far is stored there, at most `timeout`."""
        # A process that never opened a run has not loaded this module, and need not.
        live = sys.modules.get("pluto.core.live")
        for op in list(live.ops) if live else ():
            if op.online and op.settings.target() == self.target and not op.flush(self.timeout):
                logger.warning("%s: not everything this process logged is stored yet; reading what is there", tag)

    def _answer(
        self, method: str, path: str, params: Mapping[str, Any] | None, *, fresh: bool, accept: str = "application/json"
    ) -> httpx.Response:
        if fresh:
            self.see_own_writes()
        given = {name: value for name, value in (params or {}).items() if value is not None}
        wait = _FIRST_WAIT_S
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            try:
                response = self._send(method, self.api + path, params=given, headers={"Accept": accept})
            except QueryError as error:
                if last:
                    raise
                problem = str(error)
            else:
                if last or not (response.status_code >= 500 or response.status_code in _AGAIN):
                    self._check(response)
                    return response
                problem = f"HTTP {response.status_code}"
            logger.debug("%s: %s %s: %s; trying again in %g s", tag, method, path, problem, wait)
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)
        raise AssertionError("the last attempt returns or raises")

    def _send(self, method: str, url: str, **options: Any) -> httpx.Response:
        import httpx

        try:
            return self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            raise QueryError(f"{self.where} can't be reached: {type(error).__name__}: {error}") from error

    def _check(self, response: httpx.Response) -> None:
        if response.status_code in (200, 201, 204):
            return
        where = response.request.url.copy_with(query=None)
        text = f"{response.request.method} {where}: {response.status_code} {reason(response)}"
        if response.status_code == 401:
            text += "; `pluto login` keeps a key, PLUTO_API_KEY gives one"
        raise QueryError(text, response.status_code)


def reason(response: httpx.Response) -> str:
    """What the server says was wrong, at most 500 characters."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:500]
    for name in ("message", "error", "detail"):
        if isinstance(body, dict) and body.get(name):
            return str(body[name])[:500]
    return response.text[:500]
