"""The whole of it at once: journals larger than any batch, written by processes that are gone."""

from __future__ import annotations

import subprocess

import pytest

from pluto import query
from tests.programs import PLUTO, Scripts

WIDTH = 1000
CALLS = 900  # some 18 MB: several batches, and more than one segment


@pytest.mark.parametrize("ending", ["run.finish()", "os._exit(0)"], ids=["finished", "gone"])
def test_a_large_journal_of_a_process_that_is_gone_arrives_whole(scripts: Scripts, ending: str) -> None:
    scripts.run(
        f"""
        import os, pluto
        settings = {{"mode": "offline", "disable_system_metrics": True, "disable_console": True}}
        run = pluto.init(project="whole", run_id="large", settings=settings)
        names = [f"metric_{{i}}" for i in range({WIDTH})]
        for step in range({CALLS}):
            run.log({{name: step * 0.5 for name in names}}, step=step)
        {ending}
        """
    )
    done = subprocess.run([*PLUTO, "sync"], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert query.get_run("whole", "large")["status"] == ("COMPLETED" if "finish" in ending else "FAILED")
    counts = {name: summary.count for name, summary in query.summaries("whole", "large").items()}
    assert len(counts) == WIDTH
    assert set(counts.values()) == {CALLS}
    assert list(query.points("whole", "large", "metric_7").values) == [step * 0.5 for step in range(CALLS)]
