"""Where Pluto keeps runs, and how they are read there without leaving a trace."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pluto.query import Client
from pluto_migration import sqlite
from pluto_migration.source import SourceError
from pluto_migration.temporary import OwnFolder

_making = threading.Lock()


class Place(ABC):
    """A store, or a server."""

    label: str

    @abstractmethod
    def asked(self, client: Client) -> dict[str, Any]:
        """What to ask of a project's overviews, to tell whether a run has changed."""

    @abstractmethod
    def reading(self, run: int | None = None) -> contextlib.AbstractContextManager[Client]:
        """A client for the facts about runs, and for all that one of them logged."""

    @abstractmethod
    def blob(self, sha256: str | None) -> Path | None:
        """Where the bytes of a file lie on this machine, if they do."""

    @abstractmethod
    def series(self, run: int) -> list[Path]:
        """The files that hold what a run logged, on this machine."""


class Server(Place):
    """A server at an address, ours or a stock one."""

    def __init__(self, url: str, key_variable: str | None) -> None:
        self.label = url
        self._key_variable = key_variable

    def asked(self, client: Client) -> dict[str, Any]:
        """All that says how far a run has got; of a stock server what it tells in few requests."""
        more = {"data": None, "files": None, "console": True} if client.has_artifacts else {}
        return {"metrics": None, **more}

    def blob(self, sha256: str | None) -> Path | None:  # noqa: ARG002 - a server has its files to itself
        """Nowhere."""
        return None

    def series(self, run: int) -> list[Path]:  # noqa: ARG002
        """None."""
        return []

    @contextlib.contextmanager
    def reading(self, run: int | None = None) -> Iterator[Client]:
        """A client of the server. Raises `SourceError` where the variable that shall hold its key is not set."""
        del run
        key = None
        if self._key_variable is not None:
            key = os.environ.get(self._key_variable)
            if not key:
                raise SourceError(f"the variable {self._key_variable}, which shall hold the key, is not set")
        with Client(api_token=key, host=self.label) as client:
            yield client


class Folder(Place):
    """A local store. A copy of its index is what is opened: whoever opens a store writes to it.

    What one run logged is copied beside the copy for as long as it is read. Files stay where they are: they have the
    names of their hashes and never change.
    """

    def __init__(self, store: Path) -> None:
        self.label = str(store)
        self._store = store
        self._own = OwnFolder()
        self._running: tuple[Path, frozenset[int]] | None = None

    @classmethod
    def at(cls, path: str) -> Folder:
        """The store in a folder, or in the root that the folder is. Raises `SourceError`."""
        folder = Path(path).expanduser().absolute()
        for store in (folder / "store", folder):
            if (store / "index.db").is_file():
                return cls(store)
        raise SourceError(f"{path} holds no store of Pluto: there is no index.db in it, nor in a folder `store` in it")

    def asked(self, client: Client) -> dict[str, Any]:
        """The facts alone: what was logged is looked at in its file."""
        del client
        return {}

    def waiting(self) -> list[Path]:
        """Folders of runs on their way to the store."""
        runs = self._store.parent / "sync" / "runs"
        try:
            return sorted(folder for folder in runs.iterdir() if folder.is_dir() and not folder.name.startswith("."))
        except OSError:
            return []

    def blob(self, sha256: str | None) -> Path | None:
        """The file that a hash names."""
        if sha256 is None or len(sha256) != 64 or not sha256.isalnum():
            return None
        path = self._store / "blobs" / sha256[:2] / sha256
        return path if path.is_file() else None

    def series(self, run: int) -> list[Path]:
        """The run's database, with what belongs to it."""
        base = self._store / "series" / f"{run}.db"
        return [path for part in sqlite.PARTS if (path := Path(f"{base}{part}")).is_file()]

    @contextlib.contextmanager
    def reading(self, run: int | None = None) -> Iterator[Client]:
        """A client of the copy, with what `run` logged beside it."""
        root, kept = self._root()
        try:
            if run is not None:
                self._bring(root, run)
            with Client(settings={"dir": str(root), "host": "local"}) as client:
                yield client
        finally:
            if run is not None and run not in kept:
                for part in (*sqlite.PARTS, "-shm"):
                    (root / "store" / "series" / f"{run}.db{part}").unlink(missing_ok=True)

    def _root(self) -> tuple[Path, frozenset[int]]:
        """The folder whose `store` is the copy, with the runs that stay in it.

        Those are the open ones: whether one has gone quiet is judged by what it logged last.
        """
        root = self._own.path()
        with _making:
            if self._running is None or self._running[0] != root:
                (root / "store" / "series").mkdir(mode=0o700, parents=True)
                sqlite.copy(self._store / "index.db", root / "store" / "index.db")
                running = _running(root / "store" / "index.db")
                for run in running:
                    self._bring(root, run)
                self._running = (root, running)
            return self._running

    def _bring(self, root: Path, run: int) -> None:
        source = self._store / "series" / f"{run}.db"
        if source.is_file():
            sqlite.copy(source, root / "store" / "series" / source.name)


def _running(index: Path) -> frozenset[int]:
    try:
        with contextlib.closing(sqlite3.connect(index)) as database:
            found = database.execute("SELECT id FROM runs WHERE status = 'RUNNING'")
            return frozenset(int(row[0]) for row in found)
    except sqlite3.Error as error:
        raise SourceError(f"the store's index can't be read: {error}") from error
