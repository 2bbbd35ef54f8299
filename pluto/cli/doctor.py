"""`pluto doctor`."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pluto.cli import output

_LIBRARIES = ("pandas", "pyarrow", "soundfile", "av", "optuna", "torch")
_ROOM_MB = 256


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `ok` is None where there is nothing to judge."""

    name: str
    value: str
    ok: bool | None = None
    advice: str = ""


@click.command("doctor")
@output.place
@output.as_json
def command(host: str | None, folder: str | None, as_json: bool) -> None:
    """Look whether everything Pluto needs is there, and say what to do where it is not.

    Exit code 1 where something is wrong. Keys are never shown.
    """
    from pluto.core.settings import resolve

    settings = resolve(output.settings_of(host, folder))
    found = [*_program(), *_disk(settings.root), *_delivery(settings.root), *_target(settings)]
    if as_json:
        output.print_json([dataclasses.asdict(one) for one in found])
    else:
        marks = {True: "ok", False: "WRONG", None: ""}
        output.print_table(["", "", ""], [[one.name, marks[one.ok], one.value] for one in found])
        for one in found:
            if one.advice:
                click.echo(f"\n{one.name}: {one.advice}")
    if any(one.ok is False for one in found):
        raise SystemExit(output.FAILED)


def _program() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    from pluto.cli.version import commit

    yield Finding("pluto", f"{version('pluto-ml')} ({commit()})")
    yield Finding("python", f"{sys.version.split()[0]}, {sys.executable}")
    yield Finding("sqlite", sqlite3.sqlite_version)
    there, missing = [], []
    for library in _LIBRARIES:
        try:
            there.append(f"{library} {version(library)}")
        except PackageNotFoundError:
            missing.append(library)
    yield Finding("libraries", ", ".join(there) + (f" (not installed: {', '.join(missing)})" if missing else ""))


def _disk(root: Path) -> Iterator[Finding]:
    from pluto.core.filesystem import facts

    there = next(folder for folder in (root, *root.parents) if folder.exists())
    writable = os.access(there, os.W_OK | os.X_OK)
    yield Finding(
        "root", str(root), writable, "" if writable else f"{there} can't be written; name another root by PLUTO_DIR"
    )
    if not writable:
        return
    try:
        known = facts(root)
    except OSError as error:
        yield Finding("journal", str(error), False, "name a root on another disk by PLUTO_DIR")
        return
    yield Finding("file system", f"{known['file_system']}{', on the network' if known['network'] else ''}")
    yield Finding("journal", str(known["journal"]), bool(known["wal"]), str(known["note"]))
    free = int(known["free_mb"])
    yield Finding(
        "room", f"{free} MB", free >= _ROOM_MB, "" if free >= _ROOM_MB else "the disk is nearly full: make room"
    )


def _delivery(root: Path) -> Iterator[Finding]:
    from pluto.core.leftovers import held, leftovers, sync_folders

    running = [sync for sync in sync_folders(root) if held(sync / "uploader.lock")]
    yield Finding("uploader", "running" if running else "not running (it starts with a run)")
    waiting = [one for one in leftovers(root) if one.waiting and not one.alive]
    yield Finding(
        "left behind",
        f"{len(waiting)} {'run' if len(waiting) == 1 else 'runs'}",
        None if running else not waiting,
        "" if running or not waiting else "`pluto sync` delivers them; `pluto status` shows them",
    )
    refused = [one for one in leftovers(root) if one.poisoned]
    if refused:
        folders = ", ".join(one.folder for one in refused)
        yield Finding("refused", f"{len(refused)} runs", False, f"poison.jsonl tells what and why, in {folders}")


def _target(settings: Any) -> Iterator[Finding]:
    from pluto.core.settings import Local
    from pluto.query import QueryError
    from pluto.query.connection import Connection

    target = settings.target()
    if isinstance(target, Local):
        yield Finding("runs go to", f"this machine, {target.store}")
    else:
        origin = settings.origin("api_key")
        kept = "none" if target.key is None else "kept by pluto login" if origin == "default" else f"from {origin}"
        yield Finding("runs go to", target.api)
        yield Finding("key", kept, None if target.key else False, "" if target.key else "`pluto login` keeps one")
        if target.key is None:
            return
    try:
        with Connection(settings, 5, attempts=1) as connection:
            if isinstance(target, Local):
                projects = connection.get("/api/runs/projects")["projects"]
                yield Finding("store", f"{len(projects)} projects", True)
            else:
                organization = connection.again("login", connection.calls.login)
                yield Finding("server", f"answers, as organization {organization}", True)
                kind = "Pluto's own" if connection.extended else "stock: no deletion, no reading of tables and texts"
                yield Finding("kind", kind)
    except QueryError as error:
        advice = "the key is not (or no longer) good: `pluto login`" if error.status_code == 401 else ""
        unreachable = "runs go on and are kept here until the server can be reached"
        yield Finding("server", str(error), False, advice or unreachable)
