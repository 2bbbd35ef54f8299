"""Two machines that deliver to one server while processes beside it write the same store: each point once."""

from __future__ import annotations

import os
from pathlib import Path

from pluto import query
from tests.jobs.jobs import QUIET, finish, settled
from tests.programs import Scripts, Server

WRITE = f"""
    import sys
    import pluto
    n = int(sys.argv[1])
    own = pluto.init(project="p", run_id=f"own-{{n}}", {QUIET})
    shared = pluto.init(project="p", run_id="shared", resume=True, tags=[f"n{{n}}"], {QUIET})
    for step in range(300):
        own.log({{"loss": step * 0.5}}, step=step)
        shared.log({{f"loss/{{n}}": step * 0.5, "all": n * 1000 + step}}, step=step)
    shared.log({{f"file/{{n}}": pluto.Text("the same bytes, of everybody" * 10_000)}})
    own.finish()
    shared.finish()
"""


def test_uploaders_of_two_machines_and_of_the_store(home: Path, scripts: Scripts, server: Server) -> None:
    places = []
    for name in ("one", "two"):
        (home / name).mkdir()
        places.append({"HOME": str(home / name), "PLUTO_DIR": str(home / name / "root"), "PLUTO_HOST": server.url})
    # Beside the server, straight into its store: two more roots, so two more uploaders, would be one; it is the same.
    (home / "beside").mkdir()
    places.append({"HOME": str(home / "beside"), "PLUTO_DIR": str(server.store.parent)})
    writers = [scripts.start(WRITE, str(n), env=place) for n, place in enumerate(places * 2)]
    ended = finish(writers)
    assert [code for code, _, _ in ended] == [0] * len(writers), ended
    for name in ("one", "two", "beside"):
        settled(home / name, server.process.pid)
    with query.Client(host=server.url) as client:
        assert len(client.list_runs("p")) == len(writers) + 1
        for n in range(len(writers)):
            for run, metric in ((f"own-{n}", "loss"), ("shared", f"loss/{n}")):
                found = client.points("p", run, metric)
                assert found.steps.tolist() == list(range(300)), (run, metric)
                assert found.values.tolist() == [step * 0.5 for step in range(300)]
        everything = sorted(client.points("p", "shared", "all").values.tolist())
        assert everything == sorted(n * 1000 + step for n in range(len(writers)) for step in range(300))
        assert sorted(row["logName"] for row in client.iter_files("p", "shared")) == [f"file/{n}" for n in range(6)]
        assert sorted(client.get_run("p", "shared")["tags"]) == [f"n{n}" for n in range(6)]
        assert client.get_run("p", "shared")["status"] == "COMPLETED"
    blobs = [path for path in (server.store / "blobs").rglob("*") if path.is_file() and len(path.name) == 64]
    assert len(blobs) == 1
    assert not os.listdir(server.store.parent / "sync" / "runs")
