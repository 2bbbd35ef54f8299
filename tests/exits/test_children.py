"""Forked and spawned processes: what they log is kept, once, and they end as they would without Pluto."""

from __future__ import annotations

import collections
import textwrap
from pathlib import Path

import pytest

from pluto import query
from tests.programs import Scripts
from tests.waiting import until


def values(name: str, run_id: str) -> list[float]:
    """The values of a metric, sorted."""
    return sorted(float(value) for value in query.points("children", run_id, name).values)


def status(run_id: str) -> str:
    return str(query.get_run("children", run_id)["status"])


def test_forks_of_every_kind(scripts: Scripts) -> None:
    """20 forks while threads log: children that log, that only exit, that finish, that fail, that are killed."""
    scripts.run(
        """
        import os, signal, sys, threading
        import pluto
        run = pluto.init(project="children", run_id="forks")
        stop = threading.Event()
        counts = [0, 0]
        def work(n):
            while not stop.is_set():
                run.log({f"thread/{n}": counts[n]}, step=counts[n])
                counts[n] += 1
        threads = [threading.Thread(target=work, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        children = {}
        for n in range(20):
            pid = os.fork()
            if pid == 0:
                if n % 5 != 0:
                    run.log({"child": n, "text": "from a child"}, step=n)
                    run.log({"media": pluto.Text(f"of {n}")}, step=n)
                if n % 5 == 1:
                    run.finish()
                if n % 5 == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
                if n % 5 == 3:
                    raise ValueError("a child's own")
                if n % 5 == 4:
                    os._exit(4)
                sys.exit(3)
            children[pid] = {0: 3, 1: 3, 2: -9, 3: 1, 4: 4}[n % 5]
        found = {}
        while not children.keys() <= found.keys():
            pid, how = os.waitpid(-1, 0)
            found[pid] = os.waitstatus_to_exitcode(how)
        stop.set()
        for thread in threads:
            thread.join()
        found = {pid: code for pid, code in found.items() if pid in children}
        assert found == children, (found, children)
        run.log({"total": sum(counts)})
        run.finish()
        assert len(os.listdir("/proc/self/task")) < 10
        """
    )
    assert status("forks") == "COMPLETED"
    logging = [n for n in range(20) if n % 5]
    assert values("child", "forks") == logging
    assert sorted(int(row["step"]) for row in query.iter_files("children", "forks")) == logging
    counts = [values(f"thread/{n}", "forks") for n in range(2)]
    assert all(count == list(range(len(count))) for count in counts)
    assert values("total", "forks") == [sum(map(len, counts))]


def test_workers_of_multiprocessing(scripts: Scripts) -> None:
    """Fork: in the run of their parent. Of their own: with an end that says how they ended, though they `os._exit`."""
    program = scripts.run(
        """
        import multiprocessing, os, sys
        import pluto

        def inherited(n):
            run.log({"child": n}, step=n)

        def own(name, how):
            run = pluto.init(project="children", run_id=name)
            run.log({"own": 1})
            if how == "error":
                raise ValueError("bad worker")
            if how == "exit":
                sys.exit(3)
            if how == "finish":
                run.finish()

        def joins(name, n):
            os.environ["PLUTO_RUN_ID"] = name
            run = pluto.init(project="children")
            run.log({"joined": n}, step=n)

        if __name__ == "__main__":
            run = pluto.init(project="children", run_id="pool")
            fork, spawn = (multiprocessing.get_context(kind) for kind in ("fork", "spawn"))
            with fork.Pool(3) as pool:
                pool.map(inherited, range(12))
            fork.Process(target=inherited, args=(50,), daemon=True).start()
            processes = [
                context.Process(target=own, args=(f"{context.get_start_method()}-{how}", how))
                for context in (fork, spawn) for how in ("end", "error", "exit", "finish")
            ]
            processes += [spawn.Process(target=joins, args=("shared", n)) for n in range(2)]
            for process in processes:
                process.start()
            for process in processes:
                process.join()
            print([process.exitcode for process in processes])
        """
    )
    assert program.stdout.strip() == "[0, 1, 3, 0, 0, 1, 3, 0, 0, 0]"
    assert program.stderr.count("\nValueError: bad worker") == 2
    until(lambda: status("pool") == "COMPLETED", 60)  # the daemon may have lived a moment longer than its parent
    assert set(values("child", "pool")) - {50} == set(range(12))
    ends = {"end": "COMPLETED", "error": "FAILED", "exit": "FAILED", "finish": "COMPLETED"}
    for kind in ("fork", "spawn"):
        for how, expected in ends.items():
            run = query.get_run("children", f"{kind}-{how}")
            assert run["status"] == expected, (kind, how)
            assert values("own", f"{kind}-{how}") == [1]
            reason = (run["statusMetadata"] or {}).get("reason")
            assert reason == {"error": "exception", "exit": "exit code"}.get(how), (kind, how)
    assert values("joined", "shared") == [0, 1]


