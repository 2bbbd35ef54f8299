"""What of a run has been fetched, on disk: an import that is killed goes on where it was, and a second reading asks for
nothing again.

```
<root>/cache/migrate/wandb-live/
  <run>/            run id and a hash of its address
    lock            held by whoever reads the run
    run.json        {"fingerprint", …}: what the run was when this was begun
    rows/<first step>-<end>.jsonl.zst
    events.jsonl.zst, console.jsonl.zst, artifacts.json
    files/<hash>    the run's files, by name, content sum and size
    contents/<hash> files of artifacts it made, by digest
  contents/<hash>   files of artifacts that runs used, shared by all, for a week
```

Whatever has its name is whole: it was renamed into place.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import filelock
import zstandard

from pluto_migration.source import SourceError

WEEK: Final = 7 * 86400
_LINES: Final = ".jsonl.zst"
_DRAFT: Final = ".part"
_KEPT: Final = "kept"


class Spool:
    """The spool of one run."""

    def __init__(self, root: Path, name: str) -> None:
        self.shared = root / "contents"
        """Files of artifacts that runs used."""
        self.folder = root / name

    @contextmanager
    def held(self) -> Iterator[None]:
        """While this is open nobody else reads the run. Raises `SourceError` where somebody does."""
        _folders(self.folder)
        lock = filelock.FileLock(self.folder / "lock", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise SourceError(f"another process is reading this run (it holds {self.folder / 'lock'})") from None
        try:
            yield
        finally:
            lock.release()

    def begin(self, fingerprint: str, **about: Any) -> Mapping[str, Any]:
        """Throws away what is of an earlier state of the run, but for files, which have names of their content.

        Gives what was noted when this state was begun: `about`, or what an earlier call said.
        """
        for draft in list(self.folder.rglob(f"*{_DRAFT}")):
            _remove(draft)
        noted: Mapping[str, Any] | None = self.note("run")
        if noted is None or noted.get("fingerprint") != fingerprint:
            for old in (*self.folder.glob(f"*{_LINES}"), *self.folder.glob("*.json")):
                old.unlink(missing_ok=True)
            shutil.rmtree(self.folder / "rows", ignore_errors=True)
            noted = {"fingerprint": fingerprint, **about}
            self.keep_note("run", noted)
        os.utime(self.folder / "run.json")
        return noted

    def keep(self, wanted: bool) -> None:
        """Whether it stays however long nobody asks for it."""
        if wanted:
            self.keep_note(_KEPT, True)
        else:
            (self.folder / f"{_KEPT}.json").unlink(missing_ok=True)

    def note(self, name: str) -> Any:
        """The JSON kept under a name, None where there is none that can be read."""
        try:
            return json.loads((self.folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            return None

    def keep_note(self, name: str, value: Any) -> None:
        """Keeps JSON under a name."""
        with _draft(self.folder / f"{name}.json") as file:
            file.write(json.dumps(value).encode())

    def has_lines(self, name: str) -> bool:
        """Whether rows were kept under a name."""
        return (self.folder / (name + _LINES)).exists()

    def keep_lines(self, name: str, rows: Iterable[Any]) -> int:
        """Keeps rows under a name, once the last has come; gives their number."""
        path, count = self.folder / (name + _LINES), 0
        with _draft(path) as file, zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as packed:
            for row in rows:
                packed.write(json.dumps(row).encode() + b"\n")
                count += 1
        return count

    def rename(self, name: str, to: str) -> None:
        """Gives rows another name."""
        path = self.folder / (to + _LINES)
        _folders(path.parent)
        (self.folder / (name + _LINES)).replace(path)

    def lines(self, name: str) -> Iterator[Any]:
        """The rows kept under a name."""
        with (self.folder / (name + _LINES)).open("rb") as file:
            unpacked = zstandard.ZstdDecompressor().stream_reader(file)
            for line in io.TextIOWrapper(unpacked, encoding="utf-8"):
                yield json.loads(line)

    def content(self, name: str, fetch: Callable[[Path], object], *, shared: bool = False, kind: str = "files") -> Path:
        """A file by what names its content; `fetch` is called with where to put it if it is not there yet."""
        folder = self.shared if shared else self.folder / kind
        path = folder / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:40]
        if path.exists():
            if shared:
                os.utime(path)
            return path
        _folders(folder)
        draft = path.with_name(f"{path.name}.{os.getpid()}{_DRAFT}")
        draft.unlink(missing_ok=True)
        try:
            fetch(draft)
            os.chmod(draft, 0o600)
            _lasting(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return path

    def drop(self) -> None:
        """Removes all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def spool_name(*address: str) -> str:
    """The name of a run's folder: readable, and of this run alone."""
    readable = re.sub(r"[^A-Za-z0-9_-]+", "-", address[-1])[:40].strip("-") or "run"
    return f"{readable}-{hashlib.sha256(chr(0).join(address).encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def forget_unused(root: Path) -> None:
    """Removes contents, and runs that are not to be kept, that nobody has asked for in a week."""
    before = time.time() - WEEK
    for noted in root.glob("*/run.json"):
        if noted.stat().st_mtime < before and not (noted.parent / f"{_KEPT}.json").exists():
            shutil.rmtree(noted.parent, ignore_errors=True)
    for path in (root / "contents").glob("*"):
        try:
            if path.stat().st_mtime < before:
                _remove(path)
        except FileNotFoundError:
            continue


@contextmanager
def _draft(path: Path) -> Iterator[Any]:
    """A file that has its name only once all of it is on disk."""
    _folders(path.parent)
    draft = path.with_name(f"{path.name}.{os.getpid()}{_DRAFT}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _lasting(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folders(folder: Path) -> None:
    for one in (*reversed(folder.parents), folder):
        if not one.exists():
            one.mkdir(mode=0o700, exist_ok=True)
