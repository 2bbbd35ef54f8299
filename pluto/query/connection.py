"""A way to the server, or to the local store, for reading: tries again, says what went wrong, sees own writes."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pluto.core.settings import Local, Remote, Settings, resolve
from pluto.protocol.batch import PREFIX
from pluto.query.errors import QueryError

if TYPE_CHECKING:
    from typing_extensions import Self

logger = logging.getLogger("pluto")
tag = "Query"
T = TypeVar("T")

ATTEMPTS: Final = 5
_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 4.0


class Connection:
    """Reads of one server. `target` says which one it is, `calls` makes the single calls."""

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None,
        timeout: float,
        *,
        attempts: int = ATTEMPTS,
        **parameters: Any,
    ) -> None:
        from pluto.core.client import Client

        self.settings = resolve(settings, **parameters)
        self.target: Local | Remote = self.settings.target()
        self.timeout = timeout
        self._attempts = attempts
        self._extended: bool | None = True if isinstance(self.target, Local) else None
        with telling(""):
            self.calls = Client(self.target, timeout_s=timeout, agent="pluto-query")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection."""
        self.calls.close()

    @property
    def where(self) -> str:
        """The server's address or the store's folder, for messages."""
        return self.calls.where

    @property
    def extended(self) -> bool:
        """Whether this is Pluto's own server, which has more to read than a stock one."""
        if self._extended is None:
            self._extended = self.again("info", self.calls.info) is not None
        return self._extended

    def demand(self, what: str, instead: str = "") -> None:
        """Raises `QueryError` on a stock server: `what` needs Pluto's own, `instead` is what a stock one has."""
        if not self.extended:
            hint = f"; {instead}" if instead else ""
            raise QueryError(f"{self.where} is a stock server and does not serve {what} with an API key{hint}")

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, fresh: bool = True) -> Any:
        """The JSON at `path` of the API. With `fresh`, what this process logged so far is stored first."""
        if fresh:
            self.see_own_writes()
        return self.again(path, lambda: self.calls.get_json(path, _given(params)))

    def extension(self, path: str, params: Mapping[str, Any] | None = None, *, fresh: bool = True) -> Any:
        """What an extension route gives; arrays as bytes."""
        if fresh:
            self.see_own_writes()
        return self.again(path, lambda: self.calls.get_packed(PREFIX + path, _given(params)))

    def ask(self, path: str, body: Mapping[str, Any], *, fresh: bool = True) -> Any:
        """What an extension route answers to a question too long for an address; arrays as bytes."""
        if fresh:
            self.see_own_writes()
        return self.again(path, lambda: self.calls.ask_packed(PREFIX + path, body))

    def again(self, what: str, call: Callable[[], T]) -> T:
        """What a call that changes nothing gives, tried again where the server may be better later."""
        from pluto.core.client import Unavailable, Unreachable

        wait = _FIRST_WAIT_S
        with telling(what):
            for _ in range(self._attempts - 1):
                try:
                    return call()
                except (Unavailable, Unreachable) as error:
                    logger.debug("%s: %s: %s; trying again in %g s", tag, what, error, wait)
                time.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
            return call()

    def see_own_writes(self) -> None:
        """Waits until what this process logged to this server so far is stored there, at most `timeout`."""
        # A process that never opened a run has not loaded this module, and need not.
        live = sys.modules.get("pluto.core.live")
        for op in list(live.ops) if live else ():
            if op.online and _place(op.settings.target()) == _place(self.target) and not op.flush(self.timeout):
                logger.warning("%s: not everything this process logged is stored yet; reading what is there", tag)


@contextlib.contextmanager
def telling(what: str) -> Iterator[None]:
    """Turns what goes wrong with a call into `QueryError`; `what` was asked for."""
    from pluto.core.client import ClientError, Refused, Unauthorized

    try:
        yield
    except ClientError as error:
        text = f"{what}: {error}" if what else str(error)
        if isinstance(error, Unauthorized):
            text += "; `pluto login` keeps a key, PLUTO_API_KEY gives one"
        raise QueryError(text, error.status if isinstance(error, Refused) else None) from error


def _place(target: Local | Remote) -> object:
    """What makes two targets one place, whoever's key is used."""
    return target.store if isinstance(target, Local) else target.api


def _given(params: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (params or {}).items() if value is not None}
