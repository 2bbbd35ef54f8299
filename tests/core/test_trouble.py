"""A disk that takes nothing never reaches the training: it goes on at full speed, and catches up."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import pluto
from pluto.core.journal import Journal, writer
from tests.core.journals import points, rows, writers
from tests.programs import Scripts

LINE = 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "writer"
    path.mkdir()
    return path


def test_a_disk_that_is_full_and_gets_room_again_loses_nothing(scripts: Scripts, folder: Path) -> None:
    program = scripts.run(
        f"""
        import resource, sys, time
        from pathlib import Path
        from pluto.core.journal import Journal
        from pluto.core.say import be_heard
        be_heard()
        journal = Journal(Path({str(folder)!r}))
        for i in range(20):
            journal.append(2, b"x" * 1000)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        slowest = 0.0
        for i in range(2000):
            began = time.perf_counter()
            journal.append(2, b"y" * 1000)
            slowest = max(slowest, time.perf_counter() - began)
        assert not journal.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        assert journal.flush()
        journal.append(14, b"")
        journal.close()
        print(journal.lost, slowest)
        """
    )
    lost, slowest = program.stdout.split()
    assert lost == "0" and float(slowest) < 2
    assert [row.seq for row in rows(folder)] == list(range(1, 2022))
    said = program.stderr.splitlines()
    assert len(said) == 2
    assert "keeping it in memory" in said[0] and "caught up" in said[1]


def test_what_was_written_before_a_full_disk_stays_and_what_does_not_fit_is_counted(
    folder: Path, scripts: Scripts
) -> None:
    program = scripts.run(
        f"""
        import resource, signal
        from pathlib import Path
        from pluto.core.journal import Journal, writer
        writer.BACKLOG_BYTES = 50_000
        journal = Journal(Path({str(folder)!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        for i in range(1000):
            journal.append(2, b"x" * 1000)
        journal.close()
        print(journal.lost)
        """
    )
    found = rows(folder)
    assert 15 < len(found) < 100
    assert [row.seq for row in found] == list(range(1, len(found) + 1))
    assert int(program.stdout) == 1000 - len(found)


def test_trouble_is_tried_again_once_a_second_and_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import sqlite3

    journal = Journal(folder)
    tries = 0

    def broken(*_: object) -> None:
        nonlocal tries
        tries += 1
        raise sqlite3.OperationalError("disk I/O error")

    good = journal._segment.execute
    journal._segment.execute = broken  # type: ignore[assignment,method-assign]
    monkeypatch.setattr(writer, "_Segment", broken)
    monkeypatch.setattr(writer, "RETRY_S", 1000.0)
    with caplog.at_level(logging.WARNING, "pluto"):
        for _ in range(5000):
            journal.append(LINE, b"x")
    assert tries == 1
    assert len(caplog.records) == 1
    journal._segment.execute = good  # type: ignore[method-assign]
    assert journal.flush()
    assert [row.seq for row in rows(folder)] == list(range(1, 5001))
    journal.close()


def test_a_root_that_cannot_be_written_leaves_a_run_that_takes_everything(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.ERROR, "pluto"):
        run = pluto.init(dir=tmp_path / "file" / "root", project="p")
        for _ in range(10):
            run.log({"loss": 1.0})
        run.config["a"] = 1
        assert (run.id, run.url, run.display_id, run.resumed) == (None, None, None, False)
        assert run.flush(1) is False
        run.finish()
    assert len(caplog.records) == 1
    assert "nothing is recorded" in caplog.text and "PLUTO_DIR" in caplog.text


def test_trouble_in_the_middle_of_a_run_is_told_once_and_caught_up(root: Path, scripts: Scripts) -> None:
    program = scripts.run(
        """
        import resource
        import pluto
        run = pluto.init(project="p", mode="offline", disable_console=True, disable_system_metrics=True)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        run.log({"loss": 0.0})
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
        for i in range(1, 300):
            run.log({"loss": float(i)})
        run.log({"file": pluto.Text("x" * 100_000)})
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        run.finish()
        """
    )
    (folder,) = writers(root)
    assert points(folder, "loss") == [(i + 1, float(i)) for i in range(300)]
    assert program.stderr.count("does not take") == 1
