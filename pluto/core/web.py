"""Files that lie elsewhere on the web."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

TIMEOUT_S: Final = 30.0
CHUNK_BYTES: Final = 1 << 18


class WebError(Exception):
    """An address that does not give what is asked of it. `status` is the answer's, or None where there was none."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Page:
    """What an address says of what is there."""

    url: str
    """Where it is, redirections followed."""
    etag: str | None
    size: int | None


def look(url: str) -> Page:
    """What is at an address, without fetching it. Raises `WebError`."""
    with _opened(url) as (page, _):
        return page


def fetch(url: str, sink: IO[bytes], *, etag: str | None = None) -> Page:
    """Writes what is at an address to a file that is open. With `etag`, nothing is written where another is there.

    Raises `WebError`.
    """
    import httpx

    with _opened(url) as (page, response):
        if etag is None or (page.etag or page.url).strip('"') == etag:
            try:
                sink.writelines(response.iter_bytes(CHUNK_BYTES))
            except httpx.HTTPError as error:
                raise WebError(f"{url}: {type(error).__name__}: {error}") from None
        return page


@contextmanager
def _opened(url: str) -> Iterator[tuple[Page, httpx.Response]]:
    import httpx

    # Bytes as they lie there: a length told for packed ones would not be the file's.
    headers = {"Accept-Encoding": "identity", "User-Agent": "pluto"}
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=True, headers=headers) as client:
        try:
            response = client.send(client.build_request("GET", url), stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise WebError(f"{url}: {type(error).__name__}: {error}") from None
        try:
            if response.is_error:
                raise WebError(f"{url}: {response.status_code} {response.reason_phrase}", response.status_code)
            length = response.headers.get("content-length", "")
            yield (
                Page(str(response.url), response.headers.get("etag"), int(length) if length.isdigit() else None),
                response,
            )
        finally:
            response.close()
