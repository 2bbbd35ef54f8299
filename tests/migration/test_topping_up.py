"""A run that is in the store already, and of which the source has got more since."""

from __future__ import annotations

import collections
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration import ledger, multiset
from pluto_migration.digest import hashes
from pluto_migration.known import find
from pluto_migration.migrate import migrate
from pluto_migration.model import Item
from pluto_migration.multiset import Multiset
from pluto_migration.report import Report, RunReport
from pluto_migration.source import Problems
from pluto_migration.verify import verify

from pluto.core.settings import Settings, resolve
from pluto.query import Client
from tests.fakes.stock import Stock
from tests.migration import synthetic
from tests.migration.stored import stored

PROJECT = "made/up"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "source"


@pytest.fixture(params=["ours", "stock"])
def settings(request: pytest.FixtureRequest) -> Settings:
    if request.param == "ours":
        return resolve(host="local")
    stock: Stock = request.getfixturevalue("stock")
    return resolve(host=stock.url)


@pytest.fixture
def local(root: Path) -> Settings:
    return resolve(host="local")


def bring(folder: Path, settings: Settings, **more: Any) -> RunReport:
    """The report of the only run."""
    (report,) = bring_all(folder, settings, **more).runs
    return report


def bring_all(folder: Path, settings: Settings, **more: Any) -> Report:
    return migrate(synthetic, [str(folder)], settings=settings, **more)


def test_the_store_ends_as_if_it_had_all_come_at_once(settings: Settings, folder: Path, tmp_path: Path) -> None:
    synthetic.write(folder, "grows", points=40)
    (folder / "grows.bin").write_bytes(b"w" * 100_000)
    assert bring(folder, settings).state == "migrated"
    for points, more in ((40, 3), (90, 5), (91, 5)):
        synthetic.write(folder, "grows", points=points, more=more, name="late")
        report = bring(folder, settings)
        assert report.state == "topped up"
        assert report.problems == []
    assert (report.added.points, report.added.texts, report.added.files, report.added.lines) == (2, 0, 0, 0)
    topped = stored(settings, PROJECT, tmp_path)["grows"]
    synthetic.write(folder, "grows", points=91, more=5, name="late", project="at/once")
    assert bring(folder, settings).state == "migrated"
    fresh = stored(settings, "at/once", tmp_path)["grows"]
    for found in (topped, fresh):
        del found["config"]["_migration"]["project"], found["config"]["_migration"]["artifacts"]
        # Notes of where things lie on a stock server, where the further writer has names of its own.
        for name in ("names", "unnamed", "name"):
            found["config"]["_attributes"].pop(name, None)
    if settings.host != "local":
        topped["name"] = "late"  # a stock server has no way to rename a run: `_attributes.name` has it
    assert topped == fresh


def test_nothing_comes_twice_where_nothing_is_new(settings: Settings, folder: Path, tmp_path: Path) -> None:
    synthetic.write(folder, "one")
    bring(folder, settings)
    before = stored(settings, PROJECT, tmp_path)
    assert bring(folder, settings).state == "unchanged"
    synthetic.write(folder, "one", touched=1)
    report = bring(folder, settings)
    assert report.state == "topped up"
    assert {name: getattr(report.added, name) for name in report.added.__slots__ if getattr(report.added, name)} == {}
    assert stored(settings, PROJECT, tmp_path) == before


def test_the_status_follows_the_source(settings: Settings, folder: Path, tmp_path: Path) -> None:
    synthetic.write(folder, "one", status="running")
    bring(folder, settings)
    assert stored(settings, PROJECT, tmp_path)["one"]["status"] == "TERMINATED"
    synthetic.write(folder, "one", status="failed", exit_code=4)
    bring(folder, settings)
    found = stored(settings, PROJECT, tmp_path)["one"]
    assert (found["status"], found["about"]["code"]) == ("FAILED", 4)
    assert found["config"]["_migration"]["status"] == "failed"


def test_a_value_that_is_of_another_kind_now_is_read_as_that(settings: Settings, folder: Path) -> None:
    from pluto.compat.attributes import AttributeReader

    synthetic.write(folder, "one", config={"deep": {"turns": 5.5}, "whole": 7.0, "stays": 2.0})
    bring(folder, settings)
    synthetic.write(folder, "one", config={"deep": {"turns": "text"}, "whole": 7, "stays": 4.0, "big": 1})
    bring(folder, settings)
    with Client(settings=settings) as client:
        run = find(client, PROJECT, "one")
        assert run is not None
        types = {key: kind for key, kind in run["config"]["_attributes"]["types"].items() if kind is not None}
        assert types == {"nan": "float", "nested": {"at": "datetime"}, "stays": "float"}
    with AttributeReader(settings=settings) as reader:
        found = reader.find(PROJECT, external_id="one")
        assert found is not None
        atoms = {path: found.atom(path) for path in ("whole", "stays", "big")}
    assert [(value, type(value)) for value in atoms.values()] == [(7, int), (4.0, float), (1, int)]


