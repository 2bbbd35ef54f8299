"""Paths and handlers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pluto.compat.neptune as neptune
from pluto.compat.neptune.exceptions import MetadataInconsistency, NeptunePossibleLegacyUsageException
from pluto.compat.neptune.handler import Handler
from pluto.compat.neptune.internal.utils.paths import join_paths, parse_path, path_to_str


def test_parts_that_are_empty_are_dropped(debug: Any) -> None:
    debug["/p//q/"] = 1
    assert debug["p/q"].fetch() == 1
    assert parse_path("/p//q/") == ["p", "q"]


@given(st.lists(st.text(st.characters(exclude_characters="/"), min_size=1), max_size=5))
def test_a_path_is_its_parts(parts: list[str]) -> None:
    assert parse_path(path_to_str(parts)) == parts
    assert parse_path(join_paths(*parts)) == parts


def test_what_is_no_text_is_a_path_by_its_text(debug: Any) -> None:
    debug[5] = "five"
    debug[None] = "none"
    assert debug["5"].fetch() == "five"
    assert debug["None"].fetch() == "none"


def test_a_handler_is_extended_and_passed_on(debug: Any) -> None:
    inner = debug["a"]["b/c"]
    assert isinstance(inner, Handler)
    inner["d"] = 1.5
    assert debug["a/b/c/d"].fetch() == 1.5
    assert inner.get_root_object() is debug
    assert inner.container is debug
    assert debug.get_root_object() is debug


def test_naming_a_path_touches_nothing(debug: Any) -> None:
    debug["never/used"]
    assert not debug.exists("never")


def test_how_a_handler_shows(debug: Any) -> None:
    debug["s"] = "text"
    debug["n/x"] = 1
    assert repr(debug["s"]) == '<String field at "s">'
    assert repr(debug["n"]) == '<Namespace field at "n">'
    assert repr(debug["u"]) == '<Unassigned field at "u">'


@pytest.mark.parametrize("name", ["stop", "sync", "wait", "exists", "get_structure", "print_structure"])
def test_what_only_the_object_has(debug: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=rf"get_root_object\(\)\.{name}"):
        getattr(debug["a"], name)


def test_unknown_names(debug: Any) -> None:
    with pytest.raises(AttributeError):
        debug["a"].unknown
    with pytest.raises(AttributeError, match="'Run' object has no attribute 'unknown'"):
        debug.unknown
    with pytest.raises(NeptunePossibleLegacyUsageException):
        debug.log_metric


def test_nothing_lies_below_a_value(debug: Any) -> None:
    debug["leaf"] = 1
    for call in (
        lambda: debug.__setitem__("leaf/x", 2),
        lambda: debug["leaf/x"].append(2),
        lambda: debug["leaf/x"].fetch(),
        lambda: debug.exists("leaf/x"),
    ):
        with pytest.raises(MetadataInconsistency, match="is already defined as an attribute, not a namespace"):
            call()


def test_a_namespace_is_no_field(debug: Any) -> None:
    debug["space/a"] = 1
    for call in (
        lambda: debug["space"].upload(neptune.types.File.from_content("x")),
        lambda: debug["space"].append(1.0),
        lambda: debug["space"].extend([1.0]),
        lambda: debug["space"].log(1.0),
        lambda: debug.__setitem__("space", 5),
    ):
        with pytest.raises(MetadataInconsistency) as told:
            call()
        assert isinstance(told.value, AttributeError)
    assert debug["space"].fetch() == {"a": 1}


def test_completion_lists_whole_paths(debug: Any) -> None:
    debug["k"] = {"b": {"c": 1}, "a": 2}
    assert debug["k"]._ipython_key_completions_() == ["k/a", "k/b/c"]
    assert "k/a" in debug._ipython_key_completions_()


def test_entry_points_are_the_classes() -> None:
    assert neptune.init_run is neptune.Run
    assert neptune.init_project is neptune.Project
    assert neptune.init_model is neptune.Model
    assert neptune.init_model_version is neptune.ModelVersion
