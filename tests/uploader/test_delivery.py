"""From the journal to the local store: everything, once, whatever comes in between."""

from __future__ import annotations

import json
import math
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from pluto.core.client import Client, Unreachable
from pluto.core.journal import Batch, Reader, segment
from pluto.core.settings import Local
from pluto.core.uploader import record as record_module
from pluto.core.uploader.dialect_pluto import PlutoDialect
from pluto.core.uploader.run import Delivery
from pluto.core.uploader.writer import Writer
from pluto.protocol.records import Config, Kind, Metadata, Notes, Tags
from tests.uploader.making import Made, points, read
from tests.waiting import until


@pytest.fixture
def store(root: Path) -> Local:
    return Local(root / "store")


@pytest.fixture
def made(root: Path, store: Local) -> Made:
    return Made(root / "sync", store)


def test_a_segment_is_opened_once_to_be_read(made: Made, store: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = made.writer()
    for step in range(40_000):
        writer.metrics(step, loss=step / 2)
    writer.end()
    opened: list[int] = []
    really = segment.open_for_reading

    def open_for_reading(folder: Path, number: int) -> sqlite3.Connection:
        opened.append(number)
        return really(folder, number)

    monkeypatch.setattr(segment, "open_for_reading", open_for_reading)
    assert made.deliver() == {}
    assert len(points(store, 1, "loss")) == 40_000
    assert max(opened) == 10
    # The lane of files, or the look at the end, may find the odd one closed.
    assert len(opened) <= 14


def test_everything_a_run_logs_arrives_and_the_folder_goes_away(made: Made, store: Local) -> None:
    writer = made.writer(config='{"lr": 0.1}', tags=["a"])
    writer.put(Config(1, '{"depth": 3}'))
    writer.put(Tags(1, add=["b"]))
    writer.put(Notes(1, "note"))
    writer.put(Metadata(1, '{"host": "h"}'))
    for step in range(3):
        writer.metrics(step, loss=step / 2)
    writer.metrics(0.5, odd=math.nan)
    writer.metrics(-1, odd=math.inf)
    writer.text(1, "phase", "warm")
    writer.console(1, "hello", "world")
    writer.file(2, "model", b"weights", file_name="w.bin")
    writer.end()

    assert made.deliver() == {}

    receipt = made.receipt()
    assert receipt.finished and receipt.status == "COMPLETED" and receipt.problem is None
    assert receipt.run is not None and receipt.run.display_id == "P-1" and not receipt.run.resumed
    mine = receipt.writers[writer.name]
    assert (mine.lines, mine.files, mine.done, mine.rejected) == (writer.journal.last_seq,) * 2 + (True, 0)
    assert not made.path.exists()
    run = receipt.run.run_id
    assert run is not None
    details = read(store, f"/api/runs/details/{run}")
    assert details["config"] == {"lr": 0.1, "depth": 3} and details["tags"] == ["a", "b"]
    assert details["status"] == "COMPLETED" and details["systemMetadata"]["host"] == "h"
    assert points(store, run, "loss") == [(0, 0.0), (1, 0.5), (2, 1.0)]
    assert [step for step, _ in points(store, run, "odd")] == [-1, 0.5]
    logs = read(store, "/api/runs/logs", runId=run, projectName="p")["logs"]
    assert [log["message"] for log in logs] == ["hello", "world"]
    (file,) = read(store, "/api/runs/files", runId=run, projectName="p")["files"]
    with Client(store) as client, client.download(file["url"]) as chunks:
        assert b"".join(chunks) == b"weights"


def test_what_is_sent_again_is_stored_once(made: Made, store: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deliverer dies after the server has stored a batch and before the cursor is written: over and over."""
    writer = made.writer()
    for step in range(50):
        writer.metrics(step, loss=step)
        writer.console(step + 1, f"line {step}")
    writer.file(1, "f", b"content")
    writer.close()
    real = record_module.replace

    def full(path: Path, content: bytes) -> None:
        if path.name == "cursor.json" and b'"lines"' in content:
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(record_module, "replace", full)
    left = made.deliver(patience_s=0.6)
    assert "No space left" in left[made.folder.key]
    monkeypatch.undo()
    assert made.deliver() == {}
    run = made.receipt().run.run_id  # type: ignore[union-attr]
    assert points(store, run, "loss") == [(step, step) for step in range(50)]
    assert read(store, "/api/runs/logs", runId=run, projectName="p")["total"] == 50
    assert len(read(store, "/api/runs/files", runId=run, projectName="p")["files"]) == 1


def test_a_lost_cursor_repeats_nothing(made: Made, store: Local) -> None:
    writer = made.writer(alive=True)
    for step in range(10):
        writer.metrics(step, loss=step)
    assert made.deliver() != {}  # delivered so far, still being written
    assert made.receipt().writers[writer.name].lines == 11
    (made.path / writer.name / "cursor.json").unlink()
    writer.metrics(10, loss=10)
    writer.end()
    assert made.deliver() == {}
    assert points(store, 1, "loss") == [(step, step) for step in range(11)]


def test_a_poisoned_record_stands_alone(made: Made, store: Local) -> None:
    writer = made.writer()
    writer.metrics(0, loss=0)
    bad = [writer.raw(Kind.METRICS, b"\xff\xffnonsense"), writer.raw(99, b"?"), writer.put(Config(1, "[1, 2]"))]
    bad.append(writer.file(0, "odd", b"x", form="hologram"))
    writer.metrics(1, loss=1)
    writer.end()
    assert made.deliver() == {}
    receipt = made.receipt()
    assert receipt.finished and receipt.writers[writer.name].rejected == 4
    assert points(store, 1, "loss") == [(0, 0), (1, 1)]
    assert sorted(line["seq"] for line in made.poison()) == sorted(bad)
    assert "hologram" in next(line["error"] for line in made.poison() if line["kind"] == "MEDIA")
    assert not list(made.path.glob("*/*.db"))
    before = made.receipt()
    assert made.deliver() == {} and made.receipt() == before  # the folder is kept, and left alone


def test_a_refusal_is_heard_though_the_answer_is_lost_and_counted_once(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = made.writer()
    writer.metrics(0, loss=0)
    bad = [writer.raw(99, b"?"), writer.put(Config(1, "[1, 2]"))]
    writer.end()
    real, answers = Client.batch, []

    def lossy(self: Client, *args: Any) -> Any:
        answers.append(real(self, *args))
        if len(answers) == 1:
            raise Unreachable("the connection broke")
        return answers[-1]

    def full(path: Path, content: bytes) -> None:
        if path.name == "cursor.json" and answers:
            raise OSError(28, "No space left on device")
        replace(path, content)

    replace = record_module.replace
    monkeypatch.setattr(Client, "batch", lossy)
    monkeypatch.setattr(record_module, "replace", full)
    assert made.deliver(patience_s=0.6) != {}
    assert len(answers) == 2  # one lost, one heard and not noted
    monkeypatch.undo()
    assert [line["seq"] for line in made.poison()] == bad
    assert made.deliver() == {}
    assert [line["seq"] for line in made.poison()] == bad
    assert made.receipt().writers[writer.name].rejected == 2


def test_a_process_that_is_gone_is_a_failed_run(made: Made, store: Local) -> None:
    writer = made.writer()
    writer.metrics(0, loss=0)
    writer.close()
    assert made.deliver() == {}
    details = read(store, "/api/runs/details/1")
    assert details["status"] == "FAILED" and details["statusMetadata"] == {"reason": "lost"}
    assert points(store, 1, "loss") == [(0, 0)]


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([("COMPLETED", True), ("COMPLETED", False)], "COMPLETED"),
        ([("COMPLETED", True), ("FAILED", False)], "FAILED"),
        ([("TERMINATED", True), ("COMPLETED", False)], "TERMINATED"),
        ([("COMPLETED", False)], "RUNNING"),
        ([("FAILED", False)], "FAILED"),
        ([("", True)], "RUNNING"),
    ],
)
def test_the_status_of_several_writers(made: Made, store: Local, ends: list[tuple[str, bool]], status: str) -> None:
    writers = [made.writer(primary=primary) for _, primary in ends]
    for writer, (text, _) in zip(writers, ends, strict=True):
        writer.metrics(0, **{f"m{writer.name}": 1.0})
        writer.end(text)
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == status


@pytest.mark.parametrize("ended", [True, False])
def test_a_journal_of_many_batches_arrives_whole(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch, ended: bool
) -> None:
    monkeypatch.setattr(PlutoDialect, "lines_at_once", 7)
    monkeypatch.setattr(PlutoDialect, "files_at_once", 2)
    writer = made.writer()
    for step in range(60):
        writer.metrics(step, loss=step)
        if step % 5 == 0:
            writer.file(step, "f", str(step).encode())
    writer.end() if ended else writer.close()
    assert made.deliver() == {}
    assert points(store, 1, "loss") == [(step, step) for step in range(60)]
    files = read(store, "/api/runs/files", runId=1, projectName="p")["files"]
    assert [int(file["step"]) for file in files] == list(range(0, 60, 5))


def test_a_disk_that_fails_for_a_moment_loses_nothing(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal of a dead process can't be read just now: that is no end."""
    writer = made.writer()
    for step in range(20):
        writer.metrics(step, loss=step)
    writer.close()
    real, reads = Reader.read, []

    def flaky(self: Reader, after: int, lane: str, *more: Any, **limits: Any) -> Batch:
        reads.append(after)
        if len(reads) < 4 or 10 < len(reads) < 16:
            return Batch([], after)
        return real(self, after, lane, *more, **limits)

    monkeypatch.setattr(Reader, "read", flaky)
    monkeypatch.setattr(PlutoDialect, "lines_at_once", 3)
    assert made.deliver() == {}
    assert len(reads) > 16
    assert points(store, 1, "loss") == [(step, step) for step in range(20)]


def test_a_forked_child_has_no_say_in_how_the_run_ends(made: Made, store: Local) -> None:
    parent, killed = made.writer(), made.writer(primary=False, child=True)
    killed.metrics(0, loss=1)
    killed.close()
    parent.end("COMPLETED")
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == "COMPLETED" and points(store, 1, "loss") == [(0, 1)]


def changes(store: Local, run: int = 1) -> list[tuple[str, str]]:
    """Whence the run's statuses came, and what they were."""
    with Client(store) as client:
        return [(event["source"], event["toStatus"]) for event in client.status_history(run)]


@pytest.mark.parametrize("alive", [False, True])
def test_a_forked_child_that_comes_late_does_not_reopen_the_run(made: Made, store: Local, alive: bool) -> None:
    parent = made.writer()
    parent.metrics(7, loss=7)
    parent.end("TERMINATED")
    assert made.deliver() == {}
    before = changes(store)
    late = made.writer(alive=alive, primary=False, child=True)
    late.metrics([2], loss=2)
    late.metrics(9, loss=9)
    assert bool(made.deliver()) == alive
    assert made.receipt().writers[late.name].lines == 3 and made.receipt().status == "TERMINATED"
    late.end("FAILED")
    assert made.deliver() == {}
    assert changes(store) == before and before[-1][1] == "TERMINATED"
    assert points(store, 1, "loss") == [(2, 2), (7, 7), (9, 9)]


def test_a_run_that_goes_on_while_a_late_child_is_heard(made: Made, store: Local) -> None:
    """The child joins the run as it was; whoever resumes the run opens it all the same."""
    made.writer().end("FAILED")
    assert made.deliver() == {}
    late = made.writer(alive=True, primary=False, child=True)
    late.metrics(1, loss=1)
    made.deliver()
    resumed = made.writer(alive=True, policy="must")
    resumed.metrics(2, loss=2)
    made.deliver()
    assert made.receipt().status == "RUNNING" and changes(store)[-1] == ("resume", "RUNNING")
    late.end()
    resumed.end()
    assert made.deliver() == {}
    assert made.receipt().status == "COMPLETED" and changes(store)[-1] == ("api", "COMPLETED")
    assert points(store, 1, "loss") == [(1, 1), (2, 2)]


def test_a_rank_that_comes_with_a_late_child_leaves_the_status_as_it_was(made: Made, store: Local) -> None:
    made.writer().end("TERMINATED")
    assert made.deliver() == {}
    for child in (True, False):
        late = made.writer(primary=False, child=child)
        late.metrics(int(child), loss=1)
        late.end()
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == "TERMINATED"
    assert points(store, 1, "loss") == [(0, 1), (1, 1)]


def test_steps_of_a_forked_child_count_from_where_its_parent_began(made: Made, store: Local) -> None:
    first = made.writer()
    first.metrics(7, loss=7)
    first.end()
    second = made.writer()
    second.metrics([1], loss=8)
    second.metrics([2], loss=9)
    child = made.writer(primary=False, child=True)
    child.metrics([3], child=10)
    child.close()
    second.end()
    assert made.deliver() == {}
    assert points(store, 1, "loss") == [(7, 7), (8, 8), (9, 9)] and points(store, 1, "child") == [(10, 10)]


def test_the_status_waits_for_a_child_that_began_while_the_run_ended(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = made.writer()
    parent.end()
    real, children = Writer.finish, []

    def finish(self: Writer) -> None:
        """After the deliverer has looked for writers, before it has seen the end of the one it knows."""
        if not children:
            children.append(made.writer(primary=False, child=True))
            children[0].metrics(0, loss=1)
            children[0].close()
        real(self)

    waited = []

    def status(self: Client, run: int, status: str, **more: Any) -> None:
        waited.append((status, [name for name, facts in made.receipt().writers.items() if facts.done]))

    monkeypatch.setattr(Writer, "finish", finish)
    monkeypatch.setattr(Client, "set_status", status)
    assert made.deliver() == {}
    assert waited == [("COMPLETED", [parent.name, children[0].name])] and not made.path.exists()


def test_the_status_waits_for_every_writer(made: Made, store: Local) -> None:
    first, second = made.writer(alive=True), made.writer(alive=True, primary=False)
    second.metrics(0, loss=1)
    first.end()
    assert made.deliver() != {}
    assert read(store, "/api/runs/details/1")["status"] == "RUNNING"
    assert made.receipt().writers[first.name].done
    second.end()
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == "COMPLETED"


def test_a_rank_that_comes_late_leaves_the_status_as_it_was(made: Made, store: Local) -> None:
    made.writer().end("TERMINATED")
    assert made.deliver() == {}
    late = made.writer(primary=False)
    late.metrics(5, loss=1)
    late.end()
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == "TERMINATED"
    assert points(store, 1, "loss") == [(5, 1)]


def test_relative_steps_go_on_where_the_run_stood(made: Made, store: Local) -> None:
    first = made.writer()
    first.metrics(7, loss=7)
    first.end()
    assert made.deliver() == {}
    second = made.writer()
    for count in range(1, 4):
        second.metrics([count], loss=count)
        second.text([count], "t", str(count))
        second.file([count], "f", str(count).encode())
    second.end()
    assert made.deliver() == {}
    assert [step for step, _ in points(store, 1, "loss")] == [7, 8, 9, 10]
    files = read(store, "/api/runs/files", runId=1, projectName="p")["files"]
    assert [int(file["step"]) for file in files] == [8, 9, 10]
    receipt = made.receipt()
    assert receipt.run is not None and receipt.run.resumed and receipt.run.last_step == 7


def test_never_refuses_what_exists_and_knows_its_own(made: Made, store: Local) -> None:
    made.writer().end()
    assert made.deliver() == {}
    again = made.writer(policy="never")
    again.end()
    made.deliver()
    facts = made.receipt().writers[again.name]
    assert facts.refused is not None and facts.refused.reason == "exists"
    assert read(store, "/api/runs/details/1")["status"] == "COMPLETED"
    assert not made.path.exists()  # it logged nothing

    mine = Made(made.sync, store, "own")
    writer = mine.writer(policy="never")
    body = {"runName": "n", "projectName": "p", "externalId": "own"}
    with Client(store) as client:  # created, and the answer got lost
        client.create({**body, "loggerSettings": json.dumps({"writer": writer.name})})
    writer.end()
    assert mine.deliver() == {}
    assert mine.receipt().run is not None


def test_must_refuses_what_does_not_exist_and_keeps_what_was_logged(made: Made, store: Local) -> None:
    writer = made.writer(policy="must")
    writer.metrics(0, loss=4)
    writer.end()
    made.deliver()
    receipt = made.receipt()
    assert receipt.refused is not None and receipt.refused.reason == "missing" and receipt.run is None
    assert receipt.finished
    with Client(store) as client:
        client.create({"runName": "n", "projectName": "p", "externalId": "r"})
    assert made.deliver() == {}  # asked once more, it is there
    assert points(store, 1, "loss") == [(0, 4)]
    assert not made.path.exists()


def test_a_refused_writer_does_not_keep_the_status_of_the_others(made: Made, store: Local) -> None:
    good, late = made.writer(), made.writer(policy="never", primary=False)
    good.metrics(0, loss=1)
    late.metrics(1, loss=2)
    late.end("FAILED")
    good.end()
    made.deliver()
    receipt = made.receipt()
    assert receipt.finished and receipt.writers[late.name].refused is not None and receipt.refused is None
    assert read(store, "/api/runs/details/1")["status"] == "COMPLETED"
    assert points(store, 1, "loss") == [(0, 1)] and list(made.path.glob("*/*.db"))


def test_a_description_that_makes_no_sense_harms_nobody_else(made: Made, root: Path) -> None:
    broken = Made(made.sync, made.target, "broken")
    broken.about["target"] = "?"
    broken.writer().end()
    made.writer().end()
    from pluto.core.uploader.loop import deliver

    assert deliver(made.sync) == {}
    assert made.receipt().finished and broken.path.exists()


@pytest.mark.parametrize("named", ["number", "display"])
def test_a_run_named_by_the_server_adopts_its_project(made: Made, store: Local, named: str) -> None:
    with Client(store) as client:
        answer = client.create({"runName": "n", "projectName": "elsewhere", "externalId": "e"})
    which = {"run_number": answer.run_id} if named == "number" else {"display_id": answer.display_id}
    writer = made.writer(external_id=None, policy="must", **which)
    writer.metrics(0, loss=4)
    writer.end()
    assert made.deliver() == {}
    receipt = made.receipt()
    assert receipt.run is not None and receipt.run.project_name == "elsewhere" and receipt.run.run_id == 1
    assert points(store, 1, "loss") == [(0, 4)]


def test_a_linked_file_that_changed_is_uploaded_and_reported(made: Made, store: Local, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(b"before")
    writer = made.writer()
    writer.linked(0, "big", path)
    path.write_bytes(b"after all")
    os.utime(path, ns=(1, 1))
    gone = tmp_path / "gone.bin"
    gone.write_bytes(b"gone")
    writer.linked(1, "gone", gone)
    blobs = next(made.path.glob("*/*.blobs")).iterdir()
    next(blob for blob in blobs if blob.read_bytes() == b"gone").unlink()
    writer.end()
    assert made.deliver() == {}
    facts = made.receipt().writers[writer.name]
    assert facts.changed == ["big.bin"] and facts.lost == 1
    (file,) = read(store, "/api/runs/files", runId=1, projectName="p")["files"]
    assert int(file["fileSize"]) == len(b"after all")


def test_a_deleted_run_keeps_what_is_left_on_disk(made: Made, store: Local) -> None:
    writer = made.writer(alive=True)
    writer.metrics(0, loss=0)
    made.deliver()
    with Client(store) as client:
        client.delete_run(1)
    writer.metrics(1, loss=1)
    writer.end()
    made.deliver()
    facts = made.receipt().writers[writer.name]
    assert facts.refused is not None and facts.refused.reason == "missing"
    assert list(made.path.glob("*/*.db"))


def test_a_segment_that_cannot_be_read_takes_nothing_with_it(made: Made, store: Local) -> None:
    writer = made.writer()
    for step in range(5):
        writer.metrics(step, loss=step)
    writer.end()
    second = made.writer(primary=False)
    second.metrics(9, loss=9)
    second.end()
    path = made.path / writer.name / "000001.db"
    for old in (path, path.with_name(path.name + "-wal")):
        old.write_bytes(b"garbage" * 2000)
    made.deliver()
    assert points(store, 1, "loss") == [(9, 9)]
    assert list(made.path.glob("*/*.damaged"))


def test_heartbeats_bring_a_cancellation(made: Made, store: Local) -> None:
    writer = made.writer(alive=True)
    made.deliver()
    with Client(store) as client:
        client.cancel(1)
        client.heartbeat(1)
    writer.metrics(0, loss=1)
    made.deliver()
    assert made.receipt().cancelled
    writer.end("CANCELLED")
    assert made.deliver() == {}
    assert read(store, "/api/runs/details/1")["status"] == "CANCELLED"


def test_a_thousand_receipts_are_kept(made: Made) -> None:
    receipts = made.sync / "receipts"
    receipts.mkdir(parents=True)
    for number in range(1105):
        (receipts / f"old-{number}.json").write_text("{}")
        os.utime(receipts / f"old-{number}.json", (number, number))
    made.writer().end()
    assert made.deliver() == {}
    left = {path.stem for path in receipts.iterdir()}
    assert len(left) == 1000 and made.folder.key in left and "old-0" not in left


def test_a_deliverer_that_dies_while_files_are_left_behind_the_end_leaves_the_end(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = made.writer()
    writing.metrics(1, loss=1)
    writing.file(1, "first", b"1")
    writing.file(1, "second", b"2")
    writing.end()
    real = PlutoDialect.files

    def files(self: PlutoDialect, client: Client, place: Any, writer: Writer, ready: list[Any]) -> None:
        # The other lane has read the END, and looked again since.
        until(lambda: writer.end is not None and writer.quiet > 2)
        if ready[0].record.name == "second":
            raise Unreachable("gone")
        real(self, client, place, writer, ready)

    monkeypatch.setattr(PlutoDialect, "files", files)
    monkeypatch.setattr(PlutoDialect, "files_at_once", 1)
    assert made.deliver(patience_s=0.3)
    monkeypatch.undo()
    assert made.deliver() == {}
    assert made.receipt().status == "COMPLETED"
    run = made.receipt().run.run_id  # type: ignore[union-attr]
    assert read(store, f"/api/runs/details/{run}")["status"] == "COMPLETED"
    assert len(read(store, "/api/runs/files", runId=run, projectName="p")["files"]) == 2


def test_a_deliverer_that_dies_while_it_clears_away_changes_nothing(
    made: Made, store: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = made.writer()
    writing.metrics(1, loss=1)
    writing.end()
    real = shutil.rmtree

    def rmtree(path: Path, **options: Any) -> None:
        """Gets as far as the cursor."""
        if Path(path).parent == made.path:
            (Path(path) / "cursor.json").unlink(missing_ok=True)
        else:
            real(path, **options)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    made.deliver(patience_s=0.3)
    monkeypatch.undo()
    assert made.path.exists()
    assert made.deliver() == {}
    run = made.receipt().run.run_id  # type: ignore[union-attr]
    assert read(store, f"/api/runs/details/{run}")["status"] == "COMPLETED"


def test_a_run_that_ends_while_it_is_looked_at_is_not_still_being_written(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = made.writer(alive=True)
    writer.metrics(1, loss=1)
    writer.end()
    real = Delivery.is_live
    said: list[bool] = []

    def is_live(self: Delivery) -> bool:
        live = real(self)
        if self.place is None and not said:
            return live
        said.append(live)
        if len(said) == 1:
            # The lanes get to the end, just after somebody has asked.
            until(lambda: self.over, 60)
            return True
        return live

    monkeypatch.setattr(Delivery, "is_live", is_live)
    assert made.deliver() == {}
    assert len(said) > 1
