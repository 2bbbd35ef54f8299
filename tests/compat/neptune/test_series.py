"""Series of numbers, texts and images."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pluto.compat.neptune import types
from pluto.compat.neptune.common.warnings import NeptuneUnsupportedType, NeptuneUnsupportedValue
from pluto.compat.neptune.exceptions import (
    FileNotFound,
    MissingFieldException,
    NeptuneUserApiInputException,
    OperationNotSupported,
    TypeDoesNotSupportAttributeException,
)
from pluto.compat.neptune.utils import stringify_unsupported


def points(series: Any) -> list[tuple[float, Any]]:
    frame = series.fetch_values(include_timestamp=False)
    return list(zip(frame["step"].tolist(), frame["value"].tolist(), strict=True)) if len(frame) else []


def image(shade: int = 0) -> types.File:
    return types.File.as_image(np.full((4, 4), shade, dtype=np.uint8), autoscale=False)


def test_steps_are_counted_from_zero(run: Any) -> None:
    for value in (0.5, 1, np.float32(1.5), True):
        run["s"].append(value)
    assert points(run["s"]) == [(0, 0.5), (1, 1.0), (2, 1.5), (3, 1.0)]
    assert run["s"].fetch_last() == 1.0
    assert repr(run["s"]) == '<FloatSeries field at "s">'


def test_steps_as_given(run: Any) -> None:
    run["s"].append(1.0, step=3)
    run["s"].append(2.0, step=3.5)
    run["s"].append(3.0)
    run["s"].extend([4.0, 5.0], steps=[10, 20.5])
    assert points(run["s"]) == [(3, 1.0), (3.5, 2.0), (4.5, 3.0), (10, 4.0), (20.5, 5.0)]


def test_steps_that_do_not_rise_are_dropped_and_told(open_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = open_run(mode="async")
    run["s"].append(1.0, step=5)
    run["s"].append(2.0, step=5)
    run["s"].append(3.0, step=4)
    run["s"].extend([4.0, 5.0, 6.0], steps=[6, 2, 7])
    assert points(run["s"]) == [(5, 1.0), (6, 4.0), (7, 6.0)]
    assert capsys.readouterr().out.count("[error  ] Error occurred during asynchronous operation processing") == 3


def test_timestamps(run: Any) -> None:
    before = time.time()
    run["s"].append(1.0)
    run["s"].append(2.0, timestamp=1_000_000_000)
    run["s"].extend([3.0], timestamps=[1_500_000_000.25])
    frame = run["s"].fetch_values()
    assert list(frame.columns) == ["step", "value", "timestamp"]
    assert list(frame.index) == [0, 1, 2]
    moments = frame["timestamp"].tolist()
    assert moments[1:] == [dt.datetime.fromtimestamp(1_000_000_000), dt.datetime.fromtimestamp(1_500_000_000.25)]
    assert before - 1 <= moments[0].timestamp() <= time.time() + 1


def test_texts(run: Any) -> None:
    run["t"].append("one")
    run["t"].extend(["two", "three"])
    assert points(run["t"]) == [(0, "one"), (1, "two"), (2, "three")]
    assert run["t"].fetch_last() == "three"


def test_long_texts_are_cut_once_told(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run["t"].append("a" * 1001)
    run["t"].append("b" * 2000)
    assert run["t"].fetch_last() == "b" * 1000
    assert capsys.readouterr().out.count("1000 characters") == 1


def test_a_dict_adds_to_a_series_each(run: Any) -> None:
    run["m"].append({"loss": 1.0, "deep": {"acc": 0.5}, "note": "x"}, step=2)
    run["m"].append({"loss": 2.0})
    assert points(run["m/loss"]) == [(2, 1.0), (3, 2.0)]
    assert points(run["m/deep/acc"]) == [(2, 0.5)]
    assert points(run["m/note"]) == [(2, "x")]


def test_what_is_not_finite_is_skipped(run: Any) -> None:
    run["s"].append(1.0)
    with pytest.warns(NeptuneUnsupportedValue):
        run["s"].append(float("nan"))
    with pytest.warns(NeptuneUnsupportedValue):
        run["s"].extend([2.0, float("inf"), 3.0], steps=[5, 6, 7])
    assert points(run["s"]) == [(0, 1.0), (5, 2.0), (7, 3.0)]


@pytest.mark.parametrize("value", [None, [1], object()])
def test_what_is_not_supported_is_skipped(debug: Any, value: Any) -> None:
    with pytest.warns(NeptuneUnsupportedType):
        debug["s"].append(value)
    assert not debug.exists("s")


@pytest.mark.parametrize(("value", "error"), [("x", ValueError), (None, TypeError), ([1], TypeError)])
def test_a_value_of_another_type_raises(debug: Any, value: Any, error: type[Exception]) -> None:
    debug["s"].append(1.0)
    with pytest.raises(error):
        debug["s"].append(value)
    assert points(debug["s"]) == [(0, 1.0)]


def test_a_single_value_takes_no_points(debug: Any) -> None:
    debug["x"] = 1
    for call in (lambda: debug["x"].append(1), lambda: debug["x"].extend([1]), lambda: debug["x"].log(1)):
        with pytest.raises(TypeDoesNotSupportAttributeException):
            call()


@pytest.mark.parametrize("name", ["step", "timestamp"])
def test_steps_and_timestamps_are_numbers(debug: Any, name: str) -> None:
    for call in (debug["s"].append, debug["s"].log):
        with pytest.raises(TypeError, match=name):
            call(1.0, **{name: "1"})
    debug["s"].append(1.0)
    with pytest.raises(TypeError, match=name):
        debug["s"].append(1.0, **{name: "1"})


def test_lengths_have_to_agree(debug: Any) -> None:
    for call in (
        lambda: debug["s"].extend([1, 2], steps=[1]),
        lambda: debug["s"].extend([1, 2], timestamps=[1]),
        lambda: debug["s"].extend({"a": [1], "b": [1, 2]}, steps=[1]),
        lambda: debug["s"].extend(5),
        lambda: debug["s"].extend({"a": 1}),
        lambda: debug["s"].extend(np.array([1.0])),
    ):
        with pytest.raises(NeptuneUserApiInputException):
            call()
    assert not debug.exists("s")
    debug["s"].extend({"a": [1], "b": [1, 2]})
    assert points(debug["s/b"]) == [(0, 1.0), (1, 2.0)]


def test_no_values_at_all(debug: Any) -> None:
    with pytest.raises(StopIteration):
        debug["s"].extend([])
    with pytest.raises(ValueError, match="no values"):
        debug["s"].log([])
    assert not debug.exists("s")
    debug["s"].append(1.0)
    debug["s"].extend([])
    debug["s"].log([])
    assert points(debug["s"]) == [(0, 1.0)]


def test_the_old_way_to_log(run: Any) -> None:
    run["s"].log(1.0)
    run["s"].log([2.0, 3.0], timestamp=5.0)
    run["s"].log(4.0, step=9)
    assert points(run["s"]) == [(0, 1.0), (1, 2.0), (2, 3.0), (9, 4.0)]
    with pytest.raises(ValueError, match="one step"):
        run["s"].log([1.0, 2.0], step=10)
    run["t"].log("text")
    run["u"].log(stringify_unsupported([None, 2]))
    assert points(run["u"]) == [(0, "None"), (1, "2")]


def test_stringified_values(run: Any) -> None:
    run["s"].append(stringify_unsupported({"number": 1, "none": None}))
    run["s"].append(stringify_unsupported({"number": 2, "none": [1]}))
    assert points(run["s/number"]) == [(0, 1.0), (1, 2.0)]
    assert points(run["s/none"]) == [(0, "None"), (1, "[1]")]


def test_a_whole_series_replaces(run: Any) -> None:
    run["s"] = types.FloatSeries([1, 2], steps=[3, 4], timestamps=[10.0, 20.0], min=0, max=5, unit="s")
    assert points(run["s"]) == [(3, 1.0), (4, 2.0)]
    run["s"] = [7, 8, 9]
    assert points(run["s"]) == [(0, 7.0), (1, 8.0), (2, 9.0)]
    run["s"] = types.FloatSeries([])
    assert points(run["s"]) == []
    assert run["s"].fetch_last() is None
    run["s"].append(1.5)
    assert points(run["s"]) == [(0, 1.5)]


def test_clearing(run: Any) -> None:
    run["s"].extend([1.0, 2.0])
    run["s"].clear()
    assert run["s"].fetch_last() is None
    run["s"].append(5.0)
    assert points(run["s"]) == [(0, 5.0)]


def test_a_series_has_no_single_value(run: Any) -> None:
    run["s"].append(1.0)
    with pytest.raises(TypeDoesNotSupportAttributeException):
        run["s"].fetch()
    for call in (lambda: run["missing"].fetch_last(), lambda: run["missing"].fetch_values()):
        with pytest.raises(MissingFieldException):
            call()


def test_configuring(debug: Any) -> None:
    debug["s"].append(1.0)
    debug.get_attribute("s").configure(min=0, max=1, unit="%")
    with pytest.raises(TypeError, match="unit"):
        debug.get_attribute("s").configure(min=0, max=1, unit=5)


def test_values_of_series_types() -> None:
    with pytest.raises(AssertionError):
        types.FloatSeries([1, 2], steps=[1])
    with pytest.raises(TypeError):
        types.FloatSeries(5)
    with pytest.raises(TypeError):
        types.StringSeries([5])
    with pytest.raises(TypeError):
        types.FileSeries([5])
    series = types.FloatSeries([1, 2], steps=[3, 4], timestamps=[5, 6])
    assert (series.values, series.steps, series.timestamps, len(series)) == ([1.0, 2.0], [3, 4], [5, 6], 2)


def test_images(run: Any, tmp_path: Path) -> None:
    run["i"].append(image(1), name="first", description="all of one shade")
    run["i"].append(image(2), step=5)
    run["i"].extend([image(3)])
    run["i"].download(str(tmp_path / "all"))
    run["i"].download_last(str(tmp_path / "last"))
    assert [path.name for path in sorted((tmp_path / "all").iterdir())] == ["0.png", "1.png", "2.png"]
    assert (tmp_path / "all/1.png").read_bytes() == image(2).content
    assert [path.name for path in (tmp_path / "last").iterdir()] == ["2.png"]
    assert (tmp_path / "last/2.png").read_bytes() == image(3).content


def test_images_go_to_a_folder_of_their_own(run: Any, tmp_path: Path) -> None:
    run["deep/i"].append(image())
    run["deep/i"].download()
    assert (tmp_path / "neptune/i/0.png").is_file()


def test_of_no_images_there_is_no_last(run: Any) -> None:
    run["i"] = types.FileSeries([])
    with pytest.raises(ValueError, match="no files"):
        run["i"].download_last()


def test_a_figure_makes_a_series_of_images(debug: Any) -> None:
    from matplotlib.figure import Figure

    debug["f"].append(Figure())
    assert repr(debug["f"]) == '<FileSeries field at "f">'


def test_what_is_no_image(debug: Any) -> None:
    debug["i"].append(image())
    for call, error in (
        (lambda: debug["i"].append(types.File.from_content("text")), OperationNotSupported),
        (lambda: debug["i"].append(types.File("/nowhere.png")), FileNotFound),
        (lambda: debug["i"].append("nowhere.png"), FileNotFound),
    ):
        with pytest.raises(error):
            call()


def test_images_that_are_too_big_are_empty(debug: Any) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3400, 3400, 3), dtype=np.uint8)
    with pytest.warns(UserWarning, match="32 MB"):
        debug["i"].append(types.File.as_image(noise))
    debug["i"].download("images")
    assert Path("images/0.png").read_bytes() == b""
