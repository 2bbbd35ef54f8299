"""Several processes and objects on one run, and processes that end as they like."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.attributes import AttributeKind, AttributeReader, RunAttributes
from tests.compat.neptune.conftest import QUIET
from tests.programs import PLUTO, Scripts, Server, free_port, serving
from tests.waiting import until

PROJECT: Final = "team/workers"
AWAY_S: Final = 5
"""Most that an end may take without a server."""
SLACK_S: Final = 5
"""For the end of a process on a machine that is busy."""
OPEN = f"""
import os, sys
import pluto.compat.neptune as neptune
QUIET = dict(project={PROJECT!r}, git_ref=False, capture_stdout=False, capture_stderr=False,
             capture_hardware_metrics=False)
"""
TASKS = (
    OPEN
    + """
import multiprocessing

def work(number):
    run = neptune.init_run(custom_run_id="shared", **QUIET)
    run[f"field/{number}"] = number
    for step in range(20):
        run[f"series/{number}"].append(number + step / 100)
    run["sys/tags"].add(f"task {number}")

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(3) as pool:
        pool.map(work, range(10), chunksize=1)
        pool.close()
        pool.join()
"""
)


@pytest.fixture
def reader() -> Iterator[AttributeReader]:
    with AttributeReader() as found:
        yield found


def synced(**env: str) -> None:
    """What processes have left on disk is delivered."""
    done = subprocess.run([*PLUTO, "sync"], env={**os.environ, **env}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def the_run(reader: AttributeReader, external_id: str) -> RunAttributes:
    run = reader.find(PROJECT, external_id=external_id)
    assert run is not None
    return run


def all_tasks_are_there(reader: AttributeReader) -> None:
    run = the_run(reader, "shared")
    atoms = {path for path, kind in run.definitions.items() if kind is AttributeKind.INT}
    assert {path: run.atom(path) for path in atoms} == {f"field/{number}": number for number in range(10)}
    for number in range(10):
        points = reader.floats(run, f"series/{number}")
        assert points.steps.tolist() == list(range(20))
        assert points.values.tolist() == [number + step / 100 for step in range(20)]
    assert run.atom("sys/tags") == {f"task {number}" for number in range(10)}
    assert len(list(reader.runs(PROJECT))) == 1


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_ten_tasks_on_three_workers_none_of_which_stops(scripts: Scripts, reader: AttributeReader, method: str) -> None:
    scripts.run(TASKS, method)
    synced()
    all_tasks_are_there(reader)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_same_on_a_server(scripts: Scripts, server: Server, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("PLUTO_HOST", server.url)
    scripts.run(TASKS, method)
    synced()
    with AttributeReader() as reader:
        all_tasks_are_there(reader)


@pytest.mark.parametrize("remote", [False, True], ids=["local store", "server"])
def test_kill_9_loses_nothing_that_was_acknowledged(
    scripts: Scripts, server: Server, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    if remote:
        monkeypatch.setenv("PLUTO_HOST", server.url)
    (scripts.folder / "weights.bin").write_bytes(b"\x01" * 5000)
    process = scripts.start(
        OPEN
        + """
run = neptune.init_run(custom_run_id="killed", **QUIET)
run["weights"].upload("weights.bin")
step = 0
while True:
    run["loss"].append(step)
    run[f"place/{step % 10}"] = step
    step += 1
    os.write(2, b"%d\\n" % step)
"""
    )
    assert process.stderr
    acknowledged = 0
    for line in process.stderr:
        acknowledged = int(line)
        if acknowledged >= 500:
            break
    process.kill()
    acknowledged = max([acknowledged, *(int(line) for line in process.stderr.read().splitlines()[:-1])])
    process.communicate()
    synced()
    with AttributeReader() as reader:
        run = the_run(reader, "killed")
        values = reader.floats(run, "loss").values.tolist()
        assert values == list(range(len(values)))
        assert acknowledged <= len(values) <= acknowledged + 2
        last = [run.atom(f"place/{number}") for number in range(10)]
        assert max(last) in (len(values) - 1, len(values) - 2)
        (file,) = reader.files(run, "weights")
        assert reader.read(file) == b"\x01" * 5000


def test_without_a_server_a_script_ends_as_it_would_and_nothing_is_lost(scripts: Scripts, home: Path) -> None:
    port = free_port()
    there = {"PLUTO_HOST": f"http://127.0.0.1:{port}", "PLUTO_API_KEY": "key", "PLUTO_INIT_TIMEOUT": "1"}
    done = scripts.run(
        OPEN
        + """
