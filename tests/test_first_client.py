"""What hurt users of the first client (pluto-ml 0.0.29), each as a thing that does not happen here."""

from __future__ import annotations

import datetime
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import pluto
from pluto import query
from tests.programs import PLUTO, Scripts, Server, free_port, of_home, serving
from tests.waiting import until

KEY = "key-of-a-user-0123456789abcdef"
QUIET = {"disable_console": True, "disable_system_metrics": True}


def remote(url: str, key: str | None = None, **more: Any) -> dict[str, Any]:
    return {"host": url, **({"api_key": key} if key else {}), **QUIET, **more}


@pytest.fixture
def nobody() -> str:
    """An address where no server listens."""
    return f"http://127.0.0.1:{free_port()}"


def test_init_and_log_go_on_without_a_server_and_what_was_logged_is_kept(nobody: str) -> None:
    run = pluto.init(project="first", settings=remote(nobody, KEY, finish_wait=0.2, exit_wait=0.2))
    for step in range(100):
        run.log({"loss": step})
    begun = time.monotonic()
    run.finish()
    assert time.monotonic() - begun < 30
    left = subprocess.run([*PLUTO, "status", "--json"], capture_output=True, text=True, timeout=60)
    assert run.run_id in left.stdout, left.stderr


def test_the_key_is_in_no_command_line_and_in_no_file_others_can_read(home: Path, nobody: str) -> None:
    run = pluto.init(project="first", settings=remote(nobody, KEY, finish_wait=0.2))
    run.log({"loss": 1.0})
    uploaders = until(lambda: of_home(home), 60, "an uploader")
    for process in uploaders:
        assert KEY not in " ".join(process.cmdline())
    readable = [
        path
        for path in home.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes() and path.stat().st_mode & 0o077
    ]
    assert readable == []
    run.finish()


