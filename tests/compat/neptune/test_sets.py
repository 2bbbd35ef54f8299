"""Tags."""

from __future__ import annotations

from typing import Any

import pytest

from pluto.compat.neptune import types
from pluto.compat.neptune.exceptions import MissingFieldException


def test_adding_and_removing(run: Any) -> None:
    run["sys/tags"].add("a")
    run["sys/tags"].add(["b", "c", "a"])
    run["sys/tags"].remove(["b", "unknown"])
    assert run["sys/tags"].fetch() == {"a", "c"}
    run["sys/tags"].clear()
    assert run["sys/tags"].fetch() == set()
    run["sys/tags"] = types.StringSet(["x", "y"])
    assert run["sys/tags"].fetch() == {"x", "y"}


@pytest.mark.parametrize("value", [5, None, ["a", 1], {"a": 1}, (text for text in "ab")])
def test_tags_are_texts(debug: Any, value: Any) -> None:
    for call in (debug["sys/tags"].add, debug["sys/tags"].remove):
        with pytest.raises(TypeError):
            call(value)


def test_only_sets_have_them(debug: Any) -> None:
    with pytest.raises(MissingFieldException):
        debug["missing"].remove("a")
    debug["x"] = 1
    with pytest.raises(AttributeError):
        debug["x"].add("a")


def test_group_tags(open_run: Any) -> None:
    run = open_run(mode="async")
    run["sys/group_tags"].add(["g", "h"])
    run["sys/group_tags"].remove("h")
    run["sys/tags"].add("t")
    assert run["sys/group_tags"].fetch() == {"g"}
    assert run["sys/tags"].fetch() == {"t"}


def test_sets_elsewhere_are_not_kept(open_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(mode="async")
    run["my/tags"].add("a")
    assert 'not at "my/tags"' in capsys.readouterr().out
    run.sync()
    with pytest.raises(AttributeError):
        run["my/tags"].fetch()


def test_tags_of_several_connections_merge(open_run: Any) -> None:
    first = open_run(mode="async", custom_run_id="together", tags="one")
    second = open_run(mode="async", custom_run_id="together", tags=["two"])
    first["sys/tags"].add("three")
    second["sys/tags"].add("four")
    first.wait()
    second.wait()
    assert first["sys/tags"].fetch() == {"one", "two", "three", "four"}
