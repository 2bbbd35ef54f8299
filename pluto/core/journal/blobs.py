"""What is too big for a row: arrays and files, beside the segment that refers to them."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

COPY_BYTES: Final = 64 << 20
"""Files up to this size are copied where they can't be cloned; bigger ones are linked."""

_FICLONE: Final = 0x40049409
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.]")


@dataclass(frozen=True, slots=True)
class Placed:
    """A file taken over by path."""

    name: str
    size: int
    mtime_ns: int
    linked: bool
    """Whether it is a hard link, so that a change of the original changes it too."""


class BlobFolder:
    """The blob folder of one segment. Each file appears under its name complete, or not at all.

    Methods raise `OSError` when the disk will not take the content.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.bytes_written = 0

    def put_bytes(self, data: bytes | bytearray | memoryview, *, suffix: str = "") -> str:
        """The name under which `data` lies in the folder now."""
        with _Arrival(self._path, suffix) as arrival:
            arrival.file.write(data)
        self.bytes_written += memoryview(data).nbytes
        return arrival.name

    def put_path(self, path: str | os.PathLike[str], *, may_link: bool = True) -> Placed:
        """Takes over a regular file as it is now: cloned where the file system can, else copied, else linked."""
        with open(path, "rb") as source:
            facts = os.fstat(source.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise ValueError(f"{os.fspath(path)!r} is not a regular file")
            suffix = Path(path).suffix
            linked = False
            with _Arrival(self._path, suffix) as arrival:
                if not _clone(source, arrival.file):
                    linked = may_link and facts.st_size > COPY_BYTES and _link(path, facts, arrival)
                    if not linked:
                        shutil.copyfileobj(source, arrival.file, 1 << 20)
        self.bytes_written += 0 if linked else facts.st_size
        return Placed(arrival.name, facts.st_size, facts.st_mtime_ns, linked)

    def adopt(self, path: str | os.PathLike[str]) -> str:
        """Takes over a file that nobody writes to any more, by a link where that can be, and gives its name here."""
        facts = os.stat(path)
        with open(path, "rb") as source, _Arrival(self._path, Path(path).suffix) as arrival:
            if not _link(path, facts, arrival) and not _clone(source, arrival.file):
                shutil.copyfileobj(source, arrival.file, 1 << 20)
        self.bytes_written += facts.st_size
        return arrival.name


class _Arrival:
    """A file on its way into the folder."""

    def __init__(self, folder: Path, suffix: str) -> None:
        self.name = secrets.token_hex(8) + _UNSAFE.sub("", suffix)[:16]
        self.final = folder / self.name
        self.temporary = folder / f".{self.name}.new"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.file: BinaryIO = open(  # noqa: SIM115 (closed by __exit__)
            os.open(self.temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
        )

    def __enter__(self) -> _Arrival:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        try:
            self.file.close()
            if kind is None:
                os.rename(self.temporary, self.final)
                return
        except OSError:
            self.temporary.unlink(missing_ok=True)
            raise
        self.temporary.unlink(missing_ok=True)


def _clone(source: BinaryIO, target: BinaryIO) -> bool:
    try:
        import fcntl

        fcntl.ioctl(target.fileno(), _FICLONE, source.fileno())
    except (ImportError, OSError):
        return False
    return True


def _link(path: str | os.PathLike[str], facts: os.stat_result, arrival: _Arrival) -> bool:
    """Puts a hard link in the place of the empty file. False where links can't be made (other device, other owner)."""
    link = arrival.temporary.with_suffix(".link")
    try:
        os.link(os.path.realpath(path), link)
    except OSError:
        return False
    now = os.stat(link, follow_symlinks=False)
    if (now.st_dev, now.st_ino) != (facts.st_dev, facts.st_ino):
        link.unlink()
        return False
    os.rename(link, arrival.temporary)
    return True
