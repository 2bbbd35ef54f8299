"""What capturing a value gives: media records that lack their place in the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from pluto.protocol import records

INLINE_LIMIT_BYTES: Final = 64 * 1024
"""Content up to this size goes into the journal's row, larger content into a file beside it."""


class Placed(Protocol):
    """What has become of a file handed to `Blobs.put_path`."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def mtime_ns(self) -> int: ...  # noqa: D102
    @property
    def linked(self) -> bool: ...  # noqa: D102


class Blobs(Protocol):
    """Where content goes that is too big for a row: the blob folder of a journal segment."""

    def put_bytes(self, data: bytes | memoryview, *, suffix: str = "") -> str:
        """The name under which the bytes lie there."""
        ...

    def put_path(self, path: Path) -> Placed:
        """What has become of the file: its name there, its size and time, and whether it is still the caller's own."""
        ...


@dataclass(frozen=True, slots=True)
class MediaDraft:
    """A `records.Media` less time, step, name and index. All drafts of one value share its index."""

    type: str
    form: str
    file_name: str
    blob: str | None = None
    inline: bytes | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    caption: str | None = None
    annotations: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None

    def record(self, time: int, step: records.Step, name: str, index: int) -> records.Media:
        """The record: logged under `name`, at `index` of the list given there."""
        return records.Media(
            time=time,
            step=step,
            name=name,
            index=index,
            type=self.type,
            form=self.form,
            file_name=self.file_name,
            blob=self.blob,
            inline=self.inline,
            parameters=self.parameters,
            caption=self.caption,
            annotations=self.annotations,
            metadata=self.metadata,
        )


def place(content: bytes | Path, blobs: Blobs) -> tuple[str | None, bytes | None, dict[str, Any]]:
    """Puts content where it belongs: the fields `blob` and `inline` of a draft, and what to add to its parameters."""
    if isinstance(content, bytes):
        if len(content) <= INLINE_LIMIT_BYTES:
            return None, content, {}
        return blobs.put_bytes(content), None, {}
    with content.open("rb") as file:
        start = file.read(INLINE_LIMIT_BYTES + 1)
    if len(start) <= INLINE_LIMIT_BYTES:
        return None, start, {}
    placed = blobs.put_path(content)
    return placed.name, None, {"size": placed.size, "mtime_ns": placed.mtime_ns, "linked": placed.linked}
