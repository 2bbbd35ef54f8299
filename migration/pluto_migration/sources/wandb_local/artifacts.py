"""Artifacts that a run logged: their manifests, and contents that lie elsewhere on the machine."""

from __future__ import annotations

import base64
import binascii
import gzip
import json
import os
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pluto.core import protobuf
from pluto.protocol.artifacts import ALGORITHMS, MD5, hasher
from pluto_migration import paths
from pluto_migration.model import Artifact, Entry
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.wandb_local.history import BadValueError, decoded
from pluto_migration.sources.wandb_local.media import digest_of

LATEST: Final = "latest"
_LINE: Final = 1 << 20
"""Bytes of the longest line of a manifest's file."""
_ENTRIES: Final = 5_000_000


@dataclass
class Contents:
    """Finds the contents of entries."""

    path_map: Mapping[str, str]
    beside: tuple[Path, ...]
    """Folders that recorded paths are looked for below."""
    caches: tuple[Path, ...]
    """Folders with W&B's cache of contents."""
    problems: Problems
    where: str
    grown: dict[str, dict[str, Entry]] = field(default_factory=dict)
    """The entries of artifacts whose versions add to the one before, by name."""
    _seen: dict[tuple[str, str], Path | None] = field(default_factory=dict)

    def entry(self, said: Mapping[str, Any], what: str, algorithm: str) -> Entry | None:
        """An entry as a manifest says it; None for what is none. `algorithm`: of its digest, as `hasher` knows it."""
        path, digest, ref = said.get("path"), said.get("digest"), said.get("ref")
        if not isinstance(path, str) or not isinstance(digest, str) or not _is_safe(path):
            self.problems.note(self.where, f"{what}: an entry with the path {path!r} and digest {digest!r} is left out")
            return None
        size = said.get("size") if isinstance(said.get("size"), int) else None
        extra = said["extra"] if isinstance(said.get("extra"), dict) else {}
        if isinstance(ref, str) and ref:
            return Entry(path, digest, size=size, ref=ref, extra=extra)
        local = said.get("local_path")
        found = self._found(local if isinstance(local, str) else "", digest, algorithm)
        if found is None:
            self.problems.note(
                self.where, f"{what}: the content of {path!r} is not there ({local or 'no path recorded'})"
            )
            return Entry(path, digest, size=size, ref=f"file://{local}" if local else "file://", extra=extra)
        if algorithm != MD5:
            extra = {**extra, "digest": digest}
            digest = _digest(found, MD5)
        return Entry(path, digest, content=found, size=size, extra=extra)

    def _found(self, local: str, digest: str, algorithm: str) -> Path | None:
        key = (local, digest)
        if key not in self._seen:
            if len(self._seen) > 100_000:
                self._seen.clear()
            self._seen[key] = self._look(local, digest, algorithm)
        return self._seen[key]

    def _look(self, local: str, digest: str, algorithm: str) -> Path | None:
        """A content that has the digest: a manifest may name any path, and gets no other file."""
        candidates: list[Path] = []
        if local:
            try:
                there = paths.located(local, self.path_map, self.beside)
            except SourceError as error:
                self.problems.note(self.where, str(error))
                there = None
            candidates += [there] if there is not None else []
        name = _hexadecimal(digest)
        if name is not None:
            candidates += [cache / "obj" / algorithm.lower() / name[:2] / name[2:] for cache in self.caches]
        for candidate in candidates:
            try:
                if candidate.is_file() and _digest(candidate, algorithm) == digest:
                    return candidate
            except OSError:
                continue
            except ImportError as error:
                self.problems.note(self.where, f"contents can't be checked: {error}")
                return None
        if candidates and local and candidates[0].is_file():
            self.problems.note(self.where, f"{candidates[0]} is not what was logged: its digest is another")
        return None


def artifact(record: bytes, time: int, step: int | None, contents: Contents) -> Artifact:
    """What an artifact's record says, with contents. Raises `protobuf.DamagedError`."""
    said: dict[int, Any] = {}
    aliases: list[str] = []
    tags: list[str] = []
    for number, kind, value in protobuf.fields(record):
        if kind == protobuf.LENGTH and number == 11:
            aliases.append(protobuf.text(value))
        elif kind == protobuf.LENGTH and number == 19:
            tags.append(protobuf.text(value))
        elif kind in (protobuf.LENGTH, protobuf.VARINT):
            said[number] = value
    name, type, digest, description, text = (_text(said.get(number)) for number in (5, 4, 6, 7, 8))
    what = f"artifact {name!r}"
    metadata: Any = None
    if text:
        try:
            metadata = decoded(text.encode())
        except BadValueError as error:
            contents.problems.note(contents.where, f"{what}: metadata: {error}")
    algorithm = _text(said.get(20)).removeprefix("MANIFEST_") or MD5
    if algorithm not in ALGORITHMS:
        contents.problems.note(contents.where, f"{what}: its digests are of the unknown kind {algorithm!r}")
    manifest = said.get(12)
    entries = list(_entries(manifest if isinstance(manifest, bytes) else b"", what, algorithm, contents))
    if _whole(said.get(100)):
        whole = contents.grown.setdefault(name, {})
        whole.update({entry.path: entry for entry in entries})
        entries, digest = list(whole.values()), ""
    if _whole(said.get(14)) == 0 and said.get(13):
        contents.problems.note(contents.where, f"{what}: is one part of a version that several runs make together")
    return Artifact(
        name=name,
        type=type or "unspecified",
        entries=entries,
        aliases=[alias for alias in dict.fromkeys(aliases) if alias != LATEST],
        tags=list(dict.fromkeys(tags)),
        description=description or None,
        metadata=metadata if isinstance(metadata, dict) else None,
        time=time,
        digest=digest if algorithm == MD5 and digest else None,
        ttl=_ttl(said.get(18)),
        step=step,
        source_id=_text(said.get(15)) or None,
    )


