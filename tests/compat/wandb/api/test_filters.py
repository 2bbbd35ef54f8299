"""Filters of runs in MongoDB's language."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pluto.compat.wandb.apis.reading import fields
from pluto.compat.wandb.apis.reading.filters import MISSING, Several, compiled
from pluto.compat.wandb.apis.reading.selection import Selection

RUN: dict[str, Any] = {
    "state": "finished",
    "tags": Several(["a", "b"]),
    "config.lr": 0.5,
    "config.flag": True,
    "config.one": 1,
    "config.name": "Adam",
    "config.list": [1, 2],
    "config.none": None,
    "summary_metrics.loss": float("nan"),
    "created_at": datetime(2024, 5, 17, 12, tzinfo=timezone.utc),
}


def fits(filter: Any, run: dict[str, Any] = RUN) -> bool:
    return compiled(filter, fields.check)(lambda name: run.get(name, MISSING))


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({}, True),
        ({"state": "finished"}, True),
        ({"state": {"$ne": "finished"}}, False),
        ({"state": {"$in": ["running", "finished"]}}, True),
        ({"state": {"$in": [re.compile("^fin")]}}, True),
        ({"state": {"$nin": ["running"]}}, True),
        ({"config.lr": 0.5}, True),
        ({"config.lr": {"$gt": 0.1, "$lt": 0.5}}, False),
        ({"config.lr": {"$gte": 0.5, "$lte": 0.5}}, True),
        ({"config.lr": {"$gt": "0.1"}}, False),
        ({"config.flag": True}, True),
        ({"config.flag": 1}, False),
        ({"config.one": True}, False),
        ({"config.one": 1.0}, True),
        ({"config.flag": {"$gt": 0}}, False),
        ({"config.name": {"$regex": "^ad", "$options": "i"}}, True),
        ({"config.name": {"$regex": "^ad"}}, False),
        ({"config.name": {"$not": {"$regex": "^ad"}}}, True),
        ({"config.lr": {"$regex": "0"}}, False),
        ({"config.list": [1, 2]}, True),
        ({"config.list": (1, 2)}, True),
        ({"config.list": 1}, False),
        ({"config.none": None}, True),
        ({"config.gone": None}, True),
        ({"config.gone": {"$exists": False}}, True),
        ({"config.none": {"$exists": True}}, True),
        ({"config.gone": {"$ne": 3}}, True),
        ({"config.gone": {"$nin": [3]}}, True),
        ({"config.gone": {"$gt": 3}}, False),
        ({"config.gone": {"$not": {"$gt": 3}}}, True),
        ({"summary_metrics.loss": {"$gt": 0}}, False),
        ({"summary_metrics.loss": {"$exists": True}}, True),
        ({"tags": "a"}, True),
        ({"tags": "c"}, False),
        ({"tags": {"$ne": "a"}}, False),
        ({"tags": {"$in": ["c", "b"]}}, True),
        ({"tags": {"$nin": ["c"]}}, True),
        ({"tags": {"$regex": "^b"}}, True),
        ({"tags": ["a", "b"]}, True),
        ({"created_at": {"$gt": "2024-05-17"}}, True),
        ({"created_at": {"$lt": "2024-05-17T13:00:00+02:00"}}, False),
        ({"created_at": {"$lte": datetime(2024, 5, 17, 12)}}, True),
        ({"created_at": "2024-05-17T12:00:00Z"}, True),
        ({"created_at": {"$gt": "yesterday"}}, False),
        ({"created_at": {"$regex": "^2024-05"}}, True),
        ({"$and": [{"state": "finished"}, {"tags": "a"}]}, True),
        ({"$or": [{"state": "running"}, {"tags": "c"}]}, False),
        ({"$nor": [{"state": "running"}, {"tags": "c"}]}, True),
        ({"$not": {"state": "running"}}, True),
        ({"state": "finished", "tags": "c"}, False),
        ({"$or": []}, False),
    ],
)
def test_what_fits(filter: Any, expected: bool) -> None:
    assert fits(filter) is expected


@pytest.mark.parametrize(
    ("filter", "text"),
    [
        ([], "a filter is a dict"),
        ({"state": {"$like": "x"}}, "'$like' on 'state' is no operator"),
        ({"$xor": []}, "'$xor' is no operator between filters"),
        ({"$and": {}}, "$and takes a list"),
        ({"$or": ["x"]}, "a filter is a dict, not str"),
        ({"tags": {"$in": "a"}}, "$in on 'tags' takes a list"),
        ({"config.a": {"$regex": 3}}, "$regex on 'config.a' takes a text"),
        ({"config.a": {"$regex": "("}}, "is no regular expression"),
        ({"config.a": {"$regex": "a", "$options": "q"}}, "are of i, m, s and x"),
        ({"lr": 3}, "'lr' is no field of runs"),
        ({"config.": 3}, "'config.' is no field of runs"),
    ],
)
def test_what_is_no_filter_is_named(filter: Any, text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        fits(filter)


def test_a_filter_has_a_bottom() -> None:
    filter: dict[str, Any] = {}
    for _ in range(100):
        filter = {"$and": [filter]}
    with pytest.raises(ValueError, match="nested more than"):
        fits(filter)


@pytest.mark.parametrize("order", ["loss", "-", "+config.", "created_at,nothing"])
def test_what_is_no_order_is_named(order: str) -> None:
    with pytest.raises(ValueError, match="is no field of runs"):
        Selection({}, order)


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"]) | st.just(0.5)
LEAVES = st.tuples(
    st.sampled_from(["config.x", "config.y"]), st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"]), VALUES
).map(lambda leaf: {leaf[0]: {leaf[1]: leaf[2]}})
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, max_size=3)).map(
        lambda group: {group[0]: group[1]}
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(FILTERS, st.dictionaries(st.sampled_from(["config.x", "config.y"]), VALUES))
def test_groups_are_what_logic_says(filter: dict[str, Any], run: dict[str, Any]) -> None:
    inside = fits(filter, run)
    assert fits({"$not": filter}, run) is not inside
    assert fits({"$nor": [filter, {"$or": []}]}, run) is not inside
    assert fits({"$and": [filter, {}]}, run) is inside


@settings(deadline=None)
@given(st.sampled_from(["config.x"]), VALUES, VALUES)
def test_opposites(name: str, value: Any, wanted: Any) -> None:
    run = {name: value}
    assert fits({name: {"$eq": wanted}}, run) is not fits({name: {"$ne": wanted}}, run)
    assert fits({name: {"$in": [wanted]}}, run) is fits({name: wanted}, run)
    assert fits({name: {"$nin": [wanted]}}, run) is not fits({name: wanted}, run)
    assert not (fits({name: {"$gt": wanted}}, run) and fits({name: {"$lte": wanted}}, run))


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a", {"b": 1, "c.d": 2}), ("a.b", 1), ("a.c.d", 2), ("e.f.g", 3), ("e.f", MISSING), ("a.b.x", MISSING)],
)
def test_paths_of_names_with_dots(path: str, expected: Any) -> None:
    values = {"a": {"b": 1, "c.d": 2}, "e.f": {"g": 3}, "e.f.x": 4}
    found = fields.within(values, path)
    assert found == ({"g": 3} if path == "e.f" else expected)
