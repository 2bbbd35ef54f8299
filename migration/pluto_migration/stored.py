"""A run as a store gives it, through `pluto.query`, boiled down to the same as a source's."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from pluto.core.jsonable import plain
from pluto.core.uploader.stock_artifacts import MANIFEST
from pluto.protocol.records import ATTRIBUTES, MIGRATION, OF_DOORS
from pluto.query import QueryError
from pluto.query.files import STOCK_MAX
from pluto.query.readable import FILE_TYPES
from pluto_migration.contents import Contents, in_order, leaves, told, told_beside, types_of
from pluto_migration.digest import RowsDigest
from pluto_migration.sourced import artifact_told, entry_told
from pluto_migration.targets import Arrays, Target

if TYPE_CHECKING:
    from pluto.query import Client, RunOverview

_POINTS_AT_ONCE: Final = 1_000_000
_TEXTS: Final = "string-series"
_GONE: Final = "its content is not there"


def contents_of(client: Client, run: RunOverview, target: Target) -> Contents:
    """What the store has of a run; `target` has taken the source's points already."""
    return _Reading(client, run, target).contents()


class _Reading:
    """Reads one run."""

    def __init__(self, client: Client, run: RunOverview, target: Target) -> None:
        self._client = client
        self._run = run
        self._target = target
        self._hashes: dict[str, str] = {}

    def contents(self) -> Contents:
        """All of it."""
        found = Contents()
        self._take_facts(found)
        for name, pages in self._metrics():
            found.series[name] = self._target.found(name, pages)
        for row in self._client.iter_data(self._run.project, self._run.id) if self._has_data() else ():
            if row["type"] == _TEXTS:
                rows, content = found.texts.setdefault(row["name"], RowsDigest()), row["value"]
            else:
                rows = found.data.setdefault(f"{row['name']} ({row['type']})", RowsDigest())
                content = plain(row["value"])
            rows.add(float(row["step"]), int(row["time"]), content)
        for line in self._client.iter_lines(self._run.project, self._run.id):
            key = f"{line['source']}/{line['stream']}".lstrip("/")
            console = found.console.setdefault(key, RowsDigest())
            console.add(float(line["line"]), int(line["time"]), line["message"])
        self._take_files(found)
        if not self._target.stock:
            self._take_artifacts(found)
            for alert in self._client.get_alerts(self._run.project, self._run.id):
                alerts = found.alerts.setdefault("alerts", RowsDigest())
                alerts.add(0.0, alert["time"], alert["level"], alert["title"], alert["body"], alert["url"])
            graph = self._client.get_model_graph(self._run.project, self._run.id)
            if graph is not None:
                found.alerts.setdefault("model graph", RowsDigest()).add(0.0, 0, graph)
        return found

    # --- facts --------------------------------------------------------------------------------------------------------

    def _take_facts(self, found: Contents) -> None:
        run, stock = self._run, self._target.stock
        notes = run.config.get(ATTRIBUTES)
        types = types_of(notes)
        for path, value in leaves({key: value for key, value in run.config.items() if key not in OF_DOORS}):
            found.config[path] = told(value, types.get("/".join(path)), stock=stock)
        details = self._client.get_run(run.project, run.id)
        ledger = run.config.get(MIGRATION)
        ledger = ledger if isinstance(ledger, dict) else {}
        kept: dict[str, Any] = {
            "metadata": details.get("systemMetadata") or {},
            ATTRIBUTES: notes if isinstance(notes, dict) else {},
            "_wandb": run.config.get("_wandb") or {},
            MIGRATION: {"extras": ledger.get("extras") or {}},
        }
        found.beside = told_beside(kept, types, stock=stock)
        status = details.get("statusMetadata")
        status = json.loads(status) if isinstance(status, str) else status
        parent = ledger.get("parent")
        found.facts = {
            "name": run.name,
            "notes": run.notes,
            "tags": self._tags(notes),
            "status": run.status,
            "status in the source": ledger.get("status"),
            "exit code": status.get("code") if isinstance(status, dict) else None,
            "created": run.created,
            "ended": run.status_updated,
            "old ids": list(ledger.get("old_ids") or ()),
            "parent": [parent.get(key) for key in ("project", "id", "step")] if isinstance(parent, dict) else None,
        }
        if found.facts["exit code"] is None and run.status == "COMPLETED":
            found.facts["exit code"] = 0

    def _tags(self, notes: Any) -> list[str]:
        """The run's tags, and those that lie aside since a run can't have them, or a stock server takes no more."""
        aside = notes.get("tags") if isinstance(notes, dict) else None
        more = sorted(tag for tag, there in aside.items() if there) if isinstance(aside, dict) else []
        return in_order([*self._run.tags, *more])

    # --- rows ---------------------------------------------------------------------------------------------------------

    def _has_data(self) -> bool:
        return any(kind != "METRIC" and kind not in FILE_TYPES for kind in self._run.names.values())

    def _metrics(self) -> Iterator[tuple[str, Iterator[Arrays]]]:
        """Every metric with its points: many small ones at once, a long one page by page."""
        run = self._run
        names = [name for name, kind in run.names.items() if kind == "METRIC"]
        if run.readable is not None:
            for name in names:
                points = self._client.points(run.project, run.id, run.readable.sent(name))
                yield name, iter([(points.steps, points.times, points.values)])
            return
        counts = {name: one.count for name, one in self._client.summaries(run.project, run.id).items()}
        some: list[str] = []
        size = 0
        for name in names:
            count = counts.get(name, 0)
            if count > _POINTS_AT_ONCE:
                pages = self._client.iter_points(run.project, run.id, name)
                yield name, ((page.steps, page.times, page.values) for page in pages)
                continue
            if size + count > _POINTS_AT_ONCE:
                yield from self._together(some)
                some, size = [], 0
            some.append(name)
            size += count
        yield from self._together(some)

    def _together(self, names: list[str]) -> Iterator[tuple[str, Iterator[Arrays]]]:
        several = self._client.many_points(self._run.project, [(self._run.id, name) for name in names])
        for name, points in zip(names, several, strict=True):
            yield name, iter([(points.steps, points.times, points.values)])

    # --- files --------------------------------------------------------------------------------------------------------

    def _take_files(self, found: Contents) -> None:
        for name, rows in self._files():
            for row in self._without_artifacts(found, name, rows):
                annotations = row.get("annotations")
                metadata = row.get("metadata")
                found.add_file(
                    name,
                    {
                        "type": row.get("type"),
                        "file": row["fileName"],
                        "step": float(row["step"]) + 0.0,
                        "time": row["at"],
                        "index": row.get("sampleIndex"),
                        "caption": row.get("caption"),
                        "annotations": json.loads(annotations) if annotations else None,
                        "metadata": json.loads(metadata) if metadata else None,
                        "mask": row["fileType"] == "mask",
                        "size": int(row["fileSize"]),
                        "sha256": self._sha256(row),
                    },
                    stock=self._target.stock,
                )

    def _files(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        run, client = self._run, self._client
        if run.readable is None:
            by_name: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for row in client.iter_files(run.project, run.id):
                by_name[row["logName"]].append(row)
            yield from by_name.items()
            return
        # A name may have files and data: the type that the server tells is that of one of them.
        there = {sent: name for name in run.names for sent in run.readable.sent_files(name)}
        listed = list(client.iter_files(run.project, run.id))
        if len(listed) == STOCK_MAX:
            listed = [row for sent in there for row in client.iter_files(run.project, run.id, sent)]
        by_name = defaultdict(list)
        for row in listed:
            name = there.get(row["logName"], row["logName"])
            whole = run.readable.unpacked(row, name)
            by_name[name].append({**whole, "at": whole["time"], "sent": row["fileName"]})
        yield from by_name.items()

    def _without_artifacts(self, found: Contents, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The files that are no part of an artifact; those of a stock server's artifacts go to `found`."""
        manifests = [row for row in rows if self._target.stock
                     and row["fileName"] == MANIFEST and row.get("caption") == MANIFEST]  # fmt: skip
        taken = {row["sent"] for row in manifests}
        sent = {row.get("sent"): row for row in rows}
        for manifest in manifests:
            about = json.loads(self._client.read_file(manifest))
            entries = []
            for path, entry in sorted(about["contents"].items()):
                file = sent.get(entry["file"]) if entry["file"] else None
                if file is not None:
                    taken.add(file["sent"])
                sha256 = None if file is None else self._sha256(file)
                entries.append(entry_told(path, entry["extra"], entry["size"], sha256=sha256, digest=entry["digest"]))
            version = artifact_told(about["type"], about["description"], about["metadata"], about["tags"], entries)
            found.artifacts.setdefault(f"logged {name}", Counter())[version] = 1
        return [row for row in rows if row.get("sent") not in taken or not taken]

    def _take_artifacts(self, found: Contents) -> None:
        for role in ("logged", "used"):
            for version in self._client.run_artifacts(self._run.id, role):
                entries = []
                for row in self._client.iter_artifact_files(version["id"]):
                    sha256 = self._blob(row["sha256"]) if row["sha256"] else None
                    entries.append(
                        entry_told(row["path"], row["extra"], row["size"], sha256=sha256, digest=row["digest"])
                    )
                entries.sort(key=lambda entry: str(entry["path"]))
                about = artifact_told(
                    version["type"], version["description"], version["metadata"], version["tags"], entries
                )
                found.artifacts.setdefault(f"{role} {version['collection']}", Counter())[about] = 1

    def _sha256(self, row: Mapping[str, Any]) -> str:
        """The hash of the bytes that the store gives for a file, whatever it says that they are."""
        known = row.get("sha256")
        if known is not None:
            return self._blob(str(known))
        return self._hash(row)

    def _blob(self, sha256: str) -> str:
        if sha256 not in self._hashes:
            self._hashes[sha256] = self._hash({"fileName": sha256, "url": f"/api/ext/v1/blobs/{sha256}"})
        return self._hashes[sha256]

    def _hash(self, row: Mapping[str, Any]) -> str:
        try:
            return self._client.hash_file(row)
        except QueryError as error:
            if error.status_code != 404:
                raise
            return _GONE
