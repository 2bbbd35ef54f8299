"""A repository of Aim as it lies on the disk: which runs there are, and copies of one for Aim to open."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import stat
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from pluto_migration import sqlite
from pluto_migration.source import Problems, SourceError
from pluto_migration.temporary import OwnFolder

_DATABASE: Final = "run_metadata.sqlite"
_TREES: Final = ("meta", "seqs")
_HASH: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_ATTEMPTS: Final = 20
_PAUSE_S: Final = 0.1
_CURRENT: Final = re.compile(rb"(MANIFEST-\d{6,20})\n")
_CURRENT_BYTES: Final = 64
_NO_NEED: Final = ("LOG", "LOCK")
"""What RocksDB writes for people, and its lock."""
DEFAULT: Final = "default"
"""The experiment of a run that was given none."""
_copying = threading.Lock()


@dataclass(slots=True)
class About:
    """What the repository's database says of a run."""

    hash: str
    name: str | None = None
    description: str | None = None
    archived: bool = False
    created: int | None = None
    ended: int | None = None
    experiment: str = DEFAULT
    tags: list[str] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)


class Repository:
    """A folder `.aim`. Opening takes locks and writes, so that Aim is given copies: of one run at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own = OwnFolder()

    @staticmethod
    def is_one(path: Path) -> bool:
        """Whether a folder is a repository."""
        return (path / "meta" / "chunks").is_dir() or ((path / _DATABASE).is_file() and (path / "VERSION").is_file())

    def runs(self, problems: Problems) -> list[About]:
        """What is known of each run that something was logged to."""
        told = {about.hash: about for about in self._told(problems)}
        there = {one.name for one in _folders(self.path / "meta" / "chunks")}
        for name in sorted(there - told.keys()):
            if _HASH.fullmatch(name):
                told[name] = About(name)
            else:
                problems.note(self.path / "meta" / "chunks" / name, "it has no name of a run")
        for hash in sorted(told.keys() - there):
            problems.note(self.path, f"run {hash} is named in its database, and nothing of it is there")
        return [about for hash, about in told.items() if hash in there]

    def files(self, hash: str) -> list[Path]:
        """The files that hold a run, and its repository's version."""
        found = [path for tree in _TREES for path in _files(self.path / tree / "chunks" / hash)]
        return [path for path in found if path.name not in _NO_NEED]

    def copy(self, hash: str, root: Path, problems: Problems) -> None:
        """Makes `root` a repository that has this run alone. Raises `SourceError` where it can't be had whole."""
        copy = root / ".aim"
        for tree in _TREES:
            source, place = self.path / tree / "chunks" / hash, copy / tree / "chunks" / hash
            place.mkdir(parents=True)
            if tree == "seqs" and not source.exists():
                continue  # a run that tracked nothing
            _copy_tree(source, place, problems)
            if not _is_tree(place):
                raise SourceError(f"{source} is damaged: it does not say which of its files are its own")
        if (self.path / "VERSION").is_file():
            shutil.copyfile(self.path / "VERSION", copy / "VERSION")
        database = self._database()
        if database is not None:
            (copy / _DATABASE).symlink_to(database)

    def _database(self) -> Path | None:
        """A copy of the database for all runs that this process reads; Aim may bring it up to date."""
        source = self.path / _DATABASE
        if not source.is_file():
            return None
        copy = self._own.path() / "for-aim.sqlite"
        with _copying:
            if not copy.exists():
                sqlite.copy(source, copy)
        return copy

    def _told(self, problems: Problems) -> Iterator[About]:
        source = self.path / _DATABASE
        if not source.is_file():
            problems.note(source, "it is missing, and with it names, tags and experiments")
            return
        try:
            with contextlib.closing(sqlite.opened(source, self._own.path())) as database:
                yield from _abouts(database)
        except (sqlite3.Error, SourceError, UnicodeError) as error:
            problems.note(source, f"it can't be read, and with it names, tags and experiments: {error}")


