"""Several processes, threads and forks on one run; processes that are killed; servers that do not answer."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import pluto
from pluto.compat.attributes import AttributeReader, AttributeWriter, RunAttributes, open_run
from pluto.core.errors import RunExistsError, RunNotFoundError
from tests.compat.attributes.conftest import PROJECT, Place
from tests.programs import Scripts, free_port, of_home
from tests.waiting import until

HEAD = """
import os, signal, sys
import pluto
from pluto.compat.attributes import *
from pluto.core.shutdown import ShutdownPolicy
"""


def find(external_id: str, project: str = PROJECT) -> RunAttributes:
    with AttributeReader() as reader:
        found = reader.find(project, external_id=external_id)
    assert found is not None
    return found


def test_processes_that_share_a_run(scripts: Scripts) -> None:
    """Six at once, none of which calls `stop`: nothing is lost, nothing doubled."""
    source = (
        HEAD
        + """
n = int(sys.argv[1])
writer = AttributeWriter(open_run("team/digits", external_id="shared", policy=ShutdownPolicy(30, 30)))
writer.assign({f"by/{n}": n, "together": "same"})
writer.add_tags([f"tag {n}"])
writer.append_floats(f"own/{n}", [float(v) for v in range(50)])
for step in range(50):
    writer.log_floats({"shared": n}, step * 10 + n)
writer.append_texts(f"text/{n}", ["a", "b"])
writer.upload(f"file/{n}", pluto.File(str(n).encode(), name="f.txt"))
"""
    )
    running = [scripts.start(source, str(n)) for n in range(6)]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    run = find("shared")
    assert run.atom("sys/tags") == {f"tag {n}" for n in range(6)} and run.atom("together") == "same"
    assert run.status == "COMPLETED"
    with AttributeReader() as reader:
        assert len(list(reader.runs(PROJECT))) == 1
        for n in range(6):
            assert run.atom(f"by/{n}") == n
            assert reader.floats(run, f"own/{n}").values.tolist() == list(range(50))
            assert reader.texts(run, f"text/{n}").values == ["a", "b"]
            assert [reader.read(file) for file in reader.files(run, f"file/{n}")] == [str(n).encode()]
        shared = reader.floats(run, "shared")
        assert sorted(shared.steps.tolist()) == sorted(s * 10 + n for s in range(50) for n in range(6))


def test_kill_9_takes_nothing_that_was_acknowledged(scripts: Scripts) -> None:
    source = (
        HEAD
        + """
writer = AttributeWriter(open_run("team/digits", external_id="killed"))
n = 0
while True:
    writer.append_floats("loss", [float(n)])
    writer.append_texts("log", [f"line {n}"])
    if n % 10 == 0:
        writer.assign({"last": n})
    os.write(1, b"%d\\n" % n)
    n += 1
"""
    )
    process = scripts.start(source)
    assert process.stdout is not None
    told = 0
    while told < 500:
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines()
    process.wait(10)
    process.stdout.close()
    if process.stderr is not None:
        process.stderr.close()
    told = max([told, *(int(line) for line in rest if line.isdigit())])

    def ended() -> bool:
        with AttributeReader() as reader:
            found = reader.find(PROJECT, external_id="killed")
        return found is not None and found.status == "FAILED"

    until(ended, 60)
    run = find("killed")
    with AttributeReader() as reader:
        loss, log = reader.floats(run, "loss"), reader.texts(run, "log")
    assert loss.values.tolist()[: told + 1] == loss.steps.tolist()[: told + 1] == list(range(told + 1))
    assert log.values[: told + 1] == [f"line {n}" for n in range(told + 1)]
    assert int(run.atom("last")) >= told - told % 10  # type: ignore[arg-type]
    assert run.atom("sys/failed") is True


def test_uploaders_that_are_killed_forget_in_order(scripts: Scripts, home: Path) -> None:
    """Whatever is sent again: what was cleared stays away, what came after is there once."""
    source = (
        HEAD
        + """
