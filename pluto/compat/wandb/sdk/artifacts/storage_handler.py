"""What deals with addresses of one scheme."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.errors.term import termlog

if TYPE_CHECKING:
    from urllib.parse import ParseResult

    from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry

DEFAULT_MAX_OBJECTS: Final = 10_000_000


class StorageHandler(ABC):
    """Makes entries of addresses, and files of entries."""

    @abstractmethod
    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its kind."""

    @abstractmethod
    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The address of what an entry refers to; with `local`, the path of a copy on this machine.

        Raises `FileNotFoundError` where it is gone, and `ValueError` where it is another thing now.
        """

    @abstractmethod
    def store_path(
        self,
        artifact: Any,
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """The entries that an address makes: one, or one for each object below it. Raises `ValueError`."""


@contextmanager
def timed(show: bool, text: str) -> Iterator[None]:
    """Tells that something goes on, and how long it took."""
    if show:
        termlog(text, newline=False)
    start = time.monotonic()
    yield
    if show:
        termlog(f"Done. {time.monotonic() - start:.1f}s", prefix=False)