def _abouts(database: sqlite3.Connection) -> Iterator[About]:
    experiments = {row["id"]: row for row in _rows(database, "experiment")}
    names = {row["id"]: str(row.get("name")) for row in _rows(database, "tag")}
    tags: defaultdict[Any, list[str]] = defaultdict(list)
    for row in _rows(database, "run_tag"):
        if row.get("tag_id") in names:
            tags[row.get("run_id")].append(names[row["tag_id"]])
    notes: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in _rows(database, "note"):
        notes[row.get("run_id")].append({"content": row.get("content"), "created_at": row.get("created_at")})
    for row in _rows(database, "run"):
        hash = row.get("hash")
        if not isinstance(hash, str) or not _HASH.fullmatch(hash):
            continue
        experiment = experiments.get(row.get("experiment_id")) or {}
        name = row.get("name")
        extras: dict[str, Any] = {"experiment": {key: value for key, value in experiment.items() if value}}
        if notes[row["id"]]:
            extras["notes"] = notes[row["id"]]
        yield About(
            hash=hash,
            # What Aim shows for a run without a name is no name.
            name=name if isinstance(name, str) and name != f"Run: {hash}" else None,
            description=row["description"] if isinstance(row.get("description"), str) else None,
            archived=bool(row.get("is_archived")),
            created=_micros(row.get("created_at")),
            ended=_micros(row.get("finalized_at")),
            experiment=str(experiment.get("name") or DEFAULT),
            tags=tags[row["id"]],
            extras=extras,
        )


def _rows(database: sqlite3.Connection, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table by column; none where there is no such table."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [table]).fetchall():
        return
    found = database.execute(f'SELECT rowid AS id, * FROM "{table}" ORDER BY rowid')  # noqa: S608 - names of ours
    names = [column[0] for column in found.description]
    for row in found:
        yield dict(zip(names, row, strict=True))


def _micros(text: Any) -> int | None:
    """Microseconds of a moment as the database has it: ISO, in UTC."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or timezone.utc)
    return round(moment.timestamp() * 1_000_000)


def _copy_tree(source: Path, target: Path, problems: Problems) -> None:
    """Copies RocksDB's files as they were at one moment, while others may be writing them."""
    quiet = Problems()
    for _ in range(_ATTEMPTS):
        try:
            before = _state(source, quiet)
            for old in _files(target):
                old.unlink()
            for name, *_ in before:
                shutil.copyfile(source / name, target / name)
            if _state(source, quiet) == before:
                break
        except FileNotFoundError:
            pass  # files come and go while a run goes on
        except OSError as error:
            raise SourceError(f"{source} can't be read: {error}") from error
        time.sleep(_PAUSE_S)
    else:
        raise SourceError(f"{source} is being written to all the time, or is not there; try again")
    for problem, _ in quiet:
        problems.note(problem.where, problem.what)


def _state(source: Path, problems: Problems) -> list[tuple[str, int, int]]:
    """Names, sizes and times of change of the files that matter; what is no file is noted."""
    found = []
    for name in sorted(os.listdir(source)):
        about = (source / name).lstat()
        if not stat.S_ISREG(about.st_mode):
            problems.note(source / name, "a link, or no file: it is not followed")
        elif name not in _NO_NEED:
            found.append((name, about.st_size, about.st_mtime_ns))
    return found


def _is_tree(path: Path) -> bool:
    """Whether a folder of RocksDB's names its files. Where it does not, Aim finds nothing in it and says nothing."""
    try:
        with (path / "CURRENT").open("rb") as file:
            current = file.read(_CURRENT_BYTES)
        manifest = _CURRENT.fullmatch(current)
        return manifest is not None and (path / manifest[1].decode()).stat().st_size > 0
    except OSError:
        return False


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as found:
            return sorted(Path(one.path) for one in found if one.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _files(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as found:
            return sorted(Path(one.path) for one in found if one.is_file(follow_symlinks=False))
    except OSError:
        return []
