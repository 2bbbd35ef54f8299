"""The batch route of Pluto's own server, and the names its extensions go by.

A stock server has none of this: a client asks `GET {PREFIX}/info` once and takes 404 for "stock".
"""

from __future__ import annotations

from typing import Final

import msgspec

PREFIX: Final = "/api/ext/v1"
"""Everything that is not in the stock API lives under this path."""

MSGPACK: Final = "application/msgpack"

# Headers of POST {PREFIX}/batch, beside X-Run-Id and X-Project-Name.
WRITER: Final = "X-Pluto-Writer"
"""Id of the writer whose records these are: `[A-Za-z0-9._-]{1,64}`, one per process incarnation."""
LANE: Final = "X-Pluto-Lane"
"""`lines` or `files`: each writer has one high-water mark per lane."""

LINES: Final = "lines"
FILES: Final = "files"


class Entry(msgspec.Struct, array_like=True, gc=False):
    """One record of a batch. A batch is the msgpack array of entries, by rising `seq`.

    It holds nothing that could hold it, so that the collector of garbage need not know of it, nor of `Metrics`.
    """

    seq: int
    kind: int
    body: bytes


class Rejection(msgspec.Struct):
    """A record the server will never take, and why. Its neighbours were taken."""

    seq: int
    error: str


class Answer(msgspec.Struct):
    """The answer to a batch: 200, as msgpack.

    Every entry up to `mark` is stored, was stored before, or is in `rejected`; nothing above it is. Sending a batch
    again is harmless, and is answered with its rejections again; the next batch is taken to say that they were heard.
    """

    mark: int
    status: str
    """The run's status, so that a cancelled run is noticed."""
    rejected: list[Rejection] = []


class Info(msgspec.Struct):
    """The answer of `GET {PREFIX}/info` (JSON, no key needed)."""

    server: str = "pluto"
    version: str = ""
    extensions: int = 1
