"""Waiting for something to become true, instead of sleeping and hoping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], seconds: float = 30.0, what: str = "") -> T:
    """The first true answer of `condition`, asked until the deadline; then AssertionError names `what`.

    An OSError counts as "not yet": a file or a socket that is not there.
    """
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        problem: object = None
        try:
            answer = condition()
            if answer:
                return answer
            problem = answer
        except OSError as error:
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what or condition} (last: {problem!r})")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
