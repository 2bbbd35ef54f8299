"""Assigning: which type a value makes, and what it becomes in a field that is there."""

from __future__ import annotations

import argparse
import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from pluto.compat.neptune import types
from pluto.compat.neptune.common.warnings import NeptuneUnsupportedType, NeptuneUnsupportedValue
from pluto.compat.neptune.exceptions import MetadataInconsistency, OperationNotSupported
from pluto.compat.neptune.types.atoms.git_ref import GitRef
from pluto.compat.neptune.utils import stringify_unsupported


@pytest.mark.parametrize(
    ("value", "field", "fetched"),
    [
        (True, "Boolean", True),
        (3, "Integer", 3),
        (3.0, "Float", 3.0),
        ("text", "String", "text"),
        (np.int64(3), "Float", 3.0),
        (np.bool_(True), "Float", 1.0),
        (np.float32(0.5), "Float", 0.5),
        (np.array(2.0), "Float", 2.0),
        (Decimal("1.5"), "Float", 1.5),
        (b"1", "Float", 1.0),
        (types.Integer(7), "Integer", 7),
        (types.Float(7), "Float", 7.0),
        (types.Boolean(1), "Boolean", True),
        (types.String("s"), "String", "s"),
        (stringify_unsupported([1, 2]), "String", "[1, 2]"),
        (stringify_unsupported(None), "String", "None"),
        (stringify_unsupported(float("nan")), "String", "nan"),
        (stringify_unsupported(2**40), "Float", float(2**40)),
        (stringify_unsupported(True), "Boolean", True),
    ],
)
def test_the_first_value_decides(run: Any, value: Any, field: str, fetched: Any) -> None:
    run["x"] = value
    assert type(run.get_structure()["x"]).__name__ == field
    found = run["x"].fetch()
    assert found == fetched
    assert type(found) is type(fetched)


@pytest.mark.parametrize("value", [None, [1], (1,), {1}, np.zeros(3), 1j, object(), dt.date(2020, 1, 1)])
def test_what_is_not_supported_is_skipped_with_one_warning(debug: Any, value: Any) -> None:
    with pytest.warns(NeptuneUnsupportedType, match="stringify_unsupported"):
        debug["x"] = value
    debug["y"] = value  # said already
    assert not debug.exists("x")
    assert not debug.exists("y")


def test_in_a_dict_the_others_are_kept(run: Any) -> None:
    with pytest.warns(NeptuneUnsupportedType):
        run["d"] = {"none": None, "one": 1, "deep/er": {"x": "y"}, 5: 2.5}
    assert run["d"].fetch() == {"one": 1, "deep": {"er": {"x": "y"}}, "5": 2.5}


def test_empty_keys_are_left_out(debug: Any, capsys: pytest.CaptureFixture[str]) -> None:
    debug["d"] = {"": 1, "/": 2, "a": 3}
    assert debug["d"].fetch() == {"a": 3}
    assert '[neptune] [warning] "", "/" can\'t be the name of a field' in capsys.readouterr().out


def test_an_empty_dict_makes_no_field(run: Any) -> None:
    run["d"] = {}
    assert run["d"].fetch() == {}


def test_a_namespace_merges(run: Any) -> None:
    run["n"] = argparse.Namespace(a=1, b="x")
    run["n"] = {"c": 2, "a": 5}
    run.assign({"n": {"d": True}})
    assert run["n"].fetch() == {"a": 5, "b": "x", "c": 2, "d": True}


@pytest.mark.parametrize(
    ("first", "then", "fetched"),
    [
        (1, 2.7, 2),
        (1, "5", 5),
        (1, stringify_unsupported("7"), 7),
        (1.0, 3, 3.0),
        (1.0, "3.5", 3.5),
        (True, 0, False),
        (True, "no", True),
        ("s", "t", "t"),
        ("s", stringify_unsupported([1]), "[1]"),
    ],
)
def test_a_field_keeps_its_type_and_converts(run: Any, first: Any, then: Any, fetched: Any) -> None:
    run["x"] = first
    run["x"] = then
    assert run["x"].fetch() == fetched


@pytest.mark.parametrize(
    ("first", "then", "error"),
    [
        (1, "x", ValueError),
        (1, None, TypeError),
        (1.0, "x", ValueError),
        (1.0, None, TypeError),
        ("s", 5, TypeError),
        ("s", None, TypeError),
        (dt.datetime(2020, 1, 1), 5, TypeError),
        (types.File.from_content("x"), "path", TypeError),
        (types.StringSet(["a"]), ["b"], TypeError),
        (types.FloatSeries([1]), 5, TypeError),
        (types.FloatSeries([1]), ["x"], ValueError),
        (types.StringSeries(["a"]), "b", TypeError),
    ],
)
def test_what_does_not_fit_raises_at_once(debug: Any, first: Any, then: Any, error: type[Exception]) -> None:
    debug["x"] = first
    with pytest.raises(error):
        debug["x"] = then
    with pytest.raises(error):
        debug["x"].assign(then)


