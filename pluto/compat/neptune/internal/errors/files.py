"""Files and artifacts that can't be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluto.compat.neptune.common.exceptions import NeptuneException


class FileNotFound(NeptuneException):
    """There is no such file."""

    def __init__(self, file: str) -> None:
        super().__init__(f"there is no file {file}")


class FileUploadError(NeptuneException):
    """A file could not be stored."""

    def __init__(self, filename: str, msg: str) -> None:
        super().__init__(f"{filename} could not be stored: {msg}")


class FileSetUploadError(NeptuneException):
    """Files could not be stored."""

    def __init__(self, globs: Sequence[str], msg: str) -> None:
        super().__init__(f"{list(globs)} could not be stored: {msg}")


class StreamAlreadyUsedException(NeptuneException):
    """A stream gives its content once."""

    def __init__(self) -> None:
        super().__init__("the stream of this File was read before; make another one with File.from_stream()")


class PlotlyIncompatibilityException(Exception):
    """Matplotlib and Plotly do not understand each other."""

    def __init__(self, matplotlib_version: str, plotly_version: str, details: str) -> None:
        super().__init__(f"matplotlib {matplotlib_version} and plotly {plotly_version} do not go together: {details}")


class ArtifactUploadingError(NeptuneException):
    """An artifact could not be stored."""

    def __init__(self, msg: str) -> None:
        super().__init__(f"the artifact could not be stored: {msg}")


class NeptuneUnhandledArtifactSchemeException(NeptuneException):
    """Only files of this machine and of S3 can be tracked."""

    def __init__(self, path: str) -> None:
        super().__init__(f"{path} can't be tracked: {path.partition(':')[0]}:// is neither file:// nor s3://")


class NeptuneUnhandledArtifactTypeException(NeptuneException):
    """A file of the artifact is kept where this client can't get it."""

    def __init__(self, type_str: str) -> None:
        super().__init__(f"files of type {type_str} can't be fetched")


class NeptuneLocalStorageAccessException(NeptuneException):
    """A tracked file is not what it was."""

    def __init__(self, path: Any, expected_description: str) -> None:
        super().__init__(f"{path} is not {expected_description}")


class NeptuneRemoteStorageCredentialsException(NeptuneException):
    """S3 wants credentials."""

    def __init__(self) -> None:
        super().__init__("no credentials for S3 were found; boto3 looks for AWS_ACCESS_KEY_ID and ~/.aws/credentials")


class NeptuneRemoteStorageAccessException(NeptuneException):
    """S3 has no such object."""

    def __init__(self, location: str) -> None:
        super().__init__(f"{location} can't be read")


class NeptuneUnsupportedArtifactFunctionalityException(NeptuneException):
    """Artifacts can't do this."""

    def __init__(self, functionality_info: str) -> None:
        super().__init__(functionality_info)


class NeptuneEmptyLocationException(NeptuneException):
    """There is nothing to track."""

    def __init__(self, location: str, namespace: str) -> None:
        super().__init__(f'nothing to track for "{namespace}": there are no files at {location}')
