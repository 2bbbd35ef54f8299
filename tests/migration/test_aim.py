"""Aim's repositories, read by the aim package: tests that need it are skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import json
import math
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.model import Alert, Console, Data, File, Texts
from pluto_migration.source import Problems, SourceError, SourceRun
from pluto_migration.sources.aim.parameters import contexts, machine_of, system_facts
from pluto_migration.sources.aim.repository import Repository

from tests.migration.expected import of as expected
from tests.migration.items import content_of, extras_of, facts_of, items_of, of, runs_of, series_of, told, traces

SAMPLE = Path(__file__).parent / "data" / "aim"
HASH = "530e67b06ed54606a0ed75fd"
HAS_AIM = importlib.util.find_spec("aim") is not None
aim_only = pytest.mark.skipif(not HAS_AIM, reason="needs the aim package: pip install 'pluto-ml[migrate-aim]'")

MADE = """
import json, os, sys
import numpy as np
import aim
from PIL import Image

root = sys.argv[1]
run = aim.Run(repo=root, experiment="exp/ü x", log_system_params=False, system_tracking_interval=None,
              capture_terminal_logs=False)
run.name, run.description = "first", "what it is"
run.add_tag("a"); run.add_tag("b c")
run["hparams"] = {"lr": 0.1, "n": 3, "on": True, "none": None, "list": [1, "x", {"k": 2.5}], "in": {"a": {"b": "c"}},
                  "nan": float("nan")}
run["word"] = "text"
run["shown"] = aim.Image(np.zeros((2, 2, 3), np.uint8), caption="one")
run["said"] = aim.Text("a text of its own")
run["__system_params"] = {"executable": "python", "arguments": ["train.py", "--x"], "packages": {"b": "2", "a": "1"},
    "git_info": {"branch": "main", "remote_origin_url": "git@x", "commit": {"hash": "abc"}},
    "env_variables": {"MY_API_KEY": "very-secret-indeed", "LANG": "C"}}
for i in range(300):
    run.track(1 / (i + 1), name="loss", step=i, epoch=i // 100, context={"subset": "train"})
for step, value in ((9, 1.5), (3, float("nan")), (5, float("inf")), (4, float("-inf")), (1, -0.0)):
    run.track(value, name="odd", step=step)
run.track(3, name="whole", step=0, context={"b": 1, "a": "x"})
run.track(12.5, name="__system__cpu", step=0)
run.track(aim.Text("hello"), name="txt", step=2)
run.track(aim.Text("before"), name="txt", step=1)
run.track([aim.Text("a"), aim.Text("b")], name="txts", step=2, context={"k": "v"})
run.track(aim.Image(np.zeros((4, 6, 3), np.uint8), caption="cap"), name="seen/img", step=1)
run.track([aim.Image(Image.new("RGB", (3, 3))), aim.Image(Image.new("L", (2, 2)))], name="imgs", step=2)
run.track(aim.Distribution(hist=np.array([1, 2]), bin_range=(0, 1)), name="dist", step=1)
run.track(aim.Distribution(hist=np.array([0.25, 0.5]), bin_range=(0, 1)), name="parts", step=1)
run.track(aim.Audio(np.zeros(80, "int16"), format="wav", rate=8000, caption="beep"), name="aud", step=1)
if hasattr(run, "log_warning"):
    run.log_warning("careful", k=1)
os.makedirs(sys.argv[2]); open("a.txt", "w").write("artifact")
run.set_artifacts_uri("file://" + sys.argv[2])
run.log_artifact("a.txt", name="arts/a.txt", block=True)
first = run.hash
run.close()
quiet = dict(log_system_params=False, system_tracking_interval=None, capture_terminal_logs=False)
run = aim.Run(repo=root, experiment="exp/ü x", **quiet)
run.track(1.0, name="x", step=0); run.archived = True
archived = run.hash
run.close()
run = aim.Run(repo=root, system_tracking_interval=None)
run.track(1.0, name="x", step=0)
print("a line"); print("another", flush=True)
import time
time.sleep(1.5)
print(json.dumps({"first": first, "archived": archived, "killed": run.hash}), file=sys.stderr, flush=True)
os._exit(9)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Path]:
    return make(tmp_path_factory)


