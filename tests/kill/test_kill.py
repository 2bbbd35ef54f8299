"""kill -9 of the training process, the uploader or both, at random moments: what was acknowledged is there, once."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pluto import query
from tests.programs import PLUTO, Scripts, of_home
from tests.waiting import until

# Logs until it dies. After each call that returned, `acknowledged` holds how many did; it is a mapped file, so that
# nothing but the machine can lose it.
TRAINING = """
    import mmap, os, sys, time
    import pluto

    pause, counter, run_id = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    handle = os.open(counter, os.O_RDWR | os.O_CREAT)
    os.ftruncate(handle, 16)
    acknowledged = mmap.mmap(handle, 16)
    run = pluto.init(project="kill", run_id=run_id)
    for step in range(10**9):
        run.log({"loss": step * 0.5, "text": f"step {step}"}, step=step)
        acknowledged[:8] = (step + 1).to_bytes(8, "little")
        if step % 50 == 0:
            run.log({"note": pluto.Text(f"note of {step}")}, step=step)
            acknowledged[8:] = (step + 1).to_bytes(8, "little")
        if pause:
            time.sleep(pause)
"""


def counts(counter: Path) -> tuple[int, int]:
    """How many steps, and up to which step texts, were acknowledged."""
    content = counter.read_bytes() if counter.exists() else b""
    return int.from_bytes(content[:8], "little"), int.from_bytes(content[8:16], "little")


def uploaders(home: Path, *besides: int) -> list[psutil.Process]:
    return [process for process in of_home(home) if process.pid not in besides]


def kill(process: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


def deliver(home: Path) -> None:
    """Hands over what is left, once whoever is still at it has left."""
    until(lambda: not uploaders(home), 60, "the uploader delivers and leaves")
    done = subprocess.run([*PLUTO, "sync"], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def check(run_id: str, steps: int, notes: int) -> None:
    """Every acknowledged value is there exactly once; the call that was cut off may be there or not."""
    points = query.points("kill", run_id, "loss")
    seen = [int(step) for step in points.steps]
    assert seen[:steps] == list(range(steps)), (len(seen), steps)
    assert len(seen) <= steps + 1
    assert [float(value) for value in points.values] == [step * 0.5 for step in seen]
    texts = [row["value"] for row in query.iter_data("kill", run_id, "text")]
    assert texts == [f"step {step}" for step in seen[: len(texts)]]
    assert len(texts) >= steps
    files = collections.Counter(int(row["step"]) for row in query.iter_files("kill", run_id))
    assert set(files.values()) <= {1}
    assert set(range(0, notes, 50)) <= set(files)


@pytest.mark.parametrize("pause", [0.0, 0.2], ids=["tight", "5Hz"])
@pytest.mark.parametrize("victim", ["training", "uploader", "both"])
def test_nothing_acknowledged_is_lost(home: Path, scripts: Scripts, tmp_path: Path, pause: float, victim: str) -> None:
    chance = random.Random(f"{pause}{victim}")
    counter = tmp_path / "counter"
    training = scripts.start(
        TRAINING, str(pause), str(counter), "k", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: counts(counter)[0] > (8 if pause else 500), 60)
        for _ in range(3 if victim == "uploader" else 1):
            reached = counts(counter)[0]
            further = chance.randint(1, 5 if pause else 20_000)
            until(lambda reached=reached, further=further: counts(counter)[0] >= reached + further, 60)
            if victim in ("uploader", "both"):
                for process in uploaders(home, training.pid):
                    kill(process)
        if victim == "uploader":
            training.send_signal(signal.SIGKILL)
        else:
            training.kill()
        training.wait(60)
    finally:
        training.kill()
        training.wait()
    steps, notes = counts(counter)
    assert steps > 0
    deliver(home)
    check("k", steps, notes)
    run = query.get_run("kill", "k")
    assert run["status"] == "FAILED"
    assert run["statusMetadata"]["reason"] == "lost"


def test_the_next_run_delivers_what_a_dead_one_left(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    training = scripts.start(TRAINING, "0", str(counter), "left", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: counts(counter)[0] > 300, 60)
    for process in [*uploaders(home, training.pid), psutil.Process(training.pid)]:
        kill(process)
    training.wait(60)
    steps, notes = counts(counter)
    scripts.run(
        """
        import pluto
        with pluto.init(project="kill", run_id="next") as run:
            run.log({"loss": 1.0})
        """
    )
    until(lambda: not uploaders(home), 60, "the uploader leaves")
    check("left", steps, notes)


def test_a_killed_group_loses_nothing(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    training = scripts.start(
        TRAINING, "0", str(counter), "group",
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    until(lambda: counts(counter)[0] > 2_000, 60)
    os.killpg(training.pid, signal.SIGKILL)
    training.wait(60)
    steps, notes = counts(counter)
    until(lambda: not uploaders(home), 60, "the uploader delivers and leaves")
    check("group", steps, notes)


@pytest.mark.skipif(sys.platform != "linux", reason="PID namespaces are Linux's")
def test_the_end_of_a_pid_namespace_loses_nothing(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    """As when a container ends: every process in it is killed at once, the uploader too."""
    probe = subprocess.run(["unshare", "--pid", "--fork", "--map-root-user", "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"this machine allows no PID namespaces: {probe.stderr.strip()}")
    counter = tmp_path / "counter"
    script = scripts.folder / "inside.py"
    script.write_text("import sys\n" + "\n".join(line[4:] for line in TRAINING.splitlines()))
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--map-root-user"]
    container = subprocess.Popen(
        [*namespace, sys.executable, str(script), "0", str(counter), "inside"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: counts(counter)[0] > 2_000, 60)
    container.kill()
    container.wait(60)
    until(lambda: not of_home(home), 60, "every process of the namespace is gone")
    steps, notes = counts(counter)
    deliver(home)
    check("inside", steps, notes)
