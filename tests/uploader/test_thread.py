"""Thread mode: beside the training, in small slices; at full speed when asked to."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.core.settings import Local
from pluto.core.uploader import thread
from pluto.core.uploader.pacer import DUTY, GentlePacer
from pluto.core.uploader.places import take
from pluto.core.uploader.thread import ThreadMode
from tests.fakes.stock import Stock
from tests.uploader.making import Made
from tests.waiting import until


@pytest.fixture
def made(root: Path, stock: Stock) -> Made:
    return Made(root / "sync", stock.remote(), delivery="thread")


@pytest.fixture
def mode(made: Made) -> Iterator[ThreadMode]:
    mode = ThreadMode(made.sync)
    yield mode
    mode.stop()


def test_it_delivers_beside_the_training_and_drains(made: Made, mode: ThreadMode, stock: Stock) -> None:
    writer = made.writer(alive=True)
    mode.add(made.folder.key)
    for step in range(2000):
        writer.metrics(step, loss=step)
    until(lambda: stock.runs and stock.points(stock.run("r"), "loss"), 60)
    assert mode.drain(60)  # of a run that goes on: what it has logged so far
    assert len(stock.points(stock.run("r"), "loss")) == 2000 and made.path.exists()
    writer.end()
    assert mode.drain(60)
    assert len(stock.points(stock.run("r"), "loss")) == 2000 and stock.run("r").status == "COMPLETED"
    assert not made.path.exists()


def test_a_lane_works_a_twentieth_of_the_time_until_it_has_to_hurry() -> None:
    pacer = GentlePacer()
    pacer.breathe()

    def work(seconds: float) -> None:
        until_then = time.thread_time() + seconds
        while time.thread_time() < until_then:
            pass

    cpu, began = time.thread_time(), time.monotonic()
    for _ in range(10):
        work(0.001)
        pacer.breathe()
    assert (time.thread_time() - cpu) / (time.monotonic() - began) <= DUTY * 1.3
    before = pacer.lines
    assert before is not None
    work(0.3)
    pacer.hurry()
    began = time.monotonic()
    pacer.breathe()
    assert time.monotonic() - began < 0.3 * (1 / DUTY - 1) / 2 and pacer.lines is None
    pacer.hurry(False)
    work(0.01)
    pacer.breathe()
    assert pacer.lines is not None and pacer.lines < before


def test_the_local_store_is_not_for_threads(root: Path) -> None:
    made = Made(root / "sync", Local(root / "store"), delivery="thread")
    made.writer().end()
    mode = ThreadMode(made.sync)
    with pytest.raises(ValueError, match="uploader process"):
        mode.add(made.folder.key)
    mode.stop()


def test_a_forked_child_holds_no_lock(
    made: Made, mode: ThreadMode, stock: Stock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = made.writer(alive=True)
    mode.add(made.folder.key)
    until(lambda: stock.runs, 60)
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready[1], b"1")
        os.read(go[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    monkeypatch.setattr(thread, "ensure", lambda sync: None)
    mode.stop()  # nobody else takes the run now
    handle = take(made.path)
    os.write(go[1], b"1")
    os.waitpid(child, 0)
    for pipe in (*ready, *go):
        os.close(pipe)
    assert handle is not None
    os.close(handle)
    writer.end()


def test_what_is_left_goes_to_the_uploader_process_when_this_one_is_gone(made: Made, stock: Stock, root: Path) -> None:
    from pluto.core.uploader.loop import Loop

    before = threading.active_count()
    writer = made.writer()
    writer.metrics(0, loss=1)
    writer.close()
    loop = Loop(made.sync)
    loop.scan()
    assert loop.deliveries  # its process is gone
    until(lambda: stock.runs and stock.run("r").status == "FAILED", 60)
    loop.close()
    living = Made(made.sync, made.target, "living", delivery="thread")
    held = living.writer(alive=True)
    loop = Loop(made.sync)
    loop.scan()
    assert not loop.deliveries
    loop.close()
    held.close()
    assert threading.active_count() - before < 20
