"""Forks: no child hangs, no child touches the parent's files, and a child that logs is heard."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from pluto.protocol.records import Kind
from tests.core.journals import end, points, read, writers
from tests.programs import Scripts
from tests.waiting import until

OFFLINE = 'project="p", mode="offline", disable_console=True, disable_system_metrics=True'


@pytest.mark.timeout(330)
def test_a_thousand_forks_while_three_threads_write(root: Path, scripts: Scripts) -> None:
    scripts.run(
        f"""
        import os, threading, time
        import pluto
        run = pluto.init({OFFLINE})
        stop = threading.Event()
        counts = [0, 0, 0]
        def work(n):
            while not stop.is_set():
                run.log({{f"thread/{{n}}": counts[n]}}, step=counts[n])
                counts[n] += 1
        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for n in range(1000):
            pid = os.fork()
            if pid == 0:
                if n % 50 == 0:
                    run.log({{"child": n}}, step=n)
                os._exit(7)
            deadline = time.monotonic() + 60
            while True:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    assert os.waitstatus_to_exitcode(status) == 7
                    break
                assert time.monotonic() < deadline, f"child {{n}} hangs"
                time.sleep(0.0005)
        stop.set()
        for thread in threads:
            thread.join()
        run.finish()
        print(*counts)
        """,
        timeout=300,
    ).check_returncode()
    parent, *children = writers(root)
    for n in range(3):
        found = points(parent, f"thread/{n}")
        assert found == [(i, i) for i in range(len(found))] and found
    assert end(parent) is not None and end(parent).status == "COMPLETED"  # type: ignore[union-attr]
    assert sorted(points(child, "child")[0][1] for child in children) == list(range(0, 1000, 50))
    assert all(end(child) is None for child in children)
    assert not any(read(child, Kind.START)[0].primary for child in children)


def test_a_forked_child_that_ends_in_order_leaves_the_run_to_its_parent(root: Path, scripts: Scripts) -> None:
    scripts.run(
        f"""
        import os, sys
        import pluto
        run = pluto.init({OFFLINE})
        run.log({{"a": 1}})
        pid = os.fork()
        if pid == 0:
            run.log({{"a": 2}})
            run.finish()
            sys.exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        pid = os.fork()
        if pid == 0:
            sys.exit(3)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
        run.log({{"a": 3}})
        """
    )
    parent, child = writers(root)
    assert points(parent, "a") == [(1, 1), (2, 3)]
    assert points(child, "a") == [(2, 2)]
    assert [read(folder, Kind.START)[0].primary for folder in (parent, child)] == [True, False]
    assert end(parent).status == end(child).status == "COMPLETED"  # type: ignore[union-attr]


def test_the_parents_lock_is_free_when_the_parent_is_gone_though_a_child_lives(root: Path, scripts: Scripts) -> None:
    program = scripts.start(
        f"""
        import os, signal, sys
        import pluto
        run = pluto.init({OFFLINE})
        if os.fork() == 0:
            sys.stdin.read()
            os._exit(0)
        run.log({{"a": 1}})
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        stdin=-1,
    )
    program.wait(60)
    (place,) = (root / "sync" / "processes").iterdir()

    def is_free() -> bool:
        with place.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    # The child lets go of it in its first moment, which it may not have had yet.
    until(is_free, 60, "the lock is free")
    program.communicate()
    (folder,) = writers(root)
    assert points(folder, "a") == [(1, 1)]


def test_multiprocessing_children_log_into_the_run_of_their_parent(root: Path, scripts: Scripts) -> None:
    scripts.run(
        f"""
        import multiprocessing
        import pluto
        def work(n):
            run.log({{"child": n}}, step=n)
        if __name__ == "__main__":
            run = pluto.init({OFFLINE})
            with multiprocessing.get_context("fork").Pool(3) as pool:
                pool.map(work, range(12))
            run.finish()
        """
    )
    _, *children = writers(root)
    assert sorted(point for child in children for point in points(child, "child")) == [(n, n) for n in range(12)]


def test_a_spawned_child_that_imports_the_script_again_makes_no_second_run(root: Path, scripts: Scripts) -> None:
    program = scripts.run(
        f"""
        import multiprocessing, os
        import pluto
        run = pluto.init({OFFLINE})
        def work(n):
            run.log({{"ignored": n}})
            own = pluto.init(run_id="worker", resume=True, {OFFLINE})
            own.log({{"own": n}}, step=n)
            own.finish()
            return run.url
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(work, range(2)))
            run.finish()
        """
    )
    assert program.stdout.strip() == "[None, None]"
    assert program.stderr.count("imported again") == 1
    first, *others = writers(root)
    assert points(first, "ignored") == []
    assert sorted(point for folder in others for point in points(folder, "own")) == [(0, 0), (1, 1)]