def used(record: bytes) -> dict[str, str]:
    """What the record of an artifact that was used says: id, type, name. Raises `protobuf.DamagedError`."""
    names = {1: "id", 2: "type", 3: "name"}
    return {
        names[number]: protobuf.text(value)
        for number, kind, value in protobuf.fields(record)
        if number in names and kind == protobuf.LENGTH
    }


def _entries(manifest: bytes, what: str, algorithm: str, contents: Contents) -> Iterator[Entry]:
    listed = ""
    for number, kind, value in protobuf.fields(manifest):
        if kind != protobuf.LENGTH:
            continue
        if number == 4:
            found = contents.entry(_said(value), what, algorithm)
            if found is not None:
                yield found
        elif number == 5:
            listed = protobuf.text(value)
    if listed:
        yield from _listed(listed, what, algorithm, contents)


def _said(entry: bytes) -> dict[str, Any]:
    names = {1: "path", 2: "digest", 3: "ref", 6: "local_path", 7: "birth"}
    found: dict[str, Any] = {"extra": {}}
    for number, kind, value in protobuf.fields(entry):
        if number in names and kind == protobuf.LENGTH:
            found[names[number]] = protobuf.text(value)
        elif number == 4 and kind == protobuf.VARINT:
            found["size"] = protobuf.signed(value)
        elif number == 16 and kind == protobuf.LENGTH:
            key, text = "", b"null"
            for field, of, inner in protobuf.fields(value):
                if of == protobuf.LENGTH:
                    key, text = (protobuf.text(inner), text) if field == 1 else (key, bytes(inner))
            try:
                found["extra"][key] = decoded(text)
            except BadValueError:
                found["extra"][key] = protobuf.text(text)
    return found


def _listed(recorded: str, what: str, algorithm: str, contents: Contents) -> Iterator[Entry]:
    """The entries of a big manifest, which has a file of its own: a JSON object a line."""
    try:
        path = paths.located(recorded, contents.path_map, contents.beside)
    except SourceError as error:
        contents.problems.note(contents.where, str(error))
        path = None
    if path is None:
        contents.problems.note(contents.where, f"{what}: its manifest is not there ({recorded})")
        return
    try:
        with gzip.open(path, "rb") as file:
            for _ in range(_ENTRIES):
                line = file.readline(_LINE)
                if not line:
                    return
                said = json.loads(line)
                found = contents.entry(said, what, algorithm) if isinstance(said, dict) else None
                if found is not None:
                    yield found
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        contents.problems.note(contents.where, f"{what}: its manifest {recorded} can't be read to the end: {error}")


def _is_safe(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return (
        bool(path) and not path.startswith(("/", "\\")) and ".." not in parts and "\0" not in path and path[1:2] != ":"
    )


def _digest(path: Path, algorithm: str) -> str:
    """Raises `OSError`, and `ImportError` where the package for it is missing. Of an unknown kind it is empty."""
    return base64.b64encode(digest_of(path, hasher(algorithm)).digest()).decode() if algorithm in ALGORITHMS else ""


def _hexadecimal(digest: str) -> str | None:
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw.hex() if len(raw) == 16 else None


def caches(said: str | None) -> tuple[Path, ...]:
    """The folders where W&B may have kept contents: the one named, else those of this machine."""
    folders = [said] if said else [os.environ.get("WANDB_CACHE_DIR"), os.path.expanduser("~/.cache/wandb")]
    return tuple(Path(folder, "artifacts") for folder in folders if folder)


def _text(value: Any) -> str:
    return protobuf.text(value) if isinstance(value, (bytes, memoryview)) else ""


def _whole(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _ttl(value: Any) -> int | None:
    """Seconds; W&B's -1 is what the collection has, -2 that it stays."""
    seconds = protobuf.signed(value) if isinstance(value, int) else 0
    return 0 if seconds == -2 else seconds if seconds > 0 else None
