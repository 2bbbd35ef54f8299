"""Files of runs: which there are under an attribute, and their content."""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.derived import DIFF, REQUIREMENTS
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.attributes.values import StoredFile
from pluto.query.values import microseconds

if TYPE_CHECKING:
    from pluto.compat.attributes.snapshot import RunAttributes
    from pluto.query import Client

_MASK: Final = "mask"


def files(client: Client, run: RunAttributes, path: str) -> list[StoredFile]:
    """The one of a File, all of a series by step, all of a set by name."""
    kind = run.kind(path)
    if path not in run.names:
        made = _made(client, run, path) if kind is AttributeKind.FILE else None
        return [] if made is None else [made]
    rows = list(_rows(client, run, run.names[path]))
    if kind is AttributeKind.FILE_SERIES:
        return [_file(path, row, _named(row)) for row in sorted(rows, key=lambda row: (row["step"], row["time"]))]
    if kind is AttributeKind.FILE:
        latest = max(rows, key=lambda row: (row["time"], row["step"]), default=None)
        return [] if latest is None else [_file(path, latest, "")]
    if kind is AttributeKind.FILE_SET:
        entries: dict[str, dict[str, Any]] = {}
        for row in sorted(rows, key=lambda row: row["time"]):
            gone = row.get("removed") or ()
            if gone:
                entries = {
                    name: there
                    for name, there in entries.items()
                    if not any(name == one or (one.endswith("/") and name.startswith(one)) for one in gone)
                }
            else:
                entries[_entry(row)] = row
        return [_file(path, row, name) for name, row in sorted(entries.items())]
    return []


def manifest(client: Client, run: RunAttributes, path: str) -> list[StoredFile]:
    """The list of what an artifact refers to: one file, or none."""
    if path not in run.names:
        return []
    latest = max(_rows(client, run, run.names[path]), key=lambda row: row["time"], default=None)
    return [] if latest is None else [_file(path, latest, "")]


def content(client: Client, file: StoredFile) -> bytes:
    """A file's content."""
    return file.source if isinstance(file.source, bytes) else client.read_file(file.source)


def download(client: Client, file: StoredFile, destination: Path) -> Path:
    """Puts a file's content at a place."""
    if isinstance(file.source, bytes):
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(file.source)
    else:
        client.fetch_file(file.source, destination)
    return destination


def _rows(client: Client, run: RunAttributes, name: str) -> Iterator[dict[str, Any]]:
    """The rows of the list of files, in the same form whoever lists them: times in microseconds."""
    readable = run.overview.readable
    for sent in [name] if readable is None else readable.sent_files(name):
        for row in client.iter_files(run.overview.project, run.id, sent):
            found = row if readable is None else readable.unpacked(row, name)
            if found["fileType"] != _MASK:
                time = found.get("at", found["time"])
                yield {**found, "time": time if isinstance(time, int) else microseconds(time)}


def _file(path: str, row: Mapping[str, Any], name: str) -> StoredFile:
    extension = str(_metadata(row).get("extension", row["fileType"] or ""))
    return StoredFile(
        path=path,
        step=float(row["step"]),
        time=row["time"],
        size=int(row["fileSize"]),
        extension=extension,
        name=name,
        description=row.get("caption"),
        mime=_metadata(row).get("mime_type") or (mimetypes.guess_type(f"file.{extension}")[0] if extension else None),
        sha256=row.get("sha256"),
        source=row,
    )


def _metadata(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = json.loads(row.get("metadata") or "{}")
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _entry(row: Mapping[str, Any]) -> str:
    return str(_metadata(row).get("artifact_path") or row["fileName"])


def _named(row: Mapping[str, Any]) -> str:
    return str(_metadata(row).get("name") or "")


def _made(client: Client, run: RunAttributes, path: str) -> StoredFile | None:
    """A file made of what is known of the code."""
    facts = client.get_run(run.overview.project, run.id).get("systemMetadata") or {}
    if path == DIFF:
        text, extension = ((facts.get("git") or {}).get("diff") or {}).get("head"), "patch"
    elif path == REQUIREMENTS:
        packages = facts.get("requirements")
        text, extension = "\n".join(map(str, packages)) + "\n" if isinstance(packages, list) else None, "txt"
    else:
        return None
    if not text:
        return None
    body = str(text).encode()
    name = f"{os.path.basename(path)}.{extension}"
    time = run.overview.created * 1000
    return StoredFile(path, 0.0, time, len(body), extension, name, mime="text/plain", source=body)
