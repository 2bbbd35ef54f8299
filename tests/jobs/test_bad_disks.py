"""Disks that fill up, fail, can't be written or vanish, and clocks that jump: the training does not notice."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pluto import query
from tests.jobs.jobs import QUIET, points, settled, sync
from tests.programs import Scripts

SLOW_S = 0.3
"""A call that takes longer has waited for a disk."""


def namespace(probe: str) -> list[str]:
    """The start of a command that runs in a mount namespace of its own; skips where `probe` can't be done there."""
    start = ["unshare", "--mount", "--map-root-user"] if os.getuid() else ["unshare", "--mount"]
    done = subprocess.run([*start, "sh", "-c", f"mount --make-rprivate / && {probe}"], capture_output=True, text=True)
    if sys.platform != "linux" or done.returncode:
        pytest.skip(f"this machine allows no mounts in a namespace: {done.stderr.strip()}")
    return start


def mounted(scripts: Scripts, mount: str, source: str) -> subprocess.CompletedProcess[str]:
    """A program that sees a mount nobody else sees."""
    start = namespace(mount)
    script = scripts.folder / "inside.py"
    script.write_text(textwrap.dedent(source))
    inside = f"mount --make-rprivate / && {mount} && exec {shlex.join([sys.executable, str(script)])}"
    return subprocess.run([*start, "sh", "-c", inside], capture_output=True, text=True, timeout=100)


CALLS = """
    import time
    slow = 0
    def log(run, steps):
        global slow
        for step in steps:
            began = time.perf_counter()
            run.log({"loss": step * 0.5}, step=step)
            slow += time.perf_counter() - began > 1
"""


def test_a_full_disk_that_gets_room_again(home: Path, root: Path, scripts: Scripts) -> None:
    """Journal, receipts and store are all on it."""
    root.mkdir()
    program = mounted(
        scripts,
        f"mount -t tmpfs -o size=24m tmpfs {root}",
        CALLS
        + f"""
    import os
    import pluto
    from pluto import query
    run = pluto.init(project="p", run_id="full", {QUIET})
    log(run, range(500))
    ballast = os.environ["PLUTO_DIR"] + "/ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    log(run, range(500, 6000))
    run.log({{"note": pluto.Text("x" * 100_000)}})
    run.log({{"lost": pluto.Text("y" * 9_000_000)}})
    log(run, range(6000, 6100))
    os.unlink(ballast)
    log(run, range(6100, 6200))
    assert run.flush(60)
    run.finish()
    found = query.points("p", "full", "loss")
    print(found.steps.tolist() == list(range(6200)), query.get_run("p", "full")["status"], slow)
    """,
    )
    assert program.returncode == 0, program.stderr
    right, status, slow = program.stdout.split()
    assert (right, status) == ("True", "COMPLETED"), program.stderr
    assert int(slow) <= 2
    assert program.stderr.count("keeping it in memory") == 1
    assert program.stderr.count("caught up") == 1
    assert "Traceback" not in program.stderr


def test_a_disk_that_stays_full(home: Path, scripts: Scripts) -> None:
    """What reached it before is delivered later; what did not is counted; the script ends as ever."""
    program = scripts.run(
        CALLS
        + f"""
    import resource
    import pluto
    from pluto.core.journal import writer
    writer.BACKLOG_BYTES = 5_000
    run = pluto.init(project="p", run_id="full", mode="offline", {QUIET})
    log(run, range(100))
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    log(run, range(100, 3000))
    run.log({{"note": pluto.Text("x" * 100_000)}})
    run.finish()
    print(slow)
    """
    )
    assert int(program.stdout) <= 2
    assert program.stderr.count("keeping it in memory") == 1
    assert program.stderr.count("losing records") == 1
    assert "never reached the disk" in program.stderr
    sync()
    assert points("p", "full", "loss") == [(step, step * 0.5) for step in range(100)]
    assert query.get_run("p", "full")["status"] == "FAILED", "its end never reached the disk"


def test_a_disk_with_errors(home: Path, scripts: Scripts) -> None:
    program = scripts.run(
        CALLS
        + f"""
    import errno, sqlite3
    import pluto
    from pluto.core.journal import segment
    run = pluto.init(project="p", run_id="eio", {QUIET})
    log(run, range(100))
    journal = run._recorder.journal
    good, make, tries = journal._segment.execute, segment.create, 0
    def broken(*_):
        global tries
        tries += 1
        raise sqlite3.OperationalError("disk I/O error")
    def unmade(*_, **__):
        raise OSError(errno.EIO, "Input/output error")
    journal._segment.execute, segment.create = broken, unmade
    began = time.monotonic()
    log(run, range(100, 5000))
    run.add_tags("t")
    run.config["a"] = 1
    assert tries <= 3 + 3 * (time.monotonic() - began), tries
    journal._segment.execute, segment.create = good, make
    log(run, range(5000, 5100))
    run.finish()
    print(slow)
    """
    )
    assert int(program.stdout) == 0
    assert program.stderr.count("keeping it in memory") == 1
    settled(home)
    assert points("p", "eio", "loss") == [(step, step * 0.5) for step in range(5100)]
    run = query.get_run("p", "eio")
    assert (run["status"], run["tags"], run["config"]) == ("COMPLETED", ["t"], {"a": 1})


