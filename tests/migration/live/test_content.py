"""What comes over of a run of the service."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.model import Artifact, Console, Data, Facts, File
from pluto_migration.source import Problems, SourceError

from tests.migration.live.conftest import read_whole
from tests.migration.live.played import KEY, Played, PlayedArtifact, PlayedRun, md5
from tests.migration.reading import Read

pytestmark = pytest.mark.timeout(120)

START = 1715938200.0
US = 1_000_000


def row(step: int, **values: Any) -> dict[str, Any]:
    return {"_step": step, "_timestamp": START + step, "_runtime": float(step), **values}


def test_rows_come_over_with_steps_times_and_kinds(played: Played, read: Callable[..., Read]) -> None:
    run = PlayedRun(
        rows=[
            row(0, loss=0.5, text="a", flag=True, nested={"x": {"y": 1}}, **{"dotted.name": 2}),
            row(3, loss="NaN", text="b", listed=[1, 2]),
            row(4, loss="-Infinity", lr=1e-300),
            row(9, loss="Infinity"),
        ]
    )
    played.projects["proj"] = [run]
    found = read()
    assert found.problems == []
    losses = found.points["loss"]
    assert [(step, time) for step, time, _ in losses] == [(at, int((START + at) * US)) for at in (0, 3, 4, 9)]
    values = [value for _, _, value in losses]
    assert values[0] == 0.5 and math.isnan(values[1]) and values[2:] == [-math.inf, math.inf]
    assert found.points["nested.x.y"] == [(0, int(START * US), 1.0)]
    assert found.points["dotted.name"] == [(0, int(START * US), 2.0)]
    assert found.points["lr"] == [(4, int((START + 4) * US), 1e-300)]
    assert found.points["flag"] == [(0, int(START * US), 1.0)]
    assert [(step, text) for step, _, text in found.texts["text"]] == [(0, "a"), (3, "b")]
    assert [(item.name, item.body) for item in found.of(Data)] == [("listed", [1, 2])]
    own = found.facts.wandb
    assert own["bools"] == {"flag": True}
    assert own["nested"] == {"nested.x.y": ["nested", "x", "y"]}
    assert own["starts"] == {str(int(START * US)): 0.0}
    assert not {"_step", "_runtime"} & found.points.keys()


def test_what_is_said_of_a_run(played: Played, read: Callable[..., Read]) -> None:
    metrics = [
        {"1": "epoch"},
        {"1": "acc", "5": 1, "6": [1, 3], "7": [2], "8": 2},
        {"2": "train/*", "5": 1, "6": [2]},
    ]
    played.projects["proj"] = [
        PlayedRun(
            id="ünï code",
            display_name="the first one",
            tags=["a", "b"],
            notes="some notes",
            group="g1",
            job_type="train",
            commit="abc123",
            sweep="sw1",
            config={"lr": 0.1, "big": 2**70, "opt": {"name": "adam", "value": 3}, "none": None, "listed": [1, "x"]},
            own={"m": metrics, "cli_version": "0.31.0", "visualize": {"chart": {}}, "t": {"1": [1]}},
            summary={"acc": {"max": 0.9}, "by hand": "NaN", "_step": 3},
            files={
                "wandb-metadata.json": json.dumps(
                    {
                        "host": "node1",
                        "os": "Linux",
                        "python": "CPython 3.11.7",
                        "program": "train.py",
                        "args": ["-x"],
                        "git": {"remote": "https://user:token@example.org/a.git", "commit": "abc123"},
                    }
                ).encode(),
                "requirements.txt": b"numpy==2.0\n",
            },
        )
    ]
    played.sweeps["sw1"] = {"method": "grid", "parameters": {"lr": {"values": [0.1, 0.2]}}}
    found = read()
    facts = found.facts
    assert (found.run.project, found.run.id, found.run.name) == ("team/proj", "ünï code", "the first one")
    assert found.run.created == int(START * US)
    assert facts.name == "the first one" and facts.notes == "some notes"
    assert facts.tags == ["a", "b", "group:g1", "job_type:train"]
    assert (facts.status, facts.ended) == ("finished", int((START + 3600) * US))
    assert found.of(Facts)[0].exit_code == 0
    assert facts.config == {
        "lr": 0.1, "big": 2**70, "opt": {"name": "adam", "value": 3}, "none": None, "listed": [1, "x"],
    }  # fmt: skip
    own = facts.wandb
    assert own["m"] == {
        "epoch": {"step_metric": None, "step_sync": False, "hidden": False, "summary": [], "goal": None},
        "acc": {"step_metric": "epoch", "step_sync": True, "hidden": False, "summary": ["max"], "goal": "maximize"},
        "train/*": {"step_metric": "epoch", "step_sync": False, "hidden": True, "summary": [], "goal": None},
    }
    assert (own["entity"], own["sweep_id"], own["host"]) == ("team", "sw1", "node1")
    assert own["visualize"] == {"chart": {}}
    assert own["summary"].keys() == {"by hand"} and math.isnan(own["summary"]["by hand"][1])
    assert facts.metadata["os_info"]["hostname"] == "node1"
    assert facts.metadata["git"]["commit"] == "abc123" and "token" not in json.dumps(facts.metadata)
    assert facts.metadata["requirements"] == ["numpy==2.0"]
    assert facts.extras["_wandb"] == {"cli_version": "0.31.0", "t": {"1": [1]}}
    assert facts.extras["sweep"]["config"] == played.sweeps["sw1"]
    assert facts.extras["user"] == {"username": "someone", "name": "Some One"}


@pytest.mark.parametrize(
    ("state", "status"),
    [("finished", "finished"), ("failed", "failed"), ("crashed", "crashed"), ("killed", "killed"),
     ("preempted", "killed"), ("something", "unknown")],
)  # fmt: skip
def test_how_a_run_ended(played: Played, read: Callable[..., Read], state: str, status: str) -> None:
    played.projects["proj"] = [PlayedRun(state=state)]
    facts = read().facts
    assert facts.status == status
    assert facts.extras.get("state", status) == state


def test_media_come_with_their_files(played: Played, read: Callable[..., Read]) -> None:
    picture, log = b"\x89PNG picture", b"plain"
    image = {
        "_type": "image-file", "path": "media/images/img_1_abc.png", "sha256": hashlib.sha256(picture).hexdigest(),
        "size": len(picture), "format": "png", "caption": "a cat",
    }  # fmt: skip
    gone = {"_type": "image-file", "path": "media/images/gone.png", "format": "png"}
    played.projects["proj"] = [
        PlayedRun(
            rows=[row(0, img=image), row(1, img=gone)],
            files={"media/images/img_1_abc.png": picture, "weights/model ü.bin": log, "empty.txt": b""},
        )
    ]
    found = read()
    files = {file.name: file for file in found.of(File)}
    kept = files["img"]
    assert (kept.type, kept.caption, kept.step) == ("IMAGE", "a cat", 0)
    assert kept.metadata == {"path": "media/images/img_1_abc.png"}
    assert kept.content.read_bytes() == picture  # type: ignore[union-attr]
    assert files["weights/model ü.bin"].content.read_bytes() == log  # type: ignore[union-attr]
    assert files["empty.txt"].content.read_bytes() == b""  # type: ignore[union-attr]
    assert files.keys() == {"img", "weights/model ü.bin", "empty.txt"}
    assert [item.body for item in found.of(Data)] == [image, gone]
    assert len(found.problems) == 1 and "gone.png" in found.problems[0]


def test_the_console_has_streams_and_times(played: Played, read: Callable[..., Read]) -> None:
    lines = [
        {"timestamp": "2024-05-17T09:30:01.250000", "level": "", "label": "", "line": "hello"},
        {"timestamp": "2024-05-17T09:30:02Z", "level": "error", "label": "", "line": "trouble ü"},
        {"timestamp": "", "level": "", "label": "rank1", "line": ""},
    ]
    played.projects["proj"] = [PlayedRun(console=lines, files={"output.log": b"not this\n"})]
    found = read()
    said = [(item.stream, item.source, list(item.times), list(item.lines)) for item in found.of(Console)]
    first = int((START + 1.25) * US)
    second = int((START + 2) * US)
    assert said == [
        ("stdout", "", [first], ["hello"]), ("stderr", "", [second], ["trouble ü"]),
        ("stdout", "rank1", [second], [""]),
    ]  # fmt: skip
    assert not found.of(File)


def test_the_console_of_an_older_service_is_its_file(played: Played, read: Callable[..., Read]) -> None:
    log = "2024-05-17T09:30:05.5Z first\nsecond ü\r\n\xff".encode("latin-1")
    played.projects["proj"] = [PlayedRun(files={"output.log": log})]
    [console] = read().of(Console)
    assert list(console.lines) == ["first", "second \\xfc", "\\xff"]
    assert list(console.times) == [int((START + 5.5) * US)] * 3


def test_what_the_machine_was_measured_by(played: Played, read: Callable[..., Read]) -> None:
    events = [
        {"_timestamp": START + at, "_runtime": at, "system.cpu": at * 1.5, "system.proc.memory.rssMB": 2.0,
         "system.odd": "NaN", "system.bad": "x"}
        for at in range(3)
    ]  # fmt: skip
    played.projects["proj"] = [PlayedRun(events=events)]
    found = read()
    assert found.points["sys/process.cpu"] == [(at, int((START + at) * US), at * 1.5) for at in range(3)]
    assert found.points["sys/process.rss"][0][2] == 2.0 * (1 << 20)
    assert math.isnan(found.points["sys/odd"][1][2])
    assert found.problems == ["team/proj/r1: system metrics: a value of 'system.bad' is no number"]


def test_fewer_samples_of_the_machine_than_there_are_is_a_problem(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(events=[{"_timestamp": START, "system.cpu": 1}], event_count=50)]
    assert read().problems == ["team/proj/r1: system metrics: the service gave 1 of its 50 samples"]


def test_another_number_of_rows_than_the_service_counts_is_a_problem(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(rows=[row(0, x=1), row(1, x=2)], count=5)]
    assert read().problems == ["team/proj/r1: the service counts 5 rows, and gave 2"]


def test_artifacts_with_versions_aliases_lineage_and_files(played: Played, read: Callable[..., Read]) -> None:
    weights = b"weights" * 100
    made = [
        PlayedArtifact("model", 1, "model", {"a/w.bin": weights}, aliases=["latest", "best"], tags=["good"],
                       description="the second", metadata={"acc": 0.9}, ttl=3600, step=7,
                       created="2024-05-17T09:50:00Z"),
        PlayedArtifact("model", 0, "model", {"a/w.bin": b"old"}, {"far": "s3://bucket/key"}, aliases=[]),
        PlayedArtifact("run-r1-history", 0, "wandb-history", {"0.parquet": b"rows"}),
    ]  # fmt: skip
    used = [
        PlayedArtifact("data", 4, "dataset", {"train.csv": b"1,2"}, project="other", created="2024-01-01T00:00:00Z")
    ]
    played.projects["proj"] = [PlayedRun(made=made, used=used)]
    found = read()
    assert found.problems == []
    first, second, third = found.of(Artifact)
    assert (first.name, first.used, first.aliases, first.source_id) == ("model", False, [], "team/proj/model:v0")
    assert [(entry.path, entry.ref) for entry in first.entries] == [("a/w.bin", None), ("far", "s3://bucket/key")]
    assert (second.aliases, second.tags, second.description, second.metadata) == (
        ["best"], ["good"], "the second", {"acc": 0.9},
    )  # fmt: skip
    assert (second.ttl, second.step, second.type) == (3600, 7, "model")
    assert second.time == int((START + 20 * 60) * US)
    [entry] = second.entries
    assert (entry.path, entry.digest, entry.size) == ("a/w.bin", md5(weights), len(weights))
    assert entry.content.read_bytes() == weights  # type: ignore[union-attr]
    assert entry.extra == {"birthArtifactID": made[0].id}
    names = [(one["name"], one["used"]) for one in found.facts.extras["artifacts"]]
    assert names == [("team/proj/model:v0", False), ("team/proj/model:v1", False), ("team/other/data:v4", True)]
    assert (third.name, third.used, third.source_id) == ("data", True, "team/other/data:v4")
    assert third.entries[0].content.read_bytes() == b"1,2"  # type: ignore[union-attr]


def test_an_artifact_whose_content_is_gone_is_named(played: Played, read: Callable[..., Read]) -> None:
    artifact = PlayedArtifact("model", 0, "model", {"w.bin": b"weights"})
    played.projects["proj"] = [PlayedRun(made=[artifact])]
    played.faults["/artifactsV2/"] = [status_404] * 9
    found = read()
    [entry] = found.of(Artifact)[0].entries
    assert entry.content is None
    assert len(found.problems) == 1 and "w.bin: not fetched" in found.problems[0]


def test_what_the_service_refuses_to_list_costs_nothing_else(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(rows=[row(0, x=1)], made=[PlayedArtifact("model")], files={"a.txt": b"a"})]
    for name in ("RunOutputArtifacts", "RunFullHistory"):
        played.faults[name] = [status_403] * 5
    found = read()
    assert found.points["x"] and [file.name for file in found.of(File)] == ["a.txt"]
    assert found.problems == [
        "team/proj/r1: the system metrics: permission denied",
        "team/proj/r1: not listed: the artifacts it made: permission denied",
    ]


def status_403(handler: Any) -> bool:
    handler.send(403, b'{"errors": [{"message": "permission denied"}]}')
    return True


def status_404(handler: Any) -> bool:
    handler.send(404)
    return True


def test_a_fork_has_its_own_rows_and_its_parent(played: Played, find: Any, read: Callable[..., Read]) -> None:
    parent = PlayedRun(id="before", rows=[row(step, x=step) for step in range(10)])
    fork = PlayedRun(
        id="fork", own={"branch_point": {"run_id": "before", "step": 4}},
        rows=[row(step, x=step * 10) for step in range(8)], count=3, created="2024-05-17T09:31:00Z",
    )  # fmt: skip
    played.projects["proj"] = [parent, fork]
    found = read("team/proj/fork")
    assert found.run.parent is not None
    assert (found.run.parent.project, found.run.parent.id, found.run.parent.step) == ("team/proj", "before", 4.0)
    assert [step for step, _, _ in found.points["x"]] == [5, 6, 7]
    assert found.problems == []
    played.projects["proj"] = [fork]
    assert [run.id for run in find()] == ["fork"]


def test_rows_of_a_parent_that_is_gone_stay_with_the_fork(played: Played, read: Callable[..., Read]) -> None:
    own = {"branch_point": {"run_id": "deleted", "step": 4}}
    played.projects["proj"] = [PlayedRun(own=own, rows=[row(step, x=step) for step in range(8)])]
    assert [step for step, _, _ in read().points["x"]] == list(range(8))


def test_an_empty_run_is_a_run(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(display_name=None)]
    found = read()
    assert (found.problems, found.points, found.facts.name) == ([], {}, "r1")


def test_projects_of_an_entity_pages_and_patterns(played: Played, find: Any) -> None:
    played.projects = {
        "proj": [PlayedRun(id=f"r{at}") for at in range(250)],
        "empty": [],
        "other": [PlayedRun(id="r0"), PlayedRun(id="zz")],
    }
    assert [run.label for run in find("team")] == [f"team/proj/r{at}" for at in range(250)] + [
        "team/other/r0", "team/other/zz",
    ]  # fmt: skip
    assert played.times("Runs") == 5 + 1 + 1 and played.times("Run") == 0
    assert [run.label for run in find("team", include=["zz", "team/proj/r1"])] == ["team/proj/r1", "team/other/zz"]
    assert [run.label for run in find("team/other/runs/zz", project="mine")] == ["mine/zz"]
    problems = Problems()
    assert len(find("team", problems, project="mine")) == 251
    assert [problem.where for problem, _ in problems] == ["team/other/r0"]


def test_runs_that_go_on_are_left_out_unless_asked_for(played: Played, find: Any) -> None:
    import datetime

    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    played.projects["proj"] = [
        PlayedRun(id="running", state="running"), PlayedRun(id="just over", heartbeat=now), PlayedRun(id="over"),
    ]  # fmt: skip
    problems = Problems()
    assert [run.id for run in find(problems=problems)] == ["over"]
    assert [(problem.where, problem.what.partition(":")[0]) for problem, _ in problems] == [
        ("team/proj/running", "it is running"), ("team/proj/just over", "it ended less than five minutes ago"),
    ]  # fmt: skip
    assert [run.id for run in find(partial=True)] == ["running", "just over", "over"]


@pytest.mark.parametrize(
    "changed",
    [
        lambda run: setattr(run, "heartbeat", "2024-05-17T10:31:00Z"),
        lambda run: setattr(run, "state", "failed"),
        lambda run: setattr(run, "count", 7),
        lambda run: run.files.update({"more.txt": b"more"}),
        lambda run: run.files.update({"a.txt": b"changed"}),
        lambda run: run.tags.append("new"),
        lambda run: run.config.update(lr=2),
        lambda run: run.summary.update(best=2),
    ],
)
def test_the_fingerprint_changes_with_the_run(played: Played, find: Any, changed: Callable[[PlayedRun], Any]) -> None:
    from pluto_migration.sources.wandb_live import service

    run = PlayedRun(files={"a.txt": b"a"})
    played.projects["proj"] = [run]

    def fingerprint() -> str:
        service._apis.clear()
        [found] = find()
        return str(found.fingerprint)

    before = fingerprint()
    assert fingerprint() == before
    changed(run)
    assert fingerprint() != before


@pytest.mark.parametrize("path", ["", "a/b/c/d", "a//b", "https://wandb.ai/a/b", "/"])
def test_paths_that_are_none(played: Played, find: Any, path: str) -> None:
    with pytest.raises(SourceError, match="entity"):
        find(path)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"nonsense": "1"}, "knows no setting 'nonsense'"), ({"patience": "long"}, "seconds"),
     ({"patience": "nan"}, "seconds"), ({"keep": "perhaps"}, "yes or no"), ({"base_url": "wandb.ai"}, "https://")],
)  # fmt: skip
def test_settings_that_are_none(played: Played, find: Any, settings: dict[str, str], said: str) -> None:
    with pytest.raises(SourceError, match=said):
        find(settings=settings)
    assert played.asked == []


def test_what_is_not_there_is_said(played: Played, find: Any) -> None:
    with pytest.raises(SourceError, match="nowhere"):
        find("team/nowhere")
    with pytest.raises(SourceError, match="team/proj/none"):
        find("team/proj/none")


def test_a_wrong_key_and_no_key(played: Played, find: Any, wandb: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "f" * 40
    monkeypatch.setenv("WANDB_API_KEY", wrong)
    with pytest.raises(SourceError) as caught:
        find()
    assert wrong not in str(caught.value) and "not logged in" in str(caught.value)
    monkeypatch.delenv("WANDB_API_KEY")
    wandb.teardown()
    with pytest.raises(SourceError, match="wandb login"):
        find()


def test_no_key_stands_in_anything(
    played: Played, read: Callable[..., Read], capfd: pytest.CaptureFixture[str]
) -> None:
    played.projects["proj"] = [PlayedRun(files={"a.txt": b"a"}, rows=[row(0, x=1)])]
    played.faults["/storage/"] = [status_404] * 9
    found = read()
    assert found.problems
    said = capfd.readouterr()
    for text in (*found.problems, said.out, said.err):
        assert KEY not in text and "secret" not in text
    assert base64.b64encode(KEY.encode()).decode() not in said.err


def test_answers_of_the_wrong_shape_cost_what_they_are_about(played: Played, find: Any, tmp_path: Path) -> None:
    deep: Any = 1
    for _ in range(150):
        deep = {"d": deep}
    strange = PlayedRun(
        id="odd id", display_name=5, tags=["a", None, 7], notes=["x"], group={"g": 1}, job_type=3, commit=[1],  # type: ignore[arg-type, list-item]
        config={"": 1, "a\x00b": "\ud800", "deep": deep, "_attributes": {"x": 1}, "value": {"value": 1}},
        own=["no", "dict"], summary={"": {"_type": 5}, "x": [float("nan")], "deep": deep},  # type: ignore[arg-type]
        rows=[
            {"_step": 0, "_timestamp": "soon", "_runtime": None, "": 1, "a\x00b": "\ud800"},
            {"_step": 1, "_timestamp": 1e300, "_runtime": -1, "x": {"_type": "image-file", "path": "../../etc/passwd"}},
            {"_step": 2, "_timestamp": -5, "x": {"_type": ["list"]},
             "y": {"_type": "images/separated", "filenames": 3}},
            {"_step": 3, "z": {"_type": "table-file", "path": "media/t.json"}, "deep": deep, "big": 10**400},
        ],
        events=[5, None, [], {"_timestamp": {}, "cpu": [1]}, {"system.cpu": True, "": 2, "_timestamp": "x"}],  # type: ignore[list-item]
        files={"media/t.json": b"{no json", "wandb-metadata.json": b"[]", "requirements.txt": b"\xff\n"},
        console=[{"timestamp": "never", "level": "odd", "label": "l", "line": "\x1b[2J\r"}],
        created="yesterday", heartbeat="", sweep="gone",
    )  # fmt: skip
    played.projects["proj"] = [strange, PlayedRun(id="next", rows=[row(0, x=1)])]
    first, second = find()
    found = read_whole(first, tmp_path)
    said = " ".join(found.problems)
    for what in ("without a name", "'../../etc/passwd' is not there", "kept as a file only", "'cpu' is no number"):
        assert what in said
    assert (found.facts.name, found.facts.tags, found.facts.notes) == ("odd id", ["a", "7"], None)
    assert found.facts.extras["_wandb"] == ["no", "dict"] and found.facts.extras["sweep"] == {"id": "gone"}
    assert found.points["sys/process.cpu"][0][2] == 1.0 and found.points["big"][0][2] == math.inf
    assert [item.step for item in found.of(Data) if item.name == "x"] == [1, 2]
    assert [list(item.lines) for item in found.of(Console)] == [["\x1b[2J\r"]]
    assert read_whole(second, tmp_path).problems == []
    assert not any(
        isinstance(file.content, bytes) or not file.content.is_relative_to(tmp_path) for file in found.of(File)
    )