writer = AttributeWriter(open_run("team/digits", external_id="cleared", policy=ShutdownPolicy(60, 60)))
for turn in range(40):
    for path in ("m", "t", "f"):
        writer.clear(path)
    for n in range(20):
        writer.append_floats("m", [turn * 100.0 + n])
        writer.append_floats("all", [float(n)])
    writer.append_texts("t", [f"{turn}"])
    writer.append_files("f", [pluto.File(b"%d" % turn, name="f.txt")])
    writer.upload("file", pluto.File(b"%d" % turn, name="f.txt"))
    writer.delete(["atom"])
    writer.assign({"atom": turn})
    os.write(1, b".")
    sys.stdin.read(1)
assert writer.stop(seconds=60) == 0
"""
    )
    process = scripts.start(source, stdin=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    for turn in range(40):
        assert process.stdout.read(1) == "."
        if turn % 8 == 5:
            for other in of_home(home):
                if other.pid != process.pid and "uploader" in " ".join(other.cmdline()):
                    other.kill()
        process.stdin.write("x")
        process.stdin.flush()
    _, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    run = find("cleared")
    with AttributeReader() as reader:
        assert reader.floats(run, "m").values.tolist() == [3900.0 + n for n in range(20)]
        assert reader.floats(run, "m").steps.tolist() == list(range(20))
        assert reader.floats(run, "all").values.tolist() == [float(n) for n in range(20)] * 40
        assert reader.texts(run, "t").values == ["39"]
        for path in ("f", "file"):
            assert [(file.step, reader.read(file)) for file in reader.files(run, path)] == [(0, b"39")]
    assert (run.atom("atom"), run.status) == (39, "COMPLETED")


def test_a_forked_child_goes_on(scripts: Scripts) -> None:
    scripts.run(
        HEAD
        + """
writer = AttributeWriter(open_run("team/digits", external_id="forked", policy=ShutdownPolicy(30, 30)))
writer.append_floats("parent", [1.0])
pid = os.fork()
if pid == 0:
    writer.append_floats("child", [2.0])
    writer.assign({"child": {}} and {"by child": True})
    writer.upload("child file", pluto.File(b"c", name="c"))
    sys.exit(0)
