"""Where the journal can lie:

SQLite's write-ahead log needs a disk of this machine, and roots often are on a network.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
import socket
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MOUNTINFO = Path("/proc/self/mountinfo")
FREE_MB = 256
"""A disk with less room than this is not used to stage a journal."""

_NETWORK = frozenset(
    "9p acfs afs beegfs ceph cifs coda daos davfs fhgfs gfs gfs2 glusterfs gpfs ibrix kafs lustre mmfs ncpfs nfs nfs3"
    " nfs4 ocfs2 orangefs panfs prl_fs pvfs2 quobyte smb smb2 smb3 smbfs vboxsf vmhgfs wekafs".split()
)
_LOCAL_FUSE = frozenset(
    "fuse.bindfs fuse.encfs fuse.fuse-overlayfs fuse.gocryptfs fuse.lxcfs fuse.mergerfs fuse.ntfs fuse.ntfs-3g".split()
)
# Memory is gone with a reboot, an overlay with its container: neither may hold what is not yet delivered.
_FLEETING = frozenset("overlay ramfs rootfs tmpfs zram".split())


@dataclass(frozen=True, slots=True)
class Mount:
    """One line of the mount table."""

    point: str
    type: str

    @property
    def network(self) -> bool:
        """Whether its files may be another machine's. A FUSE file system not known to be local counts as such."""
        if self.type.startswith("fuse."):
            return self.type not in _LOCAL_FUSE
        return self.type.lower() in _NETWORK


@dataclass(frozen=True, slots=True)
class Place:
    """Where journals go."""

    folder: Path
    """Stands for `<root>/sync`, all of it."""
    wal: bool
    """Whether SQLite's write-ahead log works there; else the rollback journal has to do."""
    note: str | None
    """What to tell the user, in one line; None where there is nothing to tell."""


def mount_table(mountinfo: Path | None = None) -> list[Mount]:
    """All mounts in the order they were made; elsewhere than on Linux what psutil knows."""
    mountinfo = mountinfo or MOUNTINFO
    try:
        text = mountinfo.read_text("utf-8", "surrogateescape")
    except OSError:
        if mountinfo.parent.exists():  # Linux, but the table is hidden from us
            return []
        import psutil

        return [Mount(partition.mountpoint, partition.fstype) for partition in psutil.disk_partitions(all=True)]
    mounts = []
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ", 1)[0]
        if separator and len(fields) >= 5 and kind:
            mounts.append(Mount(_unescape(fields[4]), _unescape(kind)))
    return mounts


def mount_of(path: Path, mounts: Sequence[Mount]) -> Mount | None:
    """The mount that holds a path, which need not exist yet."""
    real = os.path.realpath(path)
    found = None
    for mount in mounts:
        inside = real == mount.point or real.startswith(mount.point.rstrip("/") + "/")
        if inside and (found is None or len(mount.point) >= len(found.point)):
            found = mount
    return found


def on_network(path: Path, mounts: Sequence[Mount] | None = None) -> bool:
    """Whether a path is on a network file system; False where that can't be told."""
    mount = mount_of(path, mount_table() if mounts is None else mounts)
    return mount is not None and mount.network


def store_note(store: Path) -> str | None:
    """What to tell who opens a store on a network file system, in one line; None where SQLite can use its log there."""
    mount = mount_of(store, mount_table())
    if mount is None or not mount.network:
        return None
    return (
        f"{store} is on {mount.type}, which carries no write-ahead log: the store uses SQLite's rollback journal, and"
        " is slower for it"
    )


def journal_place(
    root: Path, *, mounts: Sequence[Mount] | None = None, candidates: Sequence[Path] | None = None
) -> Place:
    """Where the journals of a root go on this machine.

    On a local file system that is `<root>/sync`. On a network file system it is a folder on a disk of this machine
    that outlives the process, and `<root>/elsewhere/<host>.json` says where; without such a disk `<root>/sync` in
    rollback mode.
    """
    mounts = mount_table() if mounts is None else mounts
    mount = mount_of(root, mounts)
    if mount is None or not mount.network:
        return Place(root / "sync", True, None)
    for base in _candidates() if candidates is None else candidates:
        disk = mount_of(base, mounts)
        if disk is None or disk.network or disk.type in _FLEETING:
            continue
        folder = base / hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16] / "sync"
        if _own(base) and _roomy(base):
            with contextlib.suppress(OSError):
                folder.mkdir(0o700, parents=True, exist_ok=True)
                _point(root, folder)
                return Place(folder, True, f"{root} is on {mount.type}: what is not yet delivered is kept in {folder}")
    return Place(
        root / "sync",
        False,
        f"{root} is on {mount.type} and this machine has no disk of its own that lasts: each call waits for the network"
        " file system; PLUTO_DIR can name a local disk",
    )


def elsewhere(root: Path) -> dict[str, Path]:
    """Host → the folder there that stands for `<root>/sync`, for each machine that staged journals of this root."""
    found = {}
    for pointer in sorted((root / "elsewhere").glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(pointer.read_text("utf-8"))
            found[str(told["host"])] = Path(told["path"])
    return found


def facts(root: Path) -> dict[str, str | bool | int]:
    """What `pluto doctor` says about a root: `root`, `file_system`, `network`, `journal`, `wal`, `note`, `free_mb`."""
    mounts = mount_table()
    mount = mount_of(root, mounts)
    place = journal_place(root, mounts=mounts)
    there = next(folder for folder in (place.folder, *place.folder.parents) if folder.exists())
    return {
        "root": str(root),
        "file_system": mount.type if mount else "unknown",
        "network": bool(mount and mount.network),
        "journal": str(place.folder),
        "wal": place.wal,
        "note": place.note or "",
        "free_mb": _free_mb(there),
    }


def _candidates() -> list[Path]:
    own = f"pluto-{os.getuid()}" if hasattr(os, "getuid") else "pluto"
    bases = [Path.home() / ".pluto" / "staged", Path("/var/tmp") / own, Path(tempfile.gettempdir()) / own]  # noqa: S108
    return list(dict.fromkeys(bases))


def _own(base: Path) -> bool:
    """Makes the folder, and takes it only if nobody else can have put it there: the places are open to all users."""
    try:
        base.mkdir(0o700, parents=True, exist_ok=True)
        found = base.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and mine and not found.st_mode & 0o022 and os.access(base, os.W_OK | os.X_OK)


def _free_mb(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize >> 20


def _roomy(base: Path) -> bool:
    try:
        return _free_mb(base) >= FREE_MB
    except OSError:
        return False


def _point(root: Path, folder: Path) -> None:
    host = socket.gethostname()
    pointer = root / "elsewhere" / (re.sub(r"[^A-Za-z0-9.-]", "-", host) + ".json")
    text = json.dumps({"host": host, "path": str(folder)})
    with contextlib.suppress(OSError):
        if pointer.read_text("utf-8") == text:
            return
    pointer.parent.mkdir(0o700, parents=True, exist_ok=True)
    draft = pointer.with_suffix(f".{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(pointer)


_unescape = functools.partial(re.compile(r"\\([0-7]{3})").sub, lambda match: chr(int(match[1], 8)))
