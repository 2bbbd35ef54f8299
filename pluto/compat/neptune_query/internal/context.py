"""Where is read from: the project, and the store or server that Pluto's settings name."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pluto.compat.neptune_query.exceptions import (
    NeptuneFailedToFetchClientConfig,
    NeptuneInvalidCredentialsError,
    NeptuneUnexpectedResponseError,
)

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader


@dataclass(frozen=True)
class Context:
    """The token that was set last."""

    api_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class _Place:
    process: int
    target: object
    timeout: int


_context = Context()
_open: tuple[_Place, AttributeReader] | None = None


def set_api_token(api_token: str) -> Context:
    """Takes a token, as scripts for Neptune give one. It opens nothing and is sent nowhere.

    Where is read from, and with which key, Pluto's settings say: PLUTO_HOST, PLUTO_API_KEY, `pluto login`. Raises
    `ValueError` for an empty token.
    """
    global _context
    if not api_token:
        raise ValueError("an API token is a text that is not empty")
    _context = replace(_context, api_token=api_token)
    return _context


def project_of(project: str | None) -> str:
    """The project to read: the one given, NEPTUNE_PROJECT, or Pluto's default project."""
    named = project or os.environ.get("NEPTUNE_PROJECT", "").strip()
    if named:
        if not isinstance(named, str):
            raise TypeError(f"project is a text such as 'workspace/name', not {type(named).__name__}")
        return named
    from pluto.core.settings import resolve

    return str(resolve().project)


@contextlib.contextmanager
def reading() -> Iterator[AttributeReader]:
    """The reader of the place configured now; what goes wrong there comes as this package's exceptions."""
    from pluto.query import QueryError

    try:
        yield _reader()
    except QueryError as error:
        raise _told(error) from error


def _reader() -> AttributeReader:
    """One reader for as long as the settings stay the same: a forked child needs connections of its own."""
    global _open
    from pluto.compat.attributes import AttributeReader
    from pluto.core.settings import resolve

    given, timeout = _settings()
    place = _Place(os.getpid(), resolve(given).target(), timeout)
    if _open is None or _open[0] != place:
        if _open is not None and _open[0].process == place.process:
            _open[1].close()
        _open = place, AttributeReader(settings=given, timeout=timeout)
    return _open[1]


def _settings() -> tuple[dict[str, Any], int]:
    """What Neptune's environment variables ask for, as settings of Pluto; and the seconds a request may take."""
    from pluto.compat.neptune.internal.settings import pluto_settings

    asked = pluto_settings()
    if os.environ.get("NEPTUNE_VERIFY_SSL", "true").lower() not in ("true", "1"):
        asked.setdefault("insecure_disable_ssl", True)
    return asked, int(os.environ.get("NEPTUNE_HTTP_REQUEST_TIMEOUT_SECONDS") or 60)


def _told(error: Any) -> Exception:
    status = error.status_code
    if status is None:
        return NeptuneFailedToFetchClientConfig(error)
    if status in (401, 403):
        return NeptuneInvalidCredentialsError()
    return NeptuneUnexpectedResponseError(status, str(error).encode())
