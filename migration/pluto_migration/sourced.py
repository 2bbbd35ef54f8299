"""A run of a source, boiled down to what a target shall have of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pluto.core.jsonable import plain
from pluto.core.media.names import safe_name
from pluto.protocol.records import ATTRIBUTES, MIGRATION, OF_DOORS
from pluto_migration.config import clean
from pluto_migration.contents import Contents, in_order, leaves, told, told_beside, types_of
from pluto_migration.digest import RowsDigest, canonical
from pluto_migration.model import (
    Alert,
    Artifact,
    Console,
    Data,
    Entry,
    Facts,
    File,
    Item,
    ModelGraph,
    Points,
    Texts,
)  # fmt: skip
from pluto_migration.source import Problems, SourceRun
from pluto_migration.targets import Target

STREAMS: Final = {"stdout": "INFO", "stderr": "ERROR"}
STATUSES: Final = {
    "finished": "COMPLETED", "failed": "FAILED", "crashed": "FAILED", "killed": "TERMINATED",
    "cancelled": "CANCELLED", "running": "TERMINATED", "unknown": "TERMINATED",
}  # fmt: skip
_BLOCK: Final = 1 << 20


def contents_of(run: SourceRun, scratch: Path, problems: Problems, target: Target, began: int | None) -> Contents:
    """What the source has of a run, as `target` would have it.

    `began`: when the run began according to the store (microseconds), where the source does not say.
    """
    made = _Reading(run, target, problems, run.created if run.created is not None else began)
    for item in run.read(scratch, problems):
        made.take(item)
    return made.whole()


class _Reading:
    """Takes the items of one run."""

    def __init__(self, run: SourceRun, target: Target, problems: Problems, began: int | None) -> None:
        self.contents = Contents()
        self._run = run
        self._target = target
        self._problems = problems
        self._began = began or 0
        self._lines: Counter[str] = Counter()
        self._config: dict[str, Any] = {}
        self._beside: dict[str, Any] = {}
        self._facts: dict[str, Any] = {}
        self._exact = False

    def take(self, item: Item) -> None:
        """Adds an item."""
        contents = self.contents
        if isinstance(item, Points):
            self._target.add(clean(item.name), item.steps, item.times, item.values)
        elif isinstance(item, Texts):
            texts = contents.texts.setdefault(clean(item.name), RowsDigest())
            for step, time, value in zip(item.steps, item.times, item.values, strict=True):
                texts.add(float(step), time, clean(value))
        elif isinstance(item, Data):
            data = contents.data.setdefault(f"{clean(item.name)} ({item.type})", RowsDigest())
            data.add(float(item.step), item.time, plain(item.body))
        elif isinstance(item, File):
            self._take_file(item)
        elif isinstance(item, Artifact):
            self._take_artifact(item)
        elif isinstance(item, Console):
            self._take_lines(item)
        elif isinstance(item, Alert):
            self._take_alert(item)
        elif isinstance(item, ModelGraph):
            contents.alerts.setdefault("model graph", RowsDigest()).add(0.0, 0, plain(item.body))
        elif isinstance(item, Facts):
            self._take_facts(item)

    def whole(self) -> Contents:
        """All of it."""
        contents, run, target = self.contents, self._run, self._target
        contents.series = target.series()
        types = types_of(self._beside.get(ATTRIBUTES))
        python = not self._exact
        for path, value in leaves(self._config):
            # A user's own key that is one of the doors' has a `_` added.
            stored = (f"{path[0]}_", *path[1:]) if path[0] in OF_DOORS else path
            contents.config[stored] = told(value, types.get("/".join(stored)), stock=target.stock, python=python)
        contents.beside = told_beside(self._beside, types, stock=target.stock, python=python)
        for path in [path for path in contents.beside if path[:2] in ((ATTRIBUTES, "types"), (ATTRIBUTES, "id"))]:
            del contents.beside[path]
        facts = self._facts
        said = facts.get("status", "unknown")
        contents.facts = {
            "status": STATUSES[said],
            "status in the source": said,
            "old ids": [clean(one) for one in run.old_ids],
            **{key: facts[key] for key in ("name", "notes", "tags", "exit code") if key in facts},
        }
        aside = self._beside.get(ATTRIBUTES, {}).get("tags")
        if isinstance(aside, Mapping):
            # Those that a run can't have itself are its tags all the same.
            more = sorted(clean(tag) for tag, there in aside.items() if there)
            contents.facts["tags"] = in_order([*contents.facts.get("tags", ()), *more])
        if "name" not in facts and run.name:
            contents.facts["name"] = clean(run.name)
        if run.created is not None:
            contents.facts["created"] = run.created // 1000
        if "ended" in facts:
            contents.facts["ended"] = facts["ended"] // 1000
        if run.parent is not None:
            contents.facts["parent"] = [run.parent.project, run.parent.id, run.parent.step]
        return contents

    def _take_facts(self, item: Facts) -> None:
        texts = {"name": item.name, "notes": item.notes}
        self._facts.update({key: clean(value) for key, value in texts.items() if value})
        given = {"status": item.status, "exit code": item.exit_code, "ended": item.ended}
        self._facts.update({key: value for key, value in given.items() if value is not None})
        self._exact = self._exact or item.exact
        if item.tags is not None:
            self._facts["tags"] = in_order(map(clean, item.tags))
        _merge(self._config, item.config)
        parts = {
            "metadata": item.metadata, ATTRIBUTES: item.attributes, "_wandb": item.wandb,
            MIGRATION: {"extras": item.extras} if item.extras else {},
        }  # fmt: skip
        for part, values in parts.items():
            if values:
                _merge(self._beside.setdefault(part, {}), values)

    def _take_file(self, item: File) -> None:
        try:
            size, sha256 = measured(item.content)
        except OSError as error:
            self._problems.note(self._run.path, f"the file {clean(item.name)!r} can't be read: {error.strerror}")
            return
        self.contents.add_file(
            clean(item.name),
            {
                "type": item.type,
                "file": safe_name(clean(item.file_name)),
                "step": float(item.step) + 0.0,
                "time": item.time or self._began,
                "index": item.index,
                "caption": None if item.caption is None else clean(item.caption),
                "annotations": plain(item.annotations) if item.annotations else None,
                "metadata": plain(item.metadata) if item.metadata else None,
                "mask": item.mask,
                "size": size,
                "sha256": sha256,
            },
            stock=self._target.stock,
        )

    def _take_artifact(self, item: Artifact) -> None:
        entries = sorted((self._entry(item, one) for one in item.entries), key=lambda entry: str(entry["path"]))
        version = artifact_told(
            clean(item.type), clean(item.description or ""), plain(item.metadata or {}), map(clean, item.tags), entries
        )
        role = "used" if item.used else "logged"
        # An equal one is the same version.
        self.contents.artifacts.setdefault(f"{role} {clean(item.name)}", Counter())[version] = 1

    def _entry(self, item: Artifact, entry: Entry) -> dict[str, Any]:
        if entry.content is not None:
            try:
                size, sha256 = measured(entry.content)
            except OSError as error:
                self._problems.note(
                    self._run.path, f"artifact {clean(item.name)!r}: {clean(entry.path)!r} can't be read: {error}"
                )
            else:
                return entry_told(clean(entry.path), plain(entry.extra), size, sha256=sha256)
        return entry_told(clean(entry.path), plain(entry.extra), entry.size, digest=clean(entry.digest))

    def _take_lines(self, item: Console) -> None:
        stream, source = STREAMS[item.stream], clean(item.source)
        key = stream if self._target.stock else f"{source}/{stream}".lstrip("/")
        lines = self.contents.console.setdefault(key, RowsDigest())
        numbers = f"{source}/{stream}"
        for time, line in zip(item.times, item.lines, strict=True):
            self._lines[numbers] += 1
            lines.add(float(self._lines[numbers]), self._target.moment(time), clean(line))

    def _take_alert(self, item: Alert) -> None:
        url = None if item.url is None else clean(item.url)
        alerts = self.contents.alerts.setdefault("alerts", RowsDigest())
        alerts.add(0.0, item.time, item.level, clean(item.title), clean(item.text), url)


def entry_told(
    path: str, extra: Any, size: int | None, *, sha256: str | None = None, digest: str | None = None
) -> dict[str, Any]:
    """A file of an artifact by the hash of its bytes, or a reference by what names its content."""
    return {"path": path, "extra": extra or {}, "size": size, "content": sha256 or digest}


def artifact_told(type: str, description: Any, metadata: Any, tags: Any, entries: list[dict[str, Any]]) -> str:
    """A version of an artifact in one text."""
    return canonical(
        {
            "type": type, "description": description or None, "metadata": dict(metadata or {}),
            "tags": sorted(tags), "entries": entries,
        }
    )  # fmt: skip


def measured(content: Path | bytes) -> tuple[int, str]:
    """Size and SHA-256 of a content."""
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    found, size = hashlib.sha256(), 0
    with content.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            size += len(block)
    return size, found.hexdigest()


def _merge(into: dict[str, Any], values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        if isinstance(value, Mapping):
            found = into.get(key)
            if not isinstance(found, dict):
                found = into[key] = {}
            _merge(found, value)
        else:
            into[key] = value
