"""A run in several processes: forked, pickled, attached; what each writes is there, and only its owner ends it."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType

import pytest

from tests.compat.wandb.stored import deliver, rows_of, run_of
from tests.programs import Scripts

INIT = """
import os, pickle, subprocess, sys, multiprocessing
import pluto.compat.wandb as wandb
def begin(**more):
    return wandb.init(project="p", id="abc", settings=wandb.Settings(console="off", x_disable_stats=True), **more)
"""


def test_a_forked_child_writes_the_same_run(home: Path, scripts: Scripts) -> None:
    done = scripts.run(
        INIT
        + """
run = begin()
run.log({"parent": 0})
run.log({"open": 1}, commit=False)
pid = os.fork()
if pid == 0:
    run.log({"child": 0})
    wandb.log({"child": 1})
    run.log({"child": 2}, step=100)
    run.config.update({"from": "child"})
    run.summary["best"] = 5
    sys.exit(3)
os.waitpid(pid, 0)
run.log({"closed": 1})
run.finish()
"""
    )
    assert "setting step in multiprocessing" in done.stderr
    deliver(home)
    found = run_of("abc")
    assert found["status"] == "COMPLETED"
    assert found["config"]["from"] == "child"
    assert found["config"]["_wandb"]["summary"]["best"][1] == 5
    rows = rows_of("abc")
    assert [row for row in rows if "parent" in row] == [{"parent": 0, "_step": 0}]
    merged: dict[str, object] = {}
    for row in rows:
        merged |= row
    assert (merged["open"], merged["closed"]) == (1, 1)
    children = [(row["child"], row["_step"]) for row in rows if "child" in row]
    assert [value for value, _ in children] == [0, 1, 2]
    assert children[-1][1] == 100


@pytest.mark.parametrize("how", ["os._exit(0)", "sys.exit(0)", "run.finish()", "raise ValueError"])
def test_a_child_has_no_say_in_the_end(home: Path, scripts: Scripts, how: str) -> None:
    scripts.run(
        INIT
        + f"""
run = begin()
pid = os.fork()
if pid == 0:
    run.log({{"child": 1}})
    {how}
    os._exit(0)
os.waitpid(pid, 0)
assert wandb.run is run
run.log({{"parent": 1}})
run.finish()
"""
    )
    deliver(home)
    assert run_of("abc")["status"] == "COMPLETED"
    merged: dict[str, object] = {}
    for row in rows_of("abc"):
        merged |= row
    assert (merged["parent"], merged["child"]) == (1, 1)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_workers_of_multiprocessing(home: Path, scripts: Scripts, method: str) -> None:
    scripts.run(
        INIT
        + f"""
def work(run, number):
    run.log({{f"w{{number}}": run.config["a"]}})
    assert run.id == "abc" and run.project == "p"

if __name__ == "__main__":
    context = multiprocessing.get_context("{method}")
    run = begin(config={{"a": 7}})
    run.log({{"parent": 1}})
    workers = [context.Process(target=work, args=(run, number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    run.log({{"parent": 2}})
    run.finish()
"""
    )
    deliver(home)
    found = run_of("abc")
    assert found["status"] == "COMPLETED"
    merged: dict[str, object] = {}
    for row in rows_of("abc"):
        merged |= row
    assert {name: merged[name] for name in ("w0", "w1", "parent")} == {"w0": 7, "w1": 7, "parent": 2}


def test_attaching_by_id(home: Path, scripts: Scripts) -> None:
    scripts.run(
        INIT
        + """
if len(sys.argv) > 1:
    run = wandb._attach(sys.argv[1])
    assert wandb.run is run and run.config["a"] == 7 and run.name == "n"
    wandb.log({"other": 1})
    try:
        wandb.attach("nobody")
    except wandb.UsageError:
        pass
    else:
        sys.exit(9)
    try:
        wandb._attach()
    except wandb.UsageError:
        sys.exit(0)
    sys.exit(8)
run = begin(config={"a": 7}, name="n")
subprocess.run([sys.executable, __file__, run._attach_id], check=True)
run.log({"own": 1})
run.finish()
done = subprocess.run([sys.executable, "-c", "import pluto.compat.wandb as w; w.attach('abc')"], capture_output=True)
assert b"no process of this machine has it open" in done.stderr, done.stderr
"""
    )
    deliver(home)
    assert run_of("abc")["status"] == "COMPLETED"
    merged: dict[str, object] = {}
    for row in rows_of("abc"):
        merged |= row
    assert (merged["own"], merged["other"]) == (1, 1)


def test_a_pickle_in_the_same_process(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    text = pickle.dumps(run)
    with pytest.raises(RuntimeError, match="same process"):
        pickle.loads(text)


def test_a_pickle_of_a_finished_run(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    kept = tmp_path / "run.pickle"
    scripts.run(INIT + f"run = begin(mode='offline'); run.finish(); pickle.dump(run, open({str(kept)!r}, 'wb'))")
    scripts.run(
        INIT
        + f"""
run = pickle.load(open({str(kept)!r}, "rb"))
assert run._attach_id == "abc"
try:
    run.log({{"a": 1}})
except wandb.UsageError as error:
    assert "is finished" in str(error)
else:
    raise AssertionError
"""
    )


def test_a_spawned_child_that_imports_the_script_records_nothing(home: Path, scripts: Scripts) -> None:
    done = scripts.run(
        """
        import multiprocessing
        import pluto.compat.wandb as wandb
        run = wandb.init(project="p", id="abc", settings=dict(console="off", x_disable_stats=True))
        def work():
            pass
        if __name__ == "__main__":
            worker = multiprocessing.get_context("spawn").Process(target=work)
            worker.start()
            worker.join()
            run.finish()
        """
    )
    assert "records nothing" in done.stderr
    deliver(home)
    assert run_of("abc")["status"] == "COMPLETED"


def test_a_program_of_a_program_has_a_run_of_its_own(home: Path, scripts: Scripts) -> None:
    scripts.run(
        INIT
        + """
if len(sys.argv) > 1:
    inner = wandb.init(project="p", id="inner", settings=wandb.Settings(console="off", x_disable_stats=True))
    inner.log({"b": 1})
    sys.exit(0)
run = begin()
subprocess.run([sys.executable, __file__, "inner"], check=True)
run.log({"a": 1})
run.finish()
"""
    )
    deliver(home)
    assert rows_of("abc") == [{"a": 1, "_step": 0}]
    assert rows_of("inner") == [{"b": 1, "_step": 0}]


def test_ranks_each_have_a_run_of_their_own(home: Path, scripts: Scripts) -> None:
    for rank in range(2):
        scripts.run(
            INIT
            + """
run = wandb.init(project="p", group="job", id="r" + os.environ["RANK"])
run.log({"a": 1})
run.finish()
""",
            env={"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)},
        )
    deliver(home)
    for rank in range(2):
        assert rows_of(f"r{rank}") == [{"a": 1, "_step": 0}]
        assert run_of(f"r{rank}")["tags"] == ["group:job"]
