"""Files by the hash of their content: `<folder>/<aa>/<sha256>`."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

LEFTOVER_AFTER_S: Final = 24 * 3600
"""An unfinished file this old has no writer any more."""

_NAME: Final = re.compile(r"[0-9a-f]{64}\Z")


class WrongHash(ValueError):
    """What was written is not what was announced; nothing was kept."""


class Blobs:
    """Blobs in a folder, which the first write makes. Safe from several processes at once.

    Every method that takes a hash raises `ValueError` for anything but 64 hexadecimal digits in lower case.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the blob is, or would be."""
        if not _NAME.match(sha256):
            raise ValueError(f"{sha256!r} is no SHA-256 in lower-case hexadecimal")
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the blob is here."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Its length in bytes. Raises `FileNotFoundError`."""
        return self.path(sha256).stat().st_size

    def open(self, sha256: str) -> BinaryIO:
        """The blob, to read. Raises `FileNotFoundError`."""
        return self.path(sha256).open("rb")

    def delete(self, sha256: str) -> None:
        """Removes the blob, if it is here. Who has it open reads on."""
        self.path(sha256).unlink(missing_ok=True)

    def writer(self) -> BlobWriter:
        """A new blob to write piece by piece: `with blobs.writer() as out: out.write(…); sha = out.commit()`."""
        unfinished = self.folder / "unfinished"
        # One by one: the parents that mkdir makes on the way are open to all.
        for folder in (self.folder, unfinished):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(unfinished)
        return BlobWriter(self, unfinished / secrets.token_hex(12))


class BlobWriter:
    """A blob on its way in. What is not committed by the end of the `with` leaves no trace."""

    def __init__(self, blobs: Blobs, path: Path) -> None:
        self._blobs = blobs
        self._path = path
        self._hash = hashlib.sha256()
        self._file = os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Adds bytes at the end."""
        self._hash.update(data)
        self._file.write(data)

    def commit(self, expected: str | None = None) -> str:
        """Puts the blob into its place, or over an equal one; gives its hash.

        Raises `WrongHash` if `expected` is another. The bytes are handed to the system, not forced to the disk.
        """
        self._file.close()
        sha256 = self._hash.hexdigest()
        if expected is not None and expected != sha256:
            raise WrongHash(f"the content has the SHA-256 {sha256}, not {expected}")
        path = self._blobs.path(sha256)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        # Also where it is there already: a cut-off copy, left by a crash of the machine, is mended that way.
        os.replace(self._path, path)
        return sha256

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A full disk shows up once more when what is buffered goes out; the file is thrown away all the same.
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    oldest = time.time() - LEFTOVER_AFTER_S
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                path.unlink()
