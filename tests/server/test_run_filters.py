from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.server.metadata.filters import (
    Either,
    Every,
    FilterError,
    Leaf,
    Not,
    parse,
    parse_field_filters,
    time_of,
)
from pluto.server.metadata.flatten import flatten, number, parse_object
from tests.server.support import PROJECT, Caller


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ('{"state": "running"}', Leaf("status", "", "in", ("RUNNING",))),
        ('{"state": {"$in": ["crashed", "killed"]}}', Leaf("status", "", "in", ("FAILED", "TERMINATED"))),
        ('{"state": {"$ne": "canceled"}}', Not(Leaf("status", "", "in", ("CANCELLED",)))),
        ('{"config.a.b": {"$gt": 1}}', Leaf("config", "a.b", "gt", (1,))),
        ('{"$or": [{"name": "x"}]}', Either((Leaf("name", "", "in", ("x",)),))),
        (
            '{"config.a": {"$gt": 1, "$lt": 2}}',
            Every((Leaf("config", "a", "gt", (1,)), Leaf("config", "a", "lt", (2,)))),
        ),
        ('{"config.a": {"$not": {"$gt": 1}}}', Not(Every((Leaf("config", "a", "gt", (1,)),)))),
        ("{}", Every(())),
    ],
)
def test_parse(text: str, condition: object) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("nonsense", "Invalid filter JSON"),
        ("[" * 100_000, "Invalid filter JSON"),
        ("[]", "has to be an object"),
        ('{"colour": 1}', "Unknown filter field 'colour'"),
        ('{"config.": 1}', "Unknown filter field"),
        ('{"state": "asleep"}', "Unknown status"),
        ('{"state": {"$gt": "running"}}', "not supported"),
        ('{"name": {"$in": "x"}}', "needs a list"),
        ('{"name": {"like": "x"}}', "Unknown operator"),
        ('{"name": {}}', "no operator"),
        ('{"name": 1}', "compares with texts"),
        ('{"$xor": []}', "Unknown operator"),
        ('{"$and": {}}', "needs a list"),
        ('{"createdAt": {"$gt": "yesterday"}}', "Not a date-time"),
        ('{"config.a": {"$regex": "("}}', "Invalid regular expression"),
        ('{"config.a": {"$regex": "a(?R)?"}}', "may not contain itself"),
        ('{"config.a": {"$regex": "' + "a" * 501 + '"}}', "500 characters"),
        ('{"config.a": [1]}', "compares with"),
        ('{"summary_metrics.a": "x"}', "compares with numbers"),
        ('{"config.a": {"$in": ' + json.dumps(list(range(1001))) + "}}", "at most 1000"),
        ('{"$not":' * 30 + "{}" + "}" * 30, "nested deeper"),
    ],
)
def test_what_is_wrong_is_said(text: str, error: str) -> None:
    with pytest.raises(FilterError, match=error.replace("(", r"\(")):
        parse(text)


plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
fields = st.sampled_from(["state", "name", "tags", "createdAt", "heartbeat_at", "config.a", "summary_metrics.m", "x"])
operators = st.sampled_from(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$regex", "$not", "$and", "y"])
leaves = st.dictionaries(fields, st.one_of(plain, st.dictionaries(operators, st.one_of(plain, st.lists(plain)))))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(["$and", "$or"]), st.lists(inner, max_size=3), max_size=2),
        st.dictionaries(st.just("$not"), inner, max_size=1),
    ),
    max_leaves=8,
)


@given(st.one_of(trees, plain, st.lists(plain)))
def test_any_json_is_a_condition_or_a_filter_error(node: Any) -> None:
    try:
        condition = parse(json.dumps(node))
    except FilterError:
        return
    assert isinstance(condition, (Every, Either, Not, Leaf))


@given(st.text())
def test_any_text_is_a_condition_or_a_filter_error(text: str) -> None:
    for reader in (parse, parse_field_filters):
        try:
            reader(text)
        except FilterError as error:
            assert str(error)


def test_field_filters() -> None:
    rows = [
        {"source": "config", "key": "lr", "dataType": "number", "operator": "between", "values": [[1, 2]]},
        {"source": "systemMetadata", "key": "h", "dataType": "text", "operator": "does not contain", "values": ["x"]},
        {"source": "config", "key": "k", "dataType": "text", "operator": "not exists"},
    ]
    assert parse_field_filters(json.dumps(rows)) == Every(
        (
            Leaf("config", "lr", "between", (1, 2)),
            Not(Leaf("systemMetadata", "h", "contains", ("x",))),
            Not(Leaf("config", "k", "exists", ())),
        )
    )


@pytest.mark.parametrize(
    "row",
    [
        {"source": "system", "key": "a", "operator": "is", "values": ["x"]},
        {"source": "config", "key": "a", "operator": "resembles", "values": ["x"]},
        {"source": "config", "key": "a", "operator": "between", "values": [1]},
        {"source": "config", "key": "a", "operator": "is", "values": []},
        {"source": "config", "operator": "is", "values": ["x"]},
        "row",
    ],
)
def test_bad_field_filters(row: object) -> None:
    with pytest.raises(FilterError):
        parse_field_filters(json.dumps([row]))


def test_too_many_field_filters() -> None:
    row = {"source": "config", "key": "a", "operator": "exists"}
    with pytest.raises(FilterError, match="at most 50"):
        parse_field_filters(json.dumps([row] * 51))


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T00:00:00Z", "2026-03-01", "2026-03-01T01:00:00+01:00", "2026-03-01T00:00:00.000Z", 1_772_323_200_000],
)
def test_times(text: object) -> None:
    assert time_of(text) == 1_772_323_200_000


def test_flatten() -> None:
    config = {"a": {"b": 1, "c": {}}, "l": [1, {"x": 2}], "t": "0x10", "n": "1e-3", "z": "007", "f": True, "0": None}
    assert flatten(config) == {
        "a.b": ("1", 1.0),
        "l": ('[1, {"x": 2}]', None),
        "t": ("0x10", None),
        "n": ("1e-3", 0.001),
        "z": ("007", None),
        "f": ("true", None),
        "0": (None, None),
    }
    assert flatten({"k" * 501: 1, "huge": 10**400, "inf": float("inf")}) == {
        "huge": (str(10**400), None),
        "inf": ("Infinity", None),
    }


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_as_itself(value: float) -> None:
    assert number(repr(value)) == value


def test_parse_object_refuses_endless_nesting() -> None:
    assert parse_object('{"a":' * 99 + "1" + "}" * 99)
    for depth in (150, 200_000):
        with pytest.raises(ValueError, match="nested deeper"):
            parse_object('{"a":' * depth + "1" + "}" * depth)
    with pytest.raises(ValueError, match="object"):
        parse_object("[1]")


@pytest.mark.parametrize("pattern", ["(x+x+)+y", "x{1,500}x{1,500}x{1,500}y", r"(\w+\s?)*$"])
def test_a_regular_expression_that_never_ends_is_given_up(caller: Caller, pattern: str) -> None:
    for text in ("short", *["x" * 5_000 + "!"] * 4):
        caller.create(config=json.dumps({"a": text}))
    began = time.monotonic()
    answer = caller.get("/api/runs/list", projectName=PROJECT, filter=json.dumps({"config.a": {"$regex": pattern}}))
    assert time.monotonic() - began < 60
    assert answer.status_code == 400 and "longer than 1 s" in answer.json()["error"]
    shown = caller.get("/api/runs/list", projectName=PROJECT, filter='{"config.a": {"$regex": "^sho+rt$"}}')
    assert caller.ok(shown)["total"] == 1
