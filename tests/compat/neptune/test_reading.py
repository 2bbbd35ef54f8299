"""Fetching, deleting, and which fields there are."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from pluto.compat.neptune import attributes, types
from pluto.compat.neptune.exceptions import MetadataInconsistency, MissingFieldException


def fill(run: Any) -> None:
    run["p"] = {"lr": 0.1, "n": 3, "on": True, "name": "x", "at": dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)}
    run["p/series/loss"].append(1.0)
    run["p/file"].upload(types.File.from_content("x"))
    run["q"] = "top"


def test_a_namespace_gives_its_values_alone(run: Any) -> None:
    fill(run)
    values = {
        "lr": 0.1, "n": 3, "on": True, "name": "x", "at": dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc), "series": {},
    }  # fmt: skip
    assert run["p"].fetch() == values
    everything = run.fetch()
    assert everything["p"] == values
    assert everything["q"] == "top"
    assert everything["sys"]["id"] == run["sys/id"].fetch()
    assert "tags" not in everything["sys"]


def test_names_that_only_begin_alike(run: Any) -> None:
    run["a"] = {"x": 1}
    run["ab"] = {"y": 2}
    assert run["a"].fetch() == {"x": 1}


@pytest.mark.parametrize("name", ["fetch", "fetch_last", "fetch_values", "download", "fetch_hash", "fetch_extension"])
def test_a_missing_field(run: Any, name: str) -> None:
    with pytest.raises(MissingFieldException) as told:
        getattr(run["missing/field"], name)()
    assert isinstance(told.value, AttributeError)
    assert isinstance(told.value, KeyError)
    assert "missing/field" in str(told.value)


def test_what_exists(run: Any) -> None:
    fill(run)
    assert run.exists("p")
    assert run.exists("p/series/loss")
    assert not run.exists("p/series/acc")
    with pytest.raises(TypeError):
        run.exists(5)


def test_the_structure(run: Any) -> None:
    fill(run)
    found = run.get_structure()
    assert isinstance(found["p"]["series"]["loss"], attributes.FloatSeries)
    assert isinstance(found["p"]["file"], attributes.File)
    assert isinstance(found["p"]["at"], attributes.Datetime)
    assert isinstance(found["sys"]["tags"], attributes.StringSet)
    found["p"].clear()
    assert run.exists("p/lr")


def test_printing_the_structure(debug: Any, capsys: pytest.CaptureFixture[str]) -> None:
    debug["z"] = {"b": 1, "a": {"c": "x"}}
    capsys.readouterr()
    debug.print_structure()
    blue, end = "\033[94m", "\033[0m"
    assert (
        f"{blue}'z'{end}:\n    {blue}'a'{end}:\n        {blue}'c'{end}: String\n    {blue}'b'{end}: Integer\n"
        in capsys.readouterr().out
    )


def test_deleting(run: Any) -> None:
    fill(run)
    del run["p/series"]
    run.pop("p/lr")
    run["p"].pop("n")
    run["p/on"].pop()
    assert sorted(run.get_structure()["p"]) == ["at", "file", "name"]
    del run["p"]["file"]
    run["p/at"].pop(wait=True)
    assert run["p"].fetch() == {"name": "x"}
    del run["p"]
    assert not run.exists("p")
    if run.get_url().startswith("file"):
        run.sync()
        assert not run.exists("p")
        assert run.exists("q")


def test_a_namespace_is_deleted_with_one_record(open_run: Any) -> None:
    run = open_run(project="tests/door")
    run["p"] = {f"group {place % 3}/{place}": place for place in range(200)}
    run["p/deep/series"].append(1)
    run["q"] = 1
    _, before = run._backend.progress()
    del run["p"]
    _, after = run._backend.progress()
    assert after == before + 2  # the values, and the points
    run.sync()
    assert sorted(run.get_structure()) == ["q", "sys"]
    run["p/deep/series"].append(5)
    run.wait()
    assert list(run["p/deep/series"].fetch_values(include_timestamp=False)["value"]) == [5]


def test_deleting_what_the_store_sets(run: Any) -> None:
    if run.get_url().startswith("file"):
        run["sys/mine"] = 1
        del run["sys"]
        run.sync()
        assert run.exists("sys/id")
        assert not run.exists("sys/mine")


def test_deleting_what_is_not_there(run: Any) -> None:
    run["leaf"] = 1
    for path in ("missing", "leaf/x", "missing/x"):
        with pytest.raises(MetadataInconsistency, match=r"Cannot (delete|access)"):
            del run[path]
        with pytest.raises(MetadataInconsistency):
            run.pop(path)
    with pytest.raises(TypeError):
        run.pop(5)


def test_what_is_deleted_is_made_anew_as_another_type(run: Any) -> None:
    run["x"] = 1
    del run["x"]
    run["x"] = "text"
    assert run["x"].fetch() == "text"
    del run["x"]
    run["x"].append(1.5)
    assert run["x"].fetch_last() == 1.5
    del run["x"]
    run["x/below"] = True
    run.wait()
    assert run["x"].fetch() == {"below": True}


def test_a_second_object_sees_fields_after_sync(open_run: Any) -> None:
    first = open_run(mode="async", custom_run_id="shared")
    first["early"] = 1
    first.wait()
    second = open_run(mode="async", custom_run_id="shared")
    assert second["early"].fetch() == 1
    first["late"] = 2
    first.wait()
    assert not second.exists("late")
    with pytest.raises(MissingFieldException):
        second["late"].fetch()
    second.sync()
    assert second["late"].fetch() == 2
    first["early"] = 5
    first.wait()
    assert second["early"].fetch() == 5


def test_read_only(open_run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from pluto.compat.neptune.common.warnings import NeptuneWarning
    from pluto.compat.neptune.exceptions import NeedExistingRunForReadOnlyMode, RunNotFound

    first = open_run(mode="async", project="a/b")
    first["x"] = 1
    first["s"].extend([1.0, 2.0])
    first.wait()
    reader = open_run(first["sys/id"].fetch(), mode="read-only", project="a/b")
    assert reader["x"].fetch() == 1
    assert reader["s"].fetch_last() == 2.0
    assert reader["sys/id"].fetch() == first["sys/id"].fetch()
    with pytest.warns(NeptuneWarning, match="read-only"):
        reader["x"] = 5
    reader["y"].append(1)
    assert reader["x"].fetch() == 1
    first.sync()
    assert not first.exists("y")
    with pytest.raises(NeedExistingRunForReadOnlyMode):
        open_run(mode="read-only")
    with pytest.raises(RunNotFound):
        open_run("B-999", mode="read-only", project="a/b")
