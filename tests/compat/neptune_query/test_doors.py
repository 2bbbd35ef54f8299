"""What Neptune's own clients write, ours of both generations, is read."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.stock import stock_server
from tests.programs import Scripts, serving

SCALE = """
import datetime, json, sys
import pluto.compat.neptune_query as nq
import pluto.compat.neptune_query.runs as nq_runs
from pluto.compat.neptune_query.filters import Attribute, AttributeFilter, Filter
from pluto.compat.neptune_scale import Run
from pluto.compat.neptune_scale.types import File, Histogram

PROJECT = "team/scale"


def start(run_id, experiment=None, fork=None):
    more = {} if fork is None else {"fork_run_id": fork[0], "fork_step": fork[1]}
    return Run(run_id=run_id, experiment_name=experiment, project=PROJECT, source_tracking_config=None,
               enable_console_log_capture=False, **more)


def losses(run, steps, factor):
    for step in steps:
        run.log_metrics({"m": float(step) * factor}, step=step)


if __name__ == "__main__":
    with start("run-1", "root-exp") as run:
        run.log_configs({
            "int": 3, "float": 2.0, "bool": True, "text": "x", "inf": float("inf"), "set": ["a", "b"],
            "time": datetime.datetime(2025, 1, 1, 12, 0, 0, 123456, datetime.timezone.utc),
        })
        losses(run, range(0, 5), 0.1)
        run.log_metrics({"m": 0.75}, step=6, preview=True, preview_completion=0.25)
        run.log_string_series({"text_series": "hello"}, step=1.5)
        run.log_histograms({"histogram": Histogram(bin_edges=[0, 1, 2], counts=[3, 4])}, step=1)
        run.assign_files({"file": File(b"content", mime_type="text/plain")})
        run.log_files({"files": b"first"}, step=1)
        run.log_files({"files": b"second"}, step=2)
        run.add_tags(["one", "two"])
    with start("run-2", "child-exp", ("run-1", 4)) as run:
        losses(run, range(5, 9), 0.2)
    with start("run-3", "child-exp", ("run-2", 8)) as run:
        losses(run, range(9, 12), 0.3)
    with start("run-4") as run:
        run.log_metrics({"m": 1.0}, step=0)
"""

ASK = """
def series(frame, label, column="m"):
    found = frame.loc[label][column].dropna()
    return [[step, value] for step, value in found.items()]


