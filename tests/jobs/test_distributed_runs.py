"""Ranks of one job write one run: nothing lost, nothing doubled, nobody held up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pluto import query
from tests.jobs.jobs import QUIET, finish, only_run, points, ranks, settled
from tests.programs import Scripts, Server, free_port
from tests.waiting import until

SIZE, STEPS = 4, 300
TRAIN = f"""
    import os, sys, time
    import pluto
    rank = int(os.environ["RANK"])
    run = pluto.init(project="ddp", {QUIET})
    for step in range({STEPS}):
        run.log({{f"loss/{{rank}}": step * 0.5, "shared": rank * 1000 + step}}, step=step)
    run.log({{f"note/{{rank}}": pluto.Text(f"of {{rank}}")}}, step={STEPS})
    run.add_tags(f"rank-{{rank}}")
    run.update_config({{f"rank{{rank}}": rank}})
    assert run.policy.finish_s == 0
    began = time.monotonic()
    run.finish()
    print(time.monotonic() - began)
"""


def check(size: int = SIZE) -> dict:
    run = only_run("ddp")
    for rank in range(size):
        assert points("ddp", run["id"], f"loss/{rank}") == [(step, step * 0.5) for step in range(STEPS)]
    shared = sorted(value for _, value in points("ddp", run["id"], "shared"))
    assert shared == sorted(rank * 1000 + step for rank in range(size) for step in range(STEPS))
    assert sorted(row["logName"] for row in query.get_files("ddp", run["id"])) == [f"note/{n}" for n in range(size)]
    assert sorted(run["tags"]) == [f"rank-{rank}" for rank in range(size)]
    assert run["config"] == {f"rank{rank}": rank for rank in range(size)}
    return run


def test_ranks_of_a_node_write_one_run_without_being_told(home: Path, scripts: Scripts) -> None:
    ended = finish(ranks(scripts, TRAIN, SIZE))
    assert [code for code, _, _ in ended] == [0] * SIZE, ended
    assert max(float(out) for _, out, _ in ended) < 10, "finish never blocks a rank"
    settled(home)
    run = check()
    assert run["status"] == "COMPLETED"


@pytest.mark.parametrize(
    "told",
    [
        {"SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0"},
        {"TORCHELASTIC_RUN_ID": "exp", "LOCAL_WORLD_SIZE": "1"},
        {"PLUTO_RUN_ID": "mine", "LOCAL_WORLD_SIZE": "1"},
    ],
    ids=["slurm", "torchrun", "pluto"],
)
def test_ranks_of_several_nodes_write_one_run(
    home: Path, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, told: dict[str, str]
) -> None:
    """Two homes and roots stand for two nodes; they share nothing but the server."""
    monkeypatch.setenv("PLUTO_HOST", server.url)
    place = {"WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500", **told}
    started = []
    for rank in range(2):
        node = home / f"node{rank}"
        node.mkdir()
        where = {"HOME": str(node), "PLUTO_DIR": str(node / "root"), "RANK": str(rank), "LOCAL_RANK": "0"}
        # Each node has a launcher of its own.
        launch = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, {str(tmp_path / 'train.py')!r}]))"
        (tmp_path / "train.py").write_text(textwrap.dedent(TRAIN))
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", launch],
                env={**os.environ, **place, **where},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    ended = finish(started)
    assert [code for code, _, _ in ended] == [0, 0], ended
    for rank in range(2):
        settled(home / f"node{rank}")
    run = check(2)
    assert run["status"] == "COMPLETED"
    if "PLUTO_RUN_ID" in told:
        assert run["externalId"] == "mine"


def test_nodes_that_know_no_common_id_write_a_run_each_and_say_so(home: Path, scripts: Scripts) -> None:
    place = {"WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}
    node = ranks(scripts, TRAIN, 2, env=place)
    ended = finish(node)
    settled(home)
    assert [code for code, _, _ in ended] == [0, 0]
    assert [err.count("PLUTO_RUN_ID") for _, _, err in ended] == [1, 0]
    assert check(2)["status"] == "COMPLETED"


def test_the_second_node_of_a_job_ends_its_own_run(home: Path, scripts: Scripts) -> None:
    """Rank 0 is elsewhere and writes another run: the first rank here says how this one ends."""
    finish([scripts.start(TRAIN, env={"RANK": "1", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"})])
    settled(home)
    assert only_run("ddp")["status"] == "COMPLETED"


def test_a_shell_is_no_launcher(home: Path, tmp_path: Path) -> None:
    """It goes on to the next job, whose ranks must not join the run of the last one."""
    (tmp_path / "train.py").write_text(textwrap.dedent(TRAIN))
    start = f"RANK=1 LOCAL_RANK=1 WORLD_SIZE=2 {sys.executable} train.py"
    subprocess.run(["bash", "-c", f"{start}\n{start}\n:"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    settled(home)
    assert [run["status"] for run in query.list_runs("ddp")] == ["COMPLETED", "COMPLETED"]


END = f"""
    import os, signal, sys, time
    import pluto
    rank = int(os.environ["RANK"])
    run = pluto.init(project="ddp", {QUIET})
    for step in range(50):
        run.log({{f"loss/{{rank}}": step}}, step=step)
    here, there = sys.argv[1], sys.argv[2]
    open(f"{{here}}/{{rank}}", "w").close()
    while len(os.listdir(here)) < 3:
        time.sleep(0.01)
    exec({{"fine": "", "kill": "os.kill(os.getpid(), signal.SIGKILL)", "raise": "raise RuntimeError('no')",
          "exit": "sys.exit(3)"}}[there if rank == int(sys.argv[3]) else "fine"])
