"""Fields that are not there, or are not what a call takes them for."""

from __future__ import annotations

from typing import Any

from pluto.compat.neptune.common.exceptions import NeptuneException


class MetadataInconsistency(NeptuneException):
    """What is there does not fit what is asked for: a leaf in place of a namespace, a field of another type, none."""


class MissingFieldException(NeptuneException, AttributeError, KeyError):
    """There is no such field, or another process made it after this one looked."""

    def __init__(self, field_path: str) -> None:
        self._text = (
            f'there is no field "{field_path}"; if another process made it, sync() of the object finds out about it'
        )
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text  # KeyError would show it with quotes


class TypeDoesNotSupportAttributeException(NeptuneException, AttributeError):
    """The field's type has no such method."""

    def __init__(self, type_: Any, attribute: str) -> None:
        self._text = f"{getattr(type_, '__name__', type_)} has no attribute {attribute}"
        super().__init__(self._text)

    def __str__(self) -> str:
        return self._text


class FetchAttributeNotFoundException(MetadataInconsistency):
    """The store has no such field."""

    def __init__(self, attribute_path: str) -> None:
        super().__init__(f'the store has no field "{attribute_path}" (yet): wait() stores what was logged so far')


class ArtifactNotFoundException(MetadataInconsistency):
    """The store has no such artifact."""

    def __init__(self, artifact_hash: str) -> None:
        super().__init__(f"the store has no artifact {artifact_hash} (yet): wait() stores what was logged so far")


class FileSetNotFound(NeptuneException):
    """The file set, or the folder in it, is not there."""

    def __init__(self, attribute: str, path: str) -> None:
        where = "/".join(part for part in (attribute, path) if part)
        super().__init__(f'the store has no files "{where}" (yet): wait() stores what was logged so far')


class NeptuneProtectedPathException(NeptuneException):
    """The field is not set by hand."""

    extra_info = ""

    def __init__(self, path: str) -> None:
        self._path = path
        super().__init__(f'the field "{path}" is not set directly{self.extra_info}')


class NeptuneCannotChangeStageManually(NeptuneProtectedPathException):
    """The stage of a model version has a method of its own."""

    extra_info = ": call change_stage() of the model version"


class OperationNotSupported(NeptuneException):
    """The field's type can't do this."""

    def __init__(self, message: str) -> None:
        super().__init__(f"not supported: {message}")


class MalformedOperation(NeptuneException):
    """A stored operation can't be read."""


class NeptuneUserApiInputException(NeptuneException):
    """The arguments do not fit together."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
