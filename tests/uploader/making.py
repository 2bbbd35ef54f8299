"""Run folders as a training process leaves them, written by the real journal, for deliverers to deliver."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import msgspec

from pluto.core.client import Client
from pluto.core.journal import Journal
from pluto.core.process import place
from pluto.core.receipt import Receipt
from pluto.core.run_folder import RunFolder, run_key, writer_name
from pluto.core.settings import Local, Remote
from pluto.core.uploader.loop import deliver
from pluto.protocol import records
from pluto.protocol.records import Console, End, Kind, Media, Metrics, Start, Texts

T0 = 1_700_000_000_000_000
GONE = "0-000000000000"
"""A process that is not there any more."""


class Made:
    """A run being made: `writer()` starts a journal."""

    def __init__(self, sync: Path, target: Local | Remote, external_id: str = "r", *, project: str = "p", **about: Any):
        self.sync = sync
        self.target = target
        self.project = project
        self.external_id = external_id
        self.folder = RunFolder(sync, run_key(target, project, external_id))
        kind: dict[str, Any] = {"kind": "local", "store": str(getattr(target, "store", ""))}
        if isinstance(target, Remote):
            kind = {"kind": "remote", **{name: getattr(target, name) for name in ("app", "api", "ingest", "py", "key")}}
            kind |= {"proxies": {}, "verify": True}
        self.about = {"version": 1, "project": project, "external_id": external_id, "mode": "online",
                      "delivery": "process", "target": kind, "settings": {"http_timeout": 2.0}, **about}  # fmt: skip

    def writer(
        self, *, alive: bool = False, primary: bool = True, child: bool = False, start: bool = True, **fields: Any
    ) -> Writing:
        """A new writer, of this process or of one that is gone."""
        name = writer_name()
        path = self.folder.add_writer(name, place(self.sync) if alive else GONE, rank=0, primary=primary, child=child)
        writing = Writing(name, Journal(path))
        if start:
            writing.put(Start(**{"time": T0, "project": self.project, "name": "name", "external_id": self.external_id,
                                 "primary": primary, **fields}))  # fmt: skip
        self.folder.describe(self.about)
        return writing

    @property
    def path(self) -> Path:
        return self.folder.path

    def receipt(self) -> Receipt:
        return msgspec.json.decode((self.sync / "receipts" / f"{self.folder.key}.json").read_bytes(), type=Receipt)

    def poison(self) -> list[dict[str, Any]]:
        return [json.loads(line) for path in self.path.glob("*/poison.jsonl") for line in path.read_text().splitlines()]

    def deliver(self, patience_s: float = 5.0) -> dict[str, str]:
        """What `pluto sync` would do."""
        return deliver(self.sync, only=frozenset([self.folder.key]), patience_s=patience_s)


class Writing:
    """One writer's journal."""

    def __init__(self, name: str, journal: Journal) -> None:
        self.name = name
        self.journal = journal

    def put(self, record: records.Record) -> int:
        return self.journal.append(records.kind_of(record), records.encode(record))

    def raw(self, kind: int, body: bytes) -> int:
        return self.journal.append(kind, body)

    def metrics(self, step: records.Step, **values: float) -> int:
        return self.put(Metrics(self.time, step, values))

    def text(self, step: records.Step, name: str, text: str) -> int:
        return self.put(Texts(self.time, step, {name: text}))

    def console(self, first: int, *lines: str) -> int:
        return self.put(Console(self.time, "INFO", first, list(lines)))

    def file(self, step: records.Step, name: str, content: bytes, **fields: Any) -> int:
        """A file small enough for the row."""
        given = {"type": "FILE", "form": "file", "file_name": "f.bin", "inline": content, **fields}
        return self.put(Media(time=self.time, step=step, name=name, index=0, **given))

    def linked(self, step: records.Step, name: str, path: Path) -> int:
        """A file taken by path, as a hard link."""
        with self.journal.blobs() as blobs:
            blob = blobs.put_bytes(b"")
            target = next(self.journal.folder.glob(f"*.blobs/{blob}"))
            target.unlink()
            target.hardlink_to(path)
            facts = path.stat()
            parameters = {"size": facts.st_size, "mtime_ns": facts.st_mtime_ns, "linked": True}
            return self.put(
                Media(self.time, step, name, 0, "FILE", "file", path.name, blob=blob, parameters=parameters)
            )

    def end(self, status: str = "COMPLETED", metadata: str | None = None) -> None:
        self.put(End(self.time, status, None, metadata))
        self.journal.close()

    def close(self) -> None:
        """Without an END."""
        self.journal.close()

    @property
    def time(self) -> int:
        return time.time_ns() // 1000


def read(target: Local | Remote, path: str, **params: Any) -> Any:
    """JSON from the API."""
    with Client(target) as client:
        return client.get_json(path, params)


def points(target: Local | Remote, run: int, name: str) -> list[tuple[float, float]]:
    """(step, value) of a metric in Pluto's own store."""
    with Client(target) as client:
        found = client.get_json(f"/api/ext/v1/runs/{run}/points", {"name": name})
    return list(zip(found["steps"], found["values"], strict=True))


def now() -> float:
    return time.monotonic()


__all__ = ["GONE", "T0", "Kind", "Made", "Writing", "now", "points", "read"]