@pytest.mark.parametrize("kind", ["spawn", "forkserver"])
def test_a_script_that_workers_import_again(scripts: Scripts, kind: str) -> None:
    """Unguarded `init` at the top: workers get a handle that records nothing and says so once. Guarded: nothing."""
    script = """
        import multiprocessing, pluto
        %s
        def work(n):
            if "run" in globals():
                run.log({"ignored": n}); run.log({"ignored": pluto.Text("x")}); run.config["a"] = 1; run.finish()
            return n
        if __name__ == "__main__":
            run = globals().get("run") or pluto.init(project="children", run_id="guarded")
            with multiprocessing.get_context(%r).Pool(2) as pool:
                print(sorted(pool.map(work, range(4))))
            run.log({"main": 1})
    """
    for name, top in (("unguarded", 'run = pluto.init(project="children", run_id="unguarded")'), ("guarded", "")):
        program = scripts.run(script % (top, kind))
        assert program.stdout.strip() == "[0, 1, 2, 3]", program.stderr
        # Once a worker; the second may have been ended before it came to that.
        assert program.stderr.count("imported again") in ((1, 2) if top else (0,)), program.stderr
        assert "Traceback" not in program.stderr
        assert status(name) == "COMPLETED"
        assert values("main", name) == [1]
        assert values("ignored", name) == []


def test_loaders_with_workers(scripts: Scripts) -> None:
    pytest.importorskip("torch")
    program = scripts.run(
        """
        import sys
        import pluto, torch
        from torch.utils.data import DataLoader, Dataset

        class Squares(Dataset):
            def __len__(self):
                return 8
            def __getitem__(self, n):
                if "run" in globals():
                    run.log({"loaded": n}, step=n)
                return torch.tensor(n * n)

        if __name__ == "__main__":
            run = pluto.init(project="children", run_id="loader")
            for kind in ("fork", "spawn"):
                batches = DataLoader(Squares(), batch_size=2, num_workers=2, multiprocessing_context=kind)
                for step, batch in enumerate(batches):
                    run.log({kind: batch.sum()}, step=step)
        """,
        timeout=100,
    )
    assert "Traceback" not in program.stderr, program.stderr
    assert status("loader") == "COMPLETED"
    assert values("fork", "loader") == values("spawn", "loader") == [1, 13, 41, 85]
    assert values("loaded", "loader") == list(range(8))


def test_daemons_and_children_that_stay(scripts: Scripts, tmp_path: Path) -> None:
    """The training ends, its double-forked child goes on logging into the run for a moment; nothing of it is lost."""
    scripts.run(
        """
        import os, sys, time
        import pluto
        run = pluto.init(project="children", run_id="daemon")
        run.log({"parent": 1})
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for n in range(5):
                    run.log({"daemon": n}, step=n)
                    time.sleep(0.02)
                run.finish()
                open(sys.argv[1], "w").close()
                os._exit(0)
            os._exit(0)
        os.wait()
        """,
        str(tmp_path / "done"),
    )
    until(lambda: (tmp_path / "done").exists(), 60)
    until(lambda: values("daemon", "daemon") == [0, 1, 2, 3, 4], 60)
    until(lambda: status("daemon") == "COMPLETED", 60)
    assert values("parent", "daemon") == [1]


def test_many_processes_of_one_script(scripts: Scripts) -> None:
    """Programs that a run starts make runs of their own, and each of them is delivered."""
    scripts.run(
        textwrap.dedent(
            """
            import subprocess, sys
            import pluto
            if len(sys.argv) > 1:
                pluto.init(project="children", run_id=sys.argv[1]).log({"n": int(sys.argv[1])})
            else:
                with pluto.init(project="children", run_id="launcher") as run:
                    jobs = [subprocess.Popen([sys.executable, __file__, str(n)]) for n in range(4)]
                    assert [job.wait() for job in jobs] == [0] * 4
            """
        )
    )
    found = collections.Counter(value for n in range(4) for value in values("n", str(n)))
    assert found == {float(n): 1 for n in range(4)}
    assert status("launcher") == "COMPLETED"