def make(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Path]:
    """A repository made by Aim, the runs in it, and where its artifacts are."""
    place = tmp_path_factory.mktemp("aim")
    (place / "repo").mkdir()
    command = [sys.executable, "-W", "ignore", "-c", MADE, str(place / "repo"), str(place / "arts")]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=100)
    assert done.returncode == 9, done.stderr
    return place / "repo", json.loads(done.stderr.splitlines()[-1]), place / "arts"


def run_of(path: Path, hash: str, **options: Any) -> SourceRun:
    return next(run for run in runs_of("aim", path, **options) if run.id == hash)


@pytest.mark.skipif(HAS_AIM, reason="the aim package is here")
def test_without_the_package_the_extra_is_named() -> None:
    with pytest.raises(SourceError, match=r"migrate-aim"):
        runs_of("aim", SAMPLE)


def test_a_repository_is_looked_through_without_the_package() -> None:
    before = traces(SAMPLE)
    problems = Problems()
    repository = Repository(SAMPLE / ".aim")
    (about,) = repository.runs(problems)
    assert (about.hash, about.name, about.experiment, about.tags) == (HASH, "first", "demo", ["a"])
    assert (about.description, about.archived) == ("d", False)
    assert about.created is not None and about.created // 10**6 == 1_795_472_671
    assert len(repository.files(HASH)) > 4
    assert list(problems) == []
    assert traces(SAMPLE) == before


def test_a_repository_without_its_database_still_has_runs(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / ".aim", tmp_path / ".aim")
    for damage in (b"", b"no database", None):
        if damage is None:
            (tmp_path / ".aim" / "run_metadata.sqlite").unlink()
        else:
            (tmp_path / ".aim" / "run_metadata.sqlite").write_bytes(damage)
        problems = Problems()
        assert [about.hash for about in Repository(tmp_path / ".aim").runs(problems)] == [HASH]
        assert damage == b"" or "run_metadata.sqlite" in told(problems)


def test_runs_that_are_gone_and_folders_that_are_none(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / ".aim", tmp_path / ".aim")
    chunks = tmp_path / ".aim" / "meta" / "chunks"
    shutil.rmtree(chunks / HASH)
    (chunks / "no name").mkdir()
    (chunks / "link").symlink_to(SAMPLE)
    problems = Problems()
    assert Repository(tmp_path / ".aim").runs(problems) == []
    assert HASH in told(problems) and "no name" in told(problems)


def test_a_copy_for_aim_takes_nothing_from_elsewhere(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / ".aim", tmp_path / ".aim")
    secret = tmp_path / "secret"
    secret.write_text("key")
    chunk = tmp_path / ".aim" / "meta" / "chunks" / HASH
    (chunk / "000099.sst").symlink_to(secret)
    problems = Problems()
    root = tmp_path / "copy"
    Repository(tmp_path / ".aim").copy(HASH, root, problems)
    assert not (root / ".aim" / "meta" / "chunks" / HASH / "000099.sst").exists()
    assert "000099.sst" in told(problems)


def test_names_of_contexts_and_facts_of_machines() -> None:
    assert contexts({}) == ""
    assert contexts({"b": 1, "a": "x", 3: None}) == " {3=None, a=x, b=1}"
    system = {"arguments": ["t.py", "-x"], "packages": {"b": 2, "a": 1}, "executable": "py",
              "git_info": {"branch": "m", "commit": {"hash": "c"}},
              "env_variables": {"MY_API_KEY": "very-secret-indeed", "LANG": "C"}}  # fmt: skip
    assert machine_of(system) == {
        "git": {"commit": "c", "branch": "m"}, "source": {"entry": "t.py", "argv": ["t.py", "-x"]},
        "requirements": ["a==1", "b==2"], "os_info": {"python": {"executable": "py"}},
    }  # fmt: skip
    assert machine_of({"arguments": "x", "packages": 3, "git_info": None}) == {}
    facts = system_facts(system)
    assert "secret-indeed" not in str(facts) and facts["env_variables"]["LANG"] == "C" and "packages" not in facts


