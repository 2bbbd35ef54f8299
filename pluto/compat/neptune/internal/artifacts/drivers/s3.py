"""Files in S3."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlparse

from pluto.compat.neptune.envs import S3_ENDPOINT_URL
from pluto.compat.neptune.exceptions import (
    NeptuneMissingRequirementException,
    NeptuneRemoteStorageAccessException,
    NeptuneRemoteStorageCredentialsException,
    NeptuneUnsupportedArtifactFunctionalityException,
)
from pluto.compat.neptune.internal.artifacts.types import ArtifactDriver, ArtifactFileData, ArtifactFileType

__all__ = ["S3ArtifactDriver"]


class S3ArtifactDriver(ArtifactDriver):
    """Tracks `s3://bucket/prefix`, through boto3 and with the credentials it finds.

    `S3_ENDPOINT_URL` names another server.
    """

    DATETIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"

    @staticmethod
    def get_type() -> str:
        """`S3`."""
        return ArtifactFileType.S3.value

    @classmethod
    def matches(cls, path: str) -> bool:
        """Whether it is an `s3://` address."""
        return urlparse(path).scheme == "s3"

    @classmethod
    def get_tracked_files(cls, path: str, destination: str | None = None) -> list[ArtifactFileData]:
        """The object, or all whose names begin so, with their entity tags."""
        bucket, prefix = _place(path)
        if "*" in prefix:
            raise NeptuneUnsupportedArtifactFunctionalityException(
                f"{path} can't be tracked: patterns are not supported"
            )
        files = []
        with _calls(path) as storage:
            for entry in storage.Bucket(bucket).objects.filter(Prefix=prefix):
                # An object by its whole name is tracked by its last part.
                above = str(PurePosixPath(prefix).parent) if entry.key == prefix else prefix
                relative = entry.key[len("" if above == "." else above) :].lstrip("/")
                files.append(
                    ArtifactFileData(
                        file_path=str(PurePosixPath(destination or "", relative)).lstrip("/"),
                        file_hash=entry.e_tag.strip('"'),
                        type=cls.get_type(),
                        size=entry.size,
                        metadata={
                            "location": f"s3://{bucket}/{entry.key.lstrip('/')}",
                            "last_modified": entry.last_modified.strftime(cls.DATETIME_FORMAT),
                        },
                    )
                )
        return files

    @classmethod
    def download_file(cls, destination: Path, file_definition: ArtifactFileData) -> None:
        """Copies the object."""
        location = file_definition.metadata.get("location", "")
        bucket, key = _place(location)
        with _calls(location) as storage:
            storage.Bucket(bucket).download_file(key, str(destination))


def _place(address: str) -> tuple[str, str]:
    parsed = urlparse(address)
    return parsed.netloc, parsed.path.lstrip("/")


@contextmanager
def _calls(address: str) -> Iterator[Any]:
    """The storage; what goes wrong in the block becomes an exception of this API."""
    try:
        import boto3
        from botocore.exceptions import ClientError, NoCredentialsError
    except ImportError:
        raise NeptuneMissingRequirementException("boto3", "artifacts in S3") from None
    try:
        yield boto3.resource("s3", endpoint_url=os.environ.get(S3_ENDPOINT_URL))
    except NoCredentialsError as error:
        raise NeptuneRemoteStorageCredentialsException from error
    except ClientError as error:
        raise NeptuneRemoteStorageAccessException(address) from error
