"""Many rows in a few numbers: the formula, and that order and pieces make no difference."""

from __future__ import annotations

import math
import struct
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.digest import RowsDigest, SeriesDigest

DOUBLES = st.floats(allow_nan=True, allow_infinity=True, width=64)
POINTS = st.lists(st.tuples(DOUBLES, st.integers(-(2**62), 2**62), DOUBLES), min_size=1, max_size=40)
WORD = 2**64 - 1


def digest_of(points: list[tuple[float, int, float]], pieces: int = 1) -> SeriesDigest:
    digest = SeriesDigest()
    for piece in range(pieces):
        part = points[piece::pieces]
        steps, times, values = zip(*part, strict=True) if part else ((), (), ())
        digest.add(np.array(steps, np.float64), np.array(times, np.int64), np.array(values, np.float64))
    return digest


def mixed(word: int) -> int:
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB & WORD
    return word ^ word >> 31


def by_the_book(points: list[tuple[float, int, float]]) -> str:
    """The formula as it is documented, one number at a time."""
    lanes = []
    for key in (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03):
        total = 0
        for step, time, value in points:
            words = [
                *struct.unpack("<Q", struct.pack("<d", step)),
                time & WORD,
                *struct.unpack("<Q", struct.pack("<d", value)),
            ]
            state = key
            for word in words:
                state = mixed(state ^ word)
            total += state
        lanes.append(f"{total & WORD:016x}")
    return "".join(lanes)


@given(POINTS, st.randoms(use_true_random=False), st.integers(1, 5))
def test_neither_order_nor_pieces_change_anything(
    points: list[tuple[float, int, float]], random: Random, pieces: int
) -> None:
    shuffled = random.sample(points, len(points))
    assert repr(digest_of(points).facts()) == repr(digest_of(shuffled, pieces).facts())


@given(POINTS)
def test_the_hash_is_the_formula(points: list[tuple[float, int, float]]) -> None:
    assert digest_of(points).hash == by_the_book(points)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=60))
def test_sums_are_exact(values: list[float]) -> None:
    digest = digest_of([(0.0, 0, value) for value in values])
    try:
        exact = math.fsum(values)
    except OverflowError:
        return  # of what is summed up on the way: fsum gives up where whole numbers do not
    assert digest.sum == exact


@given(POINTS, st.data())
def test_one_bit_shows(points: list[tuple[float, int, float]], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(points) - 1))
    bit = data.draw(st.integers(0, 63))
    step, time, value = points[at]
    (word,) = struct.unpack("<Q", struct.pack("<d", value))
    (other,) = struct.unpack("<d", struct.pack("<Q", word ^ 1 << bit))
    changed = [*points[:at], (step, time, other), *points[at + 1 :]]
    assert digest_of(changed).hash != digest_of(points).hash


def test_a_row_twice_is_not_the_same_as_once_or_not_at_all() -> None:
    point, other = (1.0, 2, 3.0), (2.0, 2, 3.0)
    hashes = {digest_of([other, *[point] * times]).hash for times in range(4)}
    assert len(hashes) == 4


def test_what_is_no_number_is_counted_apart() -> None:
    points = [(0.0, 5, math.nan), (1.0, 4, math.inf), (2.0, 3, -math.inf), (3.0, 2, -0.0), (3.0, 1, 0.5)]
    facts = digest_of(points).facts()
    assert (facts["NaN"], facts["infinite"], facts["min"], facts["max"], facts["sum"]) == (1, 2, 0.0, 0.5, 0.5)
    assert (facts["first step"], facts["first time"], facts["last step"], facts["last time"]) == (0.0, 5, 3.0, 2)
    none = digest_of(points[:3]).facts()
    assert (none["min"], none["max"], none["sum"]) == (None, None, None)


def test_steps_that_are_no_numbers_come_last() -> None:
    facts = digest_of([(math.nan, 1, 0.0), (2.0, 7, 0.0), (math.nan, 9, 0.0)]).facts()
    assert (facts["first step"], facts["first time"]) == (2.0, 7)
    assert (facts["last step"], facts["last time"]) == ("NaN", 9)


def test_an_empty_piece_is_nothing() -> None:
    digest = digest_of([(1.0, 1, 1.0)])
    before = digest.facts()
    digest.add(np.array([]), np.array([], np.int64), np.array([]))
    assert digest.facts() == before


@pytest.mark.parametrize("other", [(0.0, 1, "text "), (0.5, 1, "text"), (0.0, 2, "text"), (0.0, 1, "tex\ud800")])
def test_rows_differ_by_all_they_say(other: tuple[float, int, str]) -> None:
    one, two = RowsDigest(), RowsDigest()
    one.add(0.0, 1, "text")
    two.add(*other)
    assert one.hash != two.hash
