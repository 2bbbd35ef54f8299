"""The loop: many runs, in whatever state, from one source into one store."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pluto_migration import lock
from pluto_migration import migrate as loop
from pluto_migration.delivery import Deliverer
from pluto_migration.migrate import Progress, migrate, settings_for
from pluto_migration.model import Artifact, Entry, Item, Parent, Points
from pluto_migration.report import Report
from pluto_migration.schedule import Schedule
from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.workers import Workers

import pluto
from pluto.core.filesystem import journal_place
from pluto.core.settings import Settings, resolve
from pluto.query import Client, QueryError
from tests.fakes.stock import Stock
from tests.migration import synthetic
from tests.migration.stored import stored
from tests.programs import SOURCE, Scripts, free_port, serving
from tests.waiting import until

PROJECT = "made/up"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture
def settings(root: Path) -> Settings:
    return settings_for("local")


def bring(folder: Path, settings: Settings, **more: Any) -> Report:
    return migrate(synthetic, [str(folder)], settings=settings, **more)


def states(report: Report) -> dict[str, str]:
    return {run.id: run.state for run in report.runs}


@pytest.mark.parametrize("workers", [1, 2])
def test_everything_comes_over(folder: Path, settings: Settings, tmp_path: Path, workers: int) -> None:
    synthetic.write(folder, "one", name="First", points=150_000)
    (folder / "one.bin").write_bytes(b"w" * 300_000)
    synthetic.write(folder, "two", parent=["one", 50.0], status="failed", exit_code=3, trouble=True)
    report = bring(folder, settings, workers=workers)
    assert states(report) == {"one": "migrated", "two": "migrated"}
    assert report.whole
    json.dumps(report.to_json())
    one, two = report.runs
    assert (one.read, one.number, one.extras) == (one.added, 1, ["odd"])
    assert (one.added.points, one.added.artifacts, one.added.alerts) == (300_010, 1, 2)
    assert [(problem.where, problem.what) for problem in two.problems] == [
        (str(folder / "two.run"), "line 3 makes no sense")
    ]
    found = stored(settings, PROJECT, tmp_path)
    assert found["one"]["name"] == "First"
    assert (found["two"]["status"], found["two"]["parent"]) == ("FAILED", 50)
    assert len(found["one"]["points"]["train/loss1"]) == 150_000
    assert found["one"]["points"]["odd"][-1][0] == (1e300).hex()
    assert found["two"]["config"]["_migration"]["problems"] == [[str(folder / "two.run"), "line 3 makes no sense", 1]]
    assert bring(folder, settings, workers=workers).states == {"unchanged": 2}


def test_a_broken_run_stops_no_other(folder: Path, settings: Settings) -> None:
    synthetic.write(folder, "a-broken", broken=True)
    synthetic.write(folder, "b-mistaken", bug=True)
    synthetic.write(folder, "c-dies", dies=True)
    synthetic.write(folder, "d-good", parent=["a-broken", 2.0])
    (folder / "none.run").write_text("{")
    report = bring(folder, settings)
    assert states(report) == {
        "a-broken": "failed", "b-mistaken": "failed", "c-dies": "failed", "d-good": "migrated",
    }  # fmt: skip
    reasons = {run.id: run.reason for run in report.runs}
    assert "mend it" in reasons["a-broken"]
    assert "KeyError" in reasons["b-mistaken"]
    assert [problem.where for problem in report.problems] == [str(folder / "none.run")]
    assert "begins without the run it was forked from" in report.runs[-1].problems[0].what
    assert not report.whole
    synthetic.write(folder, "a-broken")
    synthetic.write(folder, "b-mistaken")
    synthetic.write(folder, "c-dies")
    assert bring(folder, settings).states == {"migrated": 3, "unchanged": 1}


def test_a_path_with_nothing_in_it_is_an_error(folder: Path, settings: Settings) -> None:
    with pytest.raises(SourceError, match="no runs"):
        bring(folder, settings)
    with pytest.raises(ValueError, match="at least 1"):
        bring(folder, settings, workers=0)


def test_only_what_was_asked_for_comes(folder: Path, settings: Settings) -> None:
    for name in ("one", "two", "three"):
        synthetic.write(folder, name, bare=True)
    report = bring(folder, settings, options=Options(include=("t*",), exclude=("made/up/two",)))
    assert states(report) == {"three": "migrated"}


def test_a_second_run_of_an_id_is_reported_and_not_mixed_in(folder: Path, settings: Settings, tmp_path: Path) -> None:
    synthetic.write(folder, "one", bare=True, points=10)
    synthetic.write(folder / "other", "one", bare=True, points=99)
    report = migrate(synthetic, [str(folder), str(folder / "other")], settings=settings)
    assert [(run.path, run.state) for run in report.runs] == [
        (str(folder / "other" / "one.run"), "failed"), (str(folder / "one.run"), "migrated"),
    ]  # fmt: skip
    assert str(folder / "one.run") in report.runs[0].reason
    assert len(stored(settings, PROJECT, tmp_path)["one"]["points"]["train/loss0"]) == 10


def test_a_run_of_somebody_else_is_left_alone(folder: Path, settings: Settings) -> None:
    with pluto.init(project=PROJECT, run_id="one") as run:
        run.log({"loss": 1.0})
    synthetic.write(folder, "one")
    report = bring(folder, settings)
    assert states(report) == {"one": "refused"}
    assert "--project" in report.runs[0].reason
    with Client(settings=settings) as client:
        assert [name for name in client.get_names(PROJECT, "one") if not name.startswith("sys/")] == ["loss"]


def test_a_run_that_somebody_makes_meanwhile_is_not_written_to(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(folder, "one", bare=True)
    real = synthetic.Run.read

    def read(self: synthetic.Run, scratch: Path, problems: Problems) -> Iterator[Item]:
        yield from real(self, scratch, problems)
        with pluto.init(project=PROJECT, run_id="one") as run:
            run.log({"mine": 1.0})

    monkeypatch.setattr(synthetic.Run, "read", read)
    report = bring(folder, settings)
    assert states(report) == {"one": "refused"}
    with Client(settings=settings) as client:
        assert [name for name in client.get_names(PROJECT, "one") if not name.startswith("sys/")] == ["mine"]
    # Nothing of it is left to be tried again.
    assert not list((settings.root / "sync" / "runs").glob("*/*/writer.json"))


def test_a_dry_run_says_what_would_be(folder: Path, settings: Settings) -> None:
    synthetic.write(folder, "one")
    synthetic.write(folder, "bad", broken=True)
    for _ in range(2):
        report = bring(folder, settings, dry_run=True)
        assert states(report) == {"one": "migrated", "bad": "failed"}
        assert report.runs[1].added.points == 210
        assert not settings.root.exists()
    bring(folder, settings)
    synthetic.write(folder, "one", points=120)
    report = bring(folder, settings, dry_run=True)
    assert (states(report)["one"], report.runs[-1].added.points) == ("topped up", 40)
    assert states(bring(folder, settings))["one"] == "topped up"


def test_parents_come_first_and_rings_come_all_the_same() -> None:
    def run(id: str, parent: str | None, created: int) -> synthetic.Run:
        return synthetic.Run(Path(id), {"id": id, "parent": parent and [parent, 1.0], "created": created})

    runs = [run("c", "b", 1), run("b", "a", 2), run("a", None, 9), run("x", "y", 3), run("y", "x", 4),
            run("self", "self", 5), run("lone", "gone", 6)]  # fmt: skip
    schedule = Schedule(runs)
    order = []
    waiting: list[Any] = []
    while schedule:
        found = schedule.next(idle=not waiting)
        if found is None:
            schedule.through(waiting.pop(0))
        else:
            order.append(found.id)
            waiting.append(found)
    assert sorted(order) == sorted(one.id for one in runs)
    assert order.index("a") < order.index("b") < order.index("c")
    assert isinstance(runs[0].parent, Parent)


@pytest.mark.parametrize("workers", [1, 3])
def test_numbers_follow_the_runs_age_and_so_do_versions(
    folder: Path, settings: Settings, tmp_path: Path, workers: int
) -> None:
    ages = [5, 3, 9, 1, 7, 0, 8, 2, 6, 4]
    for age in ages:
        # The older a run, the more there is to read of it and to bring over.
        synthetic.write(folder, f"run{age}", created=synthetic.BEGUN + age, points=1 + (10 - age) * 3_000, version=age)
        (folder / f"run{age}.bin").write_bytes(os.urandom(100_000 * (10 - age)))
    report = bring(folder, settings, workers=workers)
    assert report.states == {"migrated": 10}
    with Client(settings=settings) as client:
        runs = {run["id"]: run["externalId"] for run in client.iter_runs(PROJECT, details=True)}
        made = {version["version"]: runs[version["runId"]] for version in client.iter_artifacts(PROJECT, "model")}
    assert [run for _, run in sorted(made.items())] == [f"run{age}" for age in range(10)]
    assert [run for _, run in sorted(runs.items())] == [f"run{age}" for age in range(10)]


def test_progress_is_told_as_it_is_made(folder: Path, settings: Settings) -> None:
    synthetic.write(folder, "one", bare=True)
    synthetic.write(folder, "two", bare=True)
    told: list[Progress] = []
    bring(folder, settings, progress=told.append)
    assert [one.phase for one in told][:2] == ["finding", "reading"]
    done = [one for one in told if one.phase == "done"]
    assert [(one.done, one.total) for one in done] == [(1, 2), (2, 2)]
    assert done[-1].points == 400
    assert done[-1].run is not None
    assert done[-1].run.state == "migrated"


def test_progress_is_told_while_a_run_is_read(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(folder, "one", points=50_000, metrics=1, at_once=1_000, bare=True)
    monkeypatch.setattr("pluto_migration.staging._TELL_S", 0.0)
    told: list[Progress] = []
    bring(folder, settings, progress=told.append)
    assert max(one.points for one in told if one.phase == "reading") > 40_000
    reading = [index for index, one in enumerate(told) if one.phase == "reading"]
    assert reading[-1] < next(index for index, one in enumerate(told) if one.phase == "delivering")


def test_what_a_source_can_not_clear_away_is_noted(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(folder, "one", bare=True)

    def settled(self: synthetic.Run) -> None:
        raise OSError("busy")

    monkeypatch.setattr(synthetic.Run, "settled", settled)
    report = bring(folder, settings)
    assert states(report) == {"one": "migrated"}
    assert "busy" in report.runs[0].problems[0].what


def test_two_migrations_at_once_do_not_meet(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.write(folder, "one", bare=True)
    sync = journal_place(settings.root).folder
    sync.mkdir(parents=True)
    monkeypatch.setattr(lock, "PATIENCE_S", 0.1)
    with (sync / "migration.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SourceError, match="another migration"):
            bring(folder, settings)
    assert states(bring(folder, settings)) == {"one": "migrated"}


def test_a_server_that_goes_away_leaves_runs_for_the_next_time(
    folder: Path, stock: Stock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(stock.url)
    synthetic.write(folder, "one", points=30)
    synthetic.write(folder, "two", points=30)
    monkeypatch.setattr(Deliverer.__init__, "__kwdefaults__", {"patience_s": 0.3})
    stock.fail(503, path="/ingest")
    report = bring(folder, settings)
    assert states(report) == {"one": "failed", "two": "failed"}
    assert "the same command" in report.runs[0].reason
    again = bring(folder, settings)
    assert states(again) == {"one": "failed", "two": "failed"}
    assert "an earlier part of it is not delivered yet" in again.runs[0].reason
    stock.heal()
    assert states(bring(folder, settings)) == {"one": "migrated", "two": "migrated"}
    assert states(bring(folder, settings)) == {"one": "unchanged", "two": "unchanged"}
    assert len(stored(settings, PROJECT, tmp_path)["one"]["points"]["train/loss0"]) == 30


def test_a_project_of_any_name_comes_over(folder: Path, stock: Stock, settings: Settings, tmp_path: Path) -> None:
    synthetic.write(folder, "one", points=20, project="größe/x y")
    for place in (settings, settings_for(stock.url)):
        assert states(bring(folder, place)) == {"one": "migrated"}
        assert len(stored(place, "größe/x y", tmp_path)["one"]["points"]["train/loss1"]) == 20
        assert states(bring(folder, place)) == {"one": "unchanged"}


def test_a_run_that_a_store_can_not_read_stops_no_other(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        synthetic.write(folder, name, bare=True)
    bring(folder, settings)
    for name in ("one", "two"):
        synthetic.write(folder, name, bare=True, points=150)
    real = Client.iter_points

    def iter_points(self: Client, project: str, run_id: int | str, name: str, **more: Any) -> Any:
        if run_id == 1:
            raise QueryError("damaged", 500)
        return real(self, project, run_id, name, **more)

    monkeypatch.setattr(Client, "iter_points", iter_points)
    assert states(bring(folder, settings)) == {"one": "failed", "two": "topped up"}


def test_a_server_that_can_not_be_asked_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("pluto.query.connection._LONGEST_WAIT_S", 0.01)
    synthetic.write(folder, "one")
    with pytest.raises(QueryError):
        bring(folder, resolve(host="http://127.0.0.1:9"))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_server_that_goes_away_leaves_a_report(folder: Path, tmp_path: Path, root: Path, workers: int) -> None:
    names = [f"r{number}" for number in range(12)]
    for name in names:
        synthetic.write(folder, name, bare=True)
    port = free_port()
    with serving(tmp_path / "served", port=port) as server:
        settings = resolve(host=server.url)

        def tell(progress: Progress) -> None:
            if progress.phase == "done" and progress.done == 1:
                server.process.kill()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.01)
            patch.setattr("pluto.query.connection._LONGEST_WAIT_S", 0.01)
            patch.setattr(loop, "Deliverer", functools.partial(Deliverer, patience_s=0.5))
            report = bring(folder, settings, workers=workers, progress=tell)
    assert not report.whole
    assert sorted(run.id for run in report.runs) == sorted(names)
    found = [run for run in report.runs if run.state == "failed"]
    assert all("not answer" in run.reason or "not delivered" in run.reason for run in found)
    assert len(found) >= len(names) - 8
    with serving(tmp_path / "served", port=port):
        assert bring(folder, settings).whole
        runs = stored(settings, PROJECT, tmp_path)
        assert {name: len(run["points"]["train/loss0"]) for name, run in runs.items()} == dict.fromkeys(names, 100)


def test_what_a_store_refuses_is_in_the_report(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(folder, "one", bare=True)

    def read(self: synthetic.Run, scratch: Path, problems: Problems) -> Iterator[Item]:
        yield Artifact("name", "one type", [Entry("f", "", b"x")])
        yield Artifact("name", "another", [Entry("f", "", b"y")])
        yield from self._points(5, 1)

    monkeypatch.setattr(synthetic.Run, "read", read)
    report = bring(folder, settings)
    assert states(report) == {"one": "migrated"}
    (problem,) = [one for one in report.runs[0].problems if "store" in one.what]
    assert problem.where == "ARTIFACT 'name'"
    assert "already exists with type 'one type'" in problem.what
    # What was refused is kept, and in nobody's way.
    (kept,) = (settings.root / "sync" / "runs").glob("*/*/poison.jsonl")
    assert states(bring(folder, settings)) == {"one": "unchanged"}
    synthetic.write(folder, "one", bare=True, points=9)
    assert states(bring(folder, settings)) == {"one": "topped up"}
    assert kept.exists()
    assert len(list(kept.parents[1].glob("*/writer.json"))) == 1


def test_a_version_that_several_runs_have_is_one(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthetic.write(folder, "maker", created=synthetic.BEGUN)
    synthetic.write(folder, "user", created=synthetic.BEGUN + 1)
    entry = Entry("f", synthetic.md5_of(b"x"), b"x")

    def read(self: synthetic.Run, scratch: Path, problems: Problems) -> Iterator[Item]:
        for number in range(2 if self.id == "maker" else 1):
            one = Entry("f", synthetic.md5_of(b"x%d" % number), b"x%d" % number)
            yield Artifact("set", "data", [one], source_id=f"v{number}", used=self.id == "user")

    monkeypatch.setattr(synthetic.Run, "read", read)
    assert bring(folder, settings).states == {"migrated": 2}
    assert entry.content == b"x"
    with Client(settings=settings) as client:
        versions = {one["version"]: one for one in client.iter_artifacts(PROJECT, "set")}
        assert set(versions) == {0, 1}
        assert "latest" in versions[1]["aliases"]
        runs = client.artifact_runs(int(versions[0]["id"]))
        assert runs["madeBy"]["externalId"] == "maker"
        assert [run["externalId"] for run in runs["usedBy"]] == ["user"]


# --- processes that read ----------------------------------------------------------------------------------------------


@pytest.fixture
def killing(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of a source that kills the process which reads the run `kills`, and its name as a Python path."""
    (tmp_path / "killing.py").write_text(
        "import os, signal\n"
        "from tests.migration import synthetic\n"
        "class Run(synthetic.Run):\n"
        "    def read(self, scratch, problems):\n"
        "        print('what a source prints is no answer', flush=True)\n"
        "        yield from super().read(scratch, problems)\n"
        "        if self.id == 'kills': os.kill(os.getpid(), signal.SIGKILL)\n"
        "        if self.id == 'exits': os._exit(3)\n"
        "NAME, SETTINGS = 'killing', {}\n"
        "def find(paths, options, problems):\n"
        "    for run in synthetic.find(paths, options, problems):\n"
        "        yield Run(run.path, run.told)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_a_process_that_dies_takes_only_its_run_with_it(folder: Path, settings: Settings, killing: Path) -> None:
    import killing as source  # type: ignore[import-not-found]  # from the folder of the test

    for name in ("a", "kills", "m", "exits", "z"):
        synthetic.write(folder, name)
    report = migrate(source, [str(folder)], settings=settings, workers=2)
    found = states(report)
    assert found == {"a": "migrated", "m": "migrated", "z": "migrated", "kills": "failed", "exits": "failed"}
    reasons = {run.id: run.reason for run in report.runs}
    assert reasons["kills"] == "the process that read it was killed by signal 9"
    assert reasons["exits"] == "it ended with code 3"
    migrate(source, [str(folder)], options=Options(include=("a",)), settings=settings)
    assert not list((settings.root / "sync" / "runs").glob(".migrating-*"))
    del sys.modules["killing"]


def test_a_run_that_can_not_be_sent_is_told(folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.write(folder, "one")

    def no(self: synthetic.Run, protocol: int) -> Any:
        raise TypeError("it has an open file")

    monkeypatch.setattr(synthetic.Run, "__reduce_ex__", no)
    report = bring(folder, settings, workers=2)
    assert states(report) == {"one": "failed"}
    assert "open file" in report.runs[0].reason


def test_a_store_that_does_not_answer_a_process_that_reads_ends_it_all(folder: Path, settings: Settings) -> None:
    synthetic.write(folder, "one")
    (settings.root / "store").mkdir(parents=True)
    (settings.root / "store" / "index.db").write_bytes(b"no database" * 1000)
    with pytest.raises(QueryError):
        bring(folder, settings, workers=2)


def test_closed_workers_leave_no_process(settings: Settings) -> None:
    told: list[Any] = []
    workers = Workers(2, settings, "synthetic", told.append, dry_run=True)
    for name in ("one", "two"):
        assert workers.free()
        workers.give(synthetic.Run(Path(name), {"id": name, "bare": True}))
    assert not workers.free()
    until(lambda: len(told) == 2, 60)
    assert {one.brought.report.read.points for one in told} == {200}
    processes = list(workers._processes)
    workers.close()
    assert [process.returncode for process in processes] == [0, 0]


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def lives(group: int) -> bool:
    """Whether a process group has a process."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


INTERRUPTED = """
    import json, os, sys
    sys.path[:0] = sys.argv[1].split(os.pathsep)
    from pluto_migration.migrate import migrate, settings_for
    from tests.migration import synthetic

    def tell(progress):
        if progress.phase == sys.argv[3]:
            print(progress.label, flush=True)

    report = migrate(synthetic, [sys.argv[2]], settings=settings_for("local"), workers=int(sys.argv[4]), progress=tell)
    print(json.dumps({"interrupted": report.interrupted, "whole": report.whole}), flush=True)
"""


@pytest.mark.parametrize(("phase", "workers"), [("reading", 1), ("reading", 2), ("delivering", 1)])
def test_ctrl_c_ends_it_and_the_next_call_goes_on(
    folder: Path, settings: Settings, tmp_path: Path, scripts: Scripts, phase: str, workers: int
) -> None:
    for name in ("one", "two", "three"):
        synthetic.write(folder, name, points=200_000, at_once=2_000)
    paths = f"{SOURCE}:{SOURCE / 'migration'}"
    process = scripts.start(INTERRUPTED, paths, str(folder), phase, str(workers), start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    # As a terminal does: to all that belong to it.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out.splitlines()[-1]) == {"interrupted": True, "whole": False}
    assert "Traceback" not in err
    until(lambda: not lives(process.pid), 60, "the end of the processes that read")
    report = bring(folder, settings)
    assert report.whole
    assert set(states(report).values()) <= {"migrated", "unchanged"}
    found = stored(settings, PROJECT, tmp_path)
    assert {name: len(run["points"]["train/loss0"]) for name, run in found.items()} == {
        "one": 200_000, "two": 200_000, "three": 200_000,
    }  # fmt: skip


def test_points_in_any_pieces_take_little_memory(
    folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that gives every point for itself, of a hundred metrics in turn."""
    import numpy as np

    synthetic.write(folder, "one")

    def read(self: synthetic.Run, scratch: Path, problems: Problems) -> Iterator[Item]:
        for at in range(20_000):
            step = np.array([float(at // 100)])
            yield Points(f"metric{at % 100}", step, step.astype(np.int64), step)

    monkeypatch.setattr(synthetic.Run, "read", read)
    report = bring(folder, settings)
    assert report.runs[0].added.points == 20_000
    with Client(settings=settings) as client:
        assert client.points(PROJECT, "one", "metric7").steps.tolist() == list(map(float, range(200)))


def test_a_disk_is_not_filled_with_what_no_server_takes(
    folder: Path, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        synthetic.write(folder, f"run{number}", bare=True, points=5)
    monkeypatch.setattr(Deliverer.__init__, "__kwdefaults__", {"patience_s": 0.2})
    monkeypatch.setattr(loop, "AHEAD", 2)
    stock.fail(503, path="/ingest")
    settings = settings_for(stock.url)
    report = bring(folder, settings)
    assert report.states == {"failed": 6}
    reasons = [run.reason.partition(":")[0] for run in report.runs]
    assert {reason.replace("3", "2") for reason in reasons} == {
        "not delivered yet", "not begun, since 2 others are not delivered yet",
    }  # fmt: skip
    stock.heal()
    assert bring(folder, settings).states == {"migrated": 6}


def test_another_process_that_is_at_it_is_waited_for(folder: Path, settings: Settings, scripts: Scripts) -> None:
    """A training of the same root has an uploader, which takes what it finds."""
    synthetic.write(folder, "one", points=300_000)
    training = scripts.start(
        """
        import sys, time
        import pluto
        with pluto.init(project="training") as run:
            run.log({"loss": 1.0})
            print("up", flush=True)
            sys.stdin.readline()
        """,
        stdin=-1,
    )
    assert training.stdout is not None
    assert training.stdout.readline() == "up\n"
    try:
        assert states(bring(folder, settings)) == {"one": "migrated"}
    finally:
        training.communicate("\n", timeout=60)
    assert states(bring(folder, settings)) == {"one": "unchanged"}
    with Client(settings=settings) as client:
        assert len(client.points(PROJECT, "one", "train/loss0")) == 300_000


FULL = """
    import json, os, resource, signal, sys
    sys.path[:0] = sys.argv[1].split(os.pathsep)
    from pluto_migration.migrate import migrate, settings_for
    from tests.migration import synthetic

    # No file may grow beyond this: as on a disk that is full.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, resource.RLIM_INFINITY))
    report = migrate(synthetic, [sys.argv[2]], settings=settings_for("local"))
    print(json.dumps({run.id: [run.state, run.reason] for run in report.runs}), flush=True)
"""


def test_a_disk_that_is_full_fails_the_run_and_leaves_nothing_half(
    folder: Path, settings: Settings, tmp_path: Path, scripts: Scripts
) -> None:
    synthetic.write(folder, "file")
    (folder / "file.bin").write_bytes(b"w" * (5 << 20))
    synthetic.write(folder, "points", points=400_000, bare=True)
    synthetic.write(folder, "small", bare=True)
    done = scripts.run(FULL, f"{SOURCE}:{SOURCE / 'migration'}", str(folder))
    found = json.loads(done.stdout.splitlines()[-1])
    assert {name: state for name, (state, _) in found.items()} == {
        "file": "failed", "points": "failed", "small": "migrated",
    }  # fmt: skip
    assert not list((settings.root / "sync" / "runs").iterdir())
    assert "too large" in found["file"][1]
    assert states(bring(folder, settings)) == {"file": "migrated", "points": "migrated", "small": "unchanged"}
    assert len(stored(settings, PROJECT, tmp_path)["points"]["points"]["train/loss1"]) == 400_000
