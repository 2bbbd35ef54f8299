"""Every sample, from the files of the real tools into both kinds of stores, through the commands that people type."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pluto.query import Client
from tests.fakes.stock import Stock
from tests.migration import expected
from tests.migration.samples import MORE, SAMPLES, Sample, state_of, writable_again

Printed = Callable[..., Any]


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.name)
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.param
    if found.missing():
        pytest.skip(found.missing())
    return found


@pytest.fixture
def folder(sample: Sample, tmp_path: Path) -> Iterator[Path]:
    copied = sample.copy(tmp_path / "source")
    yield copied
    writable_again(copied)


@pytest.fixture(params=["local", "stock"])
def to(request: pytest.FixtureRequest) -> str:
    if request.param == "local":
        return "local"
    stock: Stock = request.getfixturevalue("stock")
    return stock.url


def settings(to: str) -> dict[str, Any]:
    return {"host": to}


def test_a_sample_comes_over_whole_and_once(sample: Sample, folder: Path, to: str, printed: Printed) -> None:
    before = state_of(folder)
    words = [*sample.words(folder), "--to", to]
    runs = expected.of(sample.name)["runs"]

    report = printed("migrate", *words, "--workers", 1)
    assert report["states"] == {"migrated": len(runs)}, report
    assert [run["problems"] for run in report["runs"] if run["problems"]] == []

    with Client(settings=settings(to)) as client:
        for run in runs:
            expected.Held(client, sample.project_of(run), run).check()

    proof = printed("verify", *words, "--workers", 1)
    assert [run["differences"] for run in proof["runs"] if run["differences"]] == []
    assert [run["verdict"] for run in proof["runs"]] == ["same"] * len(runs)

    again = printed("migrate", *words, "--workers", 1)
    assert again["states"] == {"unchanged": len(runs)}
    assert set(again["totals"].values()) == {0}
    assert printed("verify", *words, "--workers", 1)["whole"]

    with Client(settings=settings(to)) as client:
        for run in runs:
            held = expected.Held(client, sample.project_of(run), run)
            held.check()
            receipt = held.run.config["_migration"]["receipt"]
            assert (receipt["ok"], receipt["differences"]) == (True, 0)
            assert "series" in receipt["hashes"] or not run["metrics"]
    assert state_of(folder) == before


@pytest.mark.parametrize("more", MORE, ids=lambda sample: sample.name)
def test_richer_samples_come_over_as_their_sources_have_them(
    more: Sample, to: str, printed: Printed, tmp_path: Path
) -> None:
    folder = more.copy(tmp_path / "source")
    try:
        before = state_of(folder)
        words = [*more.words(folder), "--to", to, "--workers", 1]
        report = printed("migrate", *words)
        assert set(report["states"]) == {"migrated"}, report
        proof = printed("verify", *words)
        assert [run["differences"] for run in proof["runs"] if run["differences"]] == []
        assert len(proof["runs"]) == report["states"]["migrated"]
        assert set(printed("migrate", *words)["states"]) == {"unchanged"}
        assert state_of(folder) == before
    finally:
        writable_again(folder)


def test_a_plan_counts_what_comes_over_and_writes_nothing(
    sample: Sample, folder: Path, printed: Printed, root: Path
) -> None:
    before = state_of(folder)
    plan = printed("migrate", "plan", *sample.words(folder))
    runs = expected.of(sample.name)["runs"]
    ids = [expected.external_id(run) for run in runs]
    assert sorted(run["id"] for run in plan["runs"]) == sorted(ids)
    for run in runs:
        found = next(one for one in plan["runs"] if one["id"] == expected.external_id(run))
        assert (found["problems"], found["failed"]) == ([], "")
        assert found["counts"]["points"] >= run["points_total"]
        assert found["counts"]["texts"] >= run["string_points_total"]
        assert found["counts"]["files"] >= len(run["files"]) + len(run["media"])
        assert found["counts"]["artifacts"] >= len(run["artifacts"])
    assert not (root / "store").exists()
    assert not (root / "sync").exists()
    assert state_of(folder) == before