"""


@pytest.mark.parametrize("rank", [0, 2])
@pytest.mark.parametrize("way", ["kill", "raise", "exit"])
def test_a_rank_that_fails_makes_the_run_fail(
    home: Path, scripts: Scripts, tmp_path: Path, way: str, rank: int
) -> None:
    (tmp_path / "here").mkdir()
    ended = finish(ranks(scripts, END, 3, arguments=[str(tmp_path / "here"), way, str(rank)]))
    assert [code for code, _, _ in ended if code] == [{"kill": -signal.SIGKILL, "raise": 1, "exit": 3}[way]]
    settled(home)
    run = only_run("ddp")
    assert run["status"] == "FAILED"
    for n in range(3):
        assert len(points("ddp", run["id"], f"loss/{n}")) == 50


def test_a_rank_may_finish_while_others_go_on(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    source = f"""
        import os, sys, time
        import pluto
        rank = int(os.environ["RANK"])
        run = pluto.init(project="ddp", {QUIET})
        run.log({{f"loss/{{rank}}": 0}}, step=0)
        if rank:
            while not os.path.exists(sys.argv[1]):
                time.sleep(0.01)
        for step in range(1, 100):
            run.log({{f"loss/{{rank}}": step}}, step=step)
        run.finish()
        print("finished", flush=True)
        if not rank:
            sys.stdin.readline()
        """
    marker = tmp_path / "go"
    place = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
    first = scripts.start(source, str(marker), env=place, stdin=subprocess.PIPE)
    second = scripts.start(source, str(marker), env={**place, "RANK": "1", "LOCAL_RANK": "1"})
    assert first.stdout is not None and first.stdout.readline() == "finished\n"

    def delivered() -> bool:
        runs = query.list_runs("ddp")
        return bool(runs) and len(query.points("ddp", runs[0]["id"], "loss/0")) == 100

    until(delivered, 60, "what the finished rank logged arrives while the other goes on")
    assert only_run("ddp")["status"] == "RUNNING"
    marker.touch()
    first.communicate("\n", timeout=60)
    assert [first.returncode, finish([second])[0][0]] == [0, 0]
    settled(home)
    run = only_run("ddp")
    assert run["status"] == "COMPLETED"
    assert points("ddp", run["id"], "loss/1") == [(step, step) for step in range(100)]


def test_a_restarted_job_is_judged_by_how_it_ends(home: Path, scripts: Scripts, tmp_path: Path) -> None:
    """As torchrun does it: every rank is killed, and started again by the same launcher while the run is still open."""
    keeper = scripts.start(
        f"""
        import sys, pluto
        run = pluto.init(project="ddp", {QUIET})
        print("open", flush=True)
        sys.stdin.readline()
        """,
        env={"RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "3", "LOCAL_WORLD_SIZE": "3"},
        stdin=subprocess.PIPE,
    )
    assert keeper.stdout is not None and keeper.stdout.readline() == "open\n"
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "x").touch()
    two = {"WORLD_SIZE": "3", "LOCAL_WORLD_SIZE": "3"}
    finish(ranks(scripts, END, 2, env=two, arguments=[str(tmp_path / "here"), "kill", "0"]))
    finish(ranks(scripts, END.replace("range(50)", "range(50, 80)"), 2, env=two,
                 arguments=[str(tmp_path / "here"), "fine", "0"]))  # fmt: skip
    keeper.communicate("\n", timeout=60)
    settled(home)
    run = only_run("ddp")
    assert run["status"] == "COMPLETED"
    assert points("ddp", run["id"], "loss/0") == [(step, step) for step in range(80)]


GLOO = f"""
    import os, time
    import torch, torch.distributed as dist
    import pluto
    dist.init_process_group("gloo", timeout=__import__("datetime").timedelta(seconds=60))
    rank = dist.get_rank()
    run = pluto.init(project="ddp", {QUIET})
    for step in range({STEPS}):
        run.log({{f"loss/{{rank}}": step * 0.5, "shared": rank * 1000 + step}}, step=step)
    run.log({{f"note/{{rank}}": pluto.Text(f"of {{rank}}")}}, step={STEPS})
    run.add_tags(f"rank-{{rank}}")
    run.update_config({{f"rank{{rank}}": rank}})
    if rank == 1:
        run.log({{"big": [pluto.Text("x" * 1000) for _ in range(50)]}})
    began = time.monotonic()
    run.finish()
    assert time.monotonic() - began < 10, "finish blocks a rank"
    told = torch.ones(1)
    dist.all_reduce(told)
    assert told.item() == 2
    dist.destroy_process_group()
"""


@pytest.mark.distributed
def test_torchrun(home: Path, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(textwrap.dedent(GLOO))
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", f"--master-port={free_port()}"]
    done = subprocess.run([*torchrun, "train.py"], cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    settled(home)
    run = only_run("ddp")
    assert run["status"] == "COMPLETED"
    for rank in range(2):
        assert points("ddp", run["id"], f"loss/{rank}") == [(step, step * 0.5) for step in range(STEPS)]
    names = [row["logName"] for row in query.iter_files("ddp", run["id"])]
    assert sorted(names) == ["big"] * 50 + ["note/0", "note/1"]