@aim_only
def test_the_sample(tmp_path: Path) -> None:
    before = traces(SAMPLE)
    (said,) = expected("aim")["runs"]
    problems = Problems()
    (run,) = runs_of("aim", SAMPLE, problems=problems)
    items = items_of(run, tmp_path / "scratch")
    facts = facts_of(items)
    assert (run.project, run.id, run.name, run.parent) == (said["project"], said["run_id"], said["name"], None)
    assert (facts.name, facts.notes, facts.tags, facts.config, facts.status) == (
        said["name"], said["description"], said["tags"], said["config"], said["status"],
    )  # fmt: skip
    assert {name: [[step, value] for step, _, value in found] for name, found in series_of(items).items()} == {
        name: one["points"] for name, one in said["metrics"].items()
    }
    assert list(problems) == []
    assert traces(SAMPLE) == before
    assert list((tmp_path / "scratch").iterdir()) == []


@aim_only
@pytest.mark.parametrize("place", [SAMPLE / ".aim", SAMPLE.parent])
def test_where_a_repository_may_be_named(place: Path) -> None:
    assert HASH in [run.id for run in runs_of("aim", place)]


@aim_only
def test_artifacts_that_can_not_be_read_are_named_and_the_rest_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import aim

    def broken(self: Any) -> Any:
        raise RuntimeError("a damaged tree")

    monkeypatch.setattr(aim.Run, "artifacts", property(broken))
    problems = Problems()
    items = items_of(run_of(SAMPLE, HASH), tmp_path / "scratch", problems)
    assert len(series_of(items)) == 1
    (problem,) = [one.what for one, _ in problems]
    assert f"the artifacts of run {HASH} can't be read" in problem and "a damaged tree" in problem