class Slow(http.server.BaseHTTPRequestHandler):
    """Takes its time over every request."""

    def do_POST(self) -> None:
        self.server.over.wait(5)  # type: ignore[attr-defined]
        self.send_error(503)

    do_GET = do_PUT = do_POST

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def slow() -> Iterator[str]:
    """The address of a server that answers nothing for seconds."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.over = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.over.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_first_use_of_a_name_asks_nobody(slow: str) -> None:
    run = pluto.init(project="first", settings=remote(slow, KEY, finish_wait=0.1, exit_wait=0.1))
    begun = time.monotonic()
    for number in range(50):
        run.log({f"name/{number}": 1.0})
    assert time.monotonic() - begun < 5, "the server takes as long for one answer"
    run.finish()


def test_log_costs_microseconds_and_grows_with_the_number_of_names_only() -> None:
    run = pluto.init(project="first", settings=QUIET)

    def best(values: dict[str, float], times: int) -> float:
        run.log(values)
        samples = []
        for _ in range(times):
            start = time.perf_counter()
            run.log(values)
            samples.append(time.perf_counter() - start)
        return sorted(samples)[len(samples) // 4]

    one = best({"a": 1.0}, 400)
    many = best({f"name/{number}": 1.0 for number in range(2000)}, 50)
    run.finish()
    assert one < 0.001
    # The first client took 38 ms here: it looked through a list for each name.
    assert many < 0.01


def test_thousands_of_records_a_second_arrive(scripts: Scripts) -> None:
    run = pluto.init(project="first", settings=QUIET)
    for step in range(20_000):
        run.log({"loss": step}, step=step)
    begun = time.monotonic()
    run.finish()
    # At the first client's 100 records a second this took minutes.
    assert time.monotonic() - begun < 60
    assert len(query.points("first", run.run_id, "loss")) == 20_000


def test_one_odd_step_harms_no_neighbour(server: Server) -> None:
    run = pluto.init(project="first", settings=remote(server.url))
    for step in (0, 1, -5, 2.5, 3, 10**15, 4):
        run.log({"loss": 1.0}, step=step)
    run.finish()
    with query.Client(settings=remote(server.url)) as client:
        assert list(client.points("first", run.run_id, "loss").steps) == [-5, 0, 1, 2.5, 3, 4, 10**15]


def test_a_bad_value_is_refused_alone() -> None:
    run = pluto.init(project="first", settings=QUIET)
    run.log({"loss": 1.0})
    for bad in ({"loss": object()}, {3: 1.0}):
        try:
            run.log(bad)  # type: ignore[dict-item]
        except (TypeError, ValueError):
            continue
    run.log({"loss": 2.0})
    run.finish()
    assert [value for value in query.points("first", run.run_id, "loss").values if value in (1.0, 2.0)] == [1.0, 2.0]


def test_finish_says_what_is_not_delivered_and_it_is_delivered_later(scripts: Scripts) -> None:
    port = free_port()
    settings = remote(f"http://127.0.0.1:{port}", finish_wait=0.3, exit_wait=0.3)
    done = scripts.run(
        f"""
        import pluto
        run = pluto.init(project="first", run_id="late", settings={settings!r})
        for step in range(50):
            run.log({{"loss": step}})
        run.finish()
        """
    )
    said = done.stdout + done.stderr
    assert "pluto sync" in said or "not delivered" in said or "left" in said, said

    with serving(scripts.folder / "late", port=port) as server:
        subprocess.run([*PLUTO, "sync"], check=True, capture_output=True, text=True, timeout=60)
        with query.Client(settings=remote(server.url)) as client:
            assert list(client.points("first", "late", "loss").values) == list(range(50))


def test_a_resumed_run_goes_on_where_it_stood() -> None:
    first = pluto.init(project="first", run_id="again", settings=QUIET)
    for value in (1.0, 2.0, 3.0):
        first.log({"loss": value})
    first.finish()
    again = pluto.init(project="first", run_id="again", resume=True, settings=QUIET)
    assert again.resumed
    again.log({"loss": 4.0})
    again.finish()
    points = query.points("first", "again", "loss")
    assert list(points.values) == [1.0, 2.0, 3.0, 4.0]
    assert len(set(points.steps)) == 4
    assert points.steps[3] > points.steps[2]


@pytest.mark.parametrize("name", ["20240101", "EXP-1", "7"])
def test_a_run_id_that_looks_like_the_servers_is_the_users(name: str) -> None:
    run = pluto.init(project="first", run_id=name, settings=QUIET)
    run.log({"loss": 1.0})
    run.finish()
    assert run.run_id == name
    assert not run.resumed
    assert len(query.list_runs("first")) == 1


def test_a_config_may_be_large_and_hold_paths_and_dates() -> None:
    run = pluto.init(
        project="first",
        config={
            "folder": Path("data") / "digits",
            "day": datetime.datetime(2024, 5, 17, tzinfo=datetime.timezone.utc),
            "large": ["x" * 100] * 5_000,
        },
        settings=QUIET,
    )
    run.finish()
    config = query.get_run("first", run.id)["config"]
    assert config["folder"] == str(Path("data") / "digits")
    assert config["day"].startswith("2024-05-17")
    assert len(config["large"]) == 5_000


def test_two_files_of_one_name_stay_two(tmp_path: Path) -> None:
    run = pluto.init(project="first", settings=QUIET)
    for part in ("train", "test"):
        folder = tmp_path / part
        folder.mkdir()
        (folder / "report.txt").write_text(f"report of {part}")
        run.log({part: pluto.File(str(folder / "report.txt"))})
    run.finish()
    for part in ("train", "test"):
        fetched = query.download_file("first", run.id, part, tmp_path / f"{part}.txt")
        assert fetched.read_text() == f"report of {part}"


@pytest.mark.parametrize(("code", "status"), [(137, "FAILED"), (1, "FAILED"), (0, "COMPLETED")])
def test_every_exit_code_gives_a_status(code: int, status: str) -> None:
    run = pluto.init(project="first", settings=QUIET)
    run.log({"loss": 1.0})
    run.finish(code)
    assert query.get_run("first", run.id)["status"] == status


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_logs_through_a_journal_of_its_own(scripts: Scripts) -> None:
    scripts.run(
        f"""
        import os, warnings
        warnings.simplefilter("ignore")
        import pluto
        run = pluto.init(project="first", run_id="forked", settings={QUIET!r})
        run.log({{"parent": 1.0}}, step=0)
        child = os.fork()
        if not child:
            for step in range(200):
                run.log({{"child": step}}, step=step)
            os._exit(0)
        for step in range(1, 200):
            run.log({{"parent": 1.0}}, step=step)
        assert os.waitpid(child, 0)[1] == 0
        run.finish()
        """
    )
    until(lambda: len(query.points("first", "forked", "child")) == 200, 60, "the child's points")
    assert len(query.points("first", "forked", "parent")) == 200


def test_sync_goes_to_the_server_the_run_was_made_for(scripts: Scripts, server: Server) -> None:
    scripts.run(
        f"""
        import pluto
        run = pluto.init(project="first", run_id="kept", settings={remote(server.url, mode="offline")!r})
        run.log({{"loss": 1.0}})
        run.finish()
        """
    )
    assert "PLUTO_HOST" not in os.environ
    subprocess.run([*PLUTO, "sync"], check=True, capture_output=True, text=True, timeout=60)
    with query.Client(settings=remote(server.url)) as client:
        assert list(client.points("first", "kept", "loss").values) == [1.0]


def test_no_hook_runs_in_other_peoples_processes() -> None:
    packages = Path(sys.prefix) / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    hooks = [path for path in packages.glob("*.pth") if "import" in path.read_text() and "pluto" in path.read_text()]
    # An editable install may be a .pth with the path of the checkout, never one that imports.
    assert [path.name for path in hooks if not path.name.startswith("_editable_impl")] == []
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, json; print(json.dumps([m for m in sys.modules if m.startswith('pluto')]))",
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(loaded.stdout) == []


def test_nothing_stays_behind_in_this_process() -> None:
    before = {thread.name for thread in threading.enumerate()}
    for _ in range(3):
        pluto.init(project="first", settings=QUIET).finish()
    me = psutil.Process()
    files = len(me.open_files())
    for _ in range(20):
        run = pluto.init(project="first", settings=QUIET)
        run.log({"loss": 1.0})
        run.finish()
    assert len(me.open_files()) <= files + 2
    assert len({thread.name for thread in threading.enumerate()} - before) <= 3
