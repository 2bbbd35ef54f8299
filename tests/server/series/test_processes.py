"""Several processes at one run's file, and processes that die at it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np

from pluto.protocol.batch import LINES
from pluto.protocol.records import Metrics
from pluto.server.series import open_store
from tests.programs import Scripts
from tests.server.series.conformance import entry
from tests.waiting import until

APPENDING = """
    import sys
    from pathlib import Path
    from pluto.protocol import records
    from pluto.protocol.batch import Entry
    from pluto.server.series import open_store

    folder, writer, first, count, size = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
    store = open_store(folder)
    seq = store.marks(1).get((writer, "lines"), 0)
    for _ in range(count):
        batch = []
        for _ in range(size):
            seq += 1
            metrics = records.Metrics(seq, seq, {writer: float(seq), "both": float(seq)})
            batch.append(Entry(seq, int(records.Kind.METRICS), records.encode(metrics)))
        print(store.append(1, writer, "lines", batch).mark, flush=True)
"""


def test_a_killed_writer_leaves_its_mark_and_its_points_alike(tmp_path: Path, scripts: Scripts):
    folder = tmp_path / "series"
    random = np.random.default_rng()
    acknowledged = 0
    for attempt in range(8):
        # Sizes from a row in the tail to a fold with every batch.
        size = (1, 7, 400, 1500)[attempt % 4]
        process = scripts.start(APPENDING, str(folder), "w", "0", "1000000", str(size))
        wanted = int(random.integers(1, 30))
        assert process.stdout is not None
        for _ in range(wanted):
            acknowledged = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate()
        acknowledged = max([acknowledged, *map(int, rest.split("\n")[:-1])])
        store = open_store(folder)
        mark = store.marks(1)["w", LINES]
        assert mark >= acknowledged
        for name in ("w", "both"):
            assert (store.points(1, name, order="logged").values == np.arange(1, mark + 1)).all()
            assert store.summaries(1)[name].count == mark
            assert store.buckets(1, name, 10).counts.sum() == mark
        store.close()


def test_two_processes_write_one_run_while_a_third_reads_and_seals(tmp_path: Path, scripts: Scripts):
    folder = tmp_path / "series"
    processes = [
        scripts.start(APPENDING, str(folder), writer, "0", "60", size) for writer, size in (("v", "3"), ("w", "90"))
    ]
    store = open_store(folder)
    until(lambda: store.names(1), what="the first batch")
    while any(process.poll() is None for process in processes):
        store.seal(1)
        marks = store.marks(1)
        both = store.points(1, "both", order="logged")
        # Read after the marks, so there may be more by now, but never less.
        assert len(both.steps) >= sum(marks.values())
        for writer in "vw":
            values = store.points(1, writer).values
            assert (values == np.arange(1, len(values) + 1)).all()
    for process in processes:
        _, error = process.communicate()
        assert process.returncode == 0, error
    assert store.marks(1) == {("v", LINES): 180, ("w", LINES): 5400}
    assert sorted(store.points(1, "both").values.tolist()) == sorted([*range(1, 181), *range(1, 5401)])
    store.close()


def test_two_processes_make_the_same_file(tmp_path: Path, scripts: Scripts):
    for attempt in range(5):
        folder = tmp_path / f"series{attempt}"
        processes = [scripts.start(APPENDING, str(folder), writer, "0", "1", "1") for writer in "abc"]
        for process in processes:
            _, error = process.communicate()
            assert process.returncode == 0, error
        store = open_store(folder)
        assert store.marks(1) == {(writer, LINES): 1 for writer in "abc"}
        store.close()


def test_a_forked_child_opens_its_own(tmp_path: Path, scripts: Scripts):
    scripts.run(
        """
        import os, sys
        from pathlib import Path
        from pluto.protocol import records
        from pluto.protocol.batch import Entry
        from pluto.server.series import open_store

        store = open_store(Path(sys.argv[1]))

        def log(writer, seq):
            metrics = records.Metrics(seq, seq, {writer: float(seq)})
            assert store.append(1, writer, "lines", [Entry(seq, 2, records.encode(metrics))]).mark == seq

        log("parent", 1)
        for child in range(20):
            pid = os.fork()
            if pid == 0:
                try:
                    assert store.points(1, "parent").values.tolist() == list(range(1, child + 2))
                    log("child", child + 1)
                    store.close()
                except BaseException:
                    os._exit(1)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0, child
            log("parent", child + 2)
        assert store.points(1, "child").values.tolist() == list(range(1, 21))
        """,
        str(tmp_path / "series"),
    )
    store = open_store(tmp_path / "series")
    assert store.points(1, "parent").values.tolist() == list(range(1, 22))
    store.append(1, "later", LINES, [entry(1, Metrics(0, 0, {"a": 1}))])
    store.close()
