"""What lies in the journals of this machine: runs that were not delivered to their end."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pluto.core.settings import Settings

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Leftover:
    """One run folder."""

    root: str
    folder: str
    project: str
    run_id: str | None
    """The external id."""
    mode: str
    target: str
    """The store's folder or the server's address."""
    records: int
    """Not yet delivered, files not counted."""
    files: int
    bytes: int
    """Disk space in use."""
    poisoned: int
    """Records the server refused for good; they are kept in the folder."""
    alive: bool
    """Whether a process that has written it lives."""
    ended: bool
    """Whether all writers have ended it, so that nothing comes after."""
    problem: str | None

    @property
    def waiting(self) -> bool:
        """Whether there is something to deliver."""
        return bool(self.records or self.files)


def roots() -> list[Path]:
    """The roots used on this machine, the configured one first; those that are there."""
    from pluto.core.settings import resolve

    known = [resolve().root]
    with contextlib.suppress(OSError):
        lines = (Path.home() / ".pluto" / "roots").read_text("utf-8").splitlines()
        known += [Path(line) for line in lines if line]
    return [root for root in dict.fromkeys(known) if root.is_dir()]


def sync_folders(root: Path) -> list[Path]:
    """Where the journals of a root lie: `<root>/sync`, and what was staged on this machine's own disk."""
    from pluto.core.filesystem import elsewhere

    found = [root / "sync"]
    staged = elsewhere(root).get(socket.gethostname())
    return found + ([staged] if staged is not None and staged not in found else [])


def of_path(path: Path) -> list[Leftover]:
    """The run folders that a path means: a run folder, the `sync` folder of a root, or a root."""
    if (path / "run.json").is_file():
        sync = path.parent.parent
        return [read(sync.parent, sync, path)]
    if (path / "runs").is_dir():
        return list(_within(path.parent, path))
    return list(leftovers(path))


def leftovers(root: Path) -> Iterator[Leftover]:
    """The run folders of a root, by name."""
    for sync in sync_folders(root):
        yield from _within(root, sync)


def _within(root: Path, sync: Path) -> Iterator[Leftover]:
    for about in sorted((sync / "runs").glob("*/run.json")):
        with contextlib.suppress(FileNotFoundError):  # delivered while we look
            yield read(root, sync, about.parent)


def read(root: Path, sync: Path, folder: Path) -> Leftover:
    """What is in one run folder. Raises `FileNotFoundError` for one that is gone."""
    from pluto.core.uploader import places
    from pluto.core.uploader.writer import read_json

    run = read_json(folder / "run.json")
    if not run:
        raise FileNotFoundError(folder)
    processes = places.Processes(sync)
    receipt = read_json(sync / "receipts" / f"{folder.name}.json")
    records = files = size = poisoned = 0
    alive, ended = False, True
    for told in sorted(folder.glob("[!.]*/writer.json")):
        counted = _writer(told.parent)
        records, files, size = records + counted[0], files + counted[1], size + counted[2]
        with contextlib.suppress(OSError):
            poisoned += len((told.parent / "poison.jsonl").read_text("utf-8").splitlines())
        alive = alive or places.alive(processes, read_json(told), told.parent)
        ended = ended and counted[3]
    return Leftover(
        root=str(root),
        folder=str(folder),
        project=str(run.get("project")),
        run_id=run.get("external_id"),
        mode=str(run.get("mode")),
        target=place_of(run.get("target", {})),
        records=records,
        files=files,
        bytes=size,
        poisoned=poisoned,
        alive=alive,
        ended=ended,
        problem=receipt.get("problem") or (receipt.get("refused") or {}).get("message"),
    )


def redirect(folder: Path, settings: Settings, project: str | None = None) -> str | None:
    """Binds a run folder for where `settings` say, and for another project if one is given; gives the new place.

    None, and nothing is done, while another process delivers it. Not for a run that a store or server has already.
    """
    from pluto.core.run_folder import description, write_json
    from pluto.core.uploader import places
    from pluto.core.uploader.writer import read_json

    handle = places.take(folder)
    if handle is None:
        return None
    try:
        about = read_json(folder / "run.json")
        target = description(settings, settings.target(), about["project"], about.get("external_id"))["target"]
        write_json(folder / "run.json", {**about, "target": target, "project": project or about["project"]})
    finally:
        os.close(handle)
    return place_of(target)


def place_of(target: Mapping[str, Any]) -> str:
    """The store's folder or the server's address, of the target that a `run.json` describes."""
    return str(target.get("store") or target.get("api"))


def deliver(folder: Path, *, patience_s: float, tell: Callable[[], None] | None = None) -> str | None:
    """Delivers one run folder, or waits for who is at it; None once it is gone, else why something is left.

    Gives a server up that has not answered for `patience_s`. `tell` is called now and then meanwhile.
    """
    from pluto.core.uploader.loop import deliver as deliver_all

    sync = folder.parent.parent
    problems = deliver_all(
        sync, only={folder.name}, progress=None if tell is None else lambda *_: tell(), patience_s=patience_s
    )
    if not problems:
        await_others([folder], patience_s)
    if not folder.is_dir():
        return None
    return problems.get(folder.name) or "another process is writing or delivering it"


def await_others(folders: Iterable[Path], patience_s: float) -> None:
    """Waits until run folders that an uploader delivers are gone; not if none listens, and at most `patience_s`.

    The uploader asks servers that did not answer again at once, and then every second.
    """
    from pluto.core import bell

    deadline = time.monotonic() + patience_s
    held = list(folders)
    asked = -math.inf
    while (held := [folder for folder in held if folder.is_dir()]) and time.monotonic() < deadline:
        urgent = time.monotonic() - asked > 1
        asked = time.monotonic() if urgent else asked
        rung = [bell.ring(sync, urgent=urgent) for sync in {folder.parent.parent for folder in held}]
        if not any(rung):
            return
        time.sleep(0.1)


def _writer(folder: Path) -> tuple[int, int, int, bool]:
    """Records and files that wait, and bytes on disk, of one writer, and whether it has ended."""
    from pluto.core.journal import Reader
    from pluto.core.uploader.writer import read_json
    from pluto.protocol.batch import FILES

    cursor = read_json(folder / "cursor.json")
    lines, files = int(cursor.get("lines", 0)), int(cursor.get("files", 0))
    reader = Reader(folder)
    try:
        last, ended = reader.tail()
        waiting_files = files_after_lines = 0
        after = min(lines, files)
        while True:
            batch = reader.read(after, FILES, _PAGE)
            waiting_files += sum(row.seq > files for row in batch.rows)
            files_after_lines += sum(row.seq > lines for row in batch.rows)
            if not batch.rows:
                break
            after = batch.through
        return max(last - lines, 0) - files_after_lines, waiting_files, reader.bytes_left(), ended
    finally:
        reader.close()


def held(path: Path) -> bool:
    """Whether a process holds the lock on a file."""
    import fcntl

    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared, and for a moment: it neither keeps an owner out nor looks like one to another who asks.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(file)
