"""Versions of artifacts that a run of Trackio made or used."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pluto_migration.model import Artifact, Entry, Facts, Item
from pluto_migration.paths import inside
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.trackio.projects import Project
from pluto_migration.sources.trackio.tables import Key, Tables
from pluto_migration.sources.trackio.values import loaded

_PIECE = 1 << 20


def artifacts(files: Project, key: Key, tables: Tables, problems: Problems) -> Iterator[Item]:
    """What the run logged and used, in the order of the links, and which versions they were there."""
    links = list(tables.rows("run_artifact_links", key))
    if not links:
        return
    names = {row.get("id"): row for row in tables.rows("artifacts")}
    versions = {row.get("id"): row for row in tables.rows("artifact_versions")}
    aliases: dict[object, list[str]] = {}
    for row in tables.rows("artifact_aliases"):
        aliases.setdefault(row.get("artifact_version_id"), []).append(str(row.get("alias")))
    where = files.database or files.folder
    noted = []
    for link in links:
        version = versions.get(link.get("artifact_version_id"))
        artifact = names.get(version.get("artifact_id")) if version else None
        if version is None or artifact is None:
            problems.note(where, f"the version of an artifact, {link.get('artifact_version_id')!r}, is not there")
            continue
        name, number = str(artifact.get("name")), version.get("version")
        used = link.get("direction") == "input"
        try:
            manifest, metadata = loaded(version.get("manifest")), loaded(version.get("metadata"))
        except ValueError as error:
            problems.note(where, f"the manifest of artifact {name}:v{number} can't be read: {error}")
            continue
        entries = _entries(files, manifest, f"{name}:v{number}", problems, where)
        yield Artifact(
            name=name,
            type=str(artifact.get("type")),
            entries=entries,
            aliases=[alias for alias in aliases.get(version.get("id"), ()) if alias != "latest"],
            description=artifact.get("description") if isinstance(artifact.get("description"), str) else None,
            metadata=metadata if isinstance(metadata, dict) else None,
            used=used,
            source_id=f"trackio/{files.stem}/{name}/v{number}",
        )
        noted.append({"artifact": name, "version": number, "direction": link.get("direction")})
    if noted:
        yield Facts(extras={"trackio": {"artifacts": noted}})


def _entries(files: Project, manifest: Any, label: str, problems: Problems, where: Path) -> list[Entry]:
    found = []
    for item in manifest if isinstance(manifest, list) else ():
        path = item.get("path") if isinstance(item, dict) else None
        if not isinstance(path, str) or not path:
            problems.note(where, f"artifact {label} has an entry without a path")
            continue
        digest, size = item.get("digest"), item.get("size")
        size = size if isinstance(size, int) else None
        if isinstance(item.get("ref"), str):
            found.append(Entry(path, str(digest or ""), size=size, ref=item["ref"]))
            continue
        content, told = _content(files, digest, label, path, problems, where)
        if content is None:
            ref = f"trackio://{files.stem}/artifacts/{digest}"
            found.append(Entry(path, str(digest or ""), size=size, ref=ref))
        else:
            found.append(Entry(path, told, content, content.stat().st_size))
    return found


def _content(
    files: Project, digest: object, label: str, path: str, problems: Problems, where: Path
) -> tuple[Path | None, str]:
    """Where a file of an artifact lies, and the digest that the store tells it by."""
    blobs = files.folder / "artifacts" / files.stem / "blobs" / "sha256"
    try:
        if not isinstance(digest, str) or len(digest) < 3:
            raise SourceError(f"its digest is {digest!r}")
        content = inside(blobs, f"{digest[:2]}/{digest}")
        if not content.is_file():
            raise SourceError("its content is gone")
        whole, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with content.open("rb") as file:
            while piece := file.read(_PIECE):
                whole.update(piece)
                md5.update(piece)
        if whole.hexdigest() != digest:
            problems.note(where, f"artifact {label}: {path!r} is not what its digest says")
        return content, base64.b64encode(md5.digest()).decode()
    except (SourceError, OSError, ValueError) as error:
        problems.note(where, f"artifact {label}: {path!r} comes over without content: {error}")
        return None, ""