UNWRITABLE = (
    CALLS
    + f"""
    import pluto
    run = pluto.init(project="p", run_id="ro", resume=True, init_timeout=0.2, config={{"a": 1}}, {QUIET})
    log(run, range(2000))
    run.log({{"note": pluto.Text("x")}})
    run.add_tags("t")
    assert (run.id, run.url, run.resumed) == (None, None, False)
    assert run.flush(1) is False
    run.finish()
    print(slow)
    """
)


@pytest.mark.parametrize("what", ["read-only", "a file"])
def test_a_root_that_cannot_be_written(home: Path, root: Path, scripts: Scripts, what: str) -> None:
    """Root is not kept out by permissions, so it is a read-only mount."""
    if what == "read-only":
        root.mkdir()
        mount = f"mount --bind {root} {root} && mount -o remount,ro,bind {root}"
        program = mounted(scripts, mount, UNWRITABLE)
    else:
        root.write_text("in the way")
        program = scripts.run(UNWRITABLE)
    assert program.returncode == 0, program.stderr
    assert program.stdout == "0\n"
    assert program.stderr.count("nothing is recorded") == 1
    assert len(program.stderr.splitlines()) == (2 if what == "a file" else 1), program.stderr
    assert "PLUTO_DIR" in program.stderr


def test_a_root_that_vanishes(home: Path, root: Path, scripts: Scripts) -> None:
    """Somebody tidies up while the run goes on: the script does not fall, and what is logged from then on is kept."""
    program = scripts.run(
        CALLS
        + f"""
    import os, shutil
    import pluto
    run = pluto.init(project="p", run_id="gone", finish_wait=20, exit_wait=20, {QUIET})
    log(run, range(100))
    assert run.flush(60)
    shutil.rmtree(os.environ["PLUTO_DIR"])
    log(run, range(100, 200))
    deadline = time.monotonic() + 20
    while not os.path.isdir(os.environ["PLUTO_DIR"] + "/sync/runs") and time.monotonic() < deadline:
        time.sleep(0.02)
    log(run, range(200, 300))
    began = time.monotonic()
    run.finish()
    print(slow)
    """
    )
    assert int(program.stdout) <= 1
    assert program.stderr.count("is gone") == 1, program.stderr
    assert "Traceback" not in program.stderr
    settled(home)
    assert points("p", "gone", "loss")[-100:] == [(step, step * 0.5) for step in range(200, 300)]
    assert query.get_run("p", "gone")["status"] == "COMPLETED"


def test_a_clock_that_jumps(home: Path, scripts: Scripts) -> None:
    program = scripts.run(
        CALLS
        + f"""
    import os
    real = time.time_ns
    offset = 0
    time.time_ns = lambda: real() + offset
    time.time = lambda: time.time_ns() / 1e9
    import pluto
    run = pluto.init(project="p", run_id="clock", {QUIET})
    day = 86_400 * 10**9
    for part, offset in enumerate((0, -400 * day, 4000 * day, 0, -10 * day)):
        log(run, range(part * 100, part * 100 + 100))
        run.log({{"note": pluto.Text(str(part))}}, step=part)
        assert run.flush(60)
    again = pluto.init(project="p", run_id="clock", resume=True, {QUIET})
    again.log({{"loss": 250.0}})
    again.finish()
    run.finish()
    print(slow, run.status)
    """
    )
    assert program.stdout == "0 COMPLETED\n"
    settled(home)
    assert points("p", "clock", "loss") == [(step, step * 0.5) for step in range(501)]
    assert len(list(query.iter_files("p", "clock"))) == 5
    assert query.get_run("p", "clock")["status"] == "COMPLETED"


def test_the_store_on_a_full_disk_gets_what_waits_once_there_is_room(home: Path, root: Path, scripts: Scripts) -> None:
    """The journal is fine: it is the deliverer who meets the full disk, and tries again."""
    (root / "store").mkdir(parents=True)
    program = mounted(
        scripts,
        f"mount -t tmpfs -o size=8m tmpfs {root / 'store'}",
        CALLS
        + f"""
    import os
    import pluto
    from pluto import query
    run = pluto.init(project="p", run_id="store", {QUIET})
    log(run, range(100))
    assert run.flush(60)
    ballast = os.environ["PLUTO_DIR"] + "/store/ballast"
    with open(ballast, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
    log(run, range(100, 3000))
    run.log({{"note": pluto.Text("x" * 50_000)}}, step=1)
    assert not run.flush(2)
    os.unlink(ballast)
    assert run.flush(60)
    run.finish()
    found = query.points("p", "store", "loss")
    files = len(list(query.iter_files("p", "store")))
    print(found.steps.tolist() == list(range(3000)), files, query.get_run("p", "store")["status"], slow)
    """,
    )
    assert program.returncode == 0, program.stderr
    assert program.stdout == "True 1 COMPLETED 0\n", program.stderr
