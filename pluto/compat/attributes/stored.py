"""Files of runs: which there are under an attribute, and their content."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluto.compat.attributes.derived import DIFF, MADE_OF
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.attributes.values import StoredFile

if TYPE_CHECKING:
    from pluto.compat.attributes.snapshot import RunAttributes
    from pluto.query import Client, RunOverview


def files(client: Client, run: RunAttributes, path: str) -> list[StoredFile]:
    """The one of a File, all of a series by step, all of a set by name."""
    kind = run.kind(path)
    if path not in run.names:
        made = made_of(run.overview, path) if kind is AttributeKind.FILE else None
        return [] if made is None else [made]
    rows = list(_rows(client, run, run.names[path]))
    if kind is AttributeKind.FILE_SERIES:
        return [file_of(path, row, name_of(row)) for row in sorted(rows, key=lambda row: (row["step"], row["at"]))]
    if kind is AttributeKind.FILE:
        latest = max(rows, key=lambda row: (row["step"], row["at"]), default=None)
        return [] if latest is None else [file_of(path, latest, "")]
    if kind is AttributeKind.FILE_SET:
        entries: dict[str, dict[str, Any]] = {}
        for row in sorted(rows, key=lambda row: row["at"]):
            gone = row.get("removed") or ()
            if gone:
                entries = {
                    name: there
                    for name, there in entries.items()
                    if not any(name == one or (one.endswith("/") and name.startswith(one)) for one in gone)
                }
            else:
                entries[_entry(row)] = row
        return [file_of(path, row, name) for name, row in sorted(entries.items())]
    return []


def manifest(client: Client, run: RunAttributes, path: str) -> list[StoredFile]:
    """The list of what an artifact refers to: one file, or none."""
    if path not in run.names:
        return []
    latest = max(_rows(client, run, run.names[path]), key=lambda row: row["at"], default=None)
    return [] if latest is None else [file_of(path, latest, "")]


def content(client: Client, file: StoredFile) -> bytes:
    """A file's content."""
    return file.source.content(client) if isinstance(file.source, Made) else client.read_file(file.source)


def download(client: Client, file: StoredFile, destination: Path) -> Path:
    """Puts a file's content at a place."""
    if isinstance(file.source, Made):
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(file.source.content(client))
    else:
        client.fetch_file(file.source, destination)
    return destination


def _rows(client: Client, run: RunAttributes, name: str) -> Iterator[dict[str, Any]]:
    return client.iter_files_of(run.overview.project, run.id, name, run.overview.readable)


def file_of(path: str, row: Mapping[str, Any], name: str) -> StoredFile:
    """A row of the list of files as what it is under an attribute."""
    extension = str(_metadata(row).get("extension", row["fileType"] or ""))
    return StoredFile(
        path=path,
        step=float(row["step"]),
        time=row["at"],
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


def name_of(row: Mapping[str, Any]) -> str:
    """The name one of a series was given."""
    return str(_metadata(row).get("name") or "")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is made of what is known of the code."""

    project: str
    run: int
    path: str

    def content(self, client: Client) -> bytes:
        """The file, made now."""
        facts = client.get_run(self.project, self.run).get("systemMetadata") or {}
        if self.path == DIFF:
            return str(((facts.get("git") or {}).get("diff") or {}).get("head") or "").encode()
        return "".join(f"{package}\n" for package in facts.get("requirements") or ()).encode()


def made_of(overview: RunOverview, path: str) -> StoredFile | None:
    """A file that is made of what is known of the code; None for another path, and where that is not known."""
    size = overview.sizes.get(MADE_OF.get(path, ""))
    if not size:
        return None
    extension = "patch" if path == DIFF else "txt"
    source = Made(overview.project, overview.id, path)
    time = overview.created * 1000
    return StoredFile(path, 0.0, time, size, extension, "", mime="text/plain", source=source)
