"""The played service, and runs read from it. All of it needs the `wandb` package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.source import Options, Problems, SourceRun

from tests.migration.live.played import KEY, Played, playing
from tests.migration.reading import Read


@pytest.fixture(scope="session", autouse=True)
def wandb() -> Any:
    """The package; without it these tests are left out."""
    return pytest.importorskip(
        "wandb", reason="the live service is asked by means of the wandb package", minversion="0.19"
    )


@pytest.fixture
def played(home: Path, monkeypatch: pytest.MonkeyPatch, wandb: Any) -> Iterator[Played]:
    """The service, and the package set up for it."""
    from pluto_migration.sources.wandb_live import patience, service

    monkeypatch.setenv("WANDB_API_KEY", KEY)
    monkeypatch.setenv("WANDB_DIR", str(home))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(home / "wandb-cache"))
    monkeypatch.setattr(patience, "_said", set())
    monkeypatch.setattr(service, "_apis", {})
    monkeypatch.setattr(patience, "_LONGEST", 0.05)
    with playing() as running:
        yield running
        wandb.teardown()


Find = Callable[..., list[SourceRun]]


@pytest.fixture
def find(played: Played) -> Find:
    """The runs below a path."""

    def found(path: str = "team/proj", problems: Problems | None = None, **options: Any) -> list[SourceRun]:
        from pluto_migration.sources import wandb_live

        settings = {"base_url": played.url, **options.pop("settings", {})}
        noted = Problems() if problems is None else problems
        return list(wandb_live.find([path], Options(settings=settings, **options), noted))

    return found


@pytest.fixture
def read(find: Find, tmp_path: Path) -> Callable[..., Read]:
    """The only run there is, read."""

    def reading(path: str = "team/proj", **options: Any) -> Read:
        [run] = find(path, **options)
        return read_whole(run, tmp_path)

    return reading


def read_whole(run: SourceRun, folder: Path) -> Read:
    scratch = folder / f"scratch-{len(list(folder.iterdir()))}"
    scratch.mkdir()
    problems = Problems()
    items = list(run.read(scratch, problems))
    return Read(run, items, [f"{problem.where}: {problem.what}" for problem, _ in problems])