os.waitpid(pid, 0)
writer.append_floats("parent", [3.0])
assert writer.stop() == 0
"""
    )
    run = find("forked")
    with AttributeReader() as reader:
        until(lambda: reader.floats(find("forked"), "child").values.tolist() == [2.0], 30)
        assert reader.floats(run, "parent").values.tolist() == [1, 3]
        until(lambda: [reader.read(f) for f in reader.files(find("forked"), "child file")] == [b"c"], 30)
    assert find("forked").atom("by child") is True and run.status == "COMPLETED"


def test_threads_share_a_writer(local: Place) -> None:
    writer = local.open(external_id="threads")

    def work(n: int) -> None:
        for at in range(200):
            writer.append_floats("one", [1.0])
            writer.assign({f"t{n}": at})
            writer.append_floats(f"own/{n}", [float(at)])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert writer.stop() == 0
    run = find("threads")
    with AttributeReader() as reader:
        assert reader.floats(run, "one").steps.tolist() == list(range(800))
        assert [reader.floats(run, f"own/{n}").values.tolist() for n in range(4)] == [list(range(200))] * 4
    assert [run.atom(f"t{n}") for n in range(4)] == [199] * 4


def test_steps_go_on_where_the_store_stands(place: Place) -> None:
    first = place.open(external_id="again")
    first.append_floats("m", [1.0, 2.0, 3.0])
    first.append_texts("t", ["a"], steps=[10])
    first.append_files("f", [pluto.File(b"1", name="1.png")] * 2)
    assert first.stop() == 0
    second = place.open(external_id="again")
    assert second.last_step("m") == 2
    second.append_floats("m", [4.0])
    second.append_texts("t", ["b"])
    second.append_files("f", [pluto.File(b"2", name="2.png")])
    second.append_floats("new", [1.0])
    second.append_floats("given", [5.0], steps=[3])
    assert (second.last_step("new"), second.last_step("given"), second.last_step("nothing")) == (0, 3, None)
    assert second.stop() == 0
    with place.reader() as reader:
        run = reader.find(PROJECT, external_id="again")
        assert run is not None
        assert reader.floats(run, "m").steps.tolist() == [0, 1, 2, 3]
        assert reader.texts(run, "t").steps == [10, 11]
        assert [file.step for file in reader.files(run, "f")] == [0, 1, 2]
        assert reader.floats(run, "new").steps.tolist() == [0]


def test_a_run_by_its_display_id(place: Place) -> None:
    for project in (PROJECT, "team/other"):
        assert place.open(project).stop() == 0
    first = place.open(name="one", notes="n", atoms={"a": 1})
    display_id = str(first.op.display_id)
    assert display_id.endswith("-2") and first.stop("FAILED") == 0
    with pytest.raises(RunNotFoundError):
        place.open("team/other", display_id=display_id)
    with pytest.raises(RunNotFoundError):
        place.open(display_id="NO-99")
    again = place.open(display_id=display_id, atoms={"b": 2}, tags=["late"])
    assert (again.op.display_id, again.op.id) == (display_id, first.op.id)
    again.append_floats("m", [1.0])
    run = place.read(again)
    assert (run.name, run.atom("a"), run.atom("b"), run.atom("sys/tags")) == ("one", 1, 2, {"late"})
    assert run.atom("sys/description") == "n"
    assert again.stop() == 0
    renamed = place.open(display_id=display_id, name="two", notes="m")
    run = place.read(renamed)
    assert (run.name, run.atom("sys/description")) == ("two", "m") and renamed.stop() == 0


def test_what_has_to_be_there_or_not(place: Place) -> None:
    first = place.open(external_id="x", container="model", exists="never", atoms={"a": 1})
    assert first.stop() == 0
    with pytest.raises(RunExistsError):
        place.open(external_id="x", container="model", exists="never")
    with pytest.raises(RunNotFoundError):
        place.open(external_id="y", container="model", exists="must")
    again = place.open(external_id="x", container="model", exists="must")
    assert again.stop() == 0
    with place.reader() as reader:
        (model,) = reader.runs(PROJECT, container="model")
        assert list(reader.runs(PROJECT)) == []
        assert (model.sys_id, model.project, model.container, model.atom("a")) == ("x", PROJECT, "model", 1)
        assert reader.find(PROJECT, external_id="x", container="model") is not None
        assert reader.find(PROJECT, external_id="x") is None
        assert "sys/custom_run_id" not in model.definitions and model.atom("sys/id") == "x"


def test_ids_and_names_of_any_length(place: Place) -> None:
    long = "é" * 200 + "x" * 200
    writer = place.open(external_id=long, name="n" * 600)
    assert writer.stop() == 0
    with place.reader() as reader:
        run = reader.find(PROJECT, external_id=long)
    assert run is not None and (run.atom("sys/custom_run_id"), run.name) == (long, "n" * 600)
    for wrong in (
        {"external_id": " "},
        {"external_id": "a\0b"},
        {"external_id": "a", "display_id": "A-1"},
        {"fork_of": "a"},
        {"display_id": "A-1", "fork_of": "b", "fork_step": 1},
        {"external_id": "a", "exists": "perhaps"},
    ):
        with pytest.raises((ValueError, TypeError)):
            place.open(**wrong)


def test_a_server_that_is_not_there(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing raises and nothing hangs; steps count from 0, which is said once; all of it lies on this disk."""
    settings = {"host": f"http://127.0.0.1:{free_port()}", "init_timeout": 0.2}
    caplog.set_level(logging.DEBUG, "pluto")
    writer = AttributeWriter(open_run(PROJECT, external_id="lost", settings=settings))
    began = time.monotonic()
    for path in ("a", "b", "c"):
        writer.append_floats(path, [1.0])
        writer.append_floats(path, [2.0])
    assert writer.last_step("a") == 1
    writer.assign({"x": 1})
    assert not writer.flush(0.1)
    done, there = writer.progress()
    assert done == 0 and there >= 8 and writer.facts() is None
    told: list[int] = []
    assert writer.stop(seconds=1.5, tell=told.append) >= 8 and told and told[0] >= 8
    assert writer.stop() == 0
    assert time.monotonic() - began < 30
    assert sum("steps count from 0" in record.getMessage() for record in caplog.records) == 1
    assert writer.folder is not None and writer.folder.exists()
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert sum(text.startswith("GET ") for text in said) <= 1


