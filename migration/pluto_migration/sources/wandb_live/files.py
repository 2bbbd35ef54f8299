"""The files of a run: which there are, and their bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.wandb_live.patience import Refused
from pluto_migration.sources.wandb_live.service import Service
from pluto_migration.sources.wandb_live.spool import Spool

AT_ONCE: Final = 4
"""Files that are fetched at the same time."""
_PAGE: Final = 200
_LINKS: Final = 3
"""How often a link is fetched anew."""
_STALE: Final = frozenset({400, 401, 403, 410})
"""What storage says to a link whose time is over."""
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as the service lists it."""

    name: str
    size: int
    md5: str | None
    """Base64, or hexadecimal, of its content, where the service says."""
    updated: str | None
    handle: Any = field(default=None, compare=False, repr=False)
    """The package's own object, with a link that is good for a while."""

    @property
    def content(self) -> str:
        """What names its content."""
        return f"{self.name}\0{self.size}\0{self.md5}\0{self.updated}"


def listed(service: Service, run: Any) -> list[Listed]:
    """The files of a run, by name. Raises `SourceError` where the service does not give them."""
    found = service.all("the list of files", lambda: run.files(per_page=_PAGE))
    return sorted((_listed(file) for file in found), key=lambda one: one.name)


def fetch(
    service: Service, run: Any, files: Sequence[Listed], spool: Spool, problems: Problems, where: str
) -> dict[str, Path]:
    """Where the files lie now, by name; what the service has no more is noted.

    Raises `Unreachable` where it does not answer; what has come by then is kept.
    """
    found: dict[str, Path] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="wandb-live") as workers:
        jobs = [(file, workers.submit(_fetched, service, run, file, spool)) for file in files]
        try:
            for file, job in jobs:
                try:
                    found[file.name], remark = job.result()
                    if remark:
                        problems.note(f"{where}/{file.name}", remark)
                except Refused as error:
                    problems.note(f"{where}/{file.name}", f"not fetched: {error}")
        except BaseException:
            workers.shutdown(cancel_futures=True)
            raise
    return found


def _listed(file: Any) -> Listed:
    md5, updated = getattr(file, "md5", None), getattr(file, "updatedAt", None)
    return Listed(str(file.name), int(file.size or 0), md5 or None, None if updated is None else str(updated), file)


def _fetched(service: Service, run: Any, file: Listed, spool: Spool) -> tuple[Path, str | None]:
    remarks: list[str] = []

    def fetch(path: Path) -> None:
        remarks.extend(_download(service, run, file, path))

    return spool.content(file.content, fetch), next(iter(remarks), None)


def _download(service: Service, run: Any, file: Listed, path: Path) -> list[str]:
    """Puts the file's bytes where they shall be; gives what there is to say of them.

    Raises `Refused`, `Unreachable`.
    """
    what = f"the file {file.name!r}"
    with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part") as folder:
        place, link, handle = Path(folder) / "file", 0, file.handle
        while True:
            link += 1
            handle = handle or service.patience(what, lambda: _named(run, file.name))
            try:
                made = service.patience(what, lambda: _taken(handle, place, file))  # noqa: B023
            except Refused as error:
                # The time of its link is over: there was a queue, or a break.
                if error.status not in _STALE or link == _LINKS:
                    raise
            else:
                whole = file.md5 is None or is_of(made, file.md5)
                if whole or link == _LINKS:
                    made.replace(path)
                    return [] if whole else ["its content is not the one that the service lists (MD5)"]
            handle = None


def _named(run: Any, name: str) -> Any:
    """The file as the service lists it now, with a new link."""
    for file in run.files(names=[name]):
        if file.name == name:
            return file
    raise Refused(f"the service does not list the file {name!r} any more")


def _taken(file: Any, folder: Path, listed: Listed) -> Path:
    """Downloads into a folder, and gives where the file lies. Raises `ConnectionError` where it came short."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    opened = file.download(root=str(folder), replace=True)
    if hasattr(opened, "close"):
        opened.close()
    made = [Path(top, name) for top, _, names in os.walk(folder) for name in names]
    if not made:
        raise Refused(f"nothing came of the file {listed.name!r}")
    if listed.size and made[0].stat().st_size != listed.size:
        raise ConnectionError(f"{made[0].stat().st_size} of {listed.size} bytes came")
    return made[0]


def is_of(path: Path, md5: str) -> bool:
    """Whether a file has an MD5, given as base64 or hexadecimal; one that is neither says nothing."""
    try:
        wanted = bytes.fromhex(md5) if len(md5) == 32 else base64.b64decode(md5, validate=True)
    except ValueError:
        return True
    if len(wanted) != 16:
        return True
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.digest() == wanted


def linked(scratch: Path, path: Path) -> Path:
    """A name of its own, in `scratch`, for a file of the spool: it can be taken over without a copy."""
    place = scratch / path.name
    if place.exists():
        return place
    try:
        os.link(path, place)
    except OSError:
        try:
            shutil.copyfile(path, place)
        except OSError as error:
            raise SourceError(f"{place}: {error}") from error
    return place
