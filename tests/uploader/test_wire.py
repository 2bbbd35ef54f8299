"""What a stock server takes: steps, names, limits."""

from __future__ import annotations

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from pluto.core import wire

steps = st.one_of(
    st.integers(-(2**70), 2**70), st.integers(0, 5), st.floats(), st.sampled_from([0.5, 1.5, -0.0, 2**53, 2**53 + 2])
)


@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), steps), max_size=20), max_size=5))
def test_points_with_different_steps_never_become_one(batches: list[list[tuple[str, float]]]) -> None:
    tops: wire.Tops = {}
    seen: dict[tuple[str, int], float] = {}
    for batch in batches:
        adapting = wire.Steps(tops)
        for name, step in batch:
            sent, adapted = adapting.adapt(name, step)
            assert 0 <= sent < 2**63 and isinstance(sent, int)
            assert adapted or sent == step
            before = seen.setdefault((name, sent), step)
            assert before == step or (before is step and math.isnan(step))
        tops.update(adapting.changes)


@given(st.lists(st.tuples(st.sampled_from("ab"), steps), max_size=20))
def test_a_batch_sent_again_goes_to_the_same_steps(batch: list[tuple[str, float]]) -> None:
    tops: wire.Tops = {"a": [3, 1]}
    first = [wire.Steps(tops).adapt(*batch[0])] if batch else []
    one, two = wire.Steps(tops), wire.Steps(tops)
    assert [one.adapt(*point) for point in batch] == [two.adapt(*point) for point in batch]
    assert tops == {"a": [3, 1]} and (not batch or first[0] == wire.Steps(tops).adapt(*batch[0]))


def test_whole_steps_stay_as_they_are() -> None:
    adapting = wire.Steps({})
    assert [adapting.adapt("m", step) for step in (5, 3, 3, 4.0, 0)] == [(n, False) for n in (5, 3, 3, 4, 0)]


def test_a_metric_of_halves_counts_up_with_its_exact_steps_beside_it() -> None:
    adapting = wire.Steps({})
    lines = [json.loads(line) for step in (0.5, 1.0, 1.5) for line in wire.metric_lines(1000, step, {"m": 7}, adapting)]
    assert [(line["step"], line["data"]["m/_step"]) for line in lines] == [(0, 0.5), (1, 1.0), (2, 1.5)]


@given(st.dictionaries(st.text(min_size=1), st.integers() | st.floats() | st.integers(-(10**400), 10**400), min_size=1))
def test_lines_are_what_the_server_reads(values: dict[str, float]) -> None:
    for line in wire.metric_lines(1_700_000_000_000_000, 3, values, wire.Steps({})):
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        content = json.loads(line)
        assert content["time"] == 1_700_000_000_000 and content["step"] == 3
        for name, value in content["data"].items():
            assert name.isascii() and name.strip()
            assert isinstance(value, float) or -(2**63) <= value < 2**64


@given(st.text(), st.text())
def test_names_are_printable_and_no_two_become_one(one: str, two: str) -> None:
    first, second = wire.log_name(one), wire.log_name(two)
    assert first.isascii() and first.isprintable() and first.strip()
    assert (first == second) == (one == two)
    if one.isascii() and one.isprintable() and one.strip():
        assert first == one


@given(st.lists(st.sampled_from([f"t{n}" for n in range(80)] + ["group:a", "group:b", "group:c"]), max_size=120))
def test_tags_within_limits(tags: list[str]) -> None:
    kept = wire.limit_tags(tags)
    assert len(kept) <= 50 and len(kept) == len(set(kept)) and set(kept) <= set(tags)
    assert sum(tag.startswith("group:") for tag in kept) <= 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_strict_json_is_read_by_strict_parsers(value: object) -> None:
    text = wire.strict_json(json.dumps(value))
    again = json.loads(text, parse_constant=lambda constant: 1 / 0)
    if isinstance(value, float) and not math.isfinite(value):
        assert again in ("NaN", "Infinity", "-Infinity")
    elif not isinstance(value, int | list | dict):
        assert again == value


@given(st.text(min_size=1, max_size=300))
def test_file_names_tell_files_apart(name: str) -> None:
    one, two = wire.file_name(name, "w", 1, 0), wire.file_name(name, "w", 2, 0)
    assert one != two and len(one) <= 255 and one == wire.file_name(name, "w", 1, 0)
