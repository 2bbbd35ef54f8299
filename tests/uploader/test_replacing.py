"""Who takes a run's place: the one that had the identity gives it up, unless others are writing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pluto.core.client import Client
from pluto.core.settings import Local
from tests.fakes.stock import Stock
from tests.uploader.making import Made, points


@pytest.fixture
def made(root: Path) -> Made:
    return Made(root / "sync", Local(root / "store"))


def found(root: Path, external_id: str) -> int:
    details = Client(Local(root / "store")).lookup("p", external_id)
    assert details is not None
    return int(details["id"])


def test_a_run_that_has_ended_gives_its_identity_up(made: Made, root: Path) -> None:
    for value in (1, 2, 3):
        writer = made.writer(policy="replace", config=f'{{"value": {value}}}')
        writer.metrics(0, loss=value)
        writer.end()
        made.deliver()
    store = Local(root / "store")
    values = [points(store, found(root, name), "loss") for name in ("r~1", "r~2", "r")]
    assert values == [[(0, 1.0)], [(0, 2.0)], [(0, 3.0)]]
    facts = made.receipt().run
    assert facts is not None
    assert (facts.run_id, facts.resumed) == (found(root, "r"), False)


def test_both_in_one_folder(made: Made, root: Path) -> None:
    """The second comes before the first is delivered: everything of the first, files too, arrives where it belongs."""
    first = made.writer(policy="replace")
    first.metrics(0, loss=1)
    first.file(0, "model", b"one")
    first.end()
    second = made.writer(policy="replace")
    second.metrics(0, loss=2)
    second.file(0, "model", b"two")
    second.end()
    made.deliver()
    store = Local(root / "store")
    client = Client(store)
    for name, value in (("r~1", 1.0), ("r", 2.0)):
        number = found(root, name)
        assert points(store, number, "loss") == [(0, value)]
        assert len(client.get_packed(f"/api/ext/v1/runs/{number}/files", {})["rows"]) == 1
    assert not made.path.exists()


def test_the_run_of_a_process_that_died_gives_it_up_too(made: Made, root: Path) -> None:
    first = made.writer(policy="replace")
    first.metrics(0, loss=1)
    second = made.writer(policy="replace")
    second.metrics(0, loss=2)
    second.end()
    made.deliver()
    store = Local(root / "store")
    assert points(store, found(root, "r~1"), "loss") == [(0, 1.0)]
    assert points(store, found(root, "r"), "loss") == [(0, 2.0)]


def test_a_run_that_others_write_is_joined(made: Made, root: Path) -> None:
    first = made.writer(policy="replace", alive=True)
    first.metrics(0, loss=1)
    made.deliver()
    second = made.writer(policy="replace")
    second.metrics(1, loss=2)
    second.end()
    made.deliver()
    assert points(Local(root / "store"), found(root, "r"), "loss") == [(0, 1.0), (1, 2.0)]
    assert Client(Local(root / "store")).lookup("p", "r~1") is None


def test_a_run_written_elsewhere_just_now_is_joined(made: Made, root: Path) -> None:
    store = Local(root / "store")
    Client(store).create({"runName": "n", "projectName": "p", "externalId": "r"})
    writer = made.writer(policy="replace")
    writer.metrics(0, loss=1)
    writer.end()
    made.deliver()
    assert points(store, found(root, "r"), "loss") == [(0, 1.0)]
    assert Client(store).lookup("p", "r~1") is None


def test_a_fork_by_identity(made: Made, root: Path) -> None:
    parent = made.writer()
    for step in range(3):
        parent.metrics(step, loss=step)
    parent.end()
    made.deliver()
    child = Made(root / "sync", Local(root / "store"), "child")
    writer = child.writer(fork_external_id="r", fork_step=1)
    writer.end()
    child.deliver()
    facts = child.receipt().run
    assert facts is not None
    assert (facts.forked_from_run_id, facts.fork_step) == (found(root, "r"), 1)
    lost = Made(root / "sync", Local(root / "store"), "lost")
    writer = lost.writer(fork_external_id="nobody", fork_needed=True, fork_step=1)
    writer.end()
    lost.deliver()
    refused = lost.receipt().writers[writer.name].refused
    assert refused is not None
    assert (refused.reason, "nobody" in refused.message) == ("missing", True)


def test_going_back_within_a_run(made: Made, root: Path) -> None:
    parent = made.writer()
    for step in range(3):
        parent.metrics(step, loss=step)
    parent.end()
    made.deliver()
    writer = made.writer(policy="replace", fork_external_id="r", fork_step=1)
    writer.metrics(2, loss=9)
    writer.end()
    made.deliver()
    facts = made.receipt().run
    assert facts is not None
    assert facts.forked_from_run_id == found(root, "r~1")
    assert points(Local(root / "store"), found(root, "r"), "loss") == [(2, 9.0)]


def test_a_stock_server_has_it_joined(root: Path, stock: Stock) -> None:
    made = Made(root / "sync", stock.remote())
    for value in (1, 2):
        writer = made.writer(policy="replace")
        writer.metrics(value, loss=value)
        writer.end()
        made.deliver()
    assert stock.points(stock.run("r"), "loss") == {1: 1.0, 2: 2.0}
