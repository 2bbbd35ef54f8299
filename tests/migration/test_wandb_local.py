"""Runs of W&B's local folders, item by item."""

from __future__ import annotations

import hashlib
import os
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from pluto_migration.model import Artifact, Console, Data, File, Parent, Points
from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources.wandb_local import find

from tests.migration import reading
from tests.migration import wandb_logs as w
from tests.migration.reading import Read, read_all
from tests.migration.wandb_logs import START, US, as_row, read, steps


@pytest.fixture(scope="module")
def sample() -> dict[str, Read]:
    folder = reading.DATA / "wandb"
    return read_all("wandb", folder / "wandb", path_map={"/srv/demo/wandb-data": str(folder / "wandb-data")})


def test_the_sample_is_what_the_script_logged(sample: dict[str, Read]) -> None:
    for wanted in reading.expected("wandb"):
        found = sample[wanted["run_id"]]
        logged = [item for item in found.items if not (isinstance(item, Points) and item.name.startswith("sys/"))]
        reading.assert_is_sample(replace(found, items=logged), wanted)
        facts = found.facts
        assert facts.exit_code == wanted.get("exit_code")
        given = [tag for tag in facts.tags or () if not tag.startswith(("group:", "job_type:"))]
        assert given == wanted["tags"]
        assert facts.notes == wanted["notes"]
        assert found.problems == []
        assert wanted["started_after"] * 1e6 <= (found.run.created or 0) <= (facts.ended or 0)
        assert (facts.ended or 0) <= wanted["ended_before"] * 1e6
    first = sample["basic001"]
    assert list(first.facts.tags or ()) == ["a", "baseline", "group:g1", "job_type:train"]
    assert {name: value for name, (_, value) in first.facts.wandb["summary"].items()} == {"best": 0.98}
    lines = {item.stream: item.lines for item in first.of(Console)}
    assert lines == {"stdout": ["hello from the run"], "stderr": ["done"]}


def test_the_samples_media_lie_as_the_door_lays_them(sample: dict[str, Read]) -> None:
    found = sample["media001"]
    (wanted,) = [run for run in reading.expected("wandb") if run["run_id"] == "media001"]
    images = [file for file in found.of(File) if file.type == "IMAGE"]
    assert [(file.name, file.step, file.caption) for file in images] == [
        (one["key"], one["step"], one["caption"]) for one in wanted["media"]
    ]
    for file, one in zip(images, wanted["media"], strict=True):
        assert isinstance(file.content, Path)
        assert hashlib.sha256(file.content.read_bytes()).hexdigest() == one["sha256"]
        assert file.metadata == {"path": f"media/images/{file.file_name}"}
    data = {(item.name, item.type): item for item in found.of(Data)}
    histogram = data["hist", "JSON"]
    assert histogram.step == 4
    assert histogram.body == {"_type": "histogram", "values": [1, 2, 3], "bins": [0, 1, 2, 3]}
    assert data["tab", "JSON"].body["_type"] == "table-file"
    assert data["tab", "TABLE"].body["table"] == [[1, "a"], [2, "b"]]
    assert [column["name"] for column in data["tab", "TABLE"].body["col"]] == ["x", "y"]
    (table_file,) = [file for file in found.of(File) if file.name == "tab"]
    assert (table_file.type, table_file.step) == ("FILE", 3)
    by_name = {artifact.name: artifact for artifact in found.of(Artifact)}
    model = by_name["net"]
    assert (model.type, model.aliases, model.description, model.metadata) == ("model", ["best"], "d", {"score": 1})
    assert by_name["run-media001-tab"].type == "run_table"
    (entry,) = model.entries
    assert isinstance(entry.content, Path)
    assert hashlib.sha256(entry.content.read_bytes()).hexdigest() == wanted["artifacts"][0]["files"][0]["sha256"]


def test_the_sources_files_are_not_written_to(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run(), as_row(0, {"a": 1}), w.exit_()])
    (folder / "files" / "f.txt").write_text("x")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        before = [(path, path.stat().st_mtime_ns) for path in sorted(tmp_path.rglob("*"))]
        (found,) = read_all("wandb", tmp_path).values()
        assert found.problems == []
        assert [(path, path.stat().st_mtime_ns) for path in sorted(tmp_path.rglob("*"))] == before
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)


def test_directories_of_one_run_are_one_run_in_the_order_they_began(tmp_path: Path) -> None:
    later = [w.run(start=START + 100, config={"part": 2}, name="b", runtime=7), as_row(0, {"a": 10}), w.exit_(0)]
    first = [w.run(config={"part": 1, "one": 1}, name="a", tags=["t"]), as_row(0, {"a": 1}), w.output("x\n")]
    w.directory(tmp_path, later, when="20231114_100000")
    w.directory(tmp_path, first, when="20231114_110000")
    (found,) = read_all("wandb", tmp_path).values()
    assert steps(found, "a") == [(0.0, 1.0), (0.0, 10.0)]
    facts = found.facts
    assert (facts.name, facts.status, facts.config) == ("b", "finished", {"part": 2, "one": 1})
    assert list(facts.tags or ()) == ["t"]
    assert list(facts.wandb["starts"]) == [str(US), str(US + 100_000_000)]
    assert len(facts.extras["directories"]) == 2


