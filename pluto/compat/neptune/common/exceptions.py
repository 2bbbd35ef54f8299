"""Exceptions that have to do with servers, files and project names."""

from __future__ import annotations

import copyreg
import os
from typing import Any, Final

from pluto.compat.neptune.common.envs import API_TOKEN_ENV_NAME, PROJECT_ENV_NAME

__all__ = [
    "API_TOKEN_ENV_NAME",
    "EMPTY_STYLES",
    "PROJECT_ENV_NAME",
    "STYLES",
    "UNIX_STYLES",
    "WINDOWS_STYLES",
    "ClientHttpError",
    "FileNotFound",
    "Forbidden",
    "InternalClientError",
    "InternalServerError",
    "InvalidNotebookPath",
    "NeptuneApiException",
    "NeptuneAuthTokenExpired",
    "NeptuneConnectionLostException",
    "NeptuneException",
    "NeptuneIncorrectProjectQualifiedNameException",
    "NeptuneInvalidApiTokenException",
    "NeptuneMissingProjectQualifiedNameException",
    "NeptuneSSLVerificationError",
    "NotADirectory",
    "NotAFile",
    "Unauthorized",
    "UploadedFileChanged",
    "WritingToArchivedProjectException",
]

UNIX_STYLES: Final[dict[str, str]] = {
    "h1": "\033[95m",
    "h2": "\033[94m",
    "blue": "\033[94m",
    "python": "\033[96m",
    "bash": "\033[95m",
    "warning": "\033[93m",
    "correct": "\033[92m",
    "fail": "\033[91m",
    "bold": "\033[1m",
    "underline": "\033[4m",
    "end": "\033[0m",
}
WINDOWS_STYLES: Final[dict[str, str]] = dict.fromkeys((name for name in UNIX_STYLES if name != "blue"), "")
EMPTY_STYLES: Final[dict[str, str]] = dict(WINDOWS_STYLES)
STYLES: Final = UNIX_STYLES if os.name == "posix" else EMPTY_STYLES
"""Escape sequences by name; `print_structure` uses them."""

_KEY: Final = "`pluto login` keeps a key, PLUTO_API_KEY gives one"


class NeptuneException(Exception):
    """The base of all. Two of one class and text are equal."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and str(other) == str(self)

    def __hash__(self) -> int:
        return hash((type(self), str(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Of a worker process, it arrives as it was, whatever its class takes to make one."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__ or None  # type: ignore[attr-defined]


class NeptuneInvalidApiTokenException(NeptuneException):
    """Kept for `except` clauses: no Neptune token is needed or read."""

    def __init__(self) -> None:
        super().__init__(f"the key is not accepted: {_KEY}")


class UploadedFileChanged(NeptuneException):
    """A file was written to while it was read."""

    def __init__(self, filename: str) -> None:
        super().__init__(f"{filename} changed while it was being stored")


class InternalClientError(NeptuneException):
    """Something that should not be possible."""

    def __init__(self, msg: str) -> None:
        super().__init__(f"internal error: {msg}")


class ClientHttpError(NeptuneException):
    """The server does not accept a request."""

    def __init__(self, status: Any, response: Any) -> None:
        self.status = status
        self.response = response
        super().__init__(f"the server answered {status}: {response}")


class NeptuneApiException(NeptuneException):
    """The server refuses."""


class Forbidden(NeptuneApiException):
    """The key may not do this."""

    def __init__(self) -> None:
        super().__init__(f"the key does not allow this: {_KEY}")


class Unauthorized(NeptuneApiException):
    """There is no key, or it is not accepted."""

    def __init__(self, msg: str | None = None) -> None:
        super().__init__(f"the server wants a key it knows: {_KEY}" if msg is None else msg)


class NeptuneAuthTokenExpired(Unauthorized):
    """The key is no longer good."""

    def __init__(self) -> None:
        super().__init__(f"the key has expired: {_KEY}")


class InternalServerError(NeptuneApiException):
    """The server failed."""

    def __init__(self, response: Any) -> None:
        super().__init__(f"the server failed: {response}")


class NeptuneConnectionLostException(NeptuneException):
    """The server can't be reached, and the call needs its answer."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(
            f"the server can't be reached ({cause}); what was logged is on this disk and will be delivered, at the"
            " latest by `pluto sync`"
        )


class NeptuneSSLVerificationError(NeptuneException):
    """The server's certificate is not accepted."""

    def __init__(self) -> None:
        super().__init__("the server's certificate is not accepted; PLUTO_INSECURE_DISABLE_SSL=1 skips the check")


class FileNotFound(NeptuneException):
    """There is no such file."""

    def __init__(self, path: Any) -> None:
        super().__init__(f"there is no file {path}")


class InvalidNotebookPath(NeptuneException):
    """The file is no notebook."""

    def __init__(self, path: Any) -> None:
        super().__init__(f"{path} is no notebook: its name does not end with .ipynb")


class NotAFile(NeptuneException):
    """It is there, but no file."""

    def __init__(self, path: Any) -> None:
        super().__init__(f"{path} is no file")


class NotADirectory(NeptuneException):
    """It is there, but no directory."""

    def __init__(self, path: Any) -> None:
        super().__init__(f"{path} is no directory")


class NeptuneIncorrectProjectQualifiedNameException(NeptuneException):
    """The name of a project is not of the form `workspace/name`."""

    def __init__(self, project_qualified_name: Any) -> None:
        super().__init__(f"a project is named as workspace/name, not {project_qualified_name!r}")


class NeptuneMissingProjectQualifiedNameException(NeptuneException):
    """No project was named."""

    def __init__(self) -> None:
        super().__init__(f"no project: pass project='workspace/name' or set {PROJECT_ENV_NAME}")


class WritingToArchivedProjectException(NeptuneException):
    """The project takes nothing more."""

    def __init__(self) -> None:
        super().__init__("the project is archived: it can be read, and not written to")
