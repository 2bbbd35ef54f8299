"""What a failed call means, and when to try again."""

from __future__ import annotations

import enum
import random
import re
import time
from typing import Final

from pluto.core.client import ClientError, NotFound, Refused, Unauthorized, Unavailable

FIRST_S: Final = 0.5
"""Pause after the first failure: a restarting service is back in about this time."""
FACTOR: Final = 2.0
LONGEST_S: Final = 60.0
"""Longest pause: a server that is back is noticed within a minute, and one that is down is not bothered."""
JITTER: Final = 0.2
"""Part by which a pause varies, so that a thousand clients of one server do not come back in step."""
GIVE_UP_S: Final = 600.0
"""How long the uploader keeps trying when the processes it serves are gone. What is left waits on disk for the next."""
FRUITLESS: Final = 5
"""Answers of 5xx to one call of a stock server before the call counts as refused: some of them always fail."""

# The stock ingest service answers 422 to everything and hides the real reason in the text.
_CODE: Final = re.compile(r"\(([1-9])\d{3}\s*-")
_KEY_TROUBLE: Final = re.compile(
    r"invalid[_ ]?token|missing[_ ]?token|expired|revoked|unauthori[sz]ed|api key|permission", re.IGNORECASE
)
_SERVER_TROUBLE: Final = re.compile(
    r"database|clickhouse|timed?[_ -]?out|unavailable|overloaded|connection|too many|rate[_ ]limit|exhausted|internal",
    re.IGNORECASE,
)


class Verdict(enum.Enum):
    """What a failed call means."""

    LATER = "later"
    """It may work later: no answer, a busy or broken server."""
    KEY = "key"
    """It will work once the key does."""
    GONE = "gone"
    """There is no such run."""
    NEVER = "never"
    """The same request will never be taken."""


def verdict(error: ClientError) -> Verdict:
    """What a failed call means for the request that was made."""
    if isinstance(error, Unauthorized):
        return Verdict.KEY
    if isinstance(error, NotFound):
        return Verdict.GONE
    if isinstance(error, Unavailable) or not isinstance(error, Refused):
        return Verdict.LATER
    return Verdict.NEVER


def ingest_verdict(error: ClientError) -> Verdict:
    """The same for `/ingest/*` of a stock server, where 422 can mean anything."""
    if not (isinstance(error, Refused) and error.status == 422):
        return verdict(error)
    code = _CODE.search(error.text)
    if code is not None:
        return {"1": Verdict.KEY, "2": Verdict.NEVER, "3": Verdict.NEVER}.get(code[1], Verdict.LATER)
    if _KEY_TROUBLE.search(error.text):
        return Verdict.KEY
    return Verdict.LATER if _SERVER_TROUBLE.search(error.text) else Verdict.NEVER


class Backoff:
    """Growing pauses between tries."""

    def __init__(self) -> None:
        self.failures = 0
        self.since: float | None = None
        """When the trouble began, by `time.monotonic()`; None while there is none."""
        self._next = 0.0

    @property
    def ready(self) -> bool:
        """Whether it is time for the next try."""
        return self.failures == 0 or time.monotonic() >= self._next

    @property
    def pause(self) -> float:
        """Seconds until the next try."""
        return 0.0 if self.failures == 0 else max(0.0, self._next - time.monotonic())

    def failed(self) -> None:
        """Counts a failure and sets the next pause."""
        now = time.monotonic()
        self.since = now if self.since is None else self.since
        pause = min(FIRST_S * FACTOR ** min(self.failures, 20), LONGEST_S)
        self._next = now + pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 (spreads load, guards nothing)
        self.failures += 1

    def hurry(self) -> None:
        """Makes it time for the next try."""
        self._next = 0.0

    def succeeded(self) -> None:
        """Forgets the failures."""
        self.failures = 0
        self.since = None