def test_what_people_changed_since_stays(local: Settings, folder: Path) -> None:
    synthetic.write(folder, "one", name="theirs", tags=["a", "b"])
    number = bring(folder, local).number
    assert number is not None
    with Client(settings=local) as client:
        client.edit_run(PROJECT, number, name="mine", notes="my notes", tags=["b", "mine", "group:mine"])
        client.update_config(PROJECT, number, {"mine": 1, "_migration": {"receipt": {"proved": True}}})
    synthetic.write(folder, "one", name="theirs", tags=["a", "b", "c", "group:theirs"], points=200)
    bring(folder, local)
    with Client(settings=local) as client:
        run = client.get_run(PROJECT, number)
        assert (run["name"], client.get_notes(PROJECT, number)) == ("mine", "my notes")
        assert sorted(run["tags"]) == ["b", "c", "group:mine", "mine"]
        assert run["config"]["mine"] == 1
        # What was proved of the run is not proved of what it is now.
        assert "receipt" not in run["config"]["_migration"]
        assert run["config"]["_migration"]["pass"] == 2


def test_a_run_that_is_gone_on_with_is_not_ended(local: Settings, folder: Path) -> None:
    import pluto

    synthetic.write(folder, "one", points=10, bare=True)
    bring(folder, local)
    with pluto.init(project=PROJECT, run_id="one", resume="must") as run:
        run.log({"mine": 1.0})
        assert run.flush(60)
        assert bring(folder, local).state == "unchanged"
        synthetic.write(folder, "one", points=20, bare=True)
        report = bring(folder, local)
        assert (report.state, "once it has ended" in report.reason) == ("failed", True)
        with Client(settings=local) as client:
            assert client.get_run(PROJECT, "one")["status"] == "RUNNING"
    report = bring(folder, local)
    assert (report.state, report.added.points) == ("topped up", 20)
    with Client(settings=local) as client:
        assert client.points(PROJECT, "one", "mine").values.tolist() == [1.0]


def test_tags_that_are_new_may_stand_anywhere(settings: Settings, folder: Path) -> None:
    synthetic.write(folder, "one", tags=["b"])
    bring(folder, settings)
    synthetic.write(folder, "one", tags=["a", "b"])
    assert bring(folder, settings).state == "topped up"
    assert [run.differences for run in verify(synthetic, [str(folder)], settings=settings).runs] == [[]]
    synthetic.write(folder, "one", tags=["a", "b", "c"])
    (proof,) = verify(synthetic, [str(folder)], settings=settings).runs
    assert [text.partition(":")[0] for text in proof.differences] == ["tags"]


