"""A source of runs that are made up: every kind of item, in any amount, the same whenever they are read."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from pluto_migration.model import Alert, Artifact, Console, Data, Entry, Facts, File, Item, Parent, Points, Texts
from pluto_migration.source import Options, Problems, SourceError, SourceRun

NAME = "synthetic"
SETTINGS: Mapping[str, str] = {}
BEGUN = 1_700_000_000_000_000
ODD = (0.5, -3.0, 7.0, 7.0, 2.0, 1e300)
"""Steps: a fraction, a negative one, one that repeats, one that falls."""


@dataclass
class Run(SourceRun):
    """What a file `<name>.run` says: see `write`."""

    path: Path
    told: dict[str, Any]
    project: str = "made/up"
    id: str = ""
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = self.told["id"]
        self.project = self.told.get("project", "made/up")

    @property
    def created(self) -> int | None:
        return int(self.told.get("created", BEGUN))

    @property
    def parent(self) -> Parent | None:
        parent = self.told.get("parent")
        return None if parent is None else Parent(self.project, parent[0], parent[1])

    @property
    def old_ids(self) -> Sequence[str]:
        return self.told.get("old_ids", ())

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(json.dumps(self.told, sort_keys=True).encode()).hexdigest()

    @property
    def size(self) -> int:
        return int(self.told.get("points", 0)) * 24

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        told = self.told
        if told.get("broken"):
            raise SourceError(f"{self.path}: it is broken; mend it")
        if told.get("bug"):
            raise KeyError("a mistake in the module")
        yield Facts(name=told.get("name"), config={"lr": 0.25, "whole": 3.0, "nan": math.nan, "big": 2**70})
        yield Facts(config=told.get("config", {}))
        yield from self._points(int(told.get("points", 100)), int(told.get("metrics", 2)))
        if not told.get("bare"):
            yield from self._rest(scratch, int(told.get("more", 3)))
        if told.get("dies"):
            raise SourceError("the file ends here")
        if told.get("trouble"):
            problems.note(self.path, "line 3 makes no sense")
        yield Facts(
            status=told.get("status", "finished"),
            exit_code=told.get("exit_code"),
            ended=BEGUN + 9_000_000,
            tags=told.get("tags", ["a", "b"]),
            notes=told.get("notes", "Said of it.\n" * 200),
            config={
                "nested": {"at": datetime(2024, 5, 6, 7, 8, 9, 10, timezone.utc), "set": frozenset({"x", "y"})},
                "none": None,
                "list": [1, "two"],
            },
            metadata={"os_info": {"hostname": "there"}},
            extras={"odd": {"left": 1}},
        )

    def _points(self, count: int, metrics: int) -> Iterator[Item]:
        most = int(self.told.get("at_once", 1 << 16))
        for metric in range(metrics):
            for start in range(0, count, most):
                steps = np.arange(start, min(start + most, count), dtype=np.float64)
                values = np.sin(steps + metric)
                times = BEGUN + (steps * 1000).astype(np.int64)
                yield Points(f"train/loss{metric}", steps, times, values)

    def _rest(self, scratch: Path, more: int) -> Iterator[Item]:
        odd = np.array(ODD)
        values = np.array([math.nan, math.inf, -math.inf, -0.0, 1.0, 1.0])
        yield Points("odd", odd, np.full(len(odd), BEGUN, np.int64) + np.arange(len(odd)), values)
        yield Points("same", np.zeros(4), np.full(4, BEGUN, np.int64), np.array([1.0, 1.0, 2.0, 1.0]))
        yield Texts("said", [float(at) for at in range(more)], [BEGUN + at for at in range(more)],
                    [f"line {at} äöü" for at in range(more)])  # fmt: skip
        yield Texts("odd/said", [-0.0, math.nan, 2.5, 2.5], [BEGUN] * 4, ["a", "b", "c", "c"])
        yield Texts("nothing", [], [], [])
        yield Console("stdout", [], [])
        for at in range(more):
            yield Data("hist", "HISTOGRAM", float(at), BEGUN + at, {"freq": [1, 2, at], "bins": [0.0, 1.0, 2.0, 3.0]})
        yield Data("json", "JSON", -0.0, BEGUN, [math.nan, 1, 1.0, "ü"])
        yield Data("json", "JSON", 1.5, BEGUN, {"nan": math.nan, "deep": [{"a": None}]})
        unpacked = scratch / "unpacked.bin"
        unpacked.write_bytes(b"u" * 100_000)
        yield File("unpacked", "FILE", unpacked, "unpacked.bin", time=BEGUN + 5)
        for at in range(more):
            yield File("pictures", "IMAGE", self.content(at), f"picture{at}.png", step=float(at), time=BEGUN + at,
                       index=0, caption=f"number {at}", metadata={"path": f"media/{at}.png"})  # fmt: skip
        beside = self.path.with_suffix(".bin")
        if beside.exists():
            yield File("beside", "FILE", beside, beside.name)
            yield Artifact(
                "model", "model", [Entry("weights.bin", md5_of(beside.read_bytes()), beside, beside.stat().st_size),
                                   Entry("far", "etag", None, 10, "s3://bucket/far", {"a": 1})],
                aliases=["best"], description="of it", metadata={"k": 1}, time=BEGUN, source_id=f"{self.id}/model",
            )  # fmt: skip
        yield Console("stdout", [BEGUN + at // 2 for at in range(more)], [f"out {at}" for at in range(more)])
        yield Console("stderr", [BEGUN] * more, [f"err {at}" for at in range(more)], "monitoring/main")
        for at in range(min(more, 2)):
            yield Alert(BEGUN + at, f"title {at}", "text", "WARNING")

    @staticmethod
    def content(at: int) -> bytes:
        """The content of a picture; every third is too big for a journal's row."""
        return (b"\x89PNG\r\n" + str(at).encode()) * (20_000 if at % 3 == 2 else 3)


def find(paths: Sequence[str], options: Options, problems: Problems) -> Iterator[SourceRun]:
    """The runs of folders."""
    for folder in paths:
        files = sorted(Path(folder).glob("*.run"))
        if not files:
            raise SourceError(f"there are no runs in {folder}")
        for path in files:
            try:
                told = json.loads(path.read_text())
            except ValueError:
                problems.note(path, "it is no run")
                continue
            run = Run(path, told)
            if options.project is not None:
                run.project = options.project
            yield run


def write(folder: Path, id: str, **told: Any) -> Path:
    """Writes a run that `find` finds."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{id.replace('/', '-')}.run"
    path.write_text(json.dumps({"id": id, **told}))
    return path


def md5_of(content: bytes) -> str:
    """As W&B's digests of files."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
