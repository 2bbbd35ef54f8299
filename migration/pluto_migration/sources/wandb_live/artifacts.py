"""The artifacts a run made, and those it used: versions with aliases, tags, metadata, and their files."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Artifact, Entry, Facts
from pluto_migration.source import Problems
from pluto_migration.sources.wandb_live.files import is_of
from pluto_migration.sources.wandb_live.patience import Patience, Refused
from pluto_migration.sources.wandb_live.service import Service
from pluto_migration.sources.wandb_live.spool import Spool
from pluto_migration.sources.wandb_live.times import microseconds

_EXPORTS: Final = frozenset({"wandb-history", "wandb-events"})
"""Types of artifacts in which the service itself keeps what it has of the run's rows."""
_PAGE: Final = 100
_TRIES: Final = 3


def artifacts(service: Service, run: Any, spool: Spool, problems: Problems, where: str) -> Iterator[Artifact | Facts]:
    """All versions that the run made, in the order they were made, then those that it used, and what they were called.

    Raises `Unreachable`; what can't be had of a version is noted.
    """
    called: list[dict[str, Any]] = []
    for is_used, listed in ((False, run.logged_artifacts), (True, run.used_artifacts)):
        what = "the artifacts it used" if is_used else "the artifacts it made"
        try:
            versions = sorted(service.all(what, lambda: listed(per_page=_PAGE)), key=_age)  # noqa: B023
        except Refused as error:
            problems.note(where, f"not listed: {error}")
            continue
        for version in versions:
            if version.type in _EXPORTS:
                continue
            place = f"{where}/artifacts/{version.name}"
            try:
                found = _artifact(service.patience, version, is_used, spool, problems, place)
            except Refused as error:
                problems.note(place, f"not fetched: {error}")
                continue
            called.append({"name": found.source_id, "id": str(version.id), "used": is_used, "digest": found.digest})
            yield found
    if called:
        # In the store the versions of a collection are counted as they come.
        yield Facts(extras={"artifacts": called})


def _age(version: Any) -> tuple[str, int]:
    number = str(version.version or "").removeprefix("v")
    return str(version.created_at or ""), int(number) if number.isdecimal() else 0


def _artifact(
    patience: Patience, version: Any, is_used: bool, spool: Spool, problems: Problems, place: str
) -> Artifact:
    manifest = patience("the manifest", lambda: version.manifest)
    entries = [
        _entry(patience, version.get_entry(path), is_used, spool, problems, place)
        for path in sorted(manifest.entries, key=str)
    ]
    source_name = getattr(version, "source_qualified_name", None) or version.qualified_name
    return Artifact(
        name=str(version.name).rpartition(":")[0] or str(version.name),
        type=str(version.type),
        entries=entries,
        aliases=[alias for alias in version.aliases if alias != "latest"],
        tags=list(getattr(version, "tags", None) or ()),
        description=version.description or None,
        metadata=dict(version.metadata) if version.metadata else None,
        time=microseconds(version.created_at) or 0,
        digest=str(version.digest) if version.digest else None,
        ttl=_seconds(version),
        step=_row(version),
        used=is_used,
        source_id=str(source_name),
    )


def _entry(patience: Patience, entry: Any, is_used: bool, spool: Spool, problems: Problems, place: str) -> Entry:
    extra = dict(entry.extra or {})
    if entry.birth_artifact_id:
        extra["birthArtifactID"] = entry.birth_artifact_id
    path, digest = str(entry.path), str(entry.digest)
    if entry.ref is not None:
        return Entry(path, digest, size=entry.size, ref=str(entry.ref), extra=extra)
    content: Path | None = None
    try:
        content = spool.content(
            f"{digest}\0{entry.size}",
            lambda at: _download(patience, entry, at),
            shared=is_used,
            kind="contents",
        )
    except Refused as error:
        problems.note(f"{place}/{path}", f"not fetched: {error}")
    return Entry(path, digest, content, entry.size, None, extra)


def _download(patience: Patience, entry: Any, at: Path) -> None:
    with tempfile.TemporaryDirectory(dir=at.parent, suffix=".part") as folder:

        def take() -> Path:
            made = Path(entry.download(root=folder, skip_cache=True))
            if entry.size is not None and made.stat().st_size != entry.size:
                size = made.stat().st_size
                made.unlink()
                raise ConnectionError(f"{size} of {entry.size} bytes came")
            return made

        what = f"the file {str(entry.path)!r}"
        for _ in range(_TRIES):
            made = patience(what, take)
            if _is_other(entry) or is_of(made, str(entry.digest)):
                made.replace(at)
                return
            made.unlink()
        raise Refused(f"{what}: its content is not the one of its digest {entry.digest}")


def _is_other(entry: Any) -> bool:
    """Whether the digest is none of MD5."""
    algorithm = (entry.extra or {}).get("alg", "MD5")
    try:
        return algorithm != "MD5" or len(base64.b64decode(str(entry.digest), validate=True)) != 16
    except ValueError:
        return True


def _row(version: Any) -> int | None:
    """The row that came next when it was logged; the package tells the one before."""
    step = getattr(version, "history_step", None)
    return step + 1 if isinstance(step, int) else None


def _seconds(version: Any) -> int | None:
    ttl = version.ttl
    return int(ttl.total_seconds()) if isinstance(ttl, timedelta) else None
