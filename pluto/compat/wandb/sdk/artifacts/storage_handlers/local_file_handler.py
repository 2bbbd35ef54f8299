"""Files that stay where they are on this machine, or one its disks are shared with."""

from __future__ import annotations

import os
import shutil
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import DEFAULT_MAX_OBJECTS, StorageHandler, timed
from pluto.compat.wandb.sdk.lib.hashutil import md5_file_b64, md5_string

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class LocalFileHandler(StorageHandler):
    """`file://` addresses. A folder makes an entry for each file in it."""

    def __init__(self, scheme: str = "file") -> None:
        self._scheme = scheme

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:  # noqa: ARG002
        """The path of a copy in the cache, once it is known that the file is as it was."""
        path = local_path(str(manifest_entry.ref))
        if not os.path.exists(path):
            raise ValueError(f"Local file reference: Failed to find file at path {path!r}")
        cached, hit, opener = get_artifact_file_cache().check_digest_obj_path(
            manifest_entry.digest, manifest_entry.size or 0
        )
        if hit:
            return cached
        found = md5_file_b64(path)
        if found != manifest_entry.digest:
            raise ValueError(
                f"Local file reference: Digest mismatch for path {path!r}: expected {manifest_entry.digest!r} but found"
                f" {found!r}"
            )
        with opener("wb") as sink, open(path, "rb") as source:
            shutil.copyfileobj(source, sink, 1 << 20)
        return cached

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """Entries with the digest of the content, or with `checksum=False` that of the path."""
        place = local_path(path)
        digest = md5_file_b64 if checksum else _md5_path
        if os.path.isfile(place):
            entry = ArtifactManifestEntry(
                path=name or os.path.basename(place), ref=path, size=os.path.getsize(place), digest=digest(place)
            )
            return [entry]
        if not os.path.isdir(place):
            raise ValueError(f"Path {path!r} must be a valid file or directory path")
        limit = max_objects or DEFAULT_MAX_OBJECTS
        entries: list[ArtifactManifestEntry] = []
        with timed(checksum, f"Generating checksum for up to {limit} files in {place!r}... "):
            for folder, _, files in os.walk(place):
                for file in files:
                    if len(entries) >= limit:
                        raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
                    found = os.path.join(folder, file)
                    inner = os.path.relpath(found, start=place)
                    entries.append(
                        ArtifactManifestEntry(
                            path=os.path.join(name or "", inner),
                            ref=os.path.join(path, inner),
                            size=os.path.getsize(found),
                            digest=digest(found),
                        )
                    )
        return entries


def local_path(uri: str) -> str:
    """The path that a `file://` address names."""
    return urllib.request.url2pathname(urlparse(uri).path if uri.startswith("file:") else uri)


def _md5_path(path: Any) -> str:
    return md5_string(Path(path).resolve().as_uri())
