"""The folder of a run under `sync/runs/`, and the folder of one writer in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pluto.core.settings import Local, Remote, Settings

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run's journals lie."""

    sync: Path
    key: str

    @property
    def path(self) -> Path:
        """The folder."""
        return self.sync / "runs" / self.key

    def writer(self, name: str) -> Path:
        """The folder of one writer."""
        return self.path / name

    def describe(self, description: dict[str, Any]) -> None:
        """Writes `run.json`, unless it is there. Raises `OSError`."""
        path = self.path / "run.json"
        if not path.exists():
            write_json(path, description)

    def add_writer(self, name: str, process: str, *, rank: int, primary: bool, child: bool = False) -> Path:
        """Makes a writer's folder, which tells whose it is as soon as it can be seen. Raises `OSError`."""
        folder, draft = self.writer(name), self.writer(f".{name}")
        for path in (self.sync, self.sync / "runs", self.path, draft):
            path.mkdir(0o700, parents=True, exist_ok=True)
        facts = {
            "process": process,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "rank": rank,
            "primary": primary,
            "child": child,
            "created": time.time_ns() // 1000,
        }
        write_json(draft / "writer.json", facts)
        os.rename(draft, folder)
        return folder


def writer_name() -> str:
    """A new writer's name: this process incarnation."""
    return f"{os.getpid()}-{secrets.token_hex(6)}"


def run_key(target: Local | Remote, project: str, identity: str) -> str:
    """The folder name of a run: the same for every process that means the same run."""
    place = f"local:{target.store}" if isinstance(target, Local) else f"remote:{target.api}"
    digest = hashlib.sha256("\0".join((place, project, identity)).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"{slug(identity)}-{digest}"


def slug(identity: str) -> str:
    """What the folders of all runs of this identity begin with, whatever project and place they are of."""
    return _NOT_IN_NAMES.sub("-", identity).strip("-").lower()[:40].strip("-") or "run"


def description(settings: Settings, target: Local | Remote, project: str, external_id: str | None) -> dict[str, Any]:
    """The content of `run.json`."""
    if isinstance(target, Local):
        place: dict[str, Any] = {"kind": "local", "store": str(target.store)}
    else:
        place = {
            "kind": "remote",
            "app": target.app,
            "api": target.api,
            "ingest": target.ingest,
            "py": target.py,
            "key": target.key,
            "proxies": target.proxies,
            "verify": target.verify,
        }
    return {
        "version": 1,
        "project": project,
        "external_id": external_id,
        "mode": settings.mode,
        "delivery": settings.delivery,
        "target": place,
        "settings": {"http_timeout": settings.http_timeout},
    }


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Writes a private file that is complete as soon as it has its name. Raises `OSError`."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(draft, path)
