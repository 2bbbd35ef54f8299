"""Objects in S3 and what speaks its language."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlparse

from pluto.compat.wandb import util
from pluto.compat.wandb.errors.errors import CommError
from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache
from pluto.compat.wandb.sdk.artifacts.artifact_manifest_entry import ArtifactManifestEntry
from pluto.compat.wandb.sdk.artifacts.storage_handler import DEFAULT_MAX_OBJECTS, StorageHandler, timed

if TYPE_CHECKING:
    from urllib.parse import ParseResult


class S3Handler(StorageHandler):
    """`s3://` addresses, by boto3: the digest is the etag, and the object's version is kept where there is one."""

    def __init__(self, scheme: str = "s3") -> None:
        self._scheme = scheme
        self._s3: Any = None
        self._errors: Any = None

    def can_handle(self, parsed_url: ParseResult) -> bool:
        """Whether an address is of its scheme."""
        return parsed_url.scheme == self._scheme

    def init_boto(self) -> Any:
        """The resource that boto3 has for S3, at AWS_S3_ENDPOINT_URL and in AWS_REGION where these are set."""
        if self._s3 is None:
            boto3 = util.get_module(
                "boto3", required="s3:// references require the boto3 library, run pip install boto3", lazy=False
            )
            self._errors = util.get_module("botocore.exceptions", required="botocore is missing", lazy=False)
            self._s3 = boto3.session.Session().resource(
                "s3", endpoint_url=os.getenv("AWS_S3_ENDPOINT_URL"), region_name=os.getenv("AWS_REGION")
            )
        return self._s3

    def load_path(self, manifest_entry: ArtifactManifestEntry, local: bool = False) -> str:
        """The address, or the path of a copy in the cache: of the version that was meant, or one of its etag."""
        ref = str(manifest_entry.ref)
        if not local:
            return ref
        cached, hit, opener = get_artifact_file_cache().check_etag_obj_path(
            ref, manifest_entry.digest, manifest_entry.size or 0
        )
        if hit:
            return cached
        s3 = self.init_boto()
        bucket, key, _ = _parse(ref)
        version = manifest_entry.extra.get("versionID")
        try:
            if version:
                etag = s3.ObjectVersion(bucket, key, version).head()["ETag"].strip('"')
            else:
                etag = _etag(s3.Object(bucket, key))
        except self._errors.ClientError as error:
            if error.response["Error"]["Code"] == "404":
                raise FileNotFoundError(f"Unable to find {manifest_entry.path} at s3://{bucket}/{key}") from error
            raise
        if etag != manifest_entry.digest:
            if version:
                raise ValueError(
                    f"Digest mismatch for object {ref} with version {version}: expected {manifest_entry.digest} but"
                    f" found {etag}"
                )
            version = self._version_of(bucket, key, manifest_entry.extra.get("etag"))
        with opener("wb") as sink:
            s3.Object(bucket, key).download_fileobj(sink, ExtraArgs={"VersionId": version} if version else {})
        return cached

    def _version_of(self, bucket: str, key: str, etag: Any) -> Any:
        for version in self._s3.Bucket(bucket).object_versions.filter(Prefix=key):
            if _etag(version) == etag:
                return version.version_id
        raise FileNotFoundError(f"Couldn't find object version for {bucket}/{key} matching etag {etag}")

    def store_path(
        self,
        artifact: Any,  # noqa: ARG002
        path: str,
        name: Any = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> list[ArtifactManifestEntry]:
        """An entry for an object, or one for each below a prefix."""
        s3 = self.init_boto()
        bucket, key, version = _parse(path)
        plain = f"{self._scheme}://{bucket}/{key}"
        limit = max_objects or DEFAULT_MAX_OBJECTS
        if not checksum:
            return [ArtifactManifestEntry(path=name or key or bucket, ref=plain, digest=plain)]
        one = s3.ObjectVersion(bucket, key, version).Object() if version else s3.Object(bucket, key)
        many = not key or self._is_folder(one)
        if not many:
            return [self._entry(one, bucket, key, name, many=False)] if _size(one) > 0 else []
        with timed(True, f'Generating checksum for up to {limit} objects in "{bucket}/{key}"... '):
            found = s3.Bucket(bucket).objects
            found = found.filter(Prefix=key).limit(limit) if key else found.limit(limit)
            entries = [self._entry(each, bucket, key, name, many=True) for each in found if _size(each) > 0]
        if len(entries) > limit:
            raise ValueError(f"Exceeded {limit} objects tracked, pass max_objects to add_reference")
        return entries

    def _is_folder(self, one: Any) -> bool:
        try:
            one.load()
        except self._errors.ClientError as error:
            told = error.response["Error"]
            if told["Code"] == "404":
                return True
            raise CommError(
                f"Unable to connect to S3 ({told['Code']}): {told['Message']}. Check that your authentication"
                " credentials are valid and that your region is set correctly."
            ) from error
        return "x-directory" in one.content_type

    def _entry(self, found: Any, bucket: str, key: str, name: Any, *, many: bool) -> ArtifactManifestEntry:
        whole, place = PurePosixPath(found.key), PurePosixPath(bucket) / key
        shown, ref = PurePosixPath(name or whole.name), place
        if many and (name is not None or whole != PurePosixPath(key)):
            inner = whole.relative_to(key)
            shown, ref = PurePosixPath(name or "") / inner, place / inner
        extra = {"etag": _etag(found)}
        if not hasattr(found, "version_id"):
            found = self._s3.Object(found.bucket_name, found.key)
        version = getattr(found, "version_id", None)
        if version and version != "null":
            extra["versionID"] = version
        return ArtifactManifestEntry(
            path=shown, ref=f"{self._scheme}://{ref}", digest=extra["etag"], size=_size(found), extra=extra
        )


def _parse(uri: str) -> tuple[str, str, str | None]:
    url = urlparse(uri)
    return url.netloc, url.path[1:], dict(parse_qsl(url.query)).get("versionId")


def _etag(found: Any) -> str:
    return str(found.e_tag[1:-1])


def _size(found: Any) -> int:
    return int(found.size if hasattr(found, "size") else found.content_length)
