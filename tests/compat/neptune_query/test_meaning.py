"""What filters mean, for any attributes and values: against the plain words of Python."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.attributes import AttributeKind, SeriesSummary
from pluto.compat.neptune_query.exceptions import AttributeTypeInferenceError, NeptuneUserError
from pluto.compat.neptune_query.filters import KNOWN_TYPES, Attribute, AttributeFilter, Filter
from pluto.compat.neptune_query.internal.inference import typed, typed_order
from pluto.compat.neptune_query.internal.meaning import condition
from pluto.compat.neptune_query.internal.pattern import parse_extended_regex
from pluto.compat.neptune_query.internal.selection import Selection
from pluto.compat.neptune_query.warnings import AttributeWarning


class Run:
    """A run that holds these attributes: kind and value, or the last value of a series."""

    def __init__(self, attributes: Mapping[str, tuple[str, Any]]) -> None:
        self.attributes = attributes

    def kind(self, path: str) -> AttributeKind | None:
        return AttributeKind(self.attributes[path][0]) if path in self.attributes else None

    def atom(self, path: str) -> Any:
        return self.attributes[path][1]

    def summary(self, path: str) -> SeriesSummary:
        return SeriesSummary(self.attributes[path][1])


def holds(filter: Filter, **attributes: tuple[str, Any]) -> bool:
    """Whether a run with these attributes meets the filter, whose types are all given."""
    return condition(filter._internal).holds(Run(attributes))


numbers = st.floats(allow_nan=False, width=32) | st.integers(-(2**53), 2**53)
texts = st.text("ab &|!\\x20", max_size=8)
COMPARISONS = {
    Filter.eq: operator.eq, Filter.ne: operator.ne, Filter.lt: operator.lt, Filter.le: operator.le,
    Filter.gt: operator.gt, Filter.ge: operator.ge,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["int", "float", "float_series"])
@given(numbers, numbers)
def test_numbers_compare_as_numbers_whatever_they_are_written_as(kind: str, value: float, wanted: float) -> None:
    for make, means in COMPARISONS.items():
        assert holds(make(Attribute("a", kind), wanted), a=(kind, value)) == means(value, wanted)
        assert holds(make(Attribute("a", kind), str(wanted)), a=(kind, value)) == means(value, wanted)


@pytest.mark.parametrize("kind", ["string", "string_series"])
@given(texts, texts)
def test_texts(kind: str, value: str, wanted: str) -> None:
    for make, means in COMPARISONS.items():
        assert holds(make(Attribute("a", kind), wanted), a=(kind, value)) == means(value, wanted)
    assert holds(Filter.contains_all(Attribute("a", kind), wanted), a=(kind, value)) == (wanted in value)
    assert holds(Filter.contains_none(Attribute("a", kind), wanted), a=(kind, value)) == (wanted not in value)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.integers(-5, 5), st.integers(-12, 12))
def test_times_compare_to_the_millisecond_in_any_zone(moment: datetime, later: int, zone: int) -> None:
    value = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=timezone.utc)
    wanted = (value + timedelta(milliseconds=later, microseconds=7)).astimezone(timezone(timedelta(hours=zone)))
    for make, means in COMPARISONS.items():
        for given_as in (wanted, wanted.isoformat()):
            assert holds(make(Attribute("a", "datetime"), given_as), a=("datetime", value)) == means(0, later)


def test_a_time_without_a_zone_is_local() -> None:
    moment = datetime(2025, 6, 1, 12)
    assert holds(Filter.eq(Attribute("a", "datetime"), moment), a=("datetime", moment.astimezone(timezone.utc)))


@given(st.booleans(), st.booleans())
def test_truths(value: bool, wanted: bool) -> None:
    for given_as in (wanted, str(wanted), str(wanted).lower()):
        assert holds(Filter.eq(Attribute("a", "bool"), given_as), a=("bool", value)) == (value == wanted)
        assert holds(Filter.ne(Attribute("a", "bool"), given_as), a=("bool", value)) == (value != wanted)


@given(st.frozensets(texts), st.lists(texts, min_size=1))
def test_sets_of_texts(value: frozenset[str], wanted: list[str]) -> None:
    field = Attribute("a", "string_set")
    assert holds(Filter.contains_all(field, wanted), a=("string_set", value)) == value.issuperset(wanted)
    assert holds(Filter.contains_none(field, wanted), a=("string_set", value)) == value.isdisjoint(wanted)


@pytest.mark.parametrize("kind", KNOWN_TYPES)
def test_what_is_not_there_meets_the_contrary_alone(kind: str) -> None:
    field = Attribute("a", kind)
    other = {"b": (kind, 1), "a": ("int" if kind != "int" else "float", 1)}
    assert not holds(Filter.exists(field)) and not holds(Filter.exists(field), **other)
    assert holds(~Filter.exists(field)) and holds(~Filter.exists(field), **other)
    if kind in ("int", "float", "float_series"):
        assert not holds(Filter.eq(field, 1), **other) and not holds(Filter.lt(field, 99), **other)
        assert holds(Filter.ne(field, 1), **other)
    if kind in ("string", "string_set"):
        assert holds(Filter.contains_none(field, "x"), **other) and not holds(Filter.contains_all(field, "x"), **other)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
def test_filters_combine(truths: list[bool]) -> None:
    a, b, c = (Filter.eq(Attribute(name, "bool"), True) for name in "abc")
    x, y, z = truths
    run = dict(zip("abc", (("bool", truth) for truth in truths), strict=True))
    assert holds(a & b | c, **run) == ((x and y) or z)
    assert holds(a & (b | ~c), **run) == (x and (y or not z))
    assert holds(~(a | b) & c, **run) == (not (x or y) and z)


plain = st.sampled_from(["a", "b", "ab", "a|b", "^a", "b$", "a.b", "[ab]+", "x?", ""])
parts = st.tuples(st.booleans(), plain)
alternatives = st.lists(st.lists(parts, min_size=1, max_size=3), min_size=1, max_size=3)


@given(alternatives, st.text("abx", max_size=5), st.sampled_from([" ", "\t", "  ", "\n"]))
def test_extended_patterns_find_what_their_parts_find(asked: Any, text: str, blank: str) -> None:
    # A part that is empty and not negated vanishes in the blanks around it.
    asked = [[(negated, part if negated else part or "x") for negated, part in one] for one in asked]
    written = f"{blank}|{blank}".join(
        f"{blank}&{blank}".join(f"!{part}" if negated else part for negated, part in one) for one in asked
    )
    met = any(all((re.search(part, text) is None) == negated for negated, part in one) for one in asked)
    assert holds(Filter.matches(Attribute("a", "string"), written), a=("string", text)) == met
    selection = Selection([*AttributeFilter(written)._choices()])
    assert selection.takes(text, "int") == met
    assert selection.takes(text, "int") == met, "asked again"


@given(st.text(max_size=30))
def test_any_text_is_an_extended_pattern_and_nothing_of_it_is_lost(text: str) -> None:
    found = parse_extended_regex(text).children
    assert found and all(one.positive_patterns or one.negated_patterns for one in found)
    kept = "".join("".join([*one.positive_patterns, *one.negated_patterns]) for one in found)
    signs = re.compile(r"[ \t\r\n&|!]|\\x2[01]")
    assert sorted(signs.sub("", kept)) == sorted(signs.sub("", text.strip()))


@given(st.lists(st.text("ab.", min_size=1, max_size=3)), st.text("ab.", max_size=3), st.sampled_from(KNOWN_TYPES))
def test_names_in_a_list_are_whole_names(names: list[str], name: str, kind: str) -> None:
    selection = Selection([*AttributeFilter(names, kind)._choices()])
    assert selection.takes(name, kind) == (name in names)
    assert not selection.takes(name, "string" if kind != "string" else "int")


@pytest.mark.parametrize(
    "asked",
    [
        Filter.matches(Attribute("a", "int"), "x"),
        Filter.contains_all(Attribute("a", "float"), "1"),
        Filter.eq(Attribute("a", "string_set"), "x"),
        Filter.eq(Attribute("a", "file"), "x"),
        Filter.gt(Attribute("a", "histogram_series"), 1),
        Filter.gt(Attribute("a", "bool"), True),
        Filter.eq(Attribute("a", "bool"), 1),
        Filter.eq(Attribute("a", "int"), "one"),
        Filter.eq(Attribute("a", "float_series"), True),
        Filter.eq(Attribute("a", "datetime"), "yesterday"),
        Filter.eq(Attribute("a", "datetime"), 5),
        Filter.matches(Attribute("a", "string"), "("),
        Filter.matches(Attribute("a", "string"), "fine & ["),
    ],
    ids=str,
)
def test_what_a_type_can_not_be_asked(asked: Filter) -> None:
    with pytest.raises(NeptuneUserError) as told:
        condition(asked._internal)
    assert len(str(told.value)) > 20


def test_a_name_pattern_that_is_none_says_so() -> None:
    with pytest.raises(NeptuneUserError, match=re.escape("'('")):
        Selection([*AttributeFilter("(")._choices()]).takes("a", "int")


TYPES = {"one": ["int"], "two": ["float", "string"], "series": ["float_series"]}


def types_of(name: str) -> list[str]:
    return TYPES.get(name, [])


def test_types_are_found_where_they_are_not_given() -> None:
    asked = Filter.eq("one", 1) & ~Filter.exists("series") | Filter.eq(Attribute("one", "float"), 2)
    assert str(typed(asked._internal, types_of)) == (
        '((`one`:int == "1") AND (NOT (`series`:floatSeries EXISTS))) OR (`one`:float == "2")'
    )
    assert str(typed(Filter.gt("sys/creation_time", "2025-01-01")._internal, types_of)).startswith(
        "`sys/creation_time`:datetime"
    )


def test_an_attribute_nobody_has_counts_as_a_text_and_is_warned_of() -> None:
    with pytest.warns(AttributeWarning, match="none.*doesn't exist"):
        assert str(typed(Filter.gt("none", 0.5)._internal, types_of)) == '`none`:string > "0.5"'
    with pytest.warns(AttributeWarning, match="none"):
        assert typed_order(Attribute("none")._field(), types_of).type == "string"


def test_several_types_are_an_error_in_a_filter_and_a_warning_in_an_order() -> None:
    with pytest.raises(AttributeTypeInferenceError, match=r"(?s)two.*conflicting types: float, string"):
        typed((Filter.eq("one", 1) & Filter.eq("two", 1))._internal, types_of)
    with pytest.warns(AttributeWarning, match="two.*conflicting types: float, string"):
        assert typed_order(Attribute("two")._field(), types_of).type == "string"


def test_non_finite_numbers_compare_as_they_do() -> None:
    assert holds(Filter.eq(Attribute("a", "float"), math.inf), a=("float", math.inf))
    assert not holds(Filter.eq(Attribute("a", "float"), math.nan), a=("float", math.nan))
    assert holds(Filter.gt(Attribute("a", "float"), "-inf"), a=("float", -1e300))
