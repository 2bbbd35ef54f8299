"""Runs that wait for `pluto sync`, and runs that leave nothing at all."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from pluto import query
from tests.jobs.jobs import QUIET, sync
from tests.programs import PLUTO, Scripts, Server, free_port, of_home

OFFLINE = f"""
    import os, sys
    import pluto
    with pluto.init(project="p", run_id=sys.argv[1], mode="offline", config={{"lr": 1}}, tags="t", {QUIET}) as run:
        for step in range(200):
            run.log({{"loss": step * 0.5}}, step=step)
        run.log({{"note": pluto.Text("x" * 200_000)}}, step=3)
"""


def status() -> list[dict]:
    done = subprocess.run([*PLUTO, "status", "--json"], capture_output=True, text=True, timeout=60)
    return list(json.loads(done.stdout))


def check(client: query.Client, run_id: str) -> None:
    run = client.get_run("p", run_id)
    assert (run["status"], run["config"], run["tags"]) == ("COMPLETED", {"lr": 1}, ["t"])
    found = client.points("p", run_id, "loss")
    assert found.steps.tolist() == list(range(200)) and found.values.tolist() == [step * 0.5 for step in range(200)]
    assert [row["fileSize"] for row in client.iter_files("p", run_id)] == [200_000]


def test_an_offline_run_starts_nothing_and_waits(home: Path, scripts: Scripts) -> None:
    said = scripts.run(OFFLINE, "a")
    assert of_home(home) == []
    assert not (home / ".pluto" / "store").exists()
    assert said.stderr.count("pluto sync") == 1
    (shown,) = status()
    assert (shown["run_id"], shown["mode"], shown["alive"], shown["files"]) == ("a", "offline", False, 1)
    assert "a" in sync()
    with query.Client() as client:
        check(client, "a")
    assert status() == []
    assert sync() == "Nothing is waiting.\n"
    with query.Client() as client:
        check(client, "a")


def test_an_uploader_of_other_runs_leaves_it_alone(home: Path, scripts: Scripts) -> None:
    scripts.run(OFFLINE, "a")
    scripts.run(OFFLINE.replace('mode="offline"', 'mode="online"'), "b")
    assert [one["run_id"] for one in status()] == ["a"]
    assert [run["name"] for run in query.list_runs("p")] and len(query.list_runs("p")) == 1


def test_a_server_that_was_meant_gets_it_and_once(
    scripts: Scripts, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts.run(OFFLINE, "a", env={"PLUTO_HOST": server.url})
    (shown,) = status()
    assert shown["target"] == server.url
    assert "delivered" in sync()
    assert sync() == "Nothing is waiting.\n"
    with query.Client(host=server.url) as client:
        check(client, "a")
    assert query.list_projects() == []
    # What was meant stays meant, whatever is configured when it is delivered.
    scripts.run(OFFLINE, "b", env={"PLUTO_HOST": server.url})
    monkeypatch.setenv("PLUTO_HOST", f"127.0.0.1:{free_port()}")
    assert "delivered" in sync()
    with query.Client(host=server.url) as client:
        check(client, "b")


def test_the_server_configured_now_gets_what_was_meant_for_none(
    scripts: Scripts, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts.run(OFFLINE, "a")
    scripts.run(OFFLINE, "b")
    monkeypatch.setenv("PLUTO_HOST", server.url)
    assert server.url in sync("--dry-run")
    assert server.url in sync()
    with query.Client(host=server.url) as client:
        check(client, "a")
        check(client, "b")
    with query.Client(host="local") as client:
        assert client.list_projects() == []


def test_a_new_key_counts(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    """The key a run was started with has been revoked; the one `pluto login` keeps now delivers it."""
    from tests.programs import serving

    folder = home / "keyed"
    folder.mkdir()

    def key() -> tuple[str, str]:
        done = subprocess.run(
            [*PLUTO, "server", "keys", "create", "--json", "--dir", str(folder)], capture_output=True, text=True
        )
        made = json.loads(done.stdout)
        return made["key"], str(made["id"])

    (old, number), (new, _) = key(), key()
    with serving(folder, "--require-key") as running:
        scripts.run(OFFLINE, "a", env={"PLUTO_HOST": running.url, "PLUTO_API_KEY": old})
        subprocess.run([*PLUTO, "server", "keys", "revoke", number, "--dir", str(folder)], check=True, timeout=60)
        assert "key" in sync("--patience", "1", code=3)
        login = [*PLUTO, "login", "--stdin", "--host", running.url]
        subprocess.run(login, input=new, text=True, check=True, timeout=60, capture_output=True)
        assert "delivered" in sync()
        with query.Client(host=running.url, api_token=new) as client:
            check(client, "a")


def test_a_disabled_run_writes_nothing_and_starts_nothing(home: Path, scripts: Scripts) -> None:
    done = scripts.run(
        """
        import sys, threading
        import pluto
        before = set(sys.modules)
        run = pluto.init(project="p", run_id="r", mode="disabled", resume=True, config={"lr": 1})
        for step in range(1000):
            run.log({"loss": 1.0, "note": pluto.Text("x")}, step=step)
        run.add_tags("t"), run.alert("hello"), run.update_config({"a": 1}), run.flush()
        assert (run.id, run.url, run.resumed, run.cancelled, run.config.lr) == (None, None, False, False, 1)
        run.finish()
        heavy = {"httpx", "sqlalchemy", "starlette", "numpy", "psutil", "PIL", "pandas"}
        assert not heavy & (set(sys.modules) - before), heavy & set(sys.modules)
        assert threading.active_count() == 1
        print("done")
        """
    )
    assert (done.stdout, done.stderr) == ("done\n", "")
    assert not (home / ".pluto").exists()
    assert of_home(home) == []
