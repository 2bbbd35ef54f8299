"""Finding runs, and what they say of themselves."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pluto.query import Client
from tests.programs import Server

Made = Callable[..., dict[str, Any]]


def names(runs: Any) -> list[str]:
    return [run.id for run in runs]


@pytest.fixture
def several(made: Made) -> None:
    """Five runs, the older ones first."""
    made("a", config={"lr": 0.1, "opt": {"name": "sgd"}}, summary={"acc": 0.5}, tags=["x", "group:g1"])
    made("b", config={"lr": 0.2, "opt": {"name": "adam"}}, summary={"acc": 0.9}, tags=["x", "y"], status="COMPLETED")
    made("c", config={"lr": 0.3, "a.b": 1}, tags=["job_type:eval"], status="FAILED", name="third")
    made("d", config={"lr": {"value": 4}}, summary={"deep.er": 2}, status="TERMINATED")
    made("e", config={"lr": "0.1"}, summary={"acc": 0.7}, tags=["group:g2"], notes="some notes")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (None, "abcde"),
        ({"config.lr": 0.1}, "a"),
        ({"config.lr.value": 0.2}, "b"),
        ({"config.lr.value": 4}, "d"),
        ({"config.lr": {"$gt": 0.15}}, "bc"),
        ({"config.lr": "0.1"}, "e"),
        ({"config.opt.name": {"$in": ["sgd", "adam"]}}, "ab"),
        ({"config.a.b": 1}, "c"),
        ({"config.opt": {"$exists": False}}, "cde"),
        ({"summary_metrics.acc": {"$gte": 0.7}}, "be"),
        ({"summary_metrics.deep.er": 2}, "d"),
        ({"summary.acc": {"$exists": False}}, "cd"),
        ({"state": "running"}, "ae"),
        ({"state": {"$in": ["finished", "killed"]}}, "bd"),
        ({"state": {"$ne": "running"}}, "bcd"),
        ({"tags": "x"}, "ab"),
        ({"$and": [{"tags": "x"}, {"tags": "y"}]}, "b"),
        ({"tags": {"$nin": ["x"]}}, "cde"),
        ({"group": "g1"}, "a"),
        ({"group": {"$in": ["g1", "g2"]}}, "ae"),
        ({"group": None}, "bcd"),
        ({"jobType": "eval"}, "c"),
        ({"display_name": "third"}, "c"),
        ({"displayName": {"$regex": "^th"}}, "c"),
        ({"name": "c"}, "c"),
        ({"name": {"$in": ["d", "b", "nobody"]}}, "bd"),
        ({"name": {"$in": ["d", "b"]}, "state": "finished"}, "b"),
        ({"name": {"$ne": "c"}}, "abde"),
        ({"notes": {"$regex": "notes"}}, "e"),
        ({"created_at": {"$gt": "2020-01-01"}}, "abcde"),
        ({"created_at": {"$lt": "2020-01-01"}}, ""),
        ({"$or": [{"config.lr": 0.1}, {"state": "killed"}]}, "ad"),
        ({"$nor": [{"config.lr": 0.1}, {"state": "killed"}]}, "bce"),
        ({"state": "no such"}, ""),
    ],
)
def test_filters(wandb: ModuleType, filters: Any, expected: str) -> None:
    assert names(wandb.Api().runs("team/p", filters)) == list(expected)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("+created_at", "abcde"),
        ("-created_at", "edcba"),
        ("created_at", "abcde"),
        ("-summary_metrics.acc", "beacd"),
        ("+summary_metrics.acc", "aebcd"),
        ("-config.lr.value", "edcba"),
        ("+display_name", "abdec"),
        ("+state,-created_at", "cbdea"),
        ("", "abcde"),
    ],
)
def test_orders(wandb: ModuleType, order: str, expected: str) -> None:
    assert names(wandb.Api().runs("team/p", order=order)) == list(expected)


@pytest.mark.usefixtures("several")
def test_runs_are_a_lazy_sequence(wandb: ModuleType) -> None:
    runs = wandb.Api().runs("team/p", per_page=2)
    assert runs.objects == []
    assert runs[0].id == "a"
    assert names(runs.objects) == ["a", "b"]
    assert len(runs) == 5
    assert names(runs[1:3]) == ["b", "c"]
    assert runs[-1].id == "e"
    assert repr(runs) == "<Runs team/p>"


@pytest.mark.usefixtures("several")
def test_answers_are_kept_until_flush(wandb: ModuleType, made: Made) -> None:
    api = wandb.Api()
    assert len(api.runs("team/p")) == 5
    assert api.run("team/p/a") is api.run("team/p/a")
    made("f")
    assert len(api.runs("team/p")) == 5
    api.flush()
    assert len(api.runs("team/p")) == 6


def test_what_is_not_there(wandb: ModuleType, made: Made) -> None:
    made("a")
    api = wandb.Api()
    with pytest.raises(ValueError, match="Could not find run <Run team/p/nobody"):
        api.run("team/p/nobody")
    with pytest.raises(wandb.CommError):
        api.run("other/p/nobody")
    runs = api.runs("team/nothing")
    with pytest.raises(ValueError, match="Could not find project nothing"):
        len(runs)
    assert list(api.runs("team/p", {"config.x": 1})) == []


def test_entities_and_settings(wandb: ModuleType, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    made("a")
    made("b", project="bare")
    api = wandb.Api()
    assert api.run("team/p/a").path == ["team", "p", "a"]
    assert api.run("bare/b").path == ["", "bare", "b"]
    assert api.run("/bare/b").id == "b"
    assert api.run("somebody/bare/b").entity == "somebody"
    mine = wandb.Api(overrides={"entity": "team", "project": "p"})
    assert mine.default_entity == "team"
    assert mine.run("a").id == mine.run("p/a").id == "a"
    assert names(mine.runs()) == names(mine.runs("p")) == ["a"]
    assert mine.run("bare/b").id == "b"
    monkeypatch.setenv("WANDB_ENTITY", "team")
    monkeypatch.setenv("WANDB_PROJECT", "p")
    assert names(wandb.Api().runs()) == ["a"]


def test_display_ids_and_numbers_are_understood(wandb: ModuleType, made: Made) -> None:
    run = made("a")
    api = wandb.Api()
    assert api.run(f"team/p/{run['displayId']}").storage_id == api.run("team/p/a").storage_id


def test_from_path(wandb: ModuleType, made: Made) -> None:
    made("a")
    api = wandb.Api()
    assert api.from_path("team/p/runs/a").id == "a"
    assert api.from_path("team/p/a").id == "a"
    assert api.from_path("team/p").name == "p"
    assert api.from_path("p").path == ["", "p"]
    with pytest.raises(wandb.errors.UnsupportedError, match="Reports"):
        api.from_path("team/p/reports/x--y")


@pytest.mark.usefixtures("several")
def test_projects(wandb: ModuleType, made: Made) -> None:
    made("z", project="team/q")
    made("z", project="alone")
    api = wandb.Api()
    assert sorted(project.name for project in api.projects("team")) == ["p", "q"]
    assert [project.name for project in api.projects()] == ["alone"]
    project = api.project("p", "team")
    assert project.path == ["team", "p"]
    assert project.id
    assert project.created_at.endswith("Z")
    assert project.url is None
    assert "local store" in project.to_html()
    with pytest.raises(ValueError, match="not found"):
        _ = api.project("nothing").id


@pytest.mark.usefixtures("several")
def test_what_a_run_says(wandb: ModuleType) -> None:
    run = wandb.Api().run("team/p/e")
    assert (run.id, run.name, run.display_name, run.state) == ("e", "e", "e", "running")
    assert (run.group, run.job_type, run.tags) == ("g2", None, [])
    assert (run.notes, run.description) == ("some notes", "some notes")
    assert run.config == {"lr": "0.1"}
    assert set(run.rawconfig) == {"lr", "_wandb"}
    assert run.summary_metrics["acc"] == run.summary["acc"] == run.summary.acc == 0.7
    assert run.created_at == run.createdAt
    assert run.lastHistoryStep == -1
    assert run.url is None
    assert "local store" in run.to_html()
    assert repr(run) == "<Run team/p/e (running)>"
    assert run.read_only is False
    assert run.user.name == run.user.username
    assert list(run.scan_history()) == []
    assert run.history(pandas=False) == []
    assert len(run.history()) == 0
    assert run.sweep is None
    with pytest.raises(AttributeError):
        _ = run.nothing_of_this


def test_runs_of_other_doors(wandb: ModuleType, client: Client) -> None:
    script = (
        "import pluto\n"
        "op = pluto.init(project='native', name='n', config={'lr': 1, '_attributes': {'x': 1}}, run_id='r1')\n"
        "for step in range(4): op.log({'loss': 1 / (step + 1)}, step=step)\n"
        "op.log({'text': 'hello'}, step=1)\n"
        "op.log({'h': pluto.Histogram([1, 2, 3], bins=2)}, step=1)\n"
        "op.finish()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    run = wandb.Api().runs("native")[0]
    assert run.config == {"lr": 1}
    assert run.state == "finished"
    assert dict(run.summary)["loss"] == 0.25
    rows = list(run.scan_history())
    assert [row["_step"] for row in rows] == [0, 1, 2, 3]
    assert rows[1]["loss"] == 0.5
    assert rows[1]["h"]["_type"] == "histogram"
    assert rows[1]["text"] == "hello"
    assert all(row["_runtime"] >= 0 and row["_timestamp"] > 1e9 for row in rows)
    assert run.lastHistoryStep == 3


def test_from_a_server(wandb: ModuleType, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
    with Client(host=server.url) as client:
        client.create_run("team/p", external_id="a", name="a", config={"lr": 1})
    assert [project.name for project in wandb.Api().projects("team")] == []
    for api in (wandb.Api({"base_url": server.url}), wandb.Api({"base_url": f"{server.url}/"}, api_key="k")):
        run = api.run("team/p/a")
        assert run.config == {"lr": 1}
        assert run.url.startswith(f"{server.url}/o/local/projects/team%2Fp/")
        assert api.project("p", "team").url == f"{server.url}/o/local/projects/team%2Fp"
    monkeypatch.setenv("PLUTO_HOST", server.url)
    assert names(wandb.Api().runs("team/p")) == ["a"]


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.team("t"),
        lambda api: api.create_team("t"),
        lambda api: api.create_user("a@b"),
        lambda api: api.reports("team/p"),
        lambda api: api.run_queue("e", "q"),
        lambda api: api.create_run_queue("n", "kubernetes"),
        lambda api: api.job("a/b/c:v0"),
        lambda api: api.queued_run("e", "p", "q", "i"),
        lambda api: api.automations(),
        lambda api: api.integrations(),
        lambda api: api.viewer.generate_api_key(),
        lambda api: api.sync_tensorboard("logs"),
        lambda api: api.create_custom_chart("e", "n", "d", "vega2", "private", {}),
    ],
)
def test_what_is_of_the_cloud_says_what_to_do_instead(wandb: ModuleType, call: Any) -> None:
    with pytest.raises(wandb.errors.UnsupportedError, match=r".{30,}"):
        call(wandb.Api())


def test_whoever_reads(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_USERNAME", "ada")
    api = wandb.Api({"entity": "team"})
    assert (api.viewer.username, api.viewer.entity, api.viewer.teams) == ("ada", "team", [])
    assert api.user("ada").username == "ada"
    assert api.user("bob") is None
    assert api.users("a") == [api.viewer]
    assert api.organization("o").name == "o"


def test_importing_is_light() -> None:
    script = (
        "import sys, pluto.compat.wandb.apis, pluto.compat.wandb.apis.public as public\n"
        "heavy = {'numpy', 'pandas', 'httpx', 'starlette', 'sqlite3', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "public.Api\n"
        "heavy = {'numpy', 'pandas', 'httpx', 'starlette', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_what_was_read_outlives_its_api(wandb: ModuleType, made: Made) -> None:
    made("a")
    run = wandb.Api().run("team/p/a")
    gc.collect()
    assert run.load(force=True)["state"] == "running"
