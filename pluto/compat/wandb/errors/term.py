"""What is told to people at the terminal: lines on stderr, so that a program's own output stays its own."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any, Final, Protocol

_NAME: Final = "pluto"
_BLUE, _YELLOW, _RED, _PLAIN = "\033[1;34m", "\033[33m", "\033[31m", "\033[0m"


class SupportsLeveledLogging(Protocol):
    """What of a logger is called instead of writing to the terminal."""

    def info(self, msg: str) -> None: ...  # noqa: D102
    def warning(self, msg: str) -> None: ...  # noqa: D102
    def error(self, msg: str) -> None: ...  # noqa: D102


class _Manner:
    """How this process speaks, as its settings say."""

    silent = False
    shown: Final = {logging.INFO: True, logging.WARNING: True, logging.ERROR: True}
    logger: SupportsLeveledLogging | None = None
    said: Final[set[str]] = set()


def termsetup(settings: Any, logger: SupportsLeveledLogging | None) -> None:
    """Speaks as `settings` say from now on; what is not to be shown goes to `logger`."""
    _Manner.silent = bool(settings.silent)
    _Manner.shown[logging.INFO] = bool(settings.show_info)
    _Manner.shown[logging.WARNING] = bool(settings.show_warnings)
    _Manner.shown[logging.ERROR] = bool(settings.show_errors)
    _Manner.logger = logger


def termlog(string: str = "", newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """A line for people. With `repeat=False` nothing, if the same has been said before."""
    _say(string, newline, repeat, prefix, logging.INFO)


def termwarn(string: str, newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """The same as a warning."""
    _say(string, newline, repeat, prefix, logging.WARNING)


def termerror(string: str, newline: bool = True, repeat: bool = True, prefix: bool = True) -> None:
    """The same as an error."""
    _say(string, newline, repeat, prefix, logging.ERROR)


def terminput(prompt: str, *, timeout: float | None = None, hide: bool = False) -> str:  # noqa: ARG001
    """Never asks: a program that logs must not wait for somebody to type. Raises `EOFError`."""
    raise EOFError(f"{prompt.strip()!r} is not asked: set it by an argument or an environment variable")


def isatty(stream: object) -> bool:
    """Whether a stream says it is a terminal; what people put in the place of `sys.stderr` may not know."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001  anything may stand there
        return False


def _say(text: str, newline: bool, repeat: bool, prefix: bool, level: int) -> None:
    if not repeat:
        if text in _Manner.said:
            return
        _Manner.said.add(text)
    if _Manner.silent or not _Manner.shown[level]:
        if _Manner.logger is not None:
            log = {logging.INFO: _Manner.logger.info, logging.WARNING: _Manner.logger.warning}
            log.get(level, _Manner.logger.error)(text)
        return
    stream = sys.stderr
    if stream is None:
        return
    colour = isatty(stream) and os.environ.get("TERM") != "dumb" and "NO_COLOR" not in os.environ
    rank = {logging.INFO: "", logging.WARNING: "WARNING ", logging.ERROR: "ERROR "}[level]
    if rank and colour:
        rank = f"{_YELLOW if level == logging.WARNING else _RED}{rank[:-1]}{_PLAIN} "
    name = f"{_BLUE}{_NAME}{_PLAIN}: " if colour else f"{_NAME}: "
    lines = (f"{name if prefix else ''}{rank}{line}" for line in text.split("\n"))
    try:
        stream.write("\n".join(lines) + ("\n" if newline else ""))
        stream.flush()
    except (OSError, ValueError):
        return  # a closed terminal is no reason to fail