table = nq_runs.fetch_runs_table(project=PROJECT, runs=["run-1"], attributes=".*")
row = table.iloc[0]
answers = {
    "experiments": nq.list_experiments(project=PROJECT),
    "runs": nq_runs.list_runs(project=PROJECT),
    "heads": nq_runs.list_runs(project=PROJECT, runs=Filter.eq("sys/experiment/is_head", True)),
    "of an experiment": nq_runs.list_runs(project=PROJECT, runs=Filter.name("child")),
    "types": {
        kind: nq_runs.list_attributes(project=PROJECT, runs=["run-1"], attributes=AttributeFilter("!sys/", kind))
        for kind in ("int", "float", "bool", "string", "datetime", "string_set", "float_series", "string_series",
                     "histogram_series", "file", "file_series")
    },
    "row": {name: str(row[name]) for name in ("int", "float", "bool", "text", "inf", "text_series", "histogram")},
    "time": row["time"].isoformat(),
    "tags": sorted(row["sys/tags"]),
    "whole": series(nq.fetch_metrics(project=PROJECT, experiments=["child-exp"], attributes=["m"]), "child-exp"),
    "own experiment": series(
        nq.fetch_metrics(project=PROJECT, experiments=["child-exp"], attributes=["m"], lineage_to_the_root=False),
        "child-exp",
    ),
    "own run": series(
        nq_runs.fetch_metrics(project=PROJECT, runs=["run-3"], attributes=["m"], lineage_to_the_root=False), "run-3"
    ),
    "without previews": series(nq_runs.fetch_metrics(project=PROJECT, runs=["run-1"], attributes="m"), "run-1"),
    "tail without previews": series(
        nq_runs.fetch_metrics(project=PROJECT, runs=["run-1"], attributes="m", tail_limit=1), "run-1"
    ),
}
previews = nq_runs.fetch_metrics(
    project=PROJECT, runs=["run-1"], attributes="m", include_point_previews=True, tail_limit=2, include_time="absolute"
)
answers["previews"] = previews["m"][["value", "is_preview", "preview_completion"]].to_numpy().tolist()
answers["found"] = {
    str(asked): nq_runs.list_runs(project=PROJECT, runs=asked)
    for asked in (
        Filter.eq("int", 3), Filter.gt("float", 1.5) & Filter.eq("bool", True), Filter.contains_all("set", "a"),
        Filter.eq("time", datetime.datetime(2025, 1, 1, 12, 0, 0, 123456, datetime.timezone.utc)),
        Filter.matches("text_series", "^hel"), Filter.exists(Attribute("file", "file")), Filter.eq("inf", float("inf")),
    )
}
files = nq_runs.fetch_series(project=PROJECT, runs=["run-1"], attributes="files")
done = nq_runs.download_files(files=files, destination=sys.argv[1])
answers["files"] = [[step, open(path).read()] for (_, step), path in done["files"].items()]
done = nq_runs.download_files(files=table, destination=sys.argv[1])
answers["file"] = [done["file"].dropna().iloc[0].removeprefix(sys.argv[1]), open(done["file"].dropna().iloc[0]).read()]
print("ANSWERS " + json.dumps(answers))
"""


def told(output: str) -> dict[str, Any]:
    lines = [line for line in output.splitlines() if line.startswith("ANSWERS ")]
    answers: dict[str, Any] = json.loads(lines[0].removeprefix("ANSWERS "))
    return answers


def steps(start: int, stop: int, factor: float) -> list[list[float]]:
    return [[float(step), float(step) * factor] for step in range(start, stop)]


def check_scale(answers: dict[str, Any]) -> None:
    assert answers["experiments"] == ["child-exp", "root-exp"], "a run without an experiment is none"
    assert answers["runs"] == ["run-1", "run-2", "run-3", "run-4"]
    assert answers["heads"] == ["run-1", "run-3"]
    assert answers["of an experiment"] == ["run-2", "run-3"]
    assert answers["types"] == {
        "int": ["int"], "float": ["float", "inf"], "bool": ["bool"], "string": ["text"], "datetime": ["time"],
        "string_set": ["set"], "float_series": ["m"], "string_series": ["text_series"],
        "histogram_series": ["histogram"], "file": ["file"], "file_series": ["files"],
    }  # fmt: skip
    assert answers["row"] == {
        "int": "3", "float": "2.0", "bool": "True", "text": "x", "inf": "inf", "text_series": "hello",
        "histogram": "Histogram(type='COUNTING', edges=[0.0, 1.0, 2.0], values=[3.0, 4.0])",
    }  # fmt: skip
    assert answers["time"] == "2025-01-01T12:00:00.123000+00:00"
    assert answers["tags"] == ["one", "two"]
    root, child, last = steps(0, 5, 0.1), steps(5, 9, 0.2), steps(9, 12, 0.3)
    assert answers["whole"] == root + child + last
    assert answers["own experiment"] == child + last
    assert answers["own run"] == last
    assert answers["without previews"] == root
    assert answers["tail without previews"] == root[-1:]
    assert answers["previews"] == [[0.4, False, 1.0], [0.75, True, 0.25]]
    assert all(found[0] == "run-1" for found in answers["found"].values()), answers["found"]
    assert answers["files"] == [[1.0, "first"], [2.0, "second"]]
    assert answers["file"] == ["/run-1/file.txt", "content"]


def test_runs_of_neptune_scale(scripts: Scripts, tmp_path: Path) -> None:
    check_scale(told(scripts.run(SCALE + indented(ASK), str(tmp_path / "to"), timeout=100).stdout))


def test_runs_of_neptune_scale_on_a_server(scripts: Scripts, home: Path, tmp_path: Path) -> None:
    """Written by one process and read by another, over a socket."""
    with serving(home / "server") as server:
        at = {"PLUTO_HOST": server.url}
        scripts.run(SCALE, timeout=100, env=at)
        reading = SCALE.partition("    with start")[0] + indented(ASK)
        check_scale(told(scripts.run(reading, str(tmp_path / "to"), timeout=100, env=at).stdout))


def test_runs_of_neptune_scale_on_a_stock_server(scripts: Scripts, tmp_path: Path) -> None:
    """What a stock server has no slot for came back as well."""
    with stock_server() as stock:
        at = {"PLUTO_HOST": stock.url, "PLUTO_API_KEY": stock.key}
        scripts.run(SCALE, timeout=100, env=at)
        reading = SCALE.partition("    with start")[0] + indented(ASK)
        check_scale(told(scripts.run(reading, str(tmp_path / "to"), timeout=100, env=at).stdout))


def indented(source: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in source.splitlines())


LEGACY = """
import json
import pluto.compat.neptune as neptune
import pluto.compat.neptune_query as nq
import pluto.compat.neptune_query.runs as nq_runs
from pluto.compat.neptune_query.filters import AttributeFilter, Filter

