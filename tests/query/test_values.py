from __future__ import annotations

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.query.files import safe_name
from pluto.query.values import Summary, microseconds, restored, whole


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("2026-11-24 14:30:05.123", 123_000),
        ("2026-11-24T14:30:05.123Z", 123_000),
        ("2026-11-24T14:30:05Z", 0),
        ("2026-11-24T16:30:05.123456+02:00", 123_456),
        ("2026-11-24T14:30:05.123456789Z", 123_456),
        ("2026-11-24 14:30:05", 0),
    ],
)
def test_times_as_servers_write_them(text: str, fraction: int) -> None:
    moment = datetime.datetime(2026, 11, 24, 14, 30, 5, tzinfo=datetime.timezone.utc)
    assert microseconds(text) == int(moment.timestamp()) * 1_000_000 + fraction


@given(st.datetimes(min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(2200, 1, 1)))
def test_no_microsecond_is_lost(moment: datetime.datetime) -> None:
    since = moment - datetime.datetime(1970, 1, 1)
    assert microseconds(moment.isoformat()) == since // datetime.timedelta(microseconds=1)


def test_numbers_sent_as_text() -> None:
    assert whole("9007199254740993") == 9007199254740993
    assert whole("1.5") == 1.5
    assert whole(3) == 3


def test_flags_put_values_back() -> None:
    assert math.isnan(restored({"value": 0, "valueFlag": "NaN"}))
    assert restored({"value": 0, "valueFlag": "-Inf"}) == -math.inf
    assert restored({"value": 0, "nonFiniteFlags": "2"}) == math.inf
    assert restored({"value": 0, "nonFiniteFlags": 4}) == -math.inf
    assert math.isnan(restored({"value": None}))
    assert restored({"value": 0.5, "valueFlag": ""}) == 0.5


def test_summaries_without_a_finite_value() -> None:
    summary = Summary(2, 0, math.nan, math.nan, 0.0, 0.0, math.nan, 1.0, 1, 0.0, 0)
    assert math.isnan(summary.mean)
    assert math.isnan(summary.std)


@given(st.text())
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert safe not in (".", "..")
    assert not set(safe) & set("/\\\0:")
    assert not safe.startswith(".")
    assert len(safe.encode("utf-8", "surrogatepass")) <= 200


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("plot.png", "plot.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/abs", "abs"),
        ("..", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("CON.txt", "_CON.txt"),
        ("a" * 300 + ".png", "a" * 196 + ".png"),
        ("é" * 200 + ".png", "é" * 98 + ".png"),
    ],
)
def test_names_from_elsewhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe
