"""What goes wrong with a server, in this client's exceptions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pluto.compat.neptune.common.exceptions import (
    ClientHttpError,
    Forbidden,
    InternalServerError,
    NeptuneConnectionLostException,
    NeptuneException,
    Unauthorized,
)
from pluto.compat.neptune.exceptions import NeptuneFeatureNotAvailableException

__all__ = ["telling"]


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Turns the `QueryError`s of the block into exceptions of this client.

    `Unauthorized`, `Forbidden`, `ClientHttpError`, `InternalServerError`, or where there was no answer
    `NeptuneConnectionLostException`. What a server does not serve is `NeptuneFeatureNotAvailableException`.
    """
    from pluto.query import QueryError

    try:
        yield
    except QueryError as error:
        raise _exception(error.status_code, error) from error


def _exception(status: int | None, error: Exception) -> NeptuneException:
    if status is None:
        # Without a failed call behind it, it is something that a stock server does not do.
        return NeptuneConnectionLostException(error) if error.__cause__ else NeptuneFeatureNotAvailableException(error)
    if status == 401:
        return Unauthorized(str(error))
    if status == 403:
        return Forbidden()
    return InternalServerError(error) if status >= 500 else ClientHttpError(status, error)
