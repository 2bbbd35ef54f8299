"""Files of artifacts on this machine, by what is in them.

`<WANDB_CACHE_DIR>/artifacts/obj/md5/<aa>/<rest of the digest>` for files, `obj/etag/<aa>/<rest>` for what is referred
to, by a hash of its address and etag; `tmp/` for what is on its way.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from pluto.compat.wandb import env
from pluto.compat.wandb.errors.term import termerror, termwarn
from pluto.compat.wandb.sdk.artifacts.artifact_digest_algorithm import ArtifactDigestAlgorithm
from pluto.compat.wandb.sdk.lib.hashutil import b64_to_hex_id
from pluto.compat.wandb.sdk.lib.paths import FilePathStr

Opener = Callable[..., AbstractContextManager[IO[Any]]]


def artifacts_cache_dir() -> Path:
    """The folder of the cache."""
    return env.get_cache_dir() / "artifacts"


class ArtifactFileCache:
    """The cache in a folder, which is made. Raises `PermissionError` where it can't be written."""

    def __init__(self, cache_dir: str | os.PathLike[str]) -> None:
        self._cache_dir = Path(cache_dir)
        self._obj_dir = self._cache_dir / "obj"
        self._temp_dir = self._cache_dir / "tmp"
        try:
            self._temp_dir.mkdir(parents=True, exist_ok=True)
            writable = os.access(self._temp_dir, os.W_OK)
        except PermissionError:
            writable = False
        if not writable:
            raise PermissionError(
                f"Unable to write to {self._cache_dir}. Ensure that the current user has write permissions."
            )

    def check_digest_obj_path(
        self,
        digest: str,
        size: int,
        algorithm: ArtifactDigestAlgorithm = ArtifactDigestAlgorithm.MANIFEST_MD5,
    ) -> tuple[FilePathStr, bool, Opener]:
        """Where a file of a digest is, or would be; whether it is there; and what opens it for writing."""
        found = b64_to_hex_id(digest)
        return self._at(self._obj_dir / algorithm.short.lower() / found[:2] / found[2:], size)

    def check_etag_obj_path(self, url: str, etag: str, size: int) -> tuple[FilePathStr, bool, Opener]:
        """The same for what is referred to."""
        parts = hashlib.sha256(url.encode()).digest() + hashlib.sha256(etag.encode()).digest()
        found = hashlib.sha256(parts).hexdigest()
        return self._at(self._obj_dir / "etag" / found[:2] / found[2:], size)

    def adopt(self, path: str, digest: str, algorithm: ArtifactDigestAlgorithm) -> None:
        """Takes a file that nobody writes to any more in, where it costs no room."""
        place = Path(self.check_digest_obj_path(digest, 0, algorithm)[0])
        with suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, place)

    def cleanup(
        self, target_size: int | None = None, remove_temp: bool = False, target_fraction: float | None = None
    ) -> int:
        """Removes what was longest not used until the cache has `target_size` bytes, or a fraction of its size.

        Everything, without either. What is on its way stays unless `remove_temp`. Gives the bytes that are free now.
        Raises `ValueError` for both, or a size below 0.
        """
        if target_size is not None and target_fraction is not None:
            raise ValueError("Cannot specify both target_size and target_fraction")
        if target_size is not None and target_size < 0:
            raise ValueError("target_size must be non-negative")
        freed = 0
        waiting = list(_files(self._temp_dir))
        if remove_temp:
            freed = sum(_unlink(path, facts.st_size) for path, facts in waiting)
        elif waiting:
            left = sum(facts.st_size for _, facts in waiting)
            termwarn(
                f"Cache contains {left} bytes of temporary files. Run `pluto wandb artifact cache cleanup"
                " --remove-temp` to remove them."
            )
        files = sorted(_files(self._obj_dir), key=lambda found: found[1].st_atime)
        total = sum(facts.st_size for _, facts in files)
        limit = target_size or 0
        if target_fraction is not None:
            limit = int(total * target_fraction)
        for path, facts in files:
            if total <= limit:
                break
            gone = _unlink(path, facts.st_size)
            freed += gone
            total -= gone
        if total > limit:
            termerror(f"Failed to reclaim enough space in {self._cache_dir}.")
        return freed

    def reserve(self, size: int) -> None:
        """Makes room for as many bytes, if need be at the cost of what is in the cache. Raises `OSError`."""
        for fraction in (0.5, 0.0):
            if size <= self._free_space():
                return
            termwarn("Cache size exceeded. Attempting to reclaim space...")
            self.cleanup(target_fraction=fraction)
        if size > self._free_space():
            raise OSError(errno.ENOSPC, f"Insufficient free space in {self._cache_dir}")

    def _free_space(self) -> int:
        return shutil.disk_usage(self._cache_dir).free

    def _at(self, path: Path, size: int) -> tuple[FilePathStr, bool, Opener]:
        try:
            hit = path.is_file() and path.stat().st_size == size
        except OSError:
            hit = False

        @contextmanager
        def opener(mode: str = "w") -> Iterator[IO[Any]]:
            if "a" in mode:
                raise ValueError("Appending to cache files is not supported")
            self.reserve(size)
            self._temp_dir.mkdir(parents=True, exist_ok=True)
            draft = self._temp_dir / secrets.token_hex(8)
            try:
                with open(draft, mode) as file:
                    yield file
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(draft, path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise

        return str(path), hit, opener


@lru_cache(maxsize=1)
def _cache_in(folder: Path) -> ArtifactFileCache:
    return ArtifactFileCache(folder)


def get_artifact_file_cache() -> ArtifactFileCache:
    """The cache of this process as WANDB_CACHE_DIR has it now."""
    return _cache_in(artifacts_cache_dir())


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            with suppress(OSError):
                yield path, path.stat()


def _unlink(path: Path, size: int) -> int:
    try:
        path.unlink()
    except OSError:
        return 0
    return size
