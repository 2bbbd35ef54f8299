"""The query language: what a query stands for, and that nothing else gets through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.attributes import AttributeKind, SeriesSummary, TrackedFiles
from pluto.compat.attributes.conditions import Compare
from pluto.compat.neptune.nql import QuerySyntaxError, parse
from pluto.compat.neptune.nql.values import TYPES


class Fields:
    """A run of fields: path → (type, value); of a float series the value is a dict of its aggregates."""

    def __init__(self, fields: Mapping[str, tuple[str, Any]]) -> None:
        self.fields = fields

    def kind(self, path: str) -> AttributeKind | None:
        return TYPES[self.fields[path][0]] if path in self.fields else None

    def atom(self, path: str) -> Any:
        return self.fields[path][1]

    def summary(self, path: str) -> SeriesSummary | None:
        value = self.fields[path][1]
        return SeriesSummary(**value) if isinstance(value, dict) else SeriesSummary(value)


ROW = Fields(
    {
        "sys/id": ("string", "CLS-12"),
        "sys/name": ("string", "cunning-blobfish"),
        "sys/tags": ("stringSet", frozenset({"a b", "x"})),
        "sys/state": ("experimentState", "running"),
        "sys/failed": ("bool", False),
        "sys/creation_time": ("datetime", datetime.now(timezone.utc) - timedelta(days=2)),
        "at": ("datetime", datetime(2024, 2, 6, 5, tzinfo=timezone.utc)),
        "size": ("float", 45.0 * 1024 * 1024),
        "lr": ("float", 0.002),
        "epochs": ("int", 10),
        "acc": ("floatSeries", {"last": 0.9, "min": 0.1, "max": 0.95, "average": 0.5, "variance": 0.04}),
        "log": ("stringSeries", "the last line"),
        "data": ("artifact", TrackedFiles("c0ffee")),
        "model": ("file", None),
        "odd name (x)": ("int", 1),
        "value|params": ("float", 2.0),
    }
)

HOLDS = [
    "",
    "   ",
    "(sys/tags: stringSet CONTAINS 'x')",
    '(`sys/tags`:stringSet CONTAINS "a b")',
    "(sys/state: experimentState = running)",
    '`sys/state`:experimentState = "Active"',
    "`sys/state`:experimentState != idle",
    "(lr: float = 0.002)",
    "lr:float=.002",
    "`lr` : float <= 2e-3",
    "(last(`acc`:floatSeries) > 0.88) AND (`lr`:float < 0.01)",
    "acc:floatSeries > 0.88",
    "min(acc:floatSeries) = 0.1 and MAX( `acc`:floatSeries ) >= 0.95",
    "average(acc:floatSeries) = 0.5 AND variance(acc:floatSeries) < 0.05",
    "epochs:int = 10",
    'epochs:integer >= "10"',
    "epochs:int == 10.0",
    "size:float < 50MB",
    "size:float > 0.04GB",
    'sys/name:string CONTAINS "blob"',
    "sys/name:string MATCHES blob",
    r'sys/name:string MATCHES "^cunning-\\w+$"',
    "sys/name:string NOT MATCHES whale",
    "sys/name:string NOT CONTAINS whale",
    "NOT sys/name:string CONTAINS whale",
    "log:stringSeries CONTAINS last",
    'log:stringSeries = "the last line"',
    "NOT (sys/name:string CONTAINS blobfish AND sys/failed:bool = True)",
    "sys/failed:bool = false",
    "sys/failed:bool != TRUE",
    "data:artifact = c0ffee",
    "sys/creation_time:datetime > -3d",
    'sys/creation_time:datetime < "-1d"',
    "sys/creation_time:datetime > -1M AND sys/creation_time:datetime > -1y",
    'at:datetime = "2024-02-06T05:00:00Z"',
    'at:datetime = "2024-02-06T14:00:00+09"',
    'at:datetime = "2024-02-06T14:00:00+0900"',
    'at:datetime <= "2024-02-06 05:00:00.000"',
    "at:datetime > 2024-02-06",
    "model:file EXISTS",
    "model:int NOT EXISTS",
    "`odd name (x)`:int = 1",
    "value|params:float = 2",
    # A field that is not there, or of another type, does not meet a condition; so it meets the negation.
    "gone:int != 1",
    "gone:string NOT CONTAINS x",
    "NOT gone:float > 1",
    "lr:int != 0",
    # AND binds closer than OR.
    "sys/failed:bool = true AND lr:float = 0 OR epochs:int = 10",
    "epochs:int = 10 OR sys/failed:bool = true AND lr:float = 0",
    "((((epochs:int = 10))))",
    "NOT NOT epochs:int = 10",
]
FAILS = [
    "gone:int = 1",
    "gone:string CONTAINS x",
    "gone:int EXISTS",
    "lr:int EXISTS",
    "epochs:float = 10",
    "sys/tags:stringSet CONTAINS a",
    "sys/name:string = blobfish",
    "sys/name:string = Cunning-Blobfish",
    "epochs:int > 10",
    "(sys/failed:bool = true OR lr:float = 0) AND epochs:int = 10",
    "sys/state:experimentState = idle",
    "last(acc:floatSeries) > 0.95",
    "sys/creation_time:datetime > -1d",
]
MALFORMED = [
    "(key: float = (-_-)",
    "epochs",
    "epochs = 10",
    "epochs:int",
    "epochs:int =",
    "epochs:int = 10 epochs:int = 10",
    "epochs:int = 10 AND",
    "AND epochs:int = 10",
    "(epochs:int = 10",
    "epochs:int = 10)",
    "epochs:Int = 10",
    "epochs:whole = 10",
    "epochs:int ~ 10",
    "epochs:int = ten",
    "epochs:int CONTAINS 1",
    "sys/tags:stringSet = x",
    "sys/failed:bool = maybe",
    "sys/failed:bool > false",
    "sys/state:experimentState = broken",
    "at:datetime > yesterday",
    "at:datetime > -3",
    "at:datetime > -999999999y",
    "model:file = x",
    "sys/name:string = 'open",
    'sys/name:string = "open',
    "sys/name:string MATCHES '('",
    "`sys/name:string = x",
    "``:string = x",
    "last(lr:float) > 1",
    "last(acc:floatSeries > 1",
    "first(acc:floatSeries) > 1",
    "NOT",
    "()",
    "sys/name:string NOT = x",
    "(" * 5000 + "epochs:int = 10" + ")" * 5000,
]


@pytest.mark.parametrize("query", HOLDS)
def test_a_query_that_holds(query: str) -> None:
    assert parse(query).holds(ROW)


@pytest.mark.parametrize("query", FAILS)
def test_a_query_that_does_not_hold(query: str) -> None:
    assert not parse(query).holds(ROW)


@pytest.mark.parametrize("query", MALFORMED, ids=lambda query: query[:40])
def test_what_is_no_query_is_refused(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        parse(query)


def test_the_error_says_what_and_where() -> None:
    with pytest.raises(QuerySyntaxError, match="a number was expected, not 'ten' at character 14"):
        parse("epochs:int = ten")


@given(st.text(alphabet=st.sampled_from("abc:= <>!()`\"'\\/-.019ANDORTintfloastrg \n|é")))
def test_any_text_is_a_query_or_a_syntax_error(text: str) -> None:
    try:
        parse(text).holds(ROW)
    except QuerySyntaxError:
        pass


names = st.text(st.characters(exclude_characters="`", exclude_categories=["Cs"]), min_size=1, max_size=8)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


def quoted(text: str, quote: str = '"') -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


@given(names, texts, st.sampled_from("\"'"))
def test_every_name_and_every_text_can_be_written(name: str, text: str, quote: str) -> None:
    assert parse(f"`{name}`:string = {quoted(text, quote)}") == Compare(name, AttributeKind.STRING, "=", text)


@given(st.floats(allow_nan=False), st.sampled_from(["=", "!=", ">", ">=", "<", "<="]), st.floats(allow_nan=False))
def test_numbers_compare_as_in_python(have: float, sign: str, wanted: float) -> None:
    meant = {"=": have == wanted, "!=": have != wanted, ">": have > wanted, ">=": have >= wanted}
    meant |= {"<": have < wanted, "<=": have <= wanted}
    assert parse(f"(`a b`:float {sign} {wanted!r})").holds(Fields({"a b": ("float", have)})) is meant[sign]


trees = st.recursive(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3)),
    lambda below: st.one_of(
        st.tuples(st.just("not"), below),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(below, min_size=1, max_size=4)),
    ),
    max_leaves=12,
)


def written(tree: Any) -> str:
    if tree[0] == "not":
        return f"NOT {written(tree[1])}"
    if tree[0] in ("and", "or"):
        return "(" + f" {tree[0].upper()} ".join(written(part) for part in tree[1]) + ")"
    return f"{tree[0]}:int = {tree[1]}"


def meant(tree: Any, row: Mapping[str, int]) -> bool:
    if tree[0] == "not":
        return not meant(tree[1], row)
    if tree[0] in ("and", "or"):
        return (all if tree[0] == "and" else any)([meant(part, row) for part in tree[1]])
    return row.get(tree[0]) == tree[1]


@given(trees, st.dictionaries(st.sampled_from("abc"), st.integers(0, 3)))
def test_clauses_combine_as_written(tree: Any, row: dict[str, int]) -> None:
    fields = Fields({name: ("int", value) for name, value in row.items()})
    assert parse(written(tree)).holds(fields) is meant(tree, row)


def test_every_type_can_be_asked_for_existence() -> None:
    for type in TYPES:
        assert parse(f"x:{type} EXISTS").holds(Fields({"x": (type, None)}))
