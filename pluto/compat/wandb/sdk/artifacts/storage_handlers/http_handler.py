"""Files on the web."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import StorageHandler

if TYPE_CHECKING:
    from urllib.parse import ParseResult

    from pluto.core.web import Page, WebError


class HTTPHandler(StorageHandler):
    """`http://` and `https://` addresses: the digest is the etag, or the address where there is none."""

    def __init__(self, scheme: str = "http") -> None:
        self._scheme = scheme

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The address, or the path of a copy in the cache."""
        url = str(manifest_entry.ref)
        if not local:
            return url
        from pluto.core.web import WebError, fetch

        cached, hit, opener = get_artifact_file_cache().check_etag_obj_path(
            url, manifest_entry.digest, manifest_entry.size or 0
        )
        if hit:
            return cached
        try:
            with opener("wb") as sink:
                found = _digest(fetch(url, sink, etag=manifest_entry.digest))
                if found != manifest_entry.digest:
                    raise ValueError(
                        f"Digest mismatch for url {url!r}: expected {manifest_entry.digest!r} but found {found!r}"
                    )
        except WebError as error:
            raise _plainly(error) from error
        return cached

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,  # noqa: ARG002
    ) -> list[ArtifactManifestEntry]:
        """One entry; with `checksum=False` nobody is asked, and the digest is the address."""
        shown = name or os.path.basename(path)
        if not checksum:
            return [ArtifactManifestEntry(path=shown, ref=path, digest=path)]
        from pluto.core.web import WebError, look

        try:
            page = look(path)
        except WebError as error:
            raise _plainly(error) from error
        extra = {"etag": page.etag} if page.etag else {}
        return [ArtifactManifestEntry(path=shown, ref=page.url, digest=_digest(page), size=page.size, extra=extra)]


def _digest(page: Page) -> str:
    return page.etag.strip('"') if page.etag else page.url


def _plainly(error: WebError) -> Exception:
    return FileNotFoundError(str(error)) if error.status in (404, 410) else CommError(str(error))
