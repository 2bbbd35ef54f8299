"""Forks while threads read: the embedded server is never caught in the middle of anything, and no child hangs."""

from __future__ import annotations

from pathlib import Path

from tests.programs import Scripts


def test_two_hundred_forks_while_threads_read_the_local_store(root: Path, scripts: Scripts) -> None:
    scripts.run(
        """
        import os, threading, time
        import pluto
        import pluto.query as pq
        with pluto.init(project="p", name="n", disable_console=True, disable_system_metrics=True) as run:
            for step in range(100):
                run.log({"loss": step / 2}, step=step)
        number = run.id
        def read():
            values = [value for _, value in points(pq.get_metrics("p", number, metric_names=["loss"]))]
            assert values == [step / 2 for step in range(100)], values
        def points(rows):
            rows = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
            return [(row["step"], row["value"]) for row in rows]
        read()
        stop = threading.Event()
        counts = [0, 0, 0]
        def work(n):
            while not stop.is_set():
                read()
                pq.list_runs("p", search=str(counts[n]))
                counts[n] += 1
        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for n in range(200):
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    read()
                    code = 7
                finally:
                    os._exit(code)
            deadline = time.monotonic() + 20
            while True:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done:
                    assert os.waitstatus_to_exitcode(status) == 7
                    break
                assert time.monotonic() < deadline, f"child {n} hangs"
                time.sleep(0.0005)
        before = list(counts)
        deadline = time.monotonic() + 20
        while not all(now > then for now, then in zip(counts, before)):
            assert time.monotonic() < deadline, "the parent's own server stands still"
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        """,
        timeout=110,
    ).check_returncode()