import time
run = neptune.init_run(custom_run_id="late", **QUIET)
for step in range(100):
    run["loss"].append(step / 4)
run["file"].upload(neptune.types.File.from_content("kept"))
print("the script's own line")
print(time.time(), file=sys.stderr, flush=True)
sys.exit(7)
""",
        env=there,
        check=False,
    )
    ended = time.time()
    assert done.returncode == 7, done.stderr
    own = [line for line in done.stdout.splitlines() if not line.startswith("[neptune]")]
    assert own == ["the script's own line"]
    began = float(next(line for line in done.stderr.splitlines() if line[:1].isdigit()))
    assert ended - began < AWAY_S + SLACK_S
    with serving(home / "server", port=port):
        synced(**there)
        for name, value in there.items():
            os.environ[name] = value
        try:
            with AttributeReader() as reader:
                run = the_run(reader, "late")
                assert reader.floats(run, "loss").values.tolist() == [step / 4 for step in range(100)]
                (file,) = reader.files(run, "file")
                assert reader.read(file) == b"kept"
        finally:
            for name in there:
                del os.environ[name]


def test_a_run_is_stopped_and_opened_again_as_frameworks_do(tmp_path: Path) -> None:
    """The callback of transformers opens its run without captures, with them, and once more for each later word."""
    run = neptune.init_run(project=PROJECT, name="trainer", tags="first", **{**QUIET, "git_ref": False})
    number = run["sys/id"].fetch()
    run["finetuning/trainer_parameters"] = {"lr": 0.1, "epochs": 3}
    run.stop()
    loud: dict[str, Any] = {**QUIET, "capture_traceback": True}
    for turn in range(4):
        again = neptune.init_run(with_id=number, project=PROJECT, **loud)
        for step in range(5):
            again["finetuning/train/loss"].append(value=turn + step / 10, step=turn * 5 + step)
            again["finetuning/epoch"].append(turn)
        again["finetuning/model_checkpoints/last"].upload(neptune.types.File.from_content(f"turn {turn}"))
        again[f"turn/{turn}"] = turn
        again.stop()
    last = neptune.init_run(number, project=PROJECT, mode="read-only", **QUIET)
    assert last["sys/name"].fetch() == "trainer"
    assert last["sys/tags"].fetch() == {"first"}
    assert last["turn"].fetch() == {str(turn): turn for turn in range(4)}
    losses = last["finetuning/train/loss"].fetch_values(include_timestamp=False)
    assert losses["step"].tolist() == list(range(20))
    assert losses["value"].tolist() == [turn + step / 10 for turn in range(4) for step in range(5)]
    epochs = last["finetuning/epoch"].fetch_values(include_timestamp=False)
    assert epochs["step"].tolist() == list(range(20))
    last["finetuning/model_checkpoints/last"].download(str(tmp_path / "last.txt"))
    assert (tmp_path / "last.txt").read_text() == "turn 3"
    assert last["finetuning/trainer_parameters"].fetch() == {"lr": 0.1, "epochs": 3}
    last.stop()


def test_two_objects_of_one_run_and_one_is_stopped(reader: AttributeReader) -> None:
    one = neptune.init_run(custom_run_id="both", project=PROJECT, **QUIET)
    other = neptune.init_run(custom_run_id="both", project=PROJECT, **QUIET)
    one["a"] = 1
    one.stop()
    other["b"] = 2
    other["s"].append(1.0)
    other.stop()
    run = until(lambda: reader.find(PROJECT, external_id="both"))
    assert (run.atom("a"), run.atom("b")) == (1, 2)
    assert reader.floats(run, "s").values.tolist() == [1.0]
