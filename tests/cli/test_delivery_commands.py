"""`pluto status` and `pluto sync` over real leftovers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pluto.query as pq
from pluto.query import Client
from tests.programs import PLUTO, Scripts, Server, free_port
from tests.waiting import until

Command = Callable[..., Any]
QUIET = "settings={'disable_system_metrics': True, 'disable_console': True}"
OFFLINE = f"""
    import pluto
    run = pluto.init(project="digits", run_id="left", mode="offline", {QUIET})
    for step in range(50):
        run.log({{"loss": 1 / (step + 1)}}, step=step)
    run.log({{"note": pluto.Text("hello")}}, step=50)
    run.finish()
"""


@pytest.fixture
def left(scripts: Scripts) -> None:
    scripts.run(OFFLINE)


def test_nothing_is_left(command: Command, printed: Command) -> None:
    assert printed("status") == []
    assert printed("sync") == []
    assert command("status").stdout == "Everything is delivered.\n"
    assert command("sync").stdout == "Nothing is waiting.\n"


@pytest.mark.usefixtures("left")
def test_an_offline_run_is_shown_and_delivered(command: Command, printed: Command, root: Path) -> None:
    (shown,) = printed("status", code=3)
    assert (shown["project"], shown["run_id"], shown["mode"], shown["alive"]) == ("digits", "left", "offline", False)
    assert (shown["records"] >= 51, shown["files"], shown["problem"]) == (True, 1, None)
    assert shown["bytes"] > 0
    assert shown["target"] == str(root / "store")
    assert "left behind, offline" in command("status", code=3).stdout
    (dry,) = printed("sync", "--dry-run")
    assert dry["state"] == "would be delivered"
    assert printed("status", code=3) == [shown]
    (done,) = printed("sync")
    assert (done["folder"], done["state"]) == (shown["folder"], "delivered")
    assert printed("status") == []
    assert not Path(shown["folder"]).exists()
    run = pq.get_run("digits", "left")
    assert run["status"] == "COMPLETED"
    assert len(pq.points("digits", "left", "loss")) == 50
    assert [row["logName"] for row in pq.get_files("digits", "left")] == ["note"]


@pytest.mark.usefixtures("left")
def test_paths_choose(printed: Command, scripts: Scripts, tmp_path: Path, root: Path) -> None:
    scripts.run(OFFLINE.replace('"left"', '"other"'))
    scripts.run(OFFLINE, env={"PLUTO_DIR": str(tmp_path / "elsewhere")})
    shown = {(Path(one["root"]).name, one["run_id"]): one for one in printed("status", code=3)}
    assert set(shown) == {(".pluto", "left"), (".pluto", "other"), ("elsewhere", "left")}
    assert len(printed("status", "--dir", tmp_path / "elsewhere", code=3)) == 1
    assert [one["run_id"] for one in printed("sync", shown[".pluto", "other"]["folder"])] == ["other"]
    assert [one["root"] for one in printed("sync", "--dir", tmp_path / "elsewhere")] == [str(tmp_path / "elsewhere")]
    assert [one["run_id"] for one in printed("sync", root / "sync")] == ["left"]
    assert printed("status") == []


def test_a_killed_run_is_left_behind_and_a_live_one_is_not(printed: Command, scripts: Scripts) -> None:
    source = f"""
        import sys, pluto
        run = pluto.init(project="digits", run_id=sys.argv[1], mode="offline", {QUIET})
        run.log({{"loss": 1.0}})
        print("logged", flush=True)
        sys.stdin.read()
    """
    with scripts.start(source, "killed", stdin=-1) as killed, scripts.start(source, "alive", stdin=-1) as alive:
        for process in (killed, alive):
            assert process.stdout is not None
            assert process.stdout.readline() == "logged\n"
        killed.kill()
        killed.wait()
        assert {one["run_id"]: one["alive"] for one in printed("status", code=3)} == {"killed": False, "alive": True}
        printed("sync")
        assert [one["run_id"] for one in printed("status")] == ["alive"]
        assert pq.get_run("digits", "killed")["status"] == "FAILED"
        alive.communicate("", timeout=60)


def test_a_server_that_is_away_leaves_the_run_and_its_return_takes_it(
    scripts: Scripts, printed: Command, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUTO_HOST", f"http://127.0.0.1:{free_port()}")
    scripts.run(OFFLINE)
    (tried,) = printed("sync", "--patience", "0.2", code=3)
    assert tried["state"] == "left"
    assert "127.0.0.1" in tried["problem"]
    (shown,) = printed("status", code=3)
    assert shown["records"] >= 51
    (moved,) = printed("sync", "--to", server.url, "--dry-run")
    assert (moved["target"], moved["state"]) == (server.url, "would be delivered")
    (moved,) = printed("sync", "--to", server.url)
    assert (moved["target"], moved["state"]) == (server.url, "delivered")
    with Client(host=server.url) as client:
        assert len(client.points("digits", "left", "loss")) == 50


def test_a_run_under_way_stays_where_it_is(scripts: Scripts, root: Path, server: Server) -> None:
    with scripts.start(OFFLINE.replace("run.finish()", "print('x', flush=True); input()"), stdin=-1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        done = subprocess.run(
            [*PLUTO, "sync", "--to", server.url, "--json"], capture_output=True, text=True, timeout=60, check=False
        )
        assert "is begun at" in done.stderr
        (one,) = json.loads(done.stdout)
        assert one["target"] == str(root / "store")
        process.communicate("\n", timeout=60)


@pytest.mark.usefixtures("left")
def test_ctrl_c_ends_sync_and_the_next_one_goes_on(
    printed: Command, scripts: Scripts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUTO_HOST", f"http://127.0.0.1:{free_port()}")
    scripts.run(OFFLINE)
    monkeypatch.delenv("PLUTO_HOST")
    process = subprocess.Popen([*PLUTO, "sync", "--patience", "60"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        until(lambda: len(printed_waiting()) == 1, 60, "the local run is delivered")
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
    assert len(printed("status", code=3)) == 1


def printed_waiting() -> list[Any]:
    done = subprocess.run([*PLUTO, "status", "--json"], capture_output=True, text=True, timeout=60, check=False)
    return [one for one in json.loads(done.stdout) if one["records"]]
