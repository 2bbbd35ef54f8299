"""The end of a run as its process sees it: what `finish()` waits for, and what comes after it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import pluto
from pluto.core import process
from pluto.core.op import Op
from pluto.core.shutdown import Delivery, End
from pluto.core.uploader.record import Record


@pytest.fixture(autouse=True)
def nobody_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "wake", lambda sync: None)


def opened() -> Op:
    return pluto.init(project="p", disable_console=True, disable_system_metrics=True)


def ended(run: Op) -> tuple[Delivery, Record]:
    """What `finish()` waits for, and the receipt it looks at: this process's part is delivered."""
    delivery = run.end(End())
    assert delivery is not None and run._recorder is not None
    record = Record(run._recorder.sync, run._recorder.folder.key, set())
    assert not delivery.done()
    record.note_writer(delivery.receipts.writer, lines=2, files=2, done=True)
    return delivery, record


def other(run: Op, **facts: Any) -> str:
    """Another writer of the run, of a process that is gone unless `facts` name one."""
    assert run._recorder is not None
    told = {"process": "0-000000000000", "rank": 0, "primary": False, "child": True, **facts}
    folder = run._recorder.folder.writer("1-other")
    folder.mkdir()
    (folder / "writer.json").write_text(json.dumps(told))
    return folder.name


def test_finish_waits_for_the_status() -> None:
    delivery, record = ended(opened())
    assert not delivery.done()
    record.note(finished=True, status="COMPLETED")
    assert delivery.done()


def test_a_process_that_is_gone_keeps_nobody_from_the_status() -> None:
    run = opened()
    gone = other(run)
    delivery, record = ended(run)
    record.note_writer(gone, lines=1)
    assert not delivery.done(), "its journal is soon read to its end, and the status set"
    record.note_writer(gone, done=True)
    assert not delivery.done()
    record.note(finished=True)
    assert delivery.done()


def test_a_process_that_lives_is_not_waited_for() -> None:
    run = opened()
    assert run._recorder is not None
    living = other(run, process=process.place(run._recorder.sync))
    delivery, record = ended(run)
    assert not delivery.done(), "whether it is there for long is not known yet"
    record.note_writer(living, lines=1)
    assert delivery.done()


def test_a_writer_that_somebody_has_deleted_is_not_waited_for() -> None:
    run = opened()
    gone = other(run)
    delivery, record = ended(run)
    record.note_writer(gone, lines=1)
    shutil.rmtree(delivery.folder.with_name(gone))
    assert delivery.done()


def test_a_run_that_has_ended_does_not_begin_anew(root: Path) -> None:
    """Its folder goes away with the delivery, perhaps while the thread that looks after open runs looks after it."""
    run = opened()
    run.end(End())
    runs = root / "sync" / "runs"
    shutil.rmtree(runs)
    runs.mkdir()
    run.beat()
    assert not list(runs.iterdir())
    run.finish()
    assert not list(runs.iterdir())
