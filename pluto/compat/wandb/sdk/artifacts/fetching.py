"""Files of artifacts, brought to where they are wanted: unless they are there, by way of the cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import artifacts_cache_dir, get_artifact_file_cache
from pluto.compat.wandb.sdk.lib.paths import FilePathStr

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry


def fetch(entry: ArtifactManifestEntry, target: str, *, skip_cache: bool = False) -> FilePathStr:
    """Puts what an entry has into a file, unless it is there as it should be; gives its path."""
    if _known_checksum(target) == entry.digest:
        return target
    with suppress(FileNotFoundError, IsADirectoryError):
        there = entry.digest_algorithm().of_file(target)
        _note_checksum(target, there)
        if there == entry.digest:
            return target
    os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
    if os.path.isdir(target):
        raise IsADirectoryError(f"{target} is a folder, and a file of the artifact is to be there")
    if entry.ref is not None:
        from pluto.compat.wandb.sdk.artifacts.storage_handlers.multi_handler import handler_for

        _copy(handler_for(entry.ref).load_path(entry, local=True), target)
    elif skip_cache:
        _download(entry, Path(target))
    else:
        cached, hit, _ = get_artifact_file_cache().check_digest_obj_path(
            entry.digest, entry.size or 0, entry.digest_algorithm()
        )
        if not hit:
            get_artifact_file_cache().reserve(entry.size or 0)
            _download(entry, Path(cached))
        _copy(cached, target)
        if hit:
            # Nobody has looked whether what is in the cache is whole: the next time somebody does.
            return target
    _note_checksum(target, entry.digest)
    return target


def _download(entry: ArtifactManifestEntry, target: Path) -> None:
    client = entry.parent_artifact()._get_client()
    if entry._sha256 is None:
        raise FileNotFoundError(f"{entry.path} is not in the store")
    client.download_blob(entry._sha256, target)


def _copy(source: str, target: str) -> None:
    """Copies a file beside its place, then moves it there; one that may be written to."""
    draft = f"{target}.{os.getpid()}.part"
    try:
        shutil.copyfile(source, draft)
        os.chmod(draft, stat.S_IMODE(os.stat(source).st_mode) | stat.S_IRUSR | stat.S_IWUSR)
        os.replace(draft, target)
    finally:
        Path(draft).unlink(missing_ok=True)


def _checksum_path(path: str) -> Path:
    name = hashlib.sha256(os.path.abspath(path).encode()).hexdigest()
    return artifacts_cache_dir() / "checksums" / f"{name}.checksum"


def _known_checksum(path: str) -> str | None:
    """The digest that was noted for a file, if it has not been changed since."""
    note = _checksum_path(path)
    try:
        if os.stat(note).st_mtime_ns <= os.stat(path).st_mtime_ns:
            return None
        return note.read_text().strip()
    except OSError:
        return None


def _note_checksum(path: str, digest: str) -> None:
    note = _checksum_path(path)
    with suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(digest)
