"""A tracked file, and what knows how to find and fetch it."""

from __future__ import annotations

import abc
import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pluto.compat.attributes.kinds import TrackedFile
from pluto.compat.neptune.exceptions import (
    NeptuneUnhandledArtifactSchemeException,
    NeptuneUnhandledArtifactTypeException,
)

__all__ = ["ArtifactDriver", "ArtifactDriversMap", "ArtifactFileData", "ArtifactFileType"]


class ArtifactFileType(enum.Enum):
    """Where a file lies."""

    S3 = "S3"
    LOCAL = "Local"


@dataclass
class ArtifactFileData:
    """A tracked file, as `fetch_files_list` gives it."""

    file_path: str
    """Relative to what was tracked."""
    file_hash: str
    """SHA-1 of a local file, the entity tag of one in S3."""
    type: str
    metadata: dict[str, str] = field(default_factory=dict)
    """Where it lies (`file_path` or `location`) and when it was changed (`last_modified`)."""
    size: int | None = None
    """Bytes."""

    @classmethod
    def of(cls, file: TrackedFile) -> ArtifactFileData:
        """The file as it is kept."""
        return cls(file.path, file.hash, file.kind, dict(file.metadata), file.size)

    def kept(self) -> TrackedFile:
        """The file as it is to be kept."""
        return TrackedFile(self.file_path, self.file_hash, self.type, tuple(sorted(self.metadata.items())), self.size)


class ArtifactDriver(abc.ABC):
    """Finds and fetches the files of one kind of place. A subclass is known as soon as it is defined."""

    def __init_subclass__(cls) -> None:
        ArtifactDriversMap.known.append(cls)

    @staticmethod
    @abc.abstractmethod
    def get_type() -> str:
        """The type of its files."""

    @classmethod
    @abc.abstractmethod
    def matches(cls, path: str) -> bool:
        """Whether a path is one of its places."""

    @classmethod
    @abc.abstractmethod
    def get_tracked_files(cls, path: str, destination: str | None = None) -> list[ArtifactFileData]:
        """The file at a path, or all below it."""

    @classmethod
    @abc.abstractmethod
    def download_file(cls, destination: Path, file_definition: ArtifactFileData) -> None:
        """Puts a file to `destination`."""


class ArtifactDriversMap:
    """The drivers there are."""

    known: ClassVar[list[type[ArtifactDriver]]] = []

    @classmethod
    def match_path(cls, path: str) -> type[ArtifactDriver]:
        """The driver for a path. Raises `NeptuneUnhandledArtifactSchemeException`."""
        for driver in cls.known:
            if driver.matches(path):
                return driver
        raise NeptuneUnhandledArtifactSchemeException(path)

    @classmethod
    def match_type(cls, type_str: str) -> type[ArtifactDriver]:
        """The driver for a type of file. Raises `NeptuneUnhandledArtifactTypeException`."""
        for driver in cls.known:
            if driver.get_type() == type_str:
                return driver
        raise NeptuneUnhandledArtifactTypeException(type_str)
