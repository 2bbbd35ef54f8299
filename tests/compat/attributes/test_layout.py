"""Paths and values in a config, and back: whatever they are."""

from __future__ import annotations

import json
import math
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pluto.compat.attributes import atoms, layout
from pluto.compat.attributes.changes import change_of
from pluto.compat.attributes.containers import companion, owner_of, stored_id
from pluto.compat.attributes.kinds import Atom, AttributeKind, GitCommit, TrackedFiles
from pluto.core.jsonable import to_json
from pluto.core.wire import strict_json
from pluto.protocol.records import ATTRIBUTES
from pluto.server.metadata.flatten import merge, without

parts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=8
) | st.sampled_from(["_attributes", "_attributes_", "a", "b", "types", "."])
paths = st.lists(parts, min_size=1, max_size=4).map("/".join)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
moments = st.datetimes(timezones=st.just(timezone.utc), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))
commits = st.builds(
    GitCommit,
    texts,
    texts,
    texts,
    texts,
    st.none() | moments,
    st.booleans(),
    st.none() | texts,
    st.lists(texts).map(tuple),
)
values: st.SearchStrategy[Atom] = st.one_of(
    st.booleans(), st.integers(), st.floats(), texts, moments, st.frozensets(texts), commits,
    st.builds(TrackedFiles, texts, st.just(()), st.none() | st.integers(0, 2**40)),
    st.sampled_from([0.0, -0.0, 1e300, 2**63, -(2**63) - 1, "NaN", "2024-01-01T00:00:00Z"]),
)  # fmt: skip


def unambiguous(chosen: dict[str, Any]) -> bool:
    """Whether no path is both a value and a namespace."""
    return not any(other.startswith(path + "/") for path in chosen for other in chosen)


trees = st.dictionaries(paths, values, max_size=8).filter(unambiguous)


def read_back(config: dict[str, Any]) -> dict[str, Atom]:
    types = layout.leaves(layout.part_of(layout.notes_of(config), layout.TYPES))
    whole = {path: kind for path, kind in types.items() if kind in atoms.WHOLE}
    found = {path: atoms.read(value, types.get(path)) for path, value in layout.leaves(config, whole).items()}
    return {path: value for path, value in found.items() if value is not None}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (one != one and other != other) or (one == other and math.copysign(1, one) == math.copysign(1, other))
    return type(one) is type(other) and one == other


@given(chosen=trees, flat=st.booleans())
def test_values_come_back_through_json(chosen: dict[str, Atom], flat: bool) -> None:
    """As our server keeps them, and as a stock one does."""
    plain = {path: value for path, value in chosen.items() if not path.startswith("sys/")}
    change, _ = change_of(plain, {}, flat=flat)
    text = to_json(change)
    for kept in (text, strict_json(text)):
        found = read_back(json.loads(kept))
        assert found.keys() == plain.keys()
        assert all(same(found[path], plain[path]) for path in plain)


@given(chosen=trees)
def test_values_come_back_from_who_writes_3_for_3_0(chosen: dict[str, Atom]) -> None:
    def browser(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: browser(item) for key, item in value.items()}
        if isinstance(value, list):
            return [browser(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value

    plain = {path: value for path, value in chosen.items() if not path.startswith("sys/")}
    found = read_back(browser(json.loads(strict_json(to_json(change_of(plain, {}, flat=False)[0])))))
    assert {path: type(value) for path, value in found.items()} == {path: type(value) for path, value in plain.items()}
    assert all(found[path] == plain[path] or plain[path] != plain[path] for path in plain)


@example({}, {"_attributes": datetime(2000, 1, 1, tzinfo=timezone.utc)}, ["_attributes_"])
@given(first=trees, second=trees, gone=st.lists(paths, max_size=4))
def test_changes_follow_each_other(first: dict[str, Atom], second: dict[str, Atom], gone: list[str]) -> None:
    """Written, deleted, written again, by the rules of the server."""
    state: dict[str, Atom] = {}
    config: dict[str, Any] = {}
    kinds: dict[str, AttributeKind] = {}
    for chosen in (first, second):
        chosen = {path: value for path, value in chosen.items() if not path.startswith("sys/")}
        chosen = {path: value for path, value in chosen.items() if unambiguous({**state, path: value})}
        if not unambiguous({**state, **chosen}):
            continue
        change, special = change_of(chosen, {}, flat=False, was=kinds)
        config = merge(config, json.loads(to_json(change)))
        kinds |= special
        state |= chosen
        for path in gone:
            if path in state:
                del state[path]
                kinds.pop(path, None)
            elif any(other.startswith(path + "/") for other in state):
                continue
            key = layout.key_of(path)
            config = without(config, [key, f"{ATTRIBUTES}/{layout.TYPES}/{key}"])
        found = read_back(config)
        assert found.keys() == state.keys()
        assert all(same(found[path], state[path]) for path in state)


@given(st.text())
def test_normal_paths(path: str) -> None:
    assert layout.normal(path) == "/".join(part for part in path.split("/") if part)


@given(paths)
def test_no_value_lies_where_notes_do(path: str) -> None:
    key = layout.key_of(path)
    assert key.partition("/")[0] != ATTRIBUTES
    assert layout.leaves(layout.nest({path: 1})) == layout.leaves(layout.nest({path: 1}, flat=True)) == {path: 1}


def test_of_several_spellings_the_nested_one_counts() -> None:
    for config in ({"a/b": 1, "a": {"b": 2}}, {"a": {"b": 2}, "a/b": 1}):
        assert layout.leaves(config) == {"a/b": 2}
    assert layout.leaves({"a/b": 1, "a": {"c": 2}, "": {"x": 1}, "/": 3}) == {"a/b": 1, "a/c": 2}
    assert layout.leaves({"a/b": 1, "/a//b/": 2}) == {"a/b": 1}
    # What a stock server could not take away is null there.
    assert read_back({"a/b": 1, "a": {"b": None}}) == {}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None), ([], "[]"), ([1], "[1]"), (["a", 1], '["a", 1]'), (["a"], frozenset("a")),
        ({"é": 1}, '{"é": 1}'), ([None], "[null]"),
    ],
)  # fmt: skip
def test_what_others_write(value: Any, read: Any) -> None:
    assert atoms.read(value) == read


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, b"x", 1j, {1}, object()])
def test_what_is_no_atom(value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        atoms.kept(value)
    with pytest.raises(TypeError):
        atoms.kind_of(value)


def test_subclasses_are_what_they_stand_for() -> None:
    import enum

    class Colour(str, enum.Enum):
        RED = "red"

    class Level(enum.IntEnum):
        LOW = 1

    for value, kept in ((Colour.RED, "red"), (Level.LOW, 1)):
        assert atoms.kept(value)[0] == kept
    assert atoms.kind_of(Level.LOW) is AttributeKind.INT


@given(st.text(min_size=1, max_size=600))
def test_ids_of_any_length(text: str) -> None:
    found = stored_id(text)
    assert len(found) <= 255 and (found == text or len(text) > 255)
    assert stored_id(text + "x") != found


def test_companions() -> None:
    for container in ("run", "project", "model"):
        assert owner_of(companion("me/p", container)) == ("me/p", container)  # type: ignore[arg-type]
    assert owner_of("/.project") == ("/.project", "run")
