"""A server that does not answer holds nobody up for longer than was agreed, and everything arrives all the same."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.stock import Stock, stock_server
from tests.programs import Scripts, of_home
from tests.waiting import until

TRAINING = """
import json, os, signal, sys, time
import pluto
from pluto.core import shutdown

if not os.environ.get("OWNED"):  # whatever machine this is, nobody ends the uploader with the job
    shutdown.owner = lambda: None
run = pluto.init(project="detached", **json.loads(os.environ["TARGET"]))
for step in range(20):
    run.log({"loss": step * 0.5}, step=step)
run.log({"note": pluto.Text("hello")})
print("logged", time.time(), flush=True)
"""


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stock]:
    """A server that takes a request and never answers, until `heal`."""
    with stock_server() as server:
        urls = dict.fromkeys(("url_app", "url_api", "url_ingest", "url_py"), server.url)
        monkeypatch.setenv("TARGET", json.dumps(urls))
        monkeypatch.setenv("PLUTO_API_KEY", server.key)
        monkeypatch.setenv("PLUTO_HTTP_TIMEOUT", "1")
        server.fail("hang")
        yield server


def arrives(stock: Stock, home: Path, status: str | None = "COMPLETED") -> None:
    """Once the server answers, everything is there, and nobody is left running."""
    stock.heal()
    (run,) = until(lambda: list(stock.runs.values()), 60, "the run arrives")
    until(lambda: run.status == status, 60, f"the run becomes {status}")
    assert len(stock.runs) == 1
    assert stock.points(run, "loss") == {step: step * 0.5 for step in range(20)}
    until(lambda: not of_home(home), 60, "the uploader leaves")


def test_finish_waits_as_long_as_agreed(stock: Stock, scripts: Scripts, home: Path) -> None:
    program = scripts.run(
        TRAINING
        + """
before = time.monotonic()
run.finish()
took = time.monotonic() - before
assert 1 <= took < 20, took
print("finished", time.time())
""",
        env={"PLUTO_FINISH_WAIT": "1", "PLUTO_EXIT_WAIT": "90"},
    )
    ended = time.time()
    assert "records left" in program.stderr and "pluto sync" in program.stderr
    assert ended - float(program.stdout.split()[-1]) < 20
    arrives(stock, home)


def test_exit_waits_longer_where_the_job_ends_the_uploader(stock: Stock, scripts: Scripts, home: Path) -> None:
    folder = os.environ["PLUTO_DIR"]

    def one(owner: tuple[str, str], code: str) -> tuple[float, str]:
        variables = {"PLUTO_FINISH_WAIT": "0.1", "PLUTO_EXIT_WAIT": "10", "OWNED": "1", owner[0]: owner[1]}
        program = scripts.run(TRAINING + code, env=variables)
        return time.time() - float(program.stdout.split()[1]), program.stderr

    owners = {
        "CI": ("CI", "true"),
        "SLURM": ("SLURM_JOB_ID", "7"),
        "Kubernetes": ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        "": ("OWNED", ""),
    }
    with ThreadPoolExecutor(4) as pool:
        took = dict(zip(owners, pool.map(one, owners.values(), ["", "run.finish()\n", "", ""]), strict=True))
    for owner, (seconds, err) in took.items():
        if owner:
            assert 10 <= seconds < 40, (owner, seconds)
            assert f"{owner} ends the uploader with the job; the rest is for: pluto sync --dir {folder}" in err
        else:
            assert seconds < 10
            assert "ends the uploader" not in err
    stock.heal()
    until(lambda: [run.status for run in stock.runs.values()] == ["COMPLETED"] * 4, 60)
    until(lambda: not of_home(home), 60, "the uploader leaves")


def test_waiting_ends_as_soon_as_everything_has_arrived(stock: Stock, scripts: Scripts, home: Path) -> None:
    program = scripts.start(TRAINING, env={"PLUTO_EXIT_WAIT": "50", "CI": "1", "OWNED": "1"})
    assert program.stdout is not None
    assert program.stdout.readline().startswith("logged")
    until(lambda: stock.requests, 60)
    arrives(stock, home)
    _, err = program.communicate(timeout=60)
    assert program.returncode == 0
    assert "delivered" in err and "ends the uploader" not in err


@pytest.mark.parametrize("where", ["finish", "exit"])
def test_ctrl_c_once_the_end_is_written(stock: Stock, scripts: Scripts, home: Path, where: str) -> None:
    """In the waiting, or on the way there: `test_interrupts` presses it at every moment of that."""
    code = 'run.finish()\nprint("not reached")\n' if where == "finish" else ""
    program = scripts.start(
        TRAINING + code,
        env={"PLUTO_FINISH_WAIT": "60", "PLUTO_EXIT_WAIT": "90", "OWNED": "1", "CI": "1"},
        start_new_session=True,
    )
    runs = home / ".pluto" / "sync" / "runs"
    until(lambda: any(b"COMPLETED" in path.read_bytes() for path in runs.glob("*/*/*-wal")), 60, "its end is written")
    os.killpg(program.pid, signal.SIGINT)
    # It would wait for 60 or 90 seconds if it did not heed the key.
    out, err = program.communicate(timeout=45)
    assert "not reached" not in out
    assert "records left" in err and "pluto sync" in err
    assert "Traceback" not in err or where == "finish", err
    assert program.returncode == (-signal.SIGINT if where == "finish" else 0), err
    arrives(stock, home)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_end_of_the_whole_group(stock: Stock, scripts: Scripts, home: Path, number: signal.Signals) -> None:
    program = scripts.start(TRAINING + "time.sleep(60)\n", start_new_session=True)
    assert program.stdout is not None
    assert program.stdout.readline().startswith("logged")
    os.killpg(program.pid, number)
    program.communicate(timeout=60)
    assert program.returncode == -number
    arrives(stock, home, "FAILED")
