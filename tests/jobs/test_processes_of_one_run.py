"""Ten processes that write one run at once: nothing lost, nothing doubled, whoever made them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pluto import query
from tests.jobs.jobs import QUIET, finish, only_run, points, settled
from tests.programs import Scripts

COUNT, STEPS = 10, 100


def check(run: dict) -> None:
    for n in range(COUNT):
        assert points("many", run["id"], f"loss/{n}") == [(step, step * 0.5) for step in range(STEPS)]
    shared = sorted(value for _, value in points("many", run["id"], "shared"))
    assert shared == sorted(n * 1000 + step for n in range(COUNT) for step in range(STEPS))
    texts = sorted(row["value"] for row in query.iter_data("many", run["id"], "text"))
    assert texts == sorted(f"{n} {step}" for n in range(COUNT) for step in range(0, STEPS, 10))
    files = sorted(row["logName"] for row in query.iter_files("many", run["id"]))
    assert files == sorted(f"note/{n}" for n in range(COUNT))
    assert sorted(run["tags"]) == sorted(f"n{n}" for n in range(COUNT))


WORK = f"""
    import os, sys
    import pluto
    def work(run, n):
        for step in range({STEPS}):
            run.log({{f"loss/{{n}}": step * 0.5, "shared": n * 1000 + step}}, step=step)
            if step % 10 == 0:
                run.log({{"text": f"{{n}} {{step}}"}}, step=step)
        run.log({{f"note/{{n}}": pluto.Text(f"of {{n}}")}}, step={STEPS})
        run.add_tags(f"n{{n}}")
    def opened():
        return pluto.init(project="many", run_id="one", resume=True, {QUIET})
"""


def test_started_at_once(home: Path, scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_RUN_ID", "one")
    source = (
        WORK
        + f"""
    run = pluto.init(project="many", {QUIET})
    work(run, int(sys.argv[1]))
    run.finish()
    assert not run.resumed or run.id
    """
    )
    ended = finish([scripts.start(source, str(n)) for n in range(COUNT)])
    assert [code for code, _, _ in ended] == [0] * COUNT, ended
    settled(home)
    run = only_run("many")
    assert (run["externalId"], run["status"]) == ("one", "COMPLETED")
    check(run)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_made_by_multiprocessing(home: Path, scripts: Scripts, method: str) -> None:
    """Forked children write the run of their parent, spawned ones open it by its id; both while the parent writes."""
    source = (
        WORK
        + f"""
    def child(n):
        if {method!r} == "fork":
            work(run, n)
        else:
            with opened() as mine:
                work(mine, n)
    if __name__ == "__main__":
        import multiprocessing
        context = multiprocessing.get_context({method!r})
        run = opened()
        children = [context.Process(target=child, args=(n,)) for n in range(1, {COUNT})]
        for one in children:
            one.start()
        work(run, 0)
        for one in children:
            one.join()
        assert [one.exitcode for one in children] == [0] * {COUNT - 1}
        run.finish()
    """
    )
    ended = scripts.run(source, timeout=100)
    assert "nothing is recorded" not in ended.stderr
    settled(home)
    run = only_run("many")
    assert run["status"] == "COMPLETED"
    check(run)


def test_killed_children_lose_nothing(home: Path, scripts: Scripts) -> None:
    source = (
        WORK
        + f"""
    import signal
    run = opened()
    pids = []
    for n in range(1, {COUNT}):
        pid = os.fork()
        if pid == 0:
            work(run, n)
            os.kill(os.getpid(), signal.SIGKILL)
        pids.append(pid)
    work(run, 0)
    for pid in pids:
        assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    run.finish()
    """
    )
    scripts.run(source)
    settled(home)
    run = only_run("many")
    assert run["status"] == "COMPLETED", "how a run ends is not a forked child's to say"
    check(run)


def test_a_child_that_outlives_its_parent_is_heard(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    source = f"""
    import os, sys, time
    import pluto
    run = pluto.init(project="many", {QUIET})
    run.log({{"loss": 0}}, step=0)
    if os.fork() == 0:
        os.setsid()
        run.log({{"loss": 1}}, step=1)
        sys.stdout.close()
        os.close(1), os.close(2)
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.01)
        run.log({{"loss": 2}}, step=2)
        os._exit(0)
    os.kill(os.getpid(), {int(signal.SIGKILL)})
    """
    go = tmp_path / "go"
    program = scripts.start(source, str(go))
    program.wait(60)
    go.touch()
    program.communicate()
    settled(home)
    run = only_run("many")
    assert points("many", run["id"], "loss") == [(0, 0), (1, 1), (2, 2)]
    assert run["status"] == "FAILED"
    assert os.listdir(home / ".pluto" / "sync" / "runs") == []
