"""Objects in Google Cloud Storage."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from pluto.compat.wandb import util
from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import DEFAULT_MAX_OBJECTS, StorageHandler, timed

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class IsFolder(Exception):
    """What an entry refers to is a folder, which nobody can download."""


class GCSHandler(StorageHandler):
    """`gs://` addresses, by google-cloud-storage: the digest is the etag, and the generation is kept."""

    def __init__(self, scheme: str = "gs") -> None:
        self._scheme = scheme
        self._client: Any = None

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def init_gcs(self) -> Any:
        """The client of google-cloud-storage."""
        if self._client is None:
            storage = util.get_module(
                "google.cloud.storage",
                required="gs:// references require the google-cloud-storage library, run pip install"
                " google-cloud-storage",
                lazy=False,
            )
            self._client = storage.Client()
        return self._client

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The address, or the path of a copy in the cache."""
        ref = str(manifest_entry.ref)
        if not local:
            return ref
        cached, hit, opener = get_artifact_file_cache().check_etag_obj_path(
            ref, manifest_entry.digest, manifest_entry.size or 0
        )
        if hit:
            return cached
        name, key, _ = _parse(ref)
        bucket = self.init_gcs().bucket(name)
        if _is_folder(bucket, key, manifest_entry.size):
            raise IsFolder(f"Unable to download GCS folder {ref!r}, skipping")
        version = manifest_entry.extra.get("versionID")
        found = (version is not None and bucket.get_blob(key, generation=version)) or bucket.get_blob(key)
        if not found:
            raise ValueError(f"Unable to download object {ref!r} with generation {version!r}")
        if found.etag != manifest_entry.digest:
            raise ValueError(
                f"Digest mismatch for object {ref!r}: expected {manifest_entry.digest!r} but found {found.etag!r}"
            )
        with opener("wb") as sink:
            found.download_to_file(sink)
        return cached

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """An entry for an object, or one for each below a prefix."""
        client = self.init_gcs()
        bucket_name, key, version = _parse(path)
        plain = f"{self._scheme}://{bucket_name}/{key}"
        limit = max_objects or DEFAULT_MAX_OBJECTS
        if not checksum:
            return [ArtifactManifestEntry(path=name or key, ref=plain, digest=plain)]
        bucket = client.bucket(bucket_name)
        one = bucket.get_blob(key, generation=version)
        if one is None and version is not None:
            raise ValueError(f"Object does not exist: {plain}#{version}")
        many = one is None or one.name.endswith("/")
        with timed(many, f"Generating checksum for up to {limit} objects with prefix {key!r}... "):
            found = bucket.list_blobs(prefix=key, max_results=limit) if many else [one]
            entries = [self._entry(each, bucket_name, key, name, many) for each in found if not each.name.endswith("/")]
        if len(entries) > limit:
            raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
        return entries

    def _entry(self, found: Any, bucket: str, key: str, name: Any, many: bool) -> ArtifactManifestEntry:
        whole, place, prefix = PurePosixPath(found.name), PurePosixPath(bucket, key), PurePosixPath(key)
        shown, ref = PurePosixPath(name or whole.name), place
        if (name is None and prefix in whole.parents) or (name is not None and many):
            inner = whole.relative_to(prefix)
            shown, ref = PurePosixPath(name or "") / inner, place / inner
        return ArtifactManifestEntry(
            path=shown,
            ref=f"{self._scheme}://{ref}",
            digest=found.etag,
            size=found.size,
            extra={"versionID": found.generation},
        )


def _parse(uri: str) -> tuple[str, str, str | None]:
    url = urlparse(uri)
    return url.netloc, url.path.lstrip("/"), url.fragment or None


def _is_folder(bucket: Any, key: str, size: int | None) -> bool:
    """Folders end with a slash, but older entries may lack it."""
    if key.endswith("/"):
        return True
    maybe = not size and not PurePosixPath(key).suffix
    return maybe and bucket.get_blob(key) is None and bucket.get_blob(f"{key}/") is not None