@aim_only
def test_a_run_with_everything(made: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    root, runs, arts = made
    before = traces(root)
    run = run_of(root, runs["first"])
    assert run.project == "exp/ü x"
    items = items_of(run, tmp_path / "scratch")
    assert traces(root) == before

    facts = facts_of(items)
    assert (facts.name, facts.notes, facts.tags, facts.status) == ("first", "what it is", ["a", "b c"], "finished")
    assert run.created is not None and facts.ended is not None and facts.ended >= run.created
    params = dict(facts.config["hparams"])
    assert math.isnan(params.pop("nan"))
    assert params == {"lr": 0.1, "n": 3, "on": True, "none": None, "list": [1, "x", {"k": 2.5}],
                      "in": {"a": {"b": "c"}}}  # fmt: skip
    assert (facts.config["word"], facts.config["said"]) == ("text", "a text of its own")
    assert facts.metadata["git"] == {"commit": "abc", "branch": "main", "url": "git@x"}
    assert facts.metadata["requirements"] == ["a==1", "b==2"]
    assert "very-secret-indeed" not in str(facts)

    metrics = series_of(items)
    assert metrics.keys() == {"loss {subset=train}", "odd", "whole {a=x, b=1}", "sys/cpu"}
    loss = [(step, value) for step, _, value in metrics["loss {subset=train}"]]
    assert loss == [(i, 1 / (i + 1)) for i in range(300)]
    odd = [(step, value) for step, _, value in metrics["odd"]]
    assert [step for step, _ in odd] == [1, 3, 4, 5, 9]
    assert math.copysign(1, odd[0][1]) == -1 and math.isnan(odd[1][1])
    assert [value for _, value in odd[2:]] == [-math.inf, math.inf, 1.5]
    assert extras_of(items)["epochs"] == {"loss {subset=train}": [[0, 0], [100, 1], [200, 2]]}

    texts = {texts.name: (list(texts.steps), list(texts.values)) for texts in of(items, Texts)}
    assert texts == {"txt": ([1, 2], ["before", "hello"]), "txts {k=v}": ([2, 2], ["a", "b"])}
    files = {(file.name, file.step, file.index): file for file in of(items, File)}
    assert files.keys() == {
        ("shown", 0, 0), ("seen/img", 1, 0), ("imgs", 2, 0), ("imgs", 2, 1), ("aud", 1, 0), ("arts/a.txt", 0, 0),
    }  # fmt: skip
    image = files["seen/img", 1, 0]
    assert (image.type, image.caption, image.file_name) == ("IMAGE", "cap", "img.png")
    assert content_of(image).startswith(b"\x89PNG")
    assert files["aud", 1, 0].type == "AUDIO" and content_of(files["aud", 1, 0]).startswith(b"RIFF")
    assert content_of(files["arts/a.txt", 0, 0]) == b"artifact"
    data = {one.name: one for one in of(items, Data)}
    assert (data["dist"].body["freq"], data["dist"].body["bins"]) == ([1, 2], [0, 0.5, 1])
    assert data["parts"].body["freq"] == [0.25, 0.5] and data["parts"].body["density"] is True
    alerts = [(alert.title, alert.text, alert.level) for alert in of(items, Alert)]
    assert alerts in ([("careful", '{"k": 1}', "WARNING")], [])

    shutil.move(arts, arts.with_name("moved"))
    (root / "a.txt").write_text("another file of that name")
    try:
        problems = Problems()
        items = items_of(run, tmp_path / "scratch", problems)
        assert "arts/a.txt" in told(problems) and "--path-map" in told(problems)
        mapped = run_of(root, runs["first"], path_map={str(arts): str(arts.with_name("moved"))})
        assert ("arts/a.txt", b"artifact") in [
            (file.name, content_of(file)) for file in of(items_of(mapped, tmp_path / "scratch"), File)
        ]
    finally:
        shutil.move(arts.with_name("moved"), arts)


@aim_only
def test_runs_that_were_archived_and_killed(made: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    root, runs, _ = made
    problems = Problems()
    found = [run.id for run in runs_of("aim", root, problems=problems)]
    assert found == [runs["first"], runs["killed"]]
    assert "--archived" in told(problems)
    assert [run.id for run in runs_of("aim", root, archived=True)] == [runs["first"], runs["archived"], runs["killed"]]
    killed = run_of(root, runs["killed"])
    assert (killed.project, killed.name) == ("default", None)
    items = items_of(killed, tmp_path / "scratch")
    assert (facts_of(items).status, facts_of(items).ended) == ("crashed", None)
    assert [value for _, _, value in series_of(items)["x"]] == [1.0]
    lines = [line for block in of(items, Console) for line in block.lines]
    assert lines[:2] == ["a line", "another"]


@aim_only
def test_the_fingerprint_a_choice_and_another_process(made: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    root, runs, _ = made
    (run,) = runs_of("aim", root, include=["exp/*/" + runs["first"], "exp/ü x/*"], project="new")
    assert run.label == f"new/{runs['first']}"
    assert run.fingerprint == run_of(root, runs["first"]).fingerprint != run_of(root, runs["killed"]).fingerprint
    assert run.size > 1000
    again = pickle.loads(pickle.dumps(run))
    assert (
        series_of(items_of(again, tmp_path / "scratch")).keys() == series_of(items_of(run, tmp_path / "scratch")).keys()
    )


@aim_only
def test_one_run_in_two_repositories_is_found_once(tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / ".aim", tmp_path / "a" / ".aim")
    problems = Problems()
    assert len(runs_of("aim", SAMPLE, tmp_path / "a", problems=problems)) == 1
    assert "already" in told(problems)


@aim_only
def test_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"\.aim"):
        runs_of("aim", tmp_path)
    with pytest.raises(SourceError, match="no settings"):
        runs_of("aim", SAMPLE, settings={"color": "red"})


@aim_only
@pytest.mark.parametrize("how", ["cut", "flip", "gone"])
def test_damage_is_named_and_never_worse(tmp_path: Path, how: str) -> None:
    """Every file of the sample, damaged in a few places: it is read, or an error or a problem says what is not."""
    shutil.copytree(SAMPLE / ".aim", tmp_path / ".aim")
    whole = [(i, 1 / (i + 1)) for i in range(30)]
    come = 0
    for path in sorted((tmp_path / ".aim").rglob("*")):
        if not path.is_file() or path.is_relative_to(tmp_path / ".aim" / "check_ins"):
            continue
        content = path.read_bytes()
        for position in range(0, max(len(content), 1), max(len(content) // 6, 1)):
            if how == "gone":
                path.unlink()
            elif how == "cut":
                path.write_bytes(content[:position])
            elif content:
                path.write_bytes(content[:position] + bytes([content[position] ^ 0x41]) + content[position + 1 :])
            problems = Problems()
            try:
                for run in runs_of("aim", tmp_path, problems=problems):
                    items = items_of(run, tmp_path / "scratch", problems)
                    points = [(step, value) for step, _, value in series_of(items).get("loss {subset=train}", [])]
                    assert points == whole or len(problems), (path, position)
                    come += points == whole
            except SourceError:
                pass
            path.write_bytes(content)
            if how == "gone":
                break
    assert how == "gone" or come > 10
