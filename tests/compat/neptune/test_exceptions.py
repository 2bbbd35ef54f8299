"""The exceptions: each can be made as the original's, has a text, and arrives from another process as it was."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

from pluto.compat.neptune import common, exceptions
from pluto.compat.neptune.common.exceptions import NeptuneException
from pluto.compat.neptune.exceptions import (
    MetadataInconsistency,
    MissingFieldException,
    NeptuneConnectionLostException,
    TypeDoesNotSupportAttributeException,
)
from pluto.compat.neptune.internal.container_type import ContainerType

ALL = sorted(
    {kind for kind in vars(exceptions).values() if isinstance(kind, type) and issubclass(kind, NeptuneException)},
    key=lambda kind: kind.__name__,
)


def made(kind: type[NeptuneException]) -> NeptuneException:
    args: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]:
        value = {"container_type": ContainerType.RUN, "resume_info": ""}.get(parameter.name, "some-text")
        if parameter.name.startswith("available_"):
            value = []
        if parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        elif parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            args.append(value)
    return kind(*args, **named)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_each(kind: type[NeptuneException]) -> None:
    error = made(kind)
    assert error == made(kind)
    assert hash(error) == hash(made(kind))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert copy == error
    assert copy.__dict__ == error.__dict__
    if "__init__" in vars(kind):
        assert str(error)
        assert "{" not in str(error)


def test_all_of_them_are_there() -> None:
    assert len(ALL) > 70


def test_equal_are_two_of_one_class_and_text() -> None:
    assert NeptuneException("a") == NeptuneException("a")
    assert NeptuneException("a") != NeptuneException("b")
    assert NeptuneException("a") != MetadataInconsistency("a")
    assert NeptuneException("a") != "a"


def test_a_missing_field_is_three_errors_in_one() -> None:
    error = MissingFieldException("a/b")
    assert isinstance(error, AttributeError)
    assert isinstance(error, KeyError)
    assert "a/b" in str(error)
    assert not str(error).startswith(('"', "'"))


def test_a_method_of_another_type_is_an_attribute_error() -> None:
    error = TypeDoesNotSupportAttributeException(int, "fetch_last")
    assert isinstance(error, AttributeError)
    assert "fetch_last" in str(error)


def test_a_lost_connection_keeps_its_cause() -> None:
    cause = ConnectionError("reset")
    assert NeptuneConnectionLostException(cause).cause is cause


def test_one_base_in_two_places() -> None:
    assert exceptions.NeptuneException is common.exceptions.NeptuneException
