"""Versions of artifacts on their way into a journal: as a store takes them, with what is really in their files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pluto.core.jsonable import plain, to_json
from pluto.protocol import records
from pluto.protocol.artifacts import LATEST, digest_of, is_version
from pluto_migration.blobs import Blobs, is_ours, md5_of, size_of
from pluto_migration.config import clean
from pluto_migration.model import Artifact, Entry
from pluto_migration.source import Problems

_NAME_CHARS: Final = 128
_NOT_IN_NAMES: Final = re.compile(r"[/:\0]")


class Versions:
    """Makes records of artifacts. Without blobs nothing is written. What has to be another is noted in `problems`."""

    def __init__(self, where: Path, blobs: Blobs | None, problems: Problems) -> None:
        self._where = where
        self._blobs = blobs
        self._problems = problems

    def record(self, item: Artifact, token: str, time: int) -> records.Artifact:
        """The record of a version. Raises `OSError` where the disk does not take its files."""
        name = self._name("name", item.name, item)
        entries: dict[str, records.ArtifactEntry] = {}
        for entry in item.entries:
            path = self._path(entry.path, item)
            if path in entries:
                self._note(item, f"{path!r} is in it twice: the last one came over")
            entries[path] = self._entry(item, path, entry)
        digest = digest_of((path, entry.digest) for path, entry in entries.items())
        if item.digest is not None and item.digest.lower() != digest:
            self._note(item, f"{clean(item.digest)} is not the digest of its files")
        return records.Artifact(
            time=time,
            token=token,
            name=name,
            type=self._name("type", item.type, item),
            digest=digest,
            entries=list(entries.values()),
            aliases=self._aliases(item),
            tags=[clean(tag) for tag in item.tags],
            description=None if item.description is None else clean(item.description),
            metadata=None if item.metadata is None else to_json(item.metadata),
            ttl=item.ttl,
            step=item.step,
            used=item.used,
            made=not item.used,
        )

    def _entry(self, item: Artifact, path: str, entry: Entry) -> records.ArtifactEntry:
        extra = plain(entry.extra)
        if entry.content is None:
            return records.ArtifactEntry(path, clean(entry.digest), entry.size, clean(entry.ref or ""), extra)
        try:
            digest = md5_of(entry.content)
            if digest != entry.digest and entry.digest:
                self._note(item, f"{path!r} is not what its digest says")
            blob = None if self._blobs is None else self._blobs.put(entry.content)
        except (OSError, ValueError) as error:
            if is_ours(error, entry.content):
                raise
            self._note(item, f"{path!r} can't be read: {error}")
            where = entry.content if isinstance(entry.content, Path) else path
            return records.ArtifactEntry(path, clean(entry.digest), entry.size, clean(f"file://{where}"), extra)
        return records.ArtifactEntry(path, digest, size_of(entry.content), None, extra, blob=blob)

    def _name(self, what: str, given: str, item: Artifact) -> str:
        name = _NOT_IN_NAMES.sub("-", clean(given))[:_NAME_CHARS]
        if not name.strip():
            name = what
        if name != given:
            self._note(
                item, f"as its {what} it has {name!r}: a store takes 1 to {_NAME_CHARS} characters, no '/', no ':'"
            )
        return name

    def _path(self, given: str, item: Artifact) -> str:
        parts = clean(given).replace("\0", "-").split("/")
        path = "/".join("__" if part == ".." else part for part in parts if part not in ("", ".")) or "file"
        if path != given:
            self._note(item, f"{clean(given)!r} is called {path!r} in it")
        return path

    def _aliases(self, item: Artifact) -> list[str]:
        kept = []
        for alias in map(clean, item.aliases):
            if not alias or "/" in alias or ":" in alias or is_version(alias):
                self._note(item, f"{alias!r} can be no alias here")
            elif alias != LATEST:
                kept.append(alias)
        return kept

    def _note(self, item: Artifact, what: str) -> None:
        self._problems.note(self._where, f"artifact {clean(item.name)!r}: {what}")