PROJECT = "team/legacy"
if __name__ == "__main__":
    run = neptune.init_run(project=PROJECT, custom_run_id="legacy-1", name="older", tags=["t"], source_files=[],
                           git_ref=False, capture_stdout=False, capture_stderr=False, capture_hardware_metrics=False)
    run["params"] = {"lr": 0.5, "n": 4, "on": True, "who": "me"}
    run["train/loss"].extend([3.0, 2.0, 1.0])
    run["log"].append("first")
    run["log"].append("second")
    run["sys/tags"].add(["x", "y"])
    run["report"].upload(neptune.types.File.from_content("the report", extension="txt"))
    run.stop()
    frame = nq_runs.fetch_metrics(project=PROJECT, runs=["legacy-1"], attributes="^train/loss$")
    table = nq.fetch_experiments_table(project=PROJECT, attributes=["params/lr", "params/n", "params/on", "params/who",
        "train/loss", "log", "sys/tags", "report", "sys/state", "sys/custom_run_id"])
    row = table.iloc[0]
    print("ANSWERS " + json.dumps({
        "experiments": nq.list_experiments(project=PROJECT, experiments=Filter.eq("params/on", True)),
        "loss": frame["train/loss"].tolist(),
        "row": {name: str(row[name]) for name in table.columns if name != "sys/tags"},
        "tags": sorted(row["sys/tags"]),
        "floats": nq.list_attributes(project=PROJECT, attributes=AttributeFilter("^params/", "float")),
    }))
"""


def test_runs_of_neptune_1(scripts: Scripts) -> None:
    answers = told(scripts.run(LEGACY, timeout=100).stdout)
    assert answers["experiments"] == ["older"]
    assert answers["loss"] == [3.0, 2.0, 1.0]
    assert answers["row"] == {
        "params/lr": "0.5", "params/n": "4", "params/on": "True", "params/who": "me", "train/loss": "1.0",
        "log": "second", "report": "File(size=10 B, mime_type=text/plain)", "sys/custom_run_id": "legacy-1",
    }  # fmt: skip
    assert answers["tags"] == ["t", "x", "y"]
    assert answers["floats"] == ["params/lr"]
    assert math.isclose(float(answers["row"]["params/lr"]), 0.5)


def test_what_has_no_place_in_a_frame_is_warned_of_once(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import warnings
        import pluto.compat.neptune as neptune
        import pluto.compat.neptune_query as nq
        run = neptune.init_run(project="p", name="n", source_files=[], git_ref=False, capture_stdout=False,
                               capture_stderr=False, capture_hardware_metrics=False)
        run["set"].upload_files(__file__)
        run["data"].track_files(__file__)
        run["x"] = 1
        run.stop()
        for _ in range(2):
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                table = nq.fetch_experiments_table(project="p", attributes=["set", "data", "x"])
                assert table.columns.tolist() == ["x"], table
                print(sorted(str(one.message).split("`")[1] for one in told if "have no place" in str(one.message)))
        """,
        timeout=100,
    )
    assert done.stdout.splitlines()[-2:] == ["['artifact', 'fileSet']", "[]"]


def test_runs_whose_id_nobody_chose_have_one_all_the_same(scripts: Scripts) -> None:
    scripts.run(
        """
        import pluto
        import pluto.compat.neptune as neptune
        import pluto.compat.neptune_query.runs as nq_runs
        with pluto.init(project="p", name="native", disable_console=True, disable_system_metrics=True) as run:
            run.log({"loss": 1.0})
        old = neptune.init_run(project="p", name="old", source_files=[], git_ref=False, capture_stdout=False,
                               capture_stderr=False, capture_hardware_metrics=False)
        old["loss"].append(2.0)
        old.stop()
        ids = nq_runs.list_runs(project="p")
        assert len(ids) == 2, ids
        for one in ids:
            assert nq_runs.list_runs(project="p", runs="^" + one + "$") == [one]
            assert nq_runs.list_runs(project="p", runs=[one]) == [one]
            table = nq_runs.fetch_runs_table(project="p", runs=[one], attributes=["sys/custom_run_id"])
            assert table["sys/custom_run_id"].tolist() == [one] == table.index.tolist()
        assert nq_runs.fetch_metrics(project="p", runs=ids, attributes=["loss"])["loss"].tolist() in ([1, 2], [2, 1])
        """,
        timeout=100,
    )


@pytest.mark.parametrize("name", ["NEPTUNE_API_TOKEN", "NEPTUNE_PROJECT"])
def test_blank_variables_count_as_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import pluto.compat.neptune_query as nq

    monkeypatch.setenv(name, " ")
    assert nq.list_experiments() == []
