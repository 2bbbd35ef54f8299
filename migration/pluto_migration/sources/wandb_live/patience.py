"""Calls to the service that are tried again for as long as that may help, and what their failures mean."""

from __future__ import annotations

import errno
import logging
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pluto_migration.source import SourceError

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)
_AGAIN: Final = frozenset({408, 409, 425, 429, *range(500, 600)})
"""HTTP statuses that may be others in a moment."""
_OF_NO_USE: Final = (ValueError, LookupError, TypeError, AttributeError, NotImplementedError, ImportError)
"""What the package raises for reasons of its own."""
_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENFILE})
_DISK_SAID: Final = re.compile(r"no space left on device|disk quota exceeded|read-only file system", re.I)
_LONGEST: Final = 60.0
_STATUS: Final = re.compile(r"\b(?:status|error|HTTP)[:\s]+(\d{3})\b", re.I)
_SAID: Final = re.compile(r"\binput: ")
"""What the errors of a query begin with that the service understood and would not answer."""
_TRANSPORT: Final = re.compile(r"EOF|timed? ?out|deadline|connection|reset by|broken pipe|refused|no such host", re.I)
_SECRETS: Final = re.compile(r"(https?://)(?:[^\s/@]*@)?([^\s?\"']*)\?[^\s\"']*")
_secrets: Final[set[str]] = set()
_said: Final[set[str]] = set()


class Refused(SourceError):
    """What the service will not give, however often it is asked."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class Unreachable(SourceError):
    """The service did not answer for as long as it was waited for. What was fetched before is kept."""


@dataclass(frozen=True)
class Patience:
    """Tries calls again for at most `seconds`, with longer and longer breaks, or as long a one as the service asks."""

    seconds: float = 900.0
    wait: Callable[[float], object] = time.sleep
    now: Callable[[], float] = time.monotonic

    def __call__(self, what: str, call: Callable[[], T]) -> T:
        """What the call gives. `what` is it that is asked for, for messages.

        Raises `Refused` where trying again is of no use, `Unreachable` once the time is up.
        """
        end = self.now() + self.seconds
        tries = 0
        while True:
            try:
                return call()
            except SourceError:
                raise
            except Exception as error:  # noqa: BLE001 the package raises what it likes
                if is_local(error):
                    raise SourceError(f"{what}: {plain(error)}; the same command goes on from here") from None
                status, again = judged(error)
                if not again:
                    raise Refused(f"{what}: {plain(error)}", status) from None
                pause = min(_LONGEST, 2.0 ** min(tries, 10)) * random.uniform(0.7, 1.0)  # noqa: S311 no secret
                pause = max(pause, _asked(error) or 0.0)
                if self.now() + pause > end:
                    told = f"{what}: no answer within {self.seconds:g} s: {plain(error)}"
                    raise Unreachable(f"{told}; the same command goes on from here") from None
                _say_once(
                    f"the service asks for patience ({plain(error)}): it is tried again, {self.seconds:g} s at most"
                )
                tries += 1
                self.wait(pause)


def is_local(error: BaseException) -> bool:
    """Whether it is the disk here that is in the way."""
    chain = list(_chain(error))
    return any(isinstance(one, OSError) and one.errno in _DISK for one in chain) or bool(
        _DISK_SAID.search(" ".join(map(str, chain)))
    )


def hide(secret: str | None) -> None:
    """A text that no message may hold."""
    if secret:
        _secrets.add(secret)


def plain(error: BaseException) -> str:
    """An error's text in one line, without keys and without what signs a link."""
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in _secrets:
        text = text.replace(secret, "…")
    return _SECRETS.sub(r"\1\2?…", text)[:500]


def judged(error: BaseException) -> tuple[int | None, bool]:
    """The HTTP status of a failure, where there was one, and whether another try may end otherwise."""
    chain = list(_chain(error))
    for one in chain:
        status = _status(one)
        if status is not None and status >= 400:
            return status, status in _AGAIN
    text = " ".join(map(str, chain))
    if any(isinstance(one, OSError) for one in chain):
        return None, True
    if _SAID.search(text):
        return None, False
    if any(isinstance(one, _OF_NO_USE) for one in chain):
        return None, False
    names = {type(one).__name__ for one in chain}
    if names & {"UsageError", "AuthenticationError"}:
        return None, bool(_TRANSPORT.search(text))
    return None, True


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error with those that it was raised for."""
    seen: set[int] = set()
    left = [error]
    while left:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += [more for more in (getattr(one, "exc", None), one.__cause__) if isinstance(more, BaseException)]


def _status(error: BaseException) -> int | None:
    response: Any = getattr(error, "response", None)
    for name in ("http_status", "status_code"):
        status = getattr(response, name, None)
        if isinstance(status, int) and status:
            return status
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None


def _asked(error: BaseException) -> float | None:
    """The seconds that the service asks to wait."""
    for one in _chain(error):
        headers: Any = getattr(getattr(one, "response", None), "headers", None)
        said = headers.get("Retry-After") if hasattr(headers, "get") else None
        if isinstance(said, str) and said.strip().isdecimal():
            return float(said)
    return None


def _say_once(text: str) -> None:
    if not _said:
        _said.add(text)
        _log.warning("%s", text)