def test_conversion_errors_raise_in_async_mode_too(open_run: Any) -> None:
    run = open_run(mode="async")
    run["x"] = 1
    with pytest.raises(ValueError, match="invalid literal"):
        run["x"] = "x"
    assert run["x"].fetch() == 1


def test_long_texts_are_cut_once_told(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run["s"] = "a" * 20_000
    run["s"] = "b" * 20_000
    assert run["s"].fetch() == "b" * 16_384
    assert capsys.readouterr().out.count("16384 characters") == 1


def test_numbers_beyond_32_bits_are_skipped(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run["i"] = 2**31
    assert run.exists("i")
    assert "[neptune] [warning] 2147483648 lies outside of 32-bit integers" in capsys.readouterr().out
    with pytest.raises(MetadataInconsistency):
        run["i"].fetch()
    run["j"] = 2**31 - 1
    run["k"] = -(2**31)
    assert (run["j"].fetch(), run["k"].fetch()) == (2**31 - 1, -(2**31))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_skipped(run: Any, value: float) -> None:
    with pytest.warns(NeptuneUnsupportedValue, match="not kept"):
        run["f"] = value
    assert run.exists("f")
    with pytest.raises(MetadataInconsistency):
        run["f"].fetch()


def test_datetimes_are_cut_to_milliseconds_and_read_as_utc(open_run: Any) -> None:
    run = open_run(mode="async")
    local = dt.datetime(2020, 5, 6, 7, 8, 9, 123456)
    run["naive"] = local
    run["aware"] = local.replace(tzinfo=dt.timezone(dt.timedelta(hours=3)))
    expected = local.replace(microsecond=123000)
    assert run["naive"].fetch() == expected.astimezone(dt.timezone.utc)
    assert run["naive"].fetch().utcoffset() == dt.timedelta(0)
    assert run["aware"].fetch() == dt.datetime(2020, 5, 6, 4, 8, 9, 123000, tzinfo=dt.timezone.utc)


def test_datetimes_in_debug_mode_stay_as_they_are(debug: Any) -> None:
    debug["naive"] = dt.datetime(2020, 5, 6, 7, 8, 9, 123456)
    assert debug["naive"].fetch() == dt.datetime(2020, 5, 6, 7, 8, 9, 123000)


def test_expanding_lists(run: Any) -> None:
    run["x"] = stringify_unsupported({"a": [1, {"z": None}], "t": ("q",), "f": 1.5}, expand=True)
    assert run["x"].fetch() == {"a": {"0": 1, "1": {"z": "None"}}, "t": {"0": "q"}, "f": 1.5}


def test_copying(run: Any, open_run: Any) -> None:
    other = open_run(mode="debug")
    other["text"] = "from another"
    run["a"] = {"i": 1, "f": 1.5, "b": True, "s": "text", "d": dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)}
    run["s"].append(1.0)
    for name in "ifbsd":
        run[f"copy/{name}"] = run[f"a/{name}"]
    run["copy/i"] = run["a/i"]
    run["copy/other"] = other["text"]
    assert run["copy"].fetch() == {**run["a"].fetch(), "other": "from another"}
    for source in ("s", "missing"):
        with pytest.raises(Exception, match="doesn't support copying"):
            run["c"] = run[source]


def test_copying_into_a_field_of_another_type(debug: Any) -> None:
    debug["i"] = 1
    debug["s"] = "text"
    with pytest.raises(MetadataInconsistency):
        debug["i"] = debug["s"]
    assert debug["i"].fetch() == 1


def test_a_repository_is_no_value(debug: Any) -> None:
    with pytest.raises(OperationNotSupported):
        debug["git"] = GitRef()


def test_figures_become_files(debug: Any) -> None:
    from matplotlib.figure import Figure
    from PIL import Image

    debug["figure"] = Figure()
    debug["image"] = Image.new("RGB", (4, 4))
    assert debug["figure"].fetch_extension() == "png"
    assert debug["image"].fetch_extension() == "png"


def test_attributes_that_many_threads_set(run: Any) -> None:
    import threading

    def work(number: int) -> None:
        for place in range(20):
            run[f"t{number}/{place}"] = place

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number in range(4):
        assert run[f"t{number}"].fetch() == {str(place): place for place in range(20)}


def test_a_dict_is_one_record_the_first_time_and_later(open_run: Any) -> None:
    run = open_run(project="tests/door")
    for turn in range(3):
        _, before = run._backend.progress()
        run["p"] = {f"group {place % 3}/{place}": place + turn for place in range(200)}
        _, after = run._backend.progress()
        assert after == before + 1
    run.sync()
    assert run["p/group 2/197"].fetch() == 199
