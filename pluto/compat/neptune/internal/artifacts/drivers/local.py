"""Files of this machine."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlparse

from pluto.compat.neptune.exceptions import (
    NeptuneLocalStorageAccessException,
    NeptuneUnsupportedArtifactFunctionalityException,
)
from pluto.compat.neptune.internal.artifacts.hashes import sha1_of_all
from pluto.compat.neptune.internal.artifacts.types import ArtifactDriver, ArtifactFileData, ArtifactFileType

__all__ = ["LocalArtifactDriver"]

_PREFIX: Final = "file://"


class LocalArtifactDriver(ArtifactDriver):
    """Tracks paths and `file://` addresses; a download is a link to the file."""

    DATETIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"

    @staticmethod
    def get_type() -> str:
        """`Local`."""
        return ArtifactFileType.LOCAL.value

    @classmethod
    def matches(cls, path: str) -> bool:
        """Whether it is a path or a `file://` address."""
        return urlparse(path).scheme in ("file", "")

    @classmethod
    def get_tracked_files(cls, path: str, destination: str | None = None) -> list[ArtifactFileData]:
        """The file, or all below the folder, with their SHA-1; `destination` goes before their relative paths."""
        from pluto.compat.neptune.internal.settings import cache_folder

        path = path.removeprefix(_PREFIX)
        if "*" in path:
            raise NeptuneUnsupportedArtifactFunctionalityException(
                f"{path} can't be tracked: patterns are not supported"
            )
        source = Path(path).expanduser()
        folder = source if source.is_dir() else source.parent
        found = sorted(file for file in (source.rglob("*") if source.is_dir() else [source]) if file.is_file())
        return [
            ArtifactFileData(
                file_path=Path(destination or "", file.relative_to(folder)).as_posix(),
                file_hash=sha1,
                type=cls.get_type(),
                size=(status := file.stat()).st_size,
                metadata={
                    "file_path": _PREFIX + file.resolve().as_posix(),
                    "last_modified": datetime.fromtimestamp(status.st_mtime).strftime(cls.DATETIME_FORMAT),
                },
            )
            for file, sha1 in zip(found, sha1_of_all([file.resolve() for file in found], cache_folder()), strict=True)
        ]

    @classmethod
    def download_file(cls, destination: Path, file_definition: ArtifactFileData) -> None:
        """Puts a link to the file. Raises `NeptuneLocalStorageAccessException` where it is gone."""
        source = Path(file_definition.metadata.get("file_path", "").removeprefix(_PREFIX))
        if not source.is_file():
            source = Path(unquote(str(source)))  # older clients wrote addresses with escapes
        if not source.is_file():
            raise NeptuneLocalStorageAccessException(source, "a file that is there")
        destination.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(destination):
            destination.unlink()
        destination.symlink_to(source)
