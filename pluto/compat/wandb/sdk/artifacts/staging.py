"""Copies of files that were added to artifacts, so that what happens to a file later changes no version."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import shutil
import socket
import stat
from pathlib import Path
from typing import Final

from pluto.compat.wandb import env
from pluto.compat.wandb.sdk.lib.paths import FilePathStr

_folders: Final[dict[tuple[int, str], Path]] = {}
"""The folder of a process below a staging folder."""


def get_staging_dir() -> FilePathStr:
    """The folder of such copies, below WANDB_DATA_DIR. Raises `PermissionError` where it can't be made."""
    path = os.path.abspath(os.path.expanduser(os.path.join(env.get_data_dir(), "artifacts", "staging")))
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise PermissionError(
            f"Unable to write staging files to {path}. To fix this problem, please set {env.DATA_DIR} to a directory"
            " where you have the necessary write access."
        ) from error
    return path


def stage(path: str) -> FilePathStr:
    """A copy of a file as it is now, to be read only; cloned where the file system can. Raises `OSError`."""
    from pluto.core.journal.blobs import BlobFolder

    folder = _own_folder()
    placed = folder / BlobFolder(folder).put_path(path, may_link=False).name
    os.chmod(placed, stat.S_IRUSR)
    # Without an ending: whoever looks for files of a kind below here shall not find a copy.
    copy = placed.with_suffix("")
    placed.rename(copy)
    return str(copy)


def discard(path: str) -> None:
    """Removes a copy that is not needed any more."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def _own_folder() -> Path:
    """A folder of this process: what is left in it goes when the process ends, or with the next one of this machine."""
    place = get_staging_dir()
    key = os.getpid(), place
    folder = _folders.get(key)
    if folder is None or not folder.is_dir():
        host = socket.gethostname()
        _sweep(Path(place), host)
        folder = Path(place, f"{host}-{os.getpid()}-{secrets.token_hex(4)}")
        folder.mkdir(mode=0o700)
        _folders[key] = folder
        atexit.register(_remove, os.getpid(), folder)
    return folder


def _remove(pid: int, folder: Path) -> None:
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path, host: str) -> None:
    for folder in place.glob(f"{host}-*-*"):
        pid = folder.name.removeprefix(f"{host}-").partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def new_folder() -> Path:
    """A folder of its own for files that are written for an artifact; it goes when the process ends."""
    folder = _own_folder() / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    return folder
