"""What goes into an artifact before it is logged."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Literal
from urllib.parse import urlparse

from pluto.compat.wandb.errors.term import termerror, termlog
from pluto.compat.wandb.sdk.artifacts import staging
from pluto.compat.wandb.sdk.artifacts._validators import ensure_not_finalized, validate_artifact_path
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import (
    DIGEST_ALGORITHM_EXTRA_KEY,
    ArtifactDigestAlgorithm,
)
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.facts import ArtifactFacts
from pluto.compat.wandb.sdk.lib.hashutil import b64_to_hex_id
from pluto.compat.wandb.sdk.lib.paths import LogicalPath, StrPath

_THREADS: Final = 8
Policy = Literal["mutable", "immutable"]


class ArtifactDraft(ArtifactFacts):
    """Adding and removing. Everything here raises `ArtifactFinalizedError` once the artifact is logged."""

    _added_objs: dict[int, tuple[Any, ArtifactManifestEntry]]
    _added_local_paths: dict[str, ArtifactManifestEntry]
    _new_files: Path | None

    @ensure_not_finalized
    def add_file(
        self,
        local_path: str,
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: Policy | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        """Adds a file, as it is now, under its name or another one; gives the entry.

        `policy="mutable"` takes a copy at once; with "immutable" the caller promises not to change the file before it
        is delivered: a version whose file was changed is not made. `is_tmp` puts a part of the digest in the place of
        the name. `skip_cache`: no copy stays in the cache.

        Raises `ValueError` for what is no file, an unknown policy, and a path that is taken by other content, unless
        `overwrite`.
        """
        if not os.path.isfile(local_path):
            raise ValueError(f"Path is not a file: {local_path!r}")
        return self._add_local_file(
            LogicalPath(name or os.path.basename(local_path)),
            local_path,
            is_tmp=bool(is_tmp),
            skip_cache=bool(skip_cache),
            policy=policy,
            overwrite=overwrite,
        )

    @ensure_not_finalized
    def add_dir(
        self,
        local_path: str,
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: Policy | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Adds the files below a folder, under its paths there or below `name`. `policy` as for `add_file`.

        Raises `ValueError` for what is no folder, and for a path that is taken by other content, unless `merge`.
        """
        if not os.path.isdir(local_path):
            raise ValueError(f"Path is not a directory: {local_path!r}")
        termlog(f"Adding directory to artifact ({Path('.', local_path)})... ", newline=False)
        start = time.monotonic()
        found = [
            os.path.join(folder, file) for folder, _, files in os.walk(local_path, followlinks=True) for file in files
        ]

        def add(path: str) -> None:
            self._add_local_file(
                LogicalPath(os.path.join(name or "", os.path.relpath(path, start=local_path))),
                path,
                skip_cache=bool(skip_cache),
                policy=policy,
                overwrite=merge,
            )

        with ThreadPoolExecutor(_THREADS) as threads:
            for _ in threads.map(add, found):
                pass
        termlog(f"Done. {time.monotonic() - start:.1f}s", prefix=False)

    @contextlib.contextmanager
    def _writing(self, name: str, mode: str, encoding: str | None, policy: Policy) -> Iterator[IO[Any]]:
        validate_artifact_path(name)
        if self._new_files is None:
            self._new_files = staging.new_folder()
        path = os.path.join(self._new_files, name.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            with open(path, mode, encoding=encoding) as file:
                yield file
                file.flush()
        except FileExistsError:
            raise ValueError(f"File with name {name!r} already exists at {path!r}") from None
        except UnicodeEncodeError as error:
            termerror(
                f"Failed to open the provided file (UnicodeEncodeError: {error}). Please provide the proper encoding."
            )
            raise
        self.add_file(path, name=name, policy=policy, skip_cache=True, overwrite="x" not in mode)

    @ensure_not_finalized
    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None, policy: Policy = "mutable"
    ) -> contextlib.AbstractContextManager[IO[Any]]:
        """A new file to write to, in a `with`: it is added when the block ends.

        Raises `ValueError` where there is one of that name, unless the mode says to write over it.
        """
        return self._writing(name, mode, encoding, policy)

    @ensure_not_finalized
    def add_reference(
        self,
        uri: ArtifactManifestEntry | str,
        name: StrPath | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[ArtifactManifestEntry]:
        """Adds what lies elsewhere without taking it: the entry, or one for each object below the address.

        `file://`, `http(s)://`, `s3://`, `gs://` and Azure's addresses are looked at, unless `checksum=False`, so that
        a change of what is there makes another version; others are noted down as they are, and need a name.

        Raises `ValueError` for what is no address or leads nowhere, and for more than `max_objects`.
        """
        from pluto.compat.wandb.sdk.artifacts.storage_handlers.multi_handler import handler_for

        address = uri.ref_url() if isinstance(uri, ArtifactManifestEntry) else str(uri)
        if not urlparse(address).scheme:
            raise ValueError("References must be URIs. To reference a local file, use file://")
        entries = handler_for(address).store_path(
            self, address, name=None if name is None else LogicalPath(name), checksum=checksum, max_objects=max_objects
        )
        for entry in entries:
            self.manifest.add_entry(entry)
        return entries

    @ensure_not_finalized
    def add(self, obj: Any, name: StrPath, overwrite: bool = False) -> ArtifactManifestEntry:
        """Adds a table, an image or another value of the data types, as JSON with the files it needs.

        Raises `TypeError` for a value of no such type.
        """
        from pluto.compat.wandb.sdk.data_types.artifact_types import artifact_types

        path = LogicalPath(name)
        allowed: Any = artifact_types()
        if not isinstance(obj, allowed):
            raise TypeError(f"Found object of type {type(obj)}, expected one of: {allowed}")
        if id(obj) in self._added_objs:
            return self._added_objs[id(obj)][1]
        elsewhere = obj._get_artifact_entry_ref_url()
        if elsewhere is not None:
            return self.add_reference(elsewhere, type(obj).with_suffix(path))[0]
        is_tmp = path.startswith("media/tables")
        value = obj.to_json(self)
        path = LogicalPath(obj.with_suffix(path))
        before = self.manifest.get_entry_by_path(path)
        if before is not None and not overwrite:
            return before
        file = staging.new_folder() / "value.json"
        file.write_text(json.dumps(value, sort_keys=True), encoding="utf-8")
        entry = self.add_file(str(file), str(path), is_tmp=is_tmp, overwrite=overwrite)
        staging.discard(str(file))
        # The value is held, so that its id is not that of another one later.
        self._added_objs[id(obj)] = obj, entry
        if obj._artifact_target is None:
            obj._set_artifact_target(self, entry.path)
        return entry

    def __setitem__(self, name: str, item: Any) -> ArtifactManifestEntry:
        return self.add(item, name)

    @ensure_not_finalized
    def remove(self, item: StrPath | ArtifactManifestEntry) -> None:
        """Takes out an entry, the file of a path, or all below it. Raises `FileNotFoundError` where there is none."""
        if isinstance(item, ArtifactManifestEntry):
            found = [item]
        else:
            path = str(PurePosixPath(item))
            one = self.manifest.get_entry_by_path(path)
            found = [one] if one is not None else self.manifest.get_entries_in_directory(path)
            if not found:
                raise FileNotFoundError(f"No such file or directory: {path}")
        for entry in found:
            self.manifest.remove_entry(entry)
            self._drop(entry)

    def get_added_local_path_name(self, local_path: str) -> str | None:
        """The name under which a file of this machine was added, or None."""
        entry = self._added_local_paths.get(local_path)
        return None if entry is None else entry.path

    def _add_local_file(
        self,
        name: LogicalPath,
        path: StrPath,
        *,
        is_tmp: bool = False,
        skip_cache: bool = False,
        policy: Policy | None = "mutable",
        overwrite: bool = False,
    ) -> ArtifactManifestEntry:
        if policy not in ("mutable", "immutable", None):
            raise ValueError(f"Invalid policy {policy!r}. Policy may only be `mutable` or `immutable`.")
        staged = policy != "immutable"
        source = staging.stage(os.fspath(path)) if staged else os.path.abspath(path)
        algorithm = self._digest_algorithm
        digest = algorithm.of_file(source)
        shown = str(name)
        if is_tmp:
            folder, file = os.path.split(shown)
            shown = os.path.join(folder, ".".join([b64_to_hex_id(digest)[:20], *file.split(".")[1:]]))
        plain = algorithm is ArtifactDigestAlgorithm.MANIFEST_MD5
        entry = ArtifactManifestEntry(
            path=shown,
            digest=digest,
            local_path=source,
            skip_cache=skip_cache,
            extra={} if plain else {DIGEST_ALGORITHM_EXTRA_KEY: algorithm.short},
        )
        entry._staged = staged
        before = self.manifest.get_entry_by_path(entry.path)
        try:
            self.manifest.add_entry(entry, overwrite=overwrite)
        except ValueError:
            self._drop(entry)
            raise
        if before is not None:
            self._drop(before)
        self._added_local_paths[os.fspath(path)] = entry
        return entry

    @staticmethod
    def _drop(entry: ArtifactManifestEntry) -> None:
        """Removes the copy behind an entry that is not in the artifact any more."""
        if entry._staged and entry.local_path:
            staging.discard(entry.local_path)
