"""What a logged artifact has, brought to this machine."""

from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, cast

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.term import termlog, termwarn
from pluto.compat.wandb.sdk.artifacts._validators import (
    ensure_logged,
    validate_artifact_root_name,
    validate_fspath,
)
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.drafting import ArtifactDraft
from pluto.compat.wandb.sdk.lib.older import older
from pluto.compat.wandb.sdk.lib.paths import FilePathStr, LogicalPath, StrPath

if TYPE_CHECKING:
    from pluto.compat.wandb.sdk.artifacts.artifact import Artifact
    from pluto.query import Client

_THREADS: Final = 16
_LARGE_MB: Final = 50
_MANY: Final = 5000


class ArtifactDownloads(ArtifactDraft):
    """Entries, values and files of an artifact that is logged."""

    _download_roots: set[str]

    @ensure_logged
    def get_entry(self, name: StrPath) -> ArtifactManifestEntry:
        """The entry of a path, or of a value by the name it was added under. Raises `KeyError`."""
        path = LogicalPath(name)
        entry = self.manifest.entries.get(path) or self._value_entry(path)[0]
        if entry is None:
            raise KeyError(f"Path not contained in artifact: {path}")
        entry._parent_artifact = cast("Artifact", self)
        return entry

    def get_path(self, name: StrPath) -> ArtifactManifestEntry:
        """`get_entry` by its older name."""
        termwarn("Artifact.get_path(name) is deprecated, use Artifact.get_entry(name) instead.", repeat=False)
        return self.get_entry(name)

    @ensure_logged
    def get(self, name: str) -> Any:
        """The table, image or other value that was added under a name; None where there is none."""
        entry, kind = self._value_entry(LogicalPath(name))
        if entry is None or kind is None:
            return None
        referenced = entry._referenced_artifact_id()
        if referenced is not None:
            from pluto.compat.wandb.sdk.artifacts.finding import artifact_by_id

            path = str(entry.ref).partition("://")[2].partition("/")[2]
            return artifact_by_id(self._get_client(), referenced).get(path)
        if kind.__name__ == "Table":
            # What is in its cells lies in the artifact, too, and comes faster at once.
            self.download()
        with open(self.get_entry(entry.path).download(), encoding="utf-8") as file:
            found = kind.from_json(json.load(file), self)
        found._set_artifact_source(self, name)
        return found

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    @ensure_logged
    def download(
        self,
        root: StrPath | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: StrPath | None = None,
        multipart: bool | None = None,  # noqa: ARG002
        *,
        recursive: bool | None = None,
    ) -> FilePathStr:
        """The folder with the artifact's files: `root`, or one of its own below WANDB_ARTIFACT_DIR (`./artifacts`).

        Files that are there as they should be are left alone, and so is what else is in the folder. `path_prefix`: only
        paths that begin so. `allow_missing_references`: goes on where something it refers to is gone. `skip_cache`:
        straight to the folder. `multipart` is not needed: a file comes in one stream. `recursive` is of older releases.
        """
        if recursive:
            older("download(recursive=…)", "download the artifacts that it refers to one by one")
        place = self._add_download_root(root)
        entries = [self.get_entry(path) for path in list(self.manifest.entries)]
        wanted = [entry for entry in entries if not path_prefix or entry.path.startswith(str(path_prefix))]
        megabytes = self.size / 2**20
        large = len(entries) > _MANY or megabytes > _LARGE_MB
        if large:
            termlog(f"Downloading large artifact {self.name!r}, {megabytes:.2f}MB. {len(entries)} files...")
        start = time.monotonic()

        def bring(entry: ArtifactManifestEntry) -> None:
            from pluto.compat.wandb.sdk.artifacts.storage_handlers.gcs_handler import IsFolder

            try:
                entry.download(place, skip_cache=skip_cache)
            except FileNotFoundError as error:
                if not allow_missing_references or entry.ref is None:
                    raise
                termwarn(str(error))
            except IsFolder:
                return
            except (IsADirectoryError, NotADirectoryError, FileExistsError):
                termwarn(f"Unable to download {entry.path!r}: a file is in the place of a folder, or a folder in that"
                         " of a file; skipping.")  # fmt: skip

        os.makedirs(place, exist_ok=True)
        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(bring, wanted):
                pass
        if large:
            seconds = time.monotonic() - start
            termlog(f"Done. {seconds:.1f}s ({megabytes / max(seconds, 0.001):.1f}MB/s)", prefix=False)
        return place

    @ensure_logged
    def checkout(self, root: str | None = None) -> str:
        """The same, and takes what is not in the artifact out of the folder."""
        place = root or self._default_root(include_version=False)
        for path, inner in _below(place):
            if not self._has(inner):
                os.remove(path)
        return self.download(root=place)

    @ensure_logged
    def verify(self, root: str | None = None) -> None:
        """Looks whether a folder has what the artifact has. What is only referred to is not looked at.

        Raises `ValueError` for a file that is another one or should not be there, `FileNotFoundError` for a missing
        one.
        """
        place = root or self._default_root()
        for path, inner in _below(place):
            if not self._has(inner):
                raise ValueError(f"Found file {path} which is not a member of artifact {self.name}")
        references = 0
        for entry in self.manifest.entries.values():
            if entry.ref is not None:
                references += 1
            elif entry.digest_algorithm().of_file(validate_fspath(place, entry.path)) != entry.digest:
                raise ValueError(f"Digest mismatch for file: {entry.path}")
        if references:
            termwarn(f"skipped verification of {references} refs")

    @ensure_logged
    def file(self, root: str | None = None) -> StrPath:
        """The path of the artifact's one file, below `root` or the artifact's own folder.

        Raises `ValueError` where there are several, or none.
        """
        if root is None:
            root = os.path.join(".", "artifacts", validate_artifact_root_name(self.name))
        if len(self.manifest.entries) > 1:
            raise ValueError(
                "This artifact contains more than one file, call `.download()` to get all files or call"
                ' .get_entry("filename").download()'
            )
        if not self.manifest.entries:
            raise ValueError("This artifact contains no file")
        return self.get_entry(next(iter(self.manifest.entries))).download(root)

    @ensure_logged
    def files(self, names: list[str] | None = None, per_page: int = 50, start: str | None = None) -> Any:
        """The artifact's files, of `names` or all, to go through."""
        from pluto.compat.wandb.apis.public.artifacts import ArtifactFiles

        return ArtifactFiles(self._get_client(), cast("Artifact", self), names, per_page, start=start)

    # within

    def _get_client(self) -> Client:
        from pluto.compat.wandb.sdk.artifacts.finding import client_beside

        return client_beside(self)

    def _has(self, path: str) -> bool:
        try:
            self.get_entry(path)
        except (KeyError, ValueError):
            return False
        return True

    def _value_entry(self, name: LogicalPath) -> tuple[ArtifactManifestEntry, Any] | tuple[None, None]:
        """The entry of a value, and the class that reads it."""
        from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue

        for kind in WBValue.type_mapping().values():
            entry = self.manifest.entries.get(LogicalPath(kind.with_suffix(name)))
            if entry is not None:
                return entry, kind
        return None, None

    def _default_root(self, include_version: bool = True) -> FilePathStr:
        name = self.source_name if include_version else self.source_name.partition(":")[0]
        return os.path.join(env.get_artifact_dir(), validate_artifact_root_name(name))

    def _add_download_root(self, dir_path: StrPath | None) -> FilePathStr:
        root = str(dir_path or self._default_root())
        self._download_roots.add(os.path.abspath(root))
        return root

    def _local_path_to_name(self, file_path: str) -> str | None:
        """The path in the artifact of a file that was downloaded, or None."""
        path = os.path.abspath(file_path)
        for root in self._download_roots:
            if path.startswith(root + os.sep):
                return os.path.relpath(path, root)
        return None


def _below(root: str) -> list[tuple[str, str]]:
    """The files below a folder, and their paths there."""
    return [
        (path, os.path.relpath(path, start=root))
        for folder, _, files in os.walk(root)
        for path in (os.path.join(folder, file) for file in files)
    ]
