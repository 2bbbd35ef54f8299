"""What every route works with: the stores of one folder, and how the server is reached."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.requests import Request

from pluto.protocol.batch import PREFIX
from pluto.server.blobs import Blobs
from pluto.server.errors import not_found
from pluto.server.identity import encode_sqid
from pluto.server.metadata.contract import MetadataStore, Run
from pluto.server.series.contract import FileRow, SeriesStore
from pluto.server.signing import Signer

SLUG = "local"
"""The one organization of a store."""

UPLOAD_TTL_S = 3_600
DOWNLOAD_TTL_S = 5 * 86_400
ARRIVING_MS = 60_000
"""A blob is noted before the file that refers to it is stored."""

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Context:
    folder: Path
    metadata: MetadataStore
    series: SeriesStore
    blobs: Blobs
    signer: Signer
    require_key: bool
    public_url: str | None
    embedded: bool = False
    """Whether the app is called in process only, so that no address of it can be opened."""

    def run(self, number: int) -> Run:
        """The run, or 404."""
        run = self.metadata.runs.get(number)
        if run is None:
            raise not_found()
        return run

    def base(self, request: Request) -> str:
        """Where this server is reached from outside, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = request.headers.get("host", "")
        if not _HOST.fullmatch(host):
            host = "localhost"
        return f"{request.url.scheme}://{host}"

    def project_url(self, request: Request, project: str) -> str | None:
        """The project's page; None where nobody could open it."""
        return None if self.embedded else self.base(request) + project_path(project)

    def run_url(self, request: Request, project: str, run: int) -> str | None:
        """The run's page; None where nobody could open it."""
        return None if self.embedded else self.base(request) + run_path(project, run)

    def upload_url(self, request: Request, run: int, file: int) -> str:
        expires, signature = self.signer.sign("upload", run, file, ttl_s=UPLOAD_TTL_S)
        query = urlencode({"expires": expires, "signature": signature})
        return f"{self.base(request)}{PREFIX}/uploads/{run}/{file}?{query}"

    def download_url(self, request: Request, file: FileRow) -> str | None:
        """Where the file's bytes are, for whoever has the address; None while they have not been sent."""
        if file.sha256 is None:
            return None
        expires, signature = self.signer.sign("download", file.sha256, file.file_name, ttl_s=DOWNLOAD_TTL_S)
        query = urlencode({"name": file.file_name, "expires": expires, "signature": signature})
        return f"{self.base(request)}{PREFIX}/downloads/{file.sha256}?{query}"

    def forget(self, run: int) -> None:
        """Deletes a run with all it logged, or 404. Blobs that another upload has just been told of are spared."""
        freed = self.metadata.runs.delete(run)
        if freed is None:
            raise not_found()
        self.series.delete(run)
        self.drop(freed)

    def release(self, run: int) -> None:
        """Deletes blobs the run has forgotten. The newest stay a while: their file may be about to be stored."""
        before = time.time_ns() // 1_000_000 - ARRIVING_MS
        self.drop(self.metadata.runs.release(run, self.series.blobs(run), before))

    def drop(self, freed: Iterable[tuple[str, int]]) -> None:
        """Deletes blobs that nobody refers to any more, but those that an upload has been told of since."""
        for sha, referred_ms in freed:
            try:
                offered_ms = self.blobs.path(sha).stat().st_mtime_ns // 1_000_000
            except FileNotFoundError:
                continue
            if offered_ms <= referred_ms:
                self.blobs.delete(sha)

    def expire(self) -> None:
        """Deletes the artifacts whose time is over."""
        for artifact in self.metadata.artifacts.expired():
            freed = self.metadata.artifacts.delete(artifact, aliases=True)
            if freed:
                self.drop(freed)


def project_path(project: str) -> str:
    return f"/o/{SLUG}/projects/{quote(project, safe='')}"


def run_path(project: str, run: int) -> str:
    """Where the run's page is; the last part is the run's short id."""
    return f"{project_path(project)}/{encode_sqid(run)}"


def context(request: Request) -> Context:
    """The context of the app that got the request."""
    found: Context = request.app.state.context
    return found
