"""A cancelled run says so once; it stops the script only where that was asked for."""

from __future__ import annotations

from pathlib import Path

from pluto import query
from tests.jobs.jobs import QUIET, points, settled
from tests.programs import Scripts

TRAIN = f"""
    import sys, time
    import pluto
    run = pluto.init(project="p", run_id=sys.argv[1], stop_on_cancel=sys.argv[2] == "stop", {QUIET})
    print(run.id, flush=True)
    seen = 0
    try:
        # Two heartbeats on: a second word on the matter would be out by then.
        while seen < 500:
            run.log({{"loss": 1.0}})
            time.sleep(0.01)
            seen += run.cancelled
        print("went on", run.cancelled, run.step, flush=True)
        run.finish()
    except KeyboardInterrupt:
        print("stopped", run.cancelled, run.step, flush=True)
        run.finish(130)
"""


def test_cancelling(home: Path, scripts: Scripts) -> None:
    ways = ("stop", "go")
    programs = {way: scripts.start(TRAIN, way, way) for way in ways}
    for program in programs.values():
        assert program.stdout is not None and program.stdout.readline().strip().isdigit()
    for way in ways:
        query.cancel_run("p", way)
    steps = {}
    for way, program in programs.items():
        out, err = program.communicate(timeout=60)
        what, cancelled, steps[way] = out.rsplit(" ", 2)
        assert (what, cancelled) == ({"stop": "stopped", "go": "went on"}[way], "True"), err
        assert err.count("was cancelled") == 1
        assert program.returncode == 0
    settled(home)
    for way in ways:
        assert query.get_run("p", way)["status"] == "CANCELLED"
        assert points("p", way, "loss") == [(step, 1.0) for step in range(1, int(steps[way]) + 1)]