def test_what_a_source_gets_while_it_is_read_is_not_missed(
    local: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = synthetic.write(folder, "one", bare=True, points=10)
    real = synthetic.Run.read

    def read(self: synthetic.Run, scratch: Path, problems: Problems) -> Iterator[Item]:
        yield from real(self, scratch, problems)
        if self.told["points"] == 10:
            self.told = {**self.told, "points": 20}
            path.write_text(json.dumps(self.told))

    monkeypatch.setattr(synthetic.Run, "read", read)
    assert bring(folder, local).state == "migrated"
    report = bring(folder, local)
    assert (report.state, report.added.points) == ("topped up", 20)


def test_what_the_source_has_no_more_is_noted_and_stays(local: Settings, folder: Path, tmp_path: Path) -> None:
    synthetic.write(folder, "one", points=100, more=5)
    bring(folder, local)
    synthetic.write(folder, "one", points=60, more=3)
    report = bring(folder, local)
    told = {problem.what for problem in report.problems}
    assert "the store has 80 points that the source has no more: they stay" in told
    assert "the store has 4 lines that the source has no more: they stay" in told
    assert len(stored(local, PROJECT, tmp_path)["one"]["points"]["train/loss0"]) == 100


def test_a_run_that_came_over_in_part_is_gone_on_with(local: Settings, folder: Path, tmp_path: Path) -> None:
    """As when the journal was deleted before it was delivered."""
    synthetic.write(folder, "one", points=50)
    number = bring(folder, local).number
    whole = stored(local, PROJECT, tmp_path)
    with Client(settings=local) as client:
        client.update_config(PROJECT, int(number or 0), {"_migration": {"state": "begun"}})
    report = bring(folder, local)
    assert (report.state, report.added.points) == ("topped up", 0)
    assert stored(local, PROJECT, tmp_path) == whole


def test_another_source_s_run_is_left_alone(local: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthetic.write(folder, "one")
    bring(folder, local)
    monkeypatch.setattr(synthetic, "NAME", "other")
    report = bring(folder, local)
    assert report.state == "refused"
    assert "'synthetic'" in report.reason


def test_a_child_that_inherited_the_config_is_not_taken_for_the_run(local: Settings, folder: Path) -> None:
    import pluto

    synthetic.write(folder, "parent")
    number = bring(folder, local).number
    with pluto.init(project=PROJECT, run_id="child", fork_run_id=number, fork_step=3, inherit_config=True):
        pass
    with Client(settings=local) as client:
        child = find(client, PROJECT, "child")
        parent = find(client, PROJECT, "parent")
    assert child is not None
    assert parent is not None
    assert child["config"]["lr"] == 0.25
    assert ledger.read(child["config"], "child") is None
    assert ledger.read(parent["config"], "parent") is not None
    synthetic.write(folder, "child")
    states = {report.id: report.state for report in bring_all(folder, local).runs}
    assert states == {"parent": "unchanged", "child": "refused"}


@pytest.fixture(scope="module")
def few_at_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiset, "AT_ONCE", 5)
        yield


numbers = st.sampled_from([0.0, -0.0, 1.0, 0.5, float("nan"), float("inf"), -1.0])
points = st.lists(st.tuples(numbers, st.integers(0, 2), numbers), max_size=40)


@given(there=points, coming=points, cuts=st.lists(st.integers(0, 40), max_size=4))
def test_a_multiset_takes_each_once(
    few_at_once: None, there: list[tuple[float, int, float]], coming: list[tuple[float, int, float]], cuts: list[int]
) -> None:
    def rows(some: list[tuple[float, int, float]]) -> np.ndarray[Any, np.dtype[np.uint64]]:
        steps, times, values = zip(*some, strict=True) if some else ((), (), ())
        return next(hashes(np.array(steps, float), np.array(times, np.int64), np.array(values, float)))

    def key(row: tuple[float, int, float]) -> bytes:
        return np.array([row[0], row[2]]).tobytes() + bytes([row[1]])

    left = collections.Counter(map(key, there))
    expected = []
    for row in coming:
        expected.append(left[key(row)] <= 0)
        left[key(row)] -= 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.hashes")
        path.write_bytes(rows(there).tobytes())
        known = Multiset(path)
        found: list[bool] = []
        edges = [0, *sorted(min(cut, len(coming)) for cut in cuts), len(coming)]
        for first, last in itertools.pairwise(edges):
            found += known.take(rows(coming[first:last])).tolist()
        assert found == expected
        assert known.left == sum(count for count in left.values() if count > 0)


def test_many_numbers_are_sorted_a_range_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiset, "AT_ONCE", 1000)
    chance = np.random.default_rng(3)
    numbers = chance.integers(0, 2**64, 10_500, np.uint64)
    numbers[::3] = numbers[0]
    path = tmp_path / "rows.hashes"
    path.write_bytes(numbers.tobytes())
    found = Multiset(path)
    assert np.fromfile(path, np.uint64).tolist() == sorted(numbers.tolist())
    assert found.left == 10_500
    assert not found.take(numbers[:5000]).any()
    assert found.left == 5500
    assert found.take(numbers[:5000]).sum() == 5000 - min(1667, 3500 - 1667)
    assert {one.name for one in tmp_path.iterdir()} == {"rows.hashes", "rows.taken"}


def test_the_ledger_of_nothing_is_none() -> None:
    for config in (None, {}, {"_migration": 3}, {"_migration": {"source": 1}}, {"_migration": {"source": "s"}}):
        assert ledger.read(config, "r") is None
    odd = {"_migration": json.loads('{"source": "s", "stored_id": "r", "counts": 3, "pass": "x", "artifacts": null}')}
    found = ledger.read(odd, "r")
    assert found is not None
    assert (found.complete, found.passes, found.counts.points) == (False, 1, 0)
