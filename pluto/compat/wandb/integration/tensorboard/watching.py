"""Follows the event files of folders while a run is open, and logs what is written to them."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO, Final

from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.integration.tensorboard.log import _log, reset_state
from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import events

_EVERY_S: Final = 1.0
_EARLIER_S: Final = 5.0
"""Files that were last written so long before the run began are of others."""


class Watching:
    """The folders of one run. It reads in a thread of its own, and what is left at the run's end."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._folders: dict[Path, tuple[Path, bool]] = {}
        self._files: dict[Path, BinaryIO] = {}
        self._given_up: set[Path] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._since = time.time() - _EARLIER_S
        reset_state()
        run._on_finish.append(self.end)
        self._thread = threading.Thread(target=self._follow, name="pluto-tensorboard", daemon=True)
        self._thread.start()

    def add(self, folder: str, root: str, save: bool) -> None:
        """Follows a folder. Names of its metrics begin with its path below `root`; `save` keeps the files, too."""
        with self._lock:
            self._folders[Path(folder).resolve()] = Path(root or folder).resolve(), save

    def end(self) -> None:
        """Reads what is left, and keeps the files. The run still takes rows."""
        self._over.set()
        self._thread.join(60)
        self.read()
        with self._lock:
            for path, file in self._files.items():
                file.close()
                root, save = self._folders[path.parent]
                if save:
                    self._run.save(str(path), base_path=str(root), policy="now")
        reset_state()

    def read(self) -> None:
        """Logs what was written since."""
        with self._lock:
            for folder, (root, _) in self._folders.items():
                namespace = "" if folder == root or root not in folder.parents else folder.relative_to(root).as_posix()
                for path in sorted(folder.glob("*tfevents*")):
                    self._read(path, namespace)

    def _read(self, path: Path, namespace: str) -> None:
        if path in self._given_up or (path not in self._files and not self._is_ours(path)):
            return
        try:
            if path not in self._files:
                self._files[path] = path.open("rb")
            for event in events.read(self._files[path]):
                _log(event, step=event.step, namespace=namespace, run=self._run)
        except (OSError, DamagedError) as error:
            self._given_up.add(path)
            termwarn(f"{path} can't be read any further: {error}", repeat=False)

    def _is_ours(self, path: Path) -> bool:
        try:
            written = path.stat().st_mtime
        except OSError:
            return False
        return written >= self._since and socket.gethostname() in path.name

    def _follow(self) -> None:
        while not self._over.wait(_EVERY_S):
            try:
                self.read()
            except Exception as error:  # noqa: BLE001  the training does not end because of this
                termwarn(f"TensorBoard's files are not followed any more: {error}", repeat=False)
                return


def watch(run: Any, folder: str, root: str, save: bool) -> None:
    """Follows a folder for a run."""
    found = run.__dict__.get("_tensorboard")
    if found is None:
        found = run.__dict__["_tensorboard"] = Watching(run)
    found.add(folder, root, save)
