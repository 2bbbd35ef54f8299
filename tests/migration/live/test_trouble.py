"""What goes wrong on the way: rate limits, links that are over, dropped connections, an absent service, kill -9."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.model import Artifact, File
from pluto_migration.source import SourceError, SourceRun

from tests.migration.live.conftest import read_whole
from tests.migration.live.played import Played, PlayedArtifact, PlayedRun, cut, dropped, hanging, passing, status
from tests.migration.reading import Read
from tests.waiting import until

pytestmark = pytest.mark.timeout(180)


def rows(count: int, every: int = 1) -> list[dict[str, Any]]:
    return [{"_step": at * every, "_timestamp": 1e9 + at, "_runtime": at, "x": at / 3} for at in range(count)]


def test_the_service_asks_to_wait(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(rows=rows(5), files={"a.txt": b"a"}, events=[{"_timestamp": 1e9, "cpu": 1}])]
    for name in ("Runs", "Run", "RunFiles", "HistoryPage", "RunFullHistory", "RunOutputArtifacts", "/storage/"):
        played.faults[name] = [status(429, after=1)]
    found = read()
    assert found.problems == []
    assert len(found.points["x"]) == 5 and [file.name for file in found.of(File)] == ["a.txt"]
    assert played.times("HistoryPage") == 2 and played.times("/storage/") == 2


def test_a_service_that_is_away_is_waited_for_and_then_not(
    played: Played, find: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    played.projects["proj"] = [PlayedRun(files={"a.txt": b"a", "b.txt": b"b"})]
    [run] = find(settings={"patience": "0.5"})
    played.faults["/storage/proj/r1/b.txt"] = [cut] * 100
    with pytest.raises(SourceError, match=r"'b\.txt': no answer within 0\.5 s.*goes on from here"):
        read_whole(run, tmp_path)
    said = [record.message for record in caplog.records if record.name.startswith("pluto_migration")]
    assert len(said) == 1 and "patience" in said[0]
    before = played.times("/storage/proj/r1/a.txt")
    played.faults.clear()
    assert [file.name for file in read_whole(run, tmp_path).of(File)] == ["a.txt", "b.txt"]
    assert played.times("/storage/proj/r1/a.txt") == before


def test_connections_that_end_in_the_middle(played: Played, read: Callable[..., Read]) -> None:
    weights = bytes(range(256)) * 100
    artifact = PlayedArtifact("model", 0, "model", {"w.bin": weights})
    played.projects["proj"] = [PlayedRun(files={"big.bin": weights}, made=[artifact])]
    played.faults["/storage/"] = [cut, cut]
    played.faults["/artifactsV2/"] = [cut]
    found = read()
    assert found.problems == []
    [file], [version] = found.of(File), found.of(Artifact)
    assert file.content.read_bytes() == weights  # type: ignore[union-attr]
    assert version.entries[0].content.read_bytes() == weights  # type: ignore[union-attr]
    assert played.times("/storage/") == 3 and played.times("/artifactsV2/") == 2


def test_rows_whose_connection_is_dropped_come_once(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(rows=rows(2500))]
    played.faults["HistoryPage"] = [passing, dropped]
    found = read()
    assert found.problems == []
    assert [step for step, _, _ in found.points["x"]] == [float(at) for at in range(2500)]


def test_links_that_are_over_are_fetched_anew(played: Played, find: Any, tmp_path: Path) -> None:
    played.projects["proj"] = [PlayedRun(files={f"{at}.txt": b"content" for at in range(5)})]
    [run] = find()
    assert run.fingerprint
    played.expired = played.signature
    found = read_whole(run, tmp_path)
    assert found.problems == []
    assert len(found.of(File)) == 5
    assert played.times("/storage/") == 10


def test_a_link_that_never_works_costs_one_file(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(files={"a.txt": b"a", "b.txt": b"b"})]
    played.faults["/storage/proj/r1/a.txt"] = [status(403)] * 20
    found = read()
    assert [file.name for file in found.of(File)] == ["b.txt"]
    assert len(found.problems) == 1
    assert found.problems[0].startswith("team/proj/r1/a.txt: not fetched:") and "403" in found.problems[0]


def test_a_file_that_is_not_what_was_listed_is_kept_and_named(played: Played, find: Any, tmp_path: Path) -> None:
    run = PlayedRun(files={"a.txt": b"listed"})
    played.projects["proj"] = [run]
    [found] = find()
    assert found.size == 6
    run.files = {"a.txt": b"sent??"}
    read = read_whole(found, tmp_path)
    [file] = read.of(File)
    assert file.content.read_bytes() == b"sent??"  # type: ignore[union-attr]
    assert read.problems == ["team/proj/r1/a.txt: its content is not the one that the service lists (MD5)"]


def test_pages_of_a_list_that_come_at_the_second_try(played: Played, find: Any) -> None:
    played.projects["proj"] = [PlayedRun(id=f"r{at:03d}") for at in range(205)]
    played.faults["Runs"] = [passing, status(404 + 4), status(503), passing, dropped]
    assert [run.id for run in find()] == [f"r{at:03d}" for at in range(205)]


def test_sparse_steps_do_not_mean_a_request_for_each_page(played: Played, read: Callable[..., Read]) -> None:
    played.projects["proj"] = [PlayedRun(rows=rows(300, every=10_000))]
    found = read()
    assert found.problems == []
    assert [step for step, _, _ in found.points["x"]] == [at * 10_000.0 for at in range(300)]
    assert played.times("HistoryPage") <= 2


def test_exports_and_live_rows_together(played: Played, read: Callable[..., Read]) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    schema = pyarrow.schema([("_step", pyarrow.int64()), ("_timestamp", pyarrow.float64()), ("x", pyarrow.float64()),
                             ("only", pyarrow.float64()), ("n.m", pyarrow.int64())])  # fmt: skip

    def export(*steps: int) -> bytes:
        table = pyarrow.Table.from_pylist(
            [{"_step": step, "_timestamp": 1e9 + step, "x": float("nan") if step == 2 else step / 3, "n.m": step}
             for step in steps], schema=schema)  # fmt: skip
        out = io.BytesIO()
        parquet.write_table(table, out)
        return out.getvalue()

    # Not in order, and step 3 in both.
    run = PlayedRun(parquet=[export(3, 4, 5), export(2, 0, 1, 3)], count=6, last_step=5)
    played.projects["proj"] = [run]
    found = read()
    assert found.problems == []
    assert [step for step, _, _ in found.points["x"]] == [0, 1, 2, 3, 4, 5]
    assert str(found.points["x"][2][2]) == "nan" and "only" not in found.points
    assert [value for _, _, value in found.points["n.m"]] == [0, 1, 2, 3, 4, 5]


def test_a_second_reading_fetches_nothing_again(played: Played, find: Any, tmp_path: Path) -> None:
    artifact = PlayedArtifact("model", 0, "model", {"w.bin": b"weights"})
    shared = PlayedArtifact("data", 0, "dataset", {"d.bin": b"data"})
    run = PlayedRun(rows=rows(3), files={"a.txt": b"a"}, made=[artifact], used=[shared], console=[])
    other = PlayedRun(id="r2", used=[shared])
    played.projects["proj"] = [run, other]
    first, second = find()
    once = read_whole(first, tmp_path)
    asked = [name for name, _ in played.asked]
    twice = read_whole(first, tmp_path)
    again = [name for name, _ in played.asked][len(asked) :]
    assert not {"HistoryPage", "RunFullHistory", "RunConsoleLogPage"} & set(again)
    assert not [name for name in again if name.startswith(("/storage", "/artifactsV2"))]
    assert described(once) == described(twice)
    before = played.times("/artifactsV2/")
    assert read_whole(second, tmp_path).of(Artifact)[0].entries[0].content.read_bytes() == b"data"  # type: ignore[union-attr]
    assert played.times("/artifactsV2/") == before


def test_the_spool_is_private_and_goes_with_the_run(played: Played, find: Any, tmp_path: Path, root: Path) -> None:
    played.projects["proj"] = [PlayedRun(rows=rows(3), files={"a.txt": b"a"})]
    [run] = find()
    found = read_whole(run, tmp_path)
    spool = root / "cache" / "migrate" / "wandb-live"
    [folder] = [path for path in spool.iterdir() if path.name.startswith("r1-")]
    for path in (spool, *spool.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
    run.settled()
    assert not folder.exists()
    assert found.of(File)[0].content.read_bytes() == b"a"  # type: ignore[union-attr]
    [kept] = find(settings={"keep": "yes"})
    read_whole(kept, tmp_path)
    kept.settled()
    assert folder.exists()


def test_a_run_that_has_changed_is_fetched_anew_but_for_its_files(played: Played, find: Any, tmp_path: Path) -> None:
    from pluto_migration.sources.wandb_live import service

    run = PlayedRun(rows=rows(3), files={"a.txt": b"a"})
    played.projects["proj"] = [run]
    read_whole(find()[0], tmp_path)
    run.rows.append({"_step": 3, "_timestamp": 2e9, "x": 1.0})
    run.count = 4
    service._apis.clear()
    found = read_whole(find()[0], tmp_path)
    assert len(found.points["x"]) == 4 and found.problems == []
    assert played.times("/storage/") == 1


def test_two_readers_of_one_run_do_not_meet(played: Played, find: Any, tmp_path: Path) -> None:
    played.projects["proj"] = [PlayedRun(rows=rows(3))]
    [run] = find()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    reading = iter(run.read(tmp_path / "one", _Nothing()))  # type: ignore[arg-type]
    next(reading)
    with pytest.raises(SourceError, match="another process is reading"):
        next(iter(run.read(tmp_path / "two", _Nothing())))  # type: ignore[arg-type]
    reading.close()  # type: ignore[attr-defined]
    assert read_whole(run, tmp_path).points


def test_names_of_files_lead_nowhere_else(played: Played, read: Callable[..., Read], tmp_path: Path) -> None:
    artifact = PlayedArtifact("model", 0, "model", {"../../../escaped2.txt": b"evil", "fine.txt": b"fine"})
    names = {"../escaped.txt": b"evil", "a/../../escaped.txt": b"evil", "/tmp/escaped-absolute.txt": b"evil"}
    played.projects["proj"] = [PlayedRun(files={**names, "fine.txt": b"fine"}, made=[artifact])]
    found = read()
    assert [file.name for file in found.of(File)] == ["fine.txt"]
    assert [entry.content is not None for entry in found.of(Artifact)[0].entries] == [False, True]
    assert len(found.problems) == 4
    assert not [*tmp_path.parent.rglob("escaped*"), *Path("/tmp").glob("escaped*")]


def test_runs_go_to_other_processes(played: Played, find: Any, tmp_path: Path) -> None:
    import pickle

    played.projects["proj"] = [PlayedRun(rows=rows(3))]
    [run] = find()
    assert run.fingerprint and run.size == 0
    other: SourceRun = pickle.loads(pickle.dumps(run))
    assert other.fingerprint == run.fingerprint
    assert described(read_whole(other, tmp_path)) == described(read_whole(run, tmp_path))


PROGRAM = """
import sys
from pathlib import Path
from pluto_migration.source import Options, Problems
from pluto_migration.sources import wandb_live
from tests.migration.live.conftest import read_whole
from tests.migration.live.test_trouble import described
[run] = wandb_live.find(["team/proj"], Options(settings={"base_url": sys.argv[1]}), Problems())
print(described(read_whole(run, Path(sys.argv[2]))))
"""


@pytest.mark.parametrize(
    ("place", "after"),
    [("HistoryPage", 0), ("HistoryPage", 45), ("/storage/proj/r1/1.bin", 0), ("/artifactsV2/", 1),
     ("RunFullHistory", 0)],
)  # fmt: skip
def test_killed_and_started_again(played: Played, tmp_path: Path, place: str, after: int) -> None:
    """What had come is not fetched again, and in the end it is what an undisturbed reading gives."""
    run = PlayedRun(
        rows=rows(50_000),
        files={f"{at}.bin": bytes([at]) * 1000 for at in range(3)},
        events=[{"_timestamp": 1e9 + at, "cpu": at} for at in range(10)],
        made=[PlayedArtifact("model", 0, "model", {f"{at}.bin": bytes([at]) * 999 for at in range(3)})],
    )
    played.projects["proj"] = [run]
    program = [sys.executable, "-c", PROGRAM, played.url, str(tmp_path)]
    where: dict[str, Any] = {"cwd": Path(__file__).parents[3], "env": environment()}
    played.faults[place] = [passing] * after + [hanging]
    first = subprocess.Popen(program, **where)
    until(played.reached.is_set, 60, "the request that hangs")
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    second = subprocess.run(program, **where, capture_output=True, text=True, timeout=120)
    assert second.returncode == 0, second.stderr
    # Of the rows the piece that was open comes again (20 pages; the last one has 10), of files the ones that were open.
    again = {"HistoryPage": {0: 1, 45: 6}.get(after, 0)}.get(place, 0)
    assert played.times("HistoryPage") == 50 + again
    assert played.times("/storage/") + played.times("/artifactsV2/") <= 6 + 3
    said = json.loads(second.stdout.splitlines()[-1])
    assert said["problems"] == []
    assert said["points"] == {"x": [50_000, 0.0, 49_999.0, sum(at / 3 for at in range(50_000))],
                              "sys/process.cpu": [10, 0.0, 9.0, 45.0]}  # fmt: skip
    assert said["files"] == {f"{at}.bin": 1000 for at in range(3)}
    assert said["entries"] == {f"{at}.bin": 999 for at in range(3)}


def environment() -> dict[str, str]:
    folder = Path(__file__).parents[3]
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "migration")])}


def described(read: Read) -> str:
    """What was read, as JSON."""
    points = {name: [len(found), found[0][0], found[-1][0], sum(value for _, _, value in found)]
              for name, found in read.points.items()}  # fmt: skip
    files = {file.name: len(file.content.read_bytes()) for file in read.of(File)}  # type: ignore[union-attr]
    entries = {entry.path: len(entry.content.read_bytes()) for version in read.of(Artifact)  # type: ignore[union-attr]
               for entry in version.entries}  # fmt: skip
    return json.dumps({"points": points, "files": files, "entries": entries, "problems": read.problems})


class _Nothing:
    def note(self, where: str, what: str) -> None:
        """Takes nothing."""
