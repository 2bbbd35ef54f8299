"""What goes wrong when reading. The classes and their arguments are those of neptune-query."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Final

__all__ = [
    "EMPTY_STYLES",
    "UNIX_STYLES",
    "AttributeTypeInferenceError",
    "ConflictingAttributeTypes",
    "NeptuneApiTokenNotProvided",
    "NeptuneError",
    "NeptuneFailedToFetchClientConfig",
    "NeptuneFileDownloadError",
    "NeptuneInvalidCredentialsError",
    "NeptuneProjectInaccessible",
    "NeptuneProjectNotProvided",
    "NeptuneRetryError",
    "NeptuneUnexpectedResponseError",
    "NeptuneUserError",
    "NeptuneWarning",
    "warn_unsupported_value_type",
]

_CODES = {
    "h1": 95, "h2": 94, "blue": 94, "python": 96, "bash": 95, "warning": 93, "correct": 92, "fail": 91, "bold": 1,
    "underline": 4, "end": 0,
}  # fmt: skip
EMPTY_STYLES: Final = dict.fromkeys(_CODES, "")
"""Marks in messages that stand for nothing."""
UNIX_STYLES: Final = {name: f"\033[{code}m" for name, code in _CODES.items()}
"""Marks in messages and the colours they stand for on a terminal."""

_CONTENT_MAX: Final = 1000


def _styles() -> dict[str, str]:
    coloured = os.environ.get("NEPTUNE_ENABLE_COLORS", "true").lower() in ("true", "1")
    return UNIX_STYLES if coloured and platform.system() in ("Linux", "Darwin") else EMPTY_STYLES


class NeptuneError(Exception):
    """Base of all errors of this package. `message` is a format text; `{h1}`, `{end}`, … are colours."""

    def __init__(self, message: str, **kwargs: Any) -> None:
        super().__init__(message.format(**kwargs, **_styles()))


class NeptuneWarning(Warning):
    """Base of warnings about what was read. `message` as in `NeptuneError`."""

    def __init__(self, message: str, **kwargs: Any) -> None:
        super().__init__(message.format(**kwargs, **_styles()))


class NeptuneUserError(NeptuneError):
    """The caller asked for something that can't be."""

    def __init__(self, message: str, **kwargs: Any) -> None:
        super().__init__(message, **kwargs)


class NeptuneProjectNotProvided(NeptuneUserError):
    """No project was named. Not raised here: without one, Pluto's default project is read."""

    def __init__(self) -> None:
        super().__init__(
            "{h1}NeptuneProjectNotProvided: which project?{end}"
            " Pass `project`, or set NEPTUNE_PROJECT or PLUTO_PROJECT."
        )


class NeptuneApiTokenNotProvided(NeptuneUserError):
    """No token was given. Not raised here: Pluto needs none for the local store, and its own key for a server."""

    def __init__(self) -> None:
        super().__init__(
            "{h1}NeptuneApiTokenNotProvided: there is no token.{end}"
            " The local store needs none; for a server, `pluto login` keeps a key and PLUTO_API_KEY gives one."
        )


class NeptuneInvalidCredentialsError(NeptuneUserError):
    """The server does not accept the key."""

    def __init__(self) -> None:
        super().__init__(
            "{h1}NeptuneInvalidCredentialsError: the server does not accept the key.{end}"
            " `pluto login` keeps one, PLUTO_API_KEY gives one. A token of Neptune's opens nothing: it is sent nowhere."
        )


class NeptuneFailedToFetchClientConfig(NeptuneError):
    """The server could not be asked. `exception` says why."""

    def __init__(self, exception: Exception) -> None:
        super().__init__(
            "{h1}NeptuneFailedToFetchClientConfigException: the server could not be asked.{end} {exception}",
            exception=exception,
        )


class NeptuneProjectInaccessible(NeptuneError):
    """There is no such project, or the key may not see it."""

    def __init__(self) -> None:
        super().__init__(
            "{h1}NeptuneProjectInaccessible: there is no such project, or it is not yours to see.{end}"
            " A project comes into being with its first run; `pluto.query.list_projects()` names those there are."
        )


class AttributeTypeInferenceError(NeptuneError):
    """An attribute of a filter has several types, and the filter does not say which is meant."""

    def __init__(self, attribute_names: Sequence[str], details: Iterable[str] | None = None) -> None:
        one = len(attribute_names) == 1
        super().__init__(
            "{h1}AttributeTypeInferenceError: the type is not clear of {names}{end}\n{details}\n"
            'Say it in the filter: {python}Filter.eq(Attribute("config/batch_size", type="int"), 64){end}',
            names=f"attribute {attribute_names[0]}" if one else f"attributes [{', '.join(attribute_names)}]",
            details="\n".join(details or ()),
        )


class ConflictingAttributeTypes(NeptuneError):
    """One column would have to hold values of several types."""

    def __init__(self, attribute_names: Iterable[str]) -> None:
        super().__init__(
            "{h1}ConflictingAttributeTypes: of several types in these runs: [{names}]{end}\n"
            "{python}type_suffix_in_column_names=True{end} gives each type a column of its own;"
            " {python}AttributeFilter(..., type=[...]){end} picks one.",
            names=", ".join(attribute_names),
        )


class NeptuneUnexpectedResponseError(NeptuneError):
    """The server answered with something else than asked for."""

    def __init__(self, status_code: int, content: bytes) -> None:
        super().__init__(
            "{h1}NeptuneUnexpectedResponseError: the server's answer was not foreseen.{end} Status {status}: {content}",
            status=status_code,
            content=_text(content),
        )


class NeptuneRetryError(NeptuneError):
    """The server failed again and again."""

    def __init__(
        self,
        retries: int,
        time: float,
        last_status_code: int | None = None,
        last_content: bytes | None = None,
        url: str | None = None,
    ) -> None:
        told = [
            "" if url is None else f"Address: {url}",
            "" if last_status_code is None else f"Last status: {last_status_code}",
            "" if last_content is None else f"Last answer: {_text(last_content)}",
        ]
        super().__init__(
            "{h1}NeptuneRetryError: no answer after {retries} tries in {time:.2f} s.{end}\n{told}",
            retries=retries,
            time=time,
            told="\n".join(filter(None, told)),
        )


class NeptuneFileDownloadError(NeptuneError):
    """A file could not be fetched."""

    def __init__(
        self,
        details: str | None = None,
        last_status_code: int | None = None,
        last_content: str | bytes | None = None,
    ) -> None:
        content = _text(last_content) if isinstance(last_content, bytes) else last_content
        told = [
            details,
            None if last_status_code is None else f"Status: {last_status_code}",
            None if content is None else f"Answer: {content}",
        ]
        super().__init__(
            "{h1}NeptuneFileDownloadError: a file could not be fetched.{end}\n{told}",
            told="\n".join(filter(None, told)),
        )


def _text(content: bytes) -> str:
    try:
        return content.decode()[:_CONTENT_MAX]
    except UnicodeDecodeError:
        return repr(content)[:_CONTENT_MAX]


_warned: set[str] = set()


def warn_unsupported_value_type(type_: str) -> None:
    """Warns, once per type and process, that values of `type_` are left out of frames."""
    if type_ in _warned:
        return
    _warned.add(type_)
    warnings.warn(
        NeptuneWarning(
            "Values of type `{type}` have no place in a frame and are left out;"
            " `pluto.compat.neptune.init_run(with_id=…, mode='read-only')` reads them.",
            type=type_,
        ),
        stacklevel=2,
    )
