"""Whoever is killed, and whatever is away or full: every row is stored, each once, and the script is as ever."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.compat.wandb.stored import deliver, rows_of, run_of
from tests.jobs.test_bad_disks import mounted
from tests.programs import PLUTO, Scripts, of_home, serving
from tests.waiting import until

LOOP = """
import mmap, os, sys
import pluto.compat.wandb as wandb
counter, calls = sys.argv[1], int(sys.argv[2])
handle = os.open(counter, os.O_RDWR | os.O_CREAT)
os.ftruncate(handle, 8)
acknowledged = mmap.mmap(handle, 8)
run = wandb.init(project="p", id="abc", settings=wandb.Settings(console="off", x_disable_stats=True, silent=True))
for call in range(calls):
    if call % 4 == 0:
        run.log({"whole": call, "text": str(call)}, step=call)
    elif call % 4 == 1:
        run.log({"open": call}, commit=False)
    elif call % 4 == 2:
        run.log({"more": call}, step=call - 2)
    else:
        run.log({"last": call})
    acknowledged[:] = (call + 1).to_bytes(8, "little")
print("trained")
sys.exit(3)
"""
"""Rows of four parts each, at every fourth step. The last part of a row finishes it."""

CALLS = 4_000


def logged(calls: int) -> list[dict[str, object]]:
    """The rows after so many calls."""
    rows: list[dict[str, object]] = []
    for call in range(calls):
        if call % 4 == 0:
            rows.append({"_step": call, "whole": call, "text": str(call)})
        else:
            rows[-1][("open", "more", "last")[call % 4 - 1]] = call
    return rows


def check(calls: int, exact: bool) -> None:
    """The rows of so many calls are stored; unless `exact`, one call more may be."""
    found, sure = rows_of("abc"), logged(calls)
    assert found == sure or (not exact and found == logged(calls + 1))


@pytest.mark.parametrize("who", ["training", "uploader", "both"])
def test_kill_9(home: Path, scripts: Scripts, tmp_path: Path, who: str) -> None:
    counter = tmp_path / "counter"

    def count() -> int:
        return int.from_bytes(counter.read_bytes()[:8], "little") if counter.exists() else 0

    calls = CALLS if who == "uploader" else 10**9
    training = scripts.start(LOOP, str(counter), str(calls))
    try:
        until(lambda: count() > 300 and len(of_home(home)) > 1, 60)
        processes = of_home(home)
        if who == "both":
            processes.sort(key=lambda process: process.pid != training.pid)
        for process in processes:
            if who == "both" or (process.pid == training.pid) == (who == "training"):
                process.kill()
        out, err = training.communicate(timeout=60)
    finally:
        training.kill()
        training.wait()
    if who == "uploader":
        assert (training.returncode, out) == (3, "trained\n"), err
        assert count() == CALLS
    else:
        assert training.returncode == -9
    deliver(home)
    check(count(), exact=who == "uploader")
    assert run_of("abc")["status"] == "FAILED"


def test_a_server_that_dies(home: Path, scripts: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script neither notices nor waits longer than asked; the rest goes to the server once it is back."""
    counter = tmp_path / "counter"

    def count() -> int:
        return int.from_bytes(counter.read_bytes()[:8], "little") if counter.exists() else 0

    with serving(tmp_path / "server") as server:
        port = int(server.url.rpartition(":")[2])
        training = scripts.start(
            LOOP, str(counter), str(CALLS), env={"PLUTO_HOST": server.url, "WANDB_FINISH_TIMEOUT": "1"}
        )
        try:
            until(lambda: count() > 300, 60)
            server.process.kill()
            server.process.wait()
            out, err = training.communicate(timeout=60)
        finally:
            training.kill()
            training.wait()
    assert (training.returncode, out) == (3, "trained\n"), err
    with serving(tmp_path / "server", port=port) as server:
        monkeypatch.setenv("PLUTO_HOST", server.url)
        done = subprocess.run([*PLUTO, "sync"], timeout=60, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        until(lambda: run_of("abc")["status"] == "FAILED", 60)
        check(CALLS, exact=True)


def test_a_disk_that_is_full(home: Path, root: Path, scripts: Scripts) -> None:
    """The script does not notice; all of it is there once there is room again."""
    root.mkdir()
    done = mounted(
        scripts,
        f"mount -t tmpfs -o size=24m tmpfs {root}",
        f"""
        import os, subprocess, sys, time
        import pluto.compat.wandb as wandb
        quiet = dict(console="off", x_disable_stats=True, silent=True)
        run = wandb.init(project="p", id="abc", mode="offline", settings=quiet)
        for step in range(100):
            run.log({{"before": step}}, step=step)
        filler = open("{root}/filler", "wb")
        try:
            while True:
                filler.write(b"x" * 65536)
                filler.flush()
        except OSError:
            pass
        slowest = 0
        for step in range(100, 300):
            begun = time.perf_counter()
            run.log({{"during": step, "text": "t" * 1000}}, step=step, commit=step % 2 == 0)
            slowest = max(slowest, time.perf_counter() - begun)
        try:
            filler.close()
        except OSError:
            pass
        os.unlink("{root}/filler")
        for step in range(300, 400):
            run.log({{"after": step}}, step=step)
        run.finish()
        print(slowest < 1)
        subprocess.run([sys.executable, "-m", "pluto", "sync"], check=True, stdout=subprocess.DEVNULL)
        from pluto.query import Client
        with Client() as client:
            found = client.find_run("p", external_id="abc")
            for name in ("before", "during", "after"):
                points = client.points("p", found["id"], name)
                steps = points.steps.tolist()
                assert steps == sorted(set(steps)), name
                assert steps == points.values.tolist(), name
                print(name, len(steps))
        sys.stdout.flush()
        os._exit(3)
        """,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines() == ["True", "before 100", "during 200", "after 100"]