def test_stopping_gives_up_where_nothing_gets_on(home: Path) -> None:
    settings = {"host": f"http://127.0.0.1:{free_port()}"}
    writer = AttributeWriter(open_run(PROJECT, settings=settings))
    until(lambda: writer.problem() is not None, 30)
    began = time.monotonic()
    assert writer.stop(idle=0.5) > 0
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("delivery", ["thread", "process"])
def test_either_delivers_to_a_server(stock: Place, delivery: Any) -> None:
    writer = stock.open(delivery=delivery)
    for n in range(100):
        writer.append_floats("m", [float(n)])
        writer.append_texts("t", [str(n)])
    assert writer.flush() and writer.progress()[0] == writer.progress()[1]
    assert writer.stop() == 0
    run = stock.read(writer)
    with stock.reader() as reader:
        assert reader.floats(run, "m").values.tolist() == list(range(100))
        assert reader.texts(run, "t").values == [str(n) for n in range(100)]


def test_offline_and_disabled(home: Path) -> None:
    offline = AttributeWriter(open_run(PROJECT, external_id="off", mode="offline"))
    began = time.monotonic()
    offline.append_floats("m", [1.0])
    offline.append_floats("m", [1.0])
    assert not offline.flush() and offline.stop() == 0 and time.monotonic() - began < 10
    assert offline.folder is not None and offline.folder.exists() and offline.last_step("m") == 1
    disabled = AttributeWriter(open_run(PROJECT, mode="disabled"))
    disabled.append_floats("m", [1.0])
    disabled.assign({"a": 1, "sys/name": "x", "sys/tags": frozenset({"t"})})
    disabled.upload("f", pluto.File(b"x", name="f"))
    disabled.delete(["a"])
    assert disabled.folder is None and disabled.progress() == (0, 0) and disabled.stop() == 0


def test_files_that_are_not_there(local: Place, tmp_path: Path) -> None:
    writer = local.open()
    path = tmp_path / "f.txt"
    path.write_text("x")
    writer.upload("f", pluto.File(path))
    file = pluto.File(path)
    path.unlink()
    for call in (lambda: writer.upload("f", file), lambda: writer.append_files("s", [file])):
        with pytest.raises(OSError, match=r"f\.txt"):
            call()
    with pytest.raises((OSError, ValueError)):
        writer.upload_set("set", {"a": tmp_path / "nothing"})
    with pytest.raises(ValueError, match="steps"):
        writer.append_floats("m", [1.0, 2.0], steps=[1.0])
    with pytest.raises(TypeError):
        writer.assign({"a": [1]})  # type: ignore[dict-item]
    writer.append_floats("m", [1.0])
    assert writer.stop() == 0
    run = local.read(writer)
    assert run.last("m") == 1
    with local.reader() as reader:
        # What could not be put in its place has not taken away what was there.
        assert [reader.read(one) for one in reader.files(run, "f")] == [b"x"]


def test_importing_is_cheap(scripts: Scripts) -> None:
    scripts.run(
        """
        import sys
        import pluto.compat.attributes
        heavy = [name for name in ("numpy", "httpx", "pandas", "PIL", "sqlalchemy", "starlette") if name in sys.modules]
        assert not heavy, heavy
        """
    )
    assert os.getpid()
