"""A field of type Artifact."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pluto.compat.neptune.attributes.atoms.atom import Atom
from pluto.compat.neptune.exceptions import (
    MetadataInconsistency,
    NeptuneConnectionLostException,
    NeptuneOfflineModeFetchException,
)
from pluto.compat.neptune.internal.artifacts import tracking
from pluto.compat.neptune.internal.artifacts.types import ArtifactFileData
from pluto.compat.neptune.types.atoms.artifact import Artifact as ArtifactVal

if TYPE_CHECKING:
    from pluto.compat.attributes.kinds import TrackedFiles
    from pluto.compat.neptune.internal.backends.backend import FieldWriter
    from pluto.compat.neptune.metadata_containers.metadata_container import MetadataContainer
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["Artifact"]

_NOTHING_KNOWN: Final = (MetadataInconsistency, NeptuneConnectionLostException, NeptuneOfflineModeFetchException)
"""What says that nobody can tell which files the artifact has already: it gets the new ones then."""


class Artifact(Atom):
    """Files that are referred to and not kept: paths, hashes, sizes, times."""

    def __init__(self, container: MetadataContainer, path: list[str]) -> None:
        super().__init__(container, path)
        self._known: TrackedFiles | None = None

    def assign(self, value: ArtifactVal, *, wait: bool = False) -> None:
        """Makes it refer to what another artifact refers to. Raises `TypeError` for what no `fetch()` gave."""
        if not isinstance(value, ArtifactVal):
            raise TypeError(f"an artifact is set to what fetch() of an artifact gave, not to a {type(value).__name__}")

        def operation(fields: FieldWriter) -> None:
            self._known = tracking.seen(value.hash) or self._backend.find_tracked(value.hash)
            fields.track(self._name, self._known)

        self._perform(operation, wait=wait)

    def track_files(self, path: str, *, destination: str | None = None, wait: bool = False) -> None:
        """Adds the file, or all files below the folder: `file://`, a plain path, or `s3://`.

        `destination` is put before their relative paths.
        """

        def operation(fields: FieldWriter) -> None:
            new = tracking.track(path, destination, self._name)
            known = self._known
            if known is None:
                with contextlib.suppress(*_NOTHING_KNOWN):
                    known = self._backend.tracked(self._name)
            self._known = tracking.merged(known, new)
            fields.track(self._name, self._known)

        self._perform(operation, wait=wait)

    def fetch(self) -> ArtifactVal:
        """What assigns the same files to another field."""
        return ArtifactVal(self._fetched().hash)

    def fetch_hash(self) -> str:
        """The hash of paths, contents and sizes (64 hexadecimal digits), wherever the files lie."""
        return self._fetched().hash

    def fetch_files_list(self) -> list[ArtifactFileData]:
        """The files."""
        return [ArtifactFileData.of(file) for file in self._fetched().files]

    def download(self, destination: str | None = None, progress_bar: ProgressBarType | None = None) -> None:  # noqa: ARG002
        """Puts the files into `destination` (None: the current folder): local ones as links, those in S3 as copies."""
        for file in self.fetch_files_list():
            target = Path(destination or ".") / file.file_path
            target.parent.mkdir(parents=True, exist_ok=True)
            tracking.fetch(file, target)

    def _fetched(self) -> TrackedFiles:
        files = self._backend.tracked(self._name)
        tracking.remember(files)
        return files
