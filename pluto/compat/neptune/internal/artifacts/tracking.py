"""Artifacts: finding their files, their hash, and what this process has seen of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pluto.compat.attributes.kinds import TrackedFile, TrackedFiles
from pluto.compat.neptune.exceptions import NeptuneEmptyLocationException
from pluto.compat.neptune.internal.artifacts.types import ArtifactDriversMap, ArtifactFileData, ArtifactFileType

__all__ = ["artifact_hash", "fetch", "merged", "remember", "seen", "track"]

_REMEMBERED: Final = 256

_seen: OrderedDict[str, TrackedFiles] = OrderedDict()


def track(location: str, destination: str | None, name: str) -> TrackedFiles:
    """The files at a location, for the artifact `name`.

    Raises `NeptuneUnhandledArtifactSchemeException`, `NeptuneUnsupportedArtifactFunctionalityException`, and
    `NeptuneEmptyLocationException` where there are none.
    """
    found = _drivers().match_path(location).get_tracked_files(location, destination)
    files = [
        file.kept()
        for file in found
        # In S3 a folder is an empty object.
        if not (file.type == ArtifactFileType.S3.value and file.size == 0)
    ]
    if not files:
        raise NeptuneEmptyLocationException(location, name)
    return remember(_together(files))


def fetch(file: ArtifactFileData, destination: Path) -> None:
    """Puts a file of an artifact to `destination`. Raises `NeptuneUnhandledArtifactTypeException`."""
    _drivers().match_type(file.type).download_file(destination, file)


def merged(known: TrackedFiles | None, new: TrackedFiles) -> TrackedFiles:
    """The files of both; of those with one path the new one."""
    if known is None or not known.files:
        return new
    return remember(_together([*known.files, *new.files]))


def artifact_hash(files: Iterable[TrackedFile]) -> str:
    """The hash of an artifact: of the paths, hashes, sizes and types of its files, in the order of their paths."""
    import hashlib

    digest = hashlib.sha256()

    def text(value: str) -> None:
        digest.update(len(value).to_bytes(4, "big"))
        digest.update(value.encode())

    for file in sorted(files, key=lambda one: one.path):
        digest.update(b"#")
        text(file.path)
        digest.update(b"#" + file.hash.encode() + b"#")
        if file.size is not None:
            digest.update(file.size.to_bytes(8, "big"))
        digest.update(b"#")
        text(file.kind)
    return digest.hexdigest()


def remember(files: TrackedFiles) -> TrackedFiles:
    """Keeps an artifact in mind, so that its hash alone can be assigned to another field."""
    _seen[files.hash] = files
    _seen.move_to_end(files.hash)
    while len(_seen) > _REMEMBERED:
        _seen.popitem(last=False)
    return files


def seen(hash: str) -> TrackedFiles | None:
    """The artifact of this hash, if this process has tracked or fetched it lately."""
    return _seen.get(hash)


def _drivers() -> type[ArtifactDriversMap]:
    from pluto.compat.neptune.internal.artifacts.drivers import local, s3  # noqa: F401  known once they are loaded

    return ArtifactDriversMap


def _together(files: Iterable[TrackedFile]) -> TrackedFiles:
    by_path = {file.path: file for file in files}
    ordered = tuple(by_path[path] for path in sorted(by_path))
    sizes = [file.size for file in ordered]
    size = None if None in sizes else sum(size for size in sizes if size is not None)
    return TrackedFiles(artifact_hash(ordered), ordered, size)
