"""Reading a local store whose runs were made by `pluto.init`."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import pluto.compat.neptune_query as nq
import pluto.compat.neptune_query.runs as nq_runs
from pluto.compat.neptune_query import exceptions, experimental
from pluto.compat.neptune_query.filters import Attribute, AttributeFilter, Filter
from pluto.compat.neptune_query.types import File, Histogram
from pluto.compat.neptune_query.warnings import AttributeWarning, ExperimentalWarning
from tests.compat.neptune_query.seed import LOSS, PROJECT

INHERITED = [*zip(range(5), LOSS[:5], strict=True), (5, 50.0), (6, 60.0), *((step, 100.0 * step) for step in (7, 8, 9))]
"""`train/loss` of fork-2 with all that it inherited."""


@pytest.fixture(autouse=True)
def seeded(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEPTUNE_PROJECT", PROJECT)


def points(frame: pd.DataFrame, label: str, column: Any) -> list[tuple[float, Any]]:
    """Step and value of a column, without the gaps."""
    found = frame.loc[label][column].dropna()
    return list(zip(found.index.tolist(), found.tolist(), strict=True))


# Experiments, runs, attributes


def test_an_experiment_is_the_newest_run_of_its_name() -> None:
    assert nq.list_experiments() == ["forked", "resnet", "vit"]
    table = nq.fetch_experiments_table(experiments=["resnet", "forked"], attributes=["sys/custom_run_id"])
    assert table["sys/custom_run_id"].to_dict() == {"resnet": "new", "forked": "fork-2"}


def test_runs_go_by_their_id() -> None:
    assert nq_runs.list_runs() == ["fork-1", "fork-2", "new", "old", "vit-1"]
    assert nq_runs.list_runs(runs="^fork") == ["fork-1", "fork-2"]
    assert nq_runs.list_runs(runs=["old", "vit-1", "nobody"]) == ["old", "vit-1"]


@pytest.mark.parametrize(
    ("experiments", "found"),
    [
        (None, ["forked", "resnet", "vit"]),
        ("", ["forked", "resnet", "vit"]),
        ("res|vit", ["resnet", "vit"]),
        ("r & !net", ["forked"]),
        ("^vit$ | f.*d", ["forked", "vit"]),
        (["resnet"], ["resnet"]),
        (["res"], []),
        (Filter.name("!r"), ["vit"]),
        (Filter.name(["vit", "resnet"]), ["resnet", "vit"]),
        (Filter.eq("batch", 32), ["forked", "resnet"]),
        (Filter.eq("batch", 16), []),
        (Filter.gt("train/loss", 0.5), ["forked", "vit"]),
        (Filter.le("train/loss", 0.1), ["resnet"]),
        (Filter.exists("only_vit"), ["vit"]),
        (~Filter.exists("only_vit"), ["forked", "resnet"]),
        (Filter.ne("only_vit", 1), ["forked", "resnet"]),
        (Filter.contains_all("sys/tags", ["best", "gpu"]), ["resnet"]),
        (Filter.contains_none("sys/tags", "gpu"), ["forked", "vit"]),
        (Filter.contains_all("layers", "conv") & Filter.name("res"), ["resnet"]),
        (Filter.eq("opt/nesterov", True) & ~Filter.name("fork"), ["resnet"]),
        (Filter.matches("opt/name", "^ad & !sgd"), ["forked", "resnet"]),
        (Filter.eq("phase", "cold"), ["forked", "resnet"]),
        (Filter.eq(Attribute("lr", "float"), 0.01), ["forked", "resnet"]),
        (Filter.eq(Attribute("lr", "string"), "auto"), ["vit"]),
        (Filter.eq("sys/failed", True), ["vit"]),
        (Filter.eq("sys/custom_run_id", "new"), ["resnet"]),
        (Filter.gt("sys/creation_time", datetime(2020, 1, 1)), ["forked", "resnet", "vit"]),
        (Filter.gt("sys/creation_time", datetime(2200, 1, 1, tzinfo=timezone.utc)), []),
        (Filter.exists(Attribute("samples/image", "file_series")), ["forked", "resnet"]),
        (Filter.exists(Attribute("weights", "histogram_series")), ["forked", "resnet"]),
    ],
    ids=str,
)
def test_finding_experiments(experiments: Any, found: list[str]) -> None:
    assert nq.list_experiments(experiments=experiments) == found


@pytest.mark.parametrize(
    ("runs", "found"),
    [
        (Filter.name("resnet"), ["new", "old"]),
        (Filter.eq("sys/experiment/name", "forked"), ["fork-1", "fork-2"]),
        (Filter.eq("sys/experiment/is_head", False), ["fork-1", "old"]),
        (Filter.ge("sys/forking/depth", 1), ["fork-1", "fork-2"]),
        (Filter.eq("sys/forking/depth", 2), ["fork-2"]),
        (Filter.eq("sys/archived", True), []),
    ],
    ids=str,
)
def test_finding_runs_by_what_they_are_to_each_other(runs: Filter, found: list[str]) -> None:
    assert nq_runs.list_runs(runs=runs) == found


def test_listing_attributes() -> None:
    names = nq.list_attributes()
    assert {"lr", "opt/name", "train/loss", "weights", "samples/image", "model", "sys/name", "sys/id"} <= set(names)
    assert names == sorted(names)
    assert "only/old" not in names, "of a run that is no experiment's newest"
    assert "only/old" in nq_runs.list_attributes()
    assert nq.list_attributes(attributes="^train/") == ["train/acc", "train/loss"]
    assert nq.list_attributes(experiments="vit", attributes=r"lr|only & !loss") == ["lr", "only_vit"]
    assert nq.list_attributes(attributes=AttributeFilter("lr|batch|big", type="int")) == ["batch", "big"]
    assert nq.list_attributes(attributes=AttributeFilter(type="histogram_series")) == ["weights"]
    assert nq.list_attributes(attributes=["lr", "train/loss", "nothing"]) == ["lr", "train/loss"]
    assert nq.list_attributes(attributes=[]) == []
    either = AttributeFilter("^big$") | AttributeFilter(type="histogram_series")
    assert nq.list_attributes(attributes=either) == ["big", "weights"]


def test_projects() -> None:
    assert nq.list_experiments(project="team/other") == ["resnet"]
    with pytest.raises(exceptions.NeptuneProjectInaccessible):
        nq.list_experiments(project="team/nothing")
    with pytest.raises(TypeError, match="project"):
        nq.list_experiments(project=5)  # type: ignore[arg-type]


# Tables


def test_a_table_holds_the_last_values() -> None:
    table = nq.fetch_experiments_table(
        experiments=["resnet"],
        attributes=["lr", "batch", "opt/nesterov", "layers", "big", "train/loss", "phase", "sys/tags", "nothing"],
    )
    assert table.index.tolist() == ["resnet"] and table.index.name == "experiment"
    assert table.columns.name == "attribute"
    assert table.iloc[0].to_dict() == {
        "lr": 0.01, "batch": 32, "opt/nesterov": True, "layers": {"conv", "dense"}, "big": 2**40,
        "train/loss": LOSS[-1], "phase": "cold", "sys/tags": {"best", "gpu"},
    }  # fmt: skip
    assert table.dtypes[["lr", "batch", "opt/nesterov", "train/loss"]].astype(str).tolist() == [
        "float64", "int64", "bool", "float64",
    ]  # fmt: skip


def test_last_values_that_are_not_finite() -> None:
    row = nq.fetch_experiments_table(experiments=["resnet"], attributes="^ends/").iloc[0]
    assert math.isnan(row["ends/nan"]) and row["ends/inf"] == math.inf
    assert nq.list_experiments(experiments=Filter.gt("ends/inf", 1e308)) == ["forked", "resnet"]
    assert nq.list_experiments(experiments=Filter.le("ends/nan", 5) | Filter.ge("ends/nan", 5)) == []
    order = nq.fetch_experiments_table(sort_by="ends/inf", sort_direction="asc").index.tolist()
    assert order[-1] == "vit"
    assert nq.fetch_experiments_table(sort_by="ends/nan").shape == (3, 0)


def test_times_in_a_table_are_utc() -> None:
    made = nq_runs.fetch_runs_table(runs=["new"], attributes=["sys/creation_time"]).iloc[0, 0]
    assert made.tzinfo is not None and made.utcoffset() == timedelta(0)
    assert abs(datetime.now(timezone.utc) - made) < timedelta(hours=1)


def test_files_and_histograms_in_a_table() -> None:
    row = nq_runs.fetch_runs_table(runs=["new"], attributes=["samples/image", "model", "weights"]).iloc[0]
    image, model = row["samples/image"], row["model"]
    assert (image.run_id, image.experiment_name, image.project_identifier) == ("new", None, PROJECT)
    assert (image.attribute_path, image.step, image.mime_type) == ("samples/image", 2.0, "image/png")
    assert image.size_bytes > 50
    assert (model.attribute_path, model.size_bytes, model.mime_type) == ("model", 11, "text/plain")
    assert row["weights"] == Histogram("COUNTING", [0.0, 0.5, 1.0], [2.0, 2.0])
    row = nq.fetch_experiments_table(experiments=["resnet"], attributes=["model"]).iloc[0]
    assert (row["model"].experiment_name, row["model"].run_id) == ("resnet", None)


def test_a_table_without_attributes_has_only_its_lines() -> None:
    table = nq.fetch_experiments_table()
    assert table.index.tolist() == ["forked", "vit", "resnet"], "the newest first"
    assert table.shape == (3, 0)
    nothing = nq.fetch_experiments_table(experiments="nobody", attributes=".*")
    assert nothing.shape == (0, 0) and nothing.index.name == "experiment" and nothing.columns.name == "attribute"


def test_a_fork_has_the_series_it_inherited_as_they_were_at_the_fork() -> None:
    names = ["train/acc", "train/loss", "phase", "weights", "samples/image", "own/metric", "model"]
    table = nq_runs.fetch_runs_table(runs=["fork-1", "fork-2"], attributes=names, sort_by="sys/custom_run_id")
    for run, row in table.iterrows():
        assert row["train/acc"] == 0.3, "the parent's at step 3; it went on to 0.9"
        assert row["phase"] == "cold"
        assert row["weights"] == Histogram("COUNTING", [0.0, 0.5, 1.0], [2.0, 2.0])
        assert (row["samples/image"].step, row["samples/image"].run_id) == (2.0, run)
    assert table["train/loss"].to_dict() == {"fork-1": 70.0, "fork-2": 900.0}
    assert table["own/metric"].isna().to_dict() == {"fork-1": True, "fork-2": False}
    assert "model" not in table.columns, "a file that is no point of a series is the parent's alone"
    assert {"train/acc", "phase", "weights"} <= set(nq_runs.list_attributes(runs=["fork-2"]))
    assert nq_runs.list_runs(runs=Filter.eq("train/acc", 0.3)) == ["fork-1", "fork-2"]


def test_the_state_of_a_run_is_no_column_and_nobody_is_warned() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert nq_runs.fetch_runs_table(runs=["new"], attributes=["sys/state", "lr"]).columns.tolist() == ["lr"]
        assert "sys/state" not in nq_runs.list_attributes()


def test_sorting_and_limits() -> None:
    def order(sort_by: Any, direction: Any = "asc", limit: int | None = None) -> list[str]:
        return nq_runs.fetch_runs_table(sort_by=sort_by, sort_direction=direction, limit=limit).index.tolist()

    assert order("sys/creation_time") == ["old", "new", "vit-1", "fork-1", "fork-2"]
    assert order("sys/creation_time", "desc", 2) == ["fork-2", "fork-1"]
    assert order("train/loss") == ["new", "vit-1", "old", "fork-1", "fork-2"]
    assert order("train/loss", "desc") == ["fork-2", "fork-1", "old", "vit-1", "new"]
    assert order("only_vit", "asc", 1) == ["vit-1"]
    assert order("only_vit", "desc", 1) == ["vit-1"], "those without it come last, either way"
    assert order(Attribute("lr", "float"))[-1] == "vit-1", "it has the attribute as another type"
    assert order("sys/custom_run_id") == ["fork-1", "fork-2", "new", "old", "vit-1"]
    with pytest.warns(AttributeWarning, match="lr.*conflicting types: float, string"):
        assert order("lr")[0] == "vit-1"
    with pytest.warns(AttributeWarning, match="nothing"):
        assert len(order("nothing")) == 5


def test_two_types_under_one_name() -> None:
    with pytest.raises(exceptions.ConflictingAttributeTypes, match="lr"):
        nq.fetch_experiments_table(attributes=["lr"])
    both = nq.fetch_experiments_table(
        attributes=["lr"], type_suffix_in_column_names=True, sort_by="sys/name", sort_direction="asc"
    )
    assert both.columns.tolist() == ["lr:float", "lr:string"]
    assert both["lr:string"].tolist()[2] == "auto" and both["lr:float"].tolist()[:2] == [0.01, 0.01]
    assert nq.fetch_experiments_table(attributes=AttributeFilter("^lr$", type="float")).columns.tolist() == ["lr"]
    with pytest.raises(exceptions.AttributeTypeInferenceError, match="lr"):
        nq.list_experiments(experiments=Filter.eq("lr", 0.01))


def test_an_attribute_nobody_has_finds_nothing_and_is_warned_of_at_the_callers_line() -> None:
    with pytest.warns(AttributeWarning, match="nothing") as told:
        assert nq.list_experiments(experiments=Filter.eq("nothing", 1)) == []
    assert [warning.filename for warning in told] == [__file__]


# Metrics


def test_metrics_by_step() -> None:
    frame = nq.fetch_metrics(experiments=["resnet", "vit"], attributes=r"^train/")
    assert frame.index.names == ["experiment", "step"]
    assert frame.columns.tolist() == ["train/acc", "train/loss"]
    assert points(frame, "resnet", "train/loss") == list(zip(range(10), LOSS, strict=True))
    assert points(frame, "resnet", "train/acc") == [(1, 0.1), (3, 0.3), (5, 0.5), (7, 0.7), (9, 0.9)]
    assert points(frame, "vit", "train/loss") == [(step, 5.0 - step) for step in range(5)]
    assert len(frame) == 15


@pytest.mark.parametrize("attributes", [["train/loss", "train/loss", "none"], AttributeFilter(["train/loss"]), "loss$"])
@pytest.mark.parametrize(
    ("step_range", "tail", "steps"),
    [
        ((None, None), None, range(10)),
        ((3, None), None, range(3, 10)),
        ((None, 3), None, range(4)),
        ((2.5, 4.0), None, [3, 4]),
        ((4, 4), None, [4]),
        ((100, 200), None, []),
        ((None, None), 2, [8, 9]),
        ((None, 5), 3, [3, 4, 5]),
        ((None, None), 100, range(10)),
    ],
)
def test_steps_and_tails(attributes: Any, step_range: Any, tail: int | None, steps: Any) -> None:
    frame = nq.fetch_metrics(experiments=["resnet"], attributes=attributes, step_range=step_range, tail_limit=tail)
    assert frame.index.get_level_values("step").tolist() == list(steps)
    assert frame.columns.tolist() == (["train/loss"] if steps else [])


def test_a_tail_is_of_each_series_for_itself() -> None:
    frame = nq_runs.fetch_metrics(runs=["new", "old"], attributes="^train", tail_limit=1)
    assert points(frame, "new", "train/acc") == [(9, 0.9)]
    assert points(frame, "old", "train/loss") == [(2, 11.0)]


def test_values_that_are_not_finite_and_steps_that_are_not_whole() -> None:
    frame = nq.fetch_metrics(experiments=["resnet"], attributes=["odd"])
    assert frame.index.get_level_values("step").tolist() == [0.5, 1.5, 2.5]
    assert math.isnan(frame["odd"].iloc[0]) and frame["odd"].iloc[1:].tolist() == [math.inf, 3.0]


def test_times_and_suffixes_and_previews_have_columns_of_their_own() -> None:
    frame = nq.fetch_metrics(
        experiments=["vit"], attributes=["train/loss"], include_time="absolute", include_point_previews=True,
        type_suffix_in_column_names=True,
    )  # fmt: skip
    name = "train/loss:float_series"
    assert frame.columns.tolist() == [
        (name, "value"), (name, "absolute_time"), (name, "is_preview"), (name, "preview_completion"),
    ]  # fmt: skip
    assert frame[name, "is_preview"].tolist() == [False] * 5 and frame[name, "preview_completion"].tolist() == [1.0] * 5
    times = frame[name, "absolute_time"]
    assert str(times.dt.tz) == "UTC" and times.is_monotonic_increasing
    assert (datetime.now(timezone.utc) - times < timedelta(hours=1)).all()


def test_a_fork_has_what_its_parents_logged_up_to_the_fork() -> None:
    frame = nq_runs.fetch_metrics(runs=["fork-2"], attributes="^train/")
    assert points(frame, "fork-2", "train/loss") == INHERITED
    assert points(frame, "fork-2", "train/acc") == [(1, 0.1), (3, 0.3)], "of the parent's parent, up to its fork"
    own = nq_runs.fetch_metrics(runs=["fork-2"], attributes="^train/", lineage_to_the_root=False)
    assert points(own, "fork-2", "train/loss") == INHERITED[-3:]
    assert own.columns.tolist() == ["train/loss"]


def test_an_experiment_without_its_lineage_ends_where_another_one_begins() -> None:
    whole = nq.fetch_metrics(experiments=["forked"], attributes=["train/loss"])
    assert points(whole, "forked", "train/loss") == INHERITED
    own = nq.fetch_metrics(experiments=["forked"], attributes=["train/loss"], lineage_to_the_root=False)
    assert points(own, "forked", "train/loss") == INHERITED[5:], "both runs of the experiment"


def test_tails_and_steps_of_forks() -> None:
    frame = nq_runs.fetch_metrics(runs=["fork-2"], attributes=["train/loss"], tail_limit=4)
    assert points(frame, "fork-2", "train/loss") == INHERITED[-4:]
    frame = nq_runs.fetch_metrics(runs=["fork-2", "new"], attributes=["train/loss"], step_range=(3, 6))
    assert points(frame, "fork-2", "train/loss") == INHERITED[3:7]
    assert points(frame, "new", "train/loss") == list(zip(range(3, 7), LOSS[3:7], strict=True))


def test_metrics_that_nobody_has() -> None:
    for attributes in ("nothing", ["nothing"], "^lr$"):
        frame = nq.fetch_metrics(experiments=".*", attributes=attributes)
        assert frame.empty and frame.index.names == ["experiment", "step"]


# Other series


def test_series_of_texts_histograms_and_files() -> None:
    frame = nq.fetch_series(experiments=["resnet"], attributes="phase|weights|samples", include_time="absolute")
    assert [path for path, kind in frame.columns if kind == "value"] == ["phase", "samples/image", "weights"]
    assert points(frame, "resnet", ("phase", "value")) == [(0, "warm"), (1, "hot"), (2, "cold")]
    assert points(frame, "resnet", ("weights", "value")) == [
        (step, Histogram("COUNTING", [0.0, 0.5, 1.0], [step, 2.0])) for step in (1, 2)
    ]
    images = points(frame, "resnet", ("samples/image", "value"))
    assert [(step, image.step, type(image)) for step, image in images] == [(1, 1.0, File), (2, 2.0, File)]
    assert frame["phase", "absolute_time"].dropna().is_monotonic_increasing


@pytest.mark.parametrize(
    ("more", "steps"),
    [({"step_range": (1, None)}, [1, 2]), ({"tail_limit": 1}, [2]), ({"step_range": (None, 1), "tail_limit": 1}, [1])],
)
def test_steps_and_tails_of_other_series(more: dict[str, Any], steps: list[int]) -> None:
    for path in ("phase", "weights", "samples/image"):
        frame = nq.fetch_series(experiments=["resnet"], attributes=[path], **more)
        assert frame.index.get_level_values("step").tolist() == [step for step in steps if frame.size], path


def test_a_fork_inherits_other_series() -> None:
    frame = nq_runs.fetch_series(runs=["fork-2"], attributes="phase|samples|weights")
    assert points(frame, "fork-2", "phase") == [(0, "warm"), (1, "hot"), (2, "cold")]
    assert [step for step, _ in points(frame, "fork-2", "samples/image")] == [1, 2]
    assert nq_runs.fetch_series(runs=["fork-2"], attributes="phase", lineage_to_the_root=False).empty


# Files


def test_downloading_a_file(tmp_path: Path) -> None:
    table = nq.fetch_experiments_table(experiments=["resnet"], attributes=["model", "lr"])
    done = nq.download_files(files=table, destination=tmp_path / "to")
    assert done.index.names == ["experiment", "step"] and done.columns.tolist() == ["model"]
    target = Path(done.loc[("resnet", None), "model"])
    assert target == (tmp_path / "to" / "resnet" / "model.txt").resolve()
    assert target.read_text() == "the weights"


def test_downloading_a_series_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    frame = nq_runs.fetch_series(runs=["new", "fork-2"], attributes="samples")
    done = nq_runs.download_files(files=frame["samples/image"])
    assert done.index.tolist() == [("fork-2", 1.0), ("fork-2", 2.0), ("new", 1.0), ("new", 2.0)]
    for (run, step), target in done["samples/image"].items():
        assert Path(target) == (tmp_path / run / "samples" / "image" / f"step_{step:.0f}_000000.png").resolve()
        assert Path(target).read_bytes().startswith(b"\x89PNG")
    first, second = (Path(done.loc[("new", step), "samples/image"]).read_bytes() for step in (1.0, 2.0))
    assert first != second


def test_what_can_be_given_to_download(tmp_path: Path) -> None:
    frame = nq.fetch_series(experiments=["resnet"], attributes="samples")
    one = frame.iloc[0, 0]
    assert nq.download_files(files=one, destination=str(tmp_path)).shape == (1, 1)
    assert nq.download_files(files=iter([one, one, None, "x"]), destination=tmp_path).shape == (1, 1)
    nothing = nq.download_files(files=[], destination=tmp_path)
    assert nothing.empty and nothing.index.names == ["experiment", "step"]


def test_a_file_the_store_has_no_more(tmp_path: Path) -> None:
    frame = nq.fetch_series(experiments=["resnet"], attributes="samples")
    lost = File(**{**vars(frame.iloc[0, 0]), "path": "999999/x"})
    odd = File(**{**vars(frame.iloc[1, 0]), "path": "not ours"})
    done = nq.download_files(files=[lost, odd], destination=tmp_path)
    assert done["samples/image"].isna().all()


def test_a_file_whose_content_is_lost(tmp_path: Path, store: Path) -> None:
    file = nq.fetch_series(experiments=["resnet"], attributes="samples").iloc[0, 0]
    digest = file.path.rpartition("/")[2]
    blobs = list((store / "blobs").rglob(digest))
    assert len(blobs) == 1
    blobs[0].unlink()
    assert nq.download_files(files=file, destination=tmp_path).iloc[0].isna().all()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_names_that_are_one_as_paths_stay_two_files(tmp_path: Path) -> None:
    file = nq.fetch_experiments_table(experiments=["resnet"], attributes=["model"]).iloc[0, 0]
    other = File(**{**vars(file), "experiment_name": "res net"})
    third = File(**{**vars(file), "experiment_name": "res.net"})
    done = nq.download_files(files=[file, other, third], destination=tmp_path)
    assert len(set(done["model"])) == 3
    assert all(Path(path).read_text() == "the weights" for path in done["model"])


def test_places_that_can_not_be_written_to(tmp_path: Path) -> None:
    file = nq.fetch_series(experiments=["resnet"], attributes="samples").iloc[0, 0]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NotADirectoryError):
        nq.download_files(files=file, destination=tmp_path / "file")
    (tmp_path / "resnet").write_text("in the way")
    with pytest.raises(exceptions.NeptuneFileDownloadError, match="samples/image"):
        nq.download_files(files=file, destination=tmp_path)


# Ranges of steps, and all projects


@pytest.mark.filterwarnings("ignore::pluto.compat.neptune_query.warnings.ExperimentalWarning")
def test_metrics_in_ranges_of_steps() -> None:
    frame = nq.fetch_metric_buckets(experiments=["resnet", "vit"], y="loss$|^odd", limit=3)
    assert frame.columns.names == ["experiment", "metric", "bucket"]
    assert frame.columns.tolist() == [
        (label, path, axis)
        for label, path in (("resnet", "odd"), ("resnet", "train/loss"), ("vit", "train/loss"))
        for axis in "xy"
    ]
    assert frame.index.tolist() == [
        pd.Interval(0.0, 3.0, closed="both"),
        pd.Interval(3.0, 6.0, closed="right"),
        pd.Interval(6.0, 9.0, closed="right"),
    ]
    assert frame["resnet", "train/loss"].to_numpy().tolist() == [[0.0, 1.0], [6.0, LOSS[6]], [9.0, LOSS[9]]]
    assert frame["resnet", "odd"].iloc[0].tolist() == [2.5, 3.0], "the first finite point of the first range"
    np.testing.assert_equal(frame["vit", "train/loss"].to_numpy(), [[0.0, 5.0], [4.0, 1.0], [math.nan, math.nan]])


@pytest.mark.filterwarnings("ignore::pluto.compat.neptune_query.warnings.ExperimentalWarning")
def test_ranges_of_one_step_and_of_nothing() -> None:
    one = nq.fetch_metric_buckets(project="team/other", experiments=".*", y="loss", limit=5)
    assert one.index.tolist() == [pd.Interval(0.0, 0.0, closed="both")]
    assert one.iloc[0].tolist() == [0.0, 0.25]
    nothing = nq.fetch_metric_buckets(experiments=".*", y="nothing", limit=5)
    assert nothing.empty and nothing.columns.names == ["experiment", "metric", "bucket"]


@pytest.fixture
def warned_of_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from pluto.compat.neptune_query.internal import warnings as said

    monkeypatch.setattr(said, "_said", set())
    yield


def test_tables_of_all_projects(warned_of_nothing: None) -> None:
    with pytest.warns(ExperimentalWarning, match="fetch_experiments_table_global"):
        table = experimental.fetch_experiments_table_global(
            experiments="resnet", attributes=["batch", "lr"], sort_by=Attribute("sys/creation_time", "datetime"),
            sort_direction="asc", type_suffix_in_column_names=True,
        )  # fmt: skip
    assert table.index.names == ["project", "experiment"]
    assert table.index.tolist() == [("team/digits", "resnet"), ("team/other", "resnet")]
    assert table.columns.tolist() == ["batch:float", "batch:int", "lr:float", "lr:int"]
    with pytest.warns(ExperimentalWarning, match="fetch_runs_table_global"):
        runs = experimental.fetch_runs_table_global(runs=Filter.gt(Attribute("batch", "int"), 8), limit=3)
    assert runs.index.tolist() == [("team/digits", "fork-2"), ("team/digits", "fork-1"), ("team/digits", "new")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        experimental.fetch_runs_table_global(limit=1)


def test_a_pattern_that_takes_for_ever_ends_with_an_error() -> None:
    with pytest.raises(exceptions.NeptuneUserError, match="second"):
        nq.list_experiments(experiments=~Filter.matches("slow", "!(x+x+)+y"))
    with pytest.raises(exceptions.NeptuneUserError, match=re.escape("'['")):
        nq.list_experiments(experiments="[")