def test_a_beginning_that_is_elsewhere_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, [w.run(first_step=7), as_row(7, {"a": 1})])
    assert ["went on at row 7" in problem for problem in found.problems] == [True]
    assert found.facts.extras["first_step"] == 7


def test_runtime_is_told_by_the_first_row(tmp_path: Path) -> None:
    found = read(tmp_path, [w.run(), w.row({"a": 1, "_timestamp": START + 2.5, "_runtime": 102.0, "_step": 0})])
    assert found.facts.wandb["starts"] == {str(US): 99.5}


def test_a_run_without_an_end_has_crashed(tmp_path: Path) -> None:
    found = read(tmp_path, [w.run(), as_row(2, {"a": 1})])
    assert (found.facts.status, found.facts.exit_code, found.facts.ended) == ("crashed", None, US + 2_000_000)


def test_forks_name_their_parent_and_come_after_it(tmp_path: Path) -> None:
    w.directory(tmp_path, [w.run("child", start=START - 50, branch_point=("mother", 7))], "child", "20231114_000001")
    w.directory(tmp_path, [w.run("mother")], "mother", "20231114_000002")
    w.directory(tmp_path, [w.run("again", branch_point=("again", 3))], "again", "20231114_000003")
    runs = reading.runs("wandb", tmp_path)
    assert [run.id for run in runs] == ["again", "mother", "child"] or [run.id for run in runs] == [
        "mother",
        "child",
        "again",
    ]
    by_id = {run.id: run for run in runs}
    assert by_id["child"].parent == Parent("demo", "mother", 7.0)
    assert by_id["again"].parent is None
    assert reading.read(by_id["again"]).facts.wandb["branch_point"] == {"run_id": "again", "step": 3.0}


def test_forks_of_each_other_do_not_hang(tmp_path: Path) -> None:
    w.directory(tmp_path, [w.run("a", branch_point=("b", 1))], "a")
    w.directory(tmp_path, [w.run("b", branch_point=("a", 1))], "b")
    assert {run.id for run in reading.runs("wandb", tmp_path)} == {"a", "b"}


def test_what_may_be_named_as_a_path(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run(), w.exit_()])
    os.symlink(folder, folder.parent / "latest-run")
    for path in (tmp_path, folder.parent, folder, folder / "run-r1.wandb", folder.parent / "latest-run"):
        assert [run.label for run in reading.runs("wandb", path)] == ["demo/r1"]
    both = list(find([str(tmp_path), str(folder)], Options(), Problems()))
    assert len(both) == 1
    for path in (tmp_path / "nothing", folder / "files"):
        with pytest.raises(SourceError, match="no run of W&B"):
            reading.runs("wandb", path)


def test_runs_are_chosen_and_put_into_another_project(tmp_path: Path) -> None:
    for id in ("a1", "a2", "b1"):
        w.directory(tmp_path, [w.run(id, entity="team")], id)
    assert [run.id for run in reading.runs("wandb", tmp_path, include=["team/demo/a*"], exclude=["a2"])] == ["a1"]
    assert {run.project for run in reading.runs("wandb", tmp_path, project="x/y")} == {"x/y"}


def test_a_run_that_names_no_project_needs_one(tmp_path: Path) -> None:
    w.directory(tmp_path, [as_row(0, {"a": 1})], "lost")
    problems = Problems()
    assert reading.runs("wandb", tmp_path, problems) == []
    assert ["--project" in problem.what for problem, _ in problems] == [True]
    (run,) = reading.runs("wandb", tmp_path, project="p")
    assert (run.id, run.created) == ("lost", 1_700_000_000_000_000)
    assert steps(reading.read(run), "a") == [(0.0, 1.0)]


def test_unknown_settings_are_refused(tmp_path: Path) -> None:
    w.directory(tmp_path, [w.run()])
    with pytest.raises(SourceError, match="no setting 'other'"):
        reading.runs("wandb", tmp_path, settings={"other": "1"})


def test_fingerprints_tell_what_has_changed(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run()])
    (run,) = reading.runs("wandb", tmp_path)
    (same,) = reading.runs("wandb", tmp_path)
    assert run.fingerprint == same.fingerprint
    assert run.size == (folder / "run-r1.wandb").stat().st_size
    (folder / "files" / "new.txt").write_text("x")
    (other,) = reading.runs("wandb", tmp_path)
    assert other.fingerprint != run.fingerprint


def test_runs_go_to_other_processes(tmp_path: Path) -> None:
    w.directory(tmp_path, [w.run(), as_row(0, {"a": 1})])
    (run,) = reading.runs("wandb", tmp_path)
    assert run.fingerprint
    again = pickle.loads(pickle.dumps(run))
    assert reading.read(again).points == reading.read(run).points
