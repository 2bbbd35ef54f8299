"""Objects in Azure's blob storage."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlparse

from pluto.compat.wandb import util
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import DEFAULT_MAX_OBJECTS, StorageHandler

if TYPE_CHECKING:
    from urllib.parse import ParseResult

_NEEDED = "Azure references require the azure libraries, run pip install azure-storage-blob azure-identity"


class AzureHandler(StorageHandler):
    """`https://<account>.blob.core.windows.net/<container>/<blob>`: the digest is the etag."""

    def __init__(self, scheme: str = "https") -> None:
        self._scheme = scheme

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is one of Azure's."""
        return parsed_url.scheme == self._scheme and parsed_url.netloc.endswith(".blob.core.windows.net")

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
        account, container, name, _ = _parse(ref)
        blob = self._service(account).get_blob_client(container=container, blob=name)
        version = manifest_entry.extra.get("versionID")
        if version is None:
            found = blob.get_blob_properties().etag.strip('"')
            if found != manifest_entry.digest:
                raise ValueError(f"Couldn't find blob version for {ref} matching etag {manifest_entry.digest}.")
        with opener("wb") as sink:
            (blob.download_blob(version_id=version) if version else blob.download_blob()).readinto(sink)
        return cached

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """An entry for a blob, or one for each below it."""
        account, container, blob_name, version = _parse(path)
        plain = f"{account}/{container}/{blob_name}"
        if not checksum:
            return [ArtifactManifestEntry(path=name or blob_name, digest=plain, ref=plain)]
        service = self._service(account)
        blob = service.get_blob_client(container=container, blob=blob_name)
        if blob.exists(version_id=version):
            facts = blob.get_blob_properties(version_id=version)
            if not _is_stub(facts):
                shown = name or PurePosixPath(blob_name).name
                return [_entry(facts, shown, f"{account}/{container}/{facts.name}")]
        entries: list[ArtifactManifestEntry] = []
        limit = max_objects or DEFAULT_MAX_OBJECTS
        for facts in service.get_container_client(container).list_blobs(name_starts_with=f"{blob_name}/"):
            if len(entries) >= limit:
                termwarn(
                    f"Found more than {limit} objects under path, limiting upload to {limit} objects. Increase"
                    " max_objects to upload more"
                )
                break
            if not _is_stub(facts):
                inner = PurePosixPath(name or "") / PurePosixPath(facts.name).relative_to(blob_name)
                entries.append(_entry(facts, inner, f"{account}/{container}/{facts.name}"))
        return entries

    @staticmethod
    def _service(account: str) -> Any:
        from pluto.compat.wandb.sdk.lib import module

        run = module.current()
        keys = (run is not None and run._settings.azure_account_url_to_access_key) or {}
        credential = keys.get(account)
        if credential is None:
            credential = util.get_module("azure.identity", required=_NEEDED, lazy=False).DefaultAzureCredential()
        storage = util.get_module("azure.storage.blob", required=_NEEDED, lazy=False)
        return storage.BlobServiceClient(account, credential=credential)


def _parse(uri: str) -> tuple[str, str, str, str | None]:
    url = urlparse(uri)
    _, container, name = url.path.split("/", 2)
    return f"{url.scheme}://{url.netloc}", container, name, dict(parse_qsl(url.query)).get("versionId")


def _is_stub(facts: Any) -> bool:
    """Whether it stands for a folder."""
    return bool(facts.has_key("metadata") and facts.metadata and "hdi_isfolder" in facts.metadata)


def _entry(facts: Any, path: Any, ref: str) -> ArtifactManifestEntry:
    etag = facts.etag.strip('"')
    extra = {"etag": etag}
    if facts.version_id:
        extra["versionID"] = facts.version_id
    return ArtifactManifestEntry(path=path, ref=ref, digest=etag, size=facts.size, extra=extra)
