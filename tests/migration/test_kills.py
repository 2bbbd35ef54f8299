"""kill -9 of a migration at any moment, again and again: the store ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pluto.core.settings import Settings, resolve
from tests.fakes.stock import Stock
from tests.migration import synthetic
from tests.migration.stored import stored
from tests.programs import SOURCE, Scripts
from tests.waiting import until

# Ends at the n-th of the moments at which something changes on the disk or at the server, each of which is counted
# before and after it.
MIGRATION = """
    import json, os, shutil, signal, sys
    sys.path[:0] = sys.argv[1].split(os.pathsep)
    from pluto.core.client import Client
    from pluto.core.journal import BlobFolder
    from pluto.core.settings import resolve
    from pluto_migration.draft import Draft
    from pluto_migration.migrate import migrate
    from tests.migration import synthetic

    last, workers, folder, host = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
    passed = 0

    def moment():
        global passed
        passed += 1
        if passed == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(call):
        def watching(*arguments, **named):
            moment()
            answer = call(*arguments, **named)
            moment()
            return answer
        return watching

    for owner, names in (
        (os, ["rename", "replace", "unlink", "rmdir", "link"]),
        (shutil, ["rmtree"]),
        (Draft, ["_open", "_write", "_close", "head"]),
        (BlobFolder, ["put_bytes", "put_path", "adopt"]),
        (Client, ["create", "resume", "batch", "put_blob", "set_status", "merge_config", "lookup"]),
    ):
        for name in names:
            setattr(owner, name, watched(getattr(owner, name)))

    report = migrate(synthetic, [folder], settings=resolve(host=host), workers=workers)
    assert report.whole, report
    print(json.dumps({"moments": passed, "states": report.states}), flush=True)
    os._exit(0)
"""
PATHS = f"{SOURCE}:{SOURCE / 'migration'}"


def start(scripts: Scripts, last: int, folder: Path, host: str, workers: int = 1) -> subprocess.Popen[str]:
    return scripts.start(MIGRATION, PATHS, str(last), str(workers), str(folder), host)


def finish(process: subprocess.Popen[str]) -> bool:
    """Whether it came to its end; else it was killed."""
    err = process.communicate(timeout=100)[1]
    assert process.returncode in (0, -signal.SIGKILL), err
    return process.returncode == 0


def fill(folder: Path, points: int = 300, more: int = 4, **told: Any) -> None:
    """Three runs, one of which is forked from another, with files and an artifact."""
    synthetic.write(folder, "parent", points=points, more=more, **told)
    (folder / "parent.bin").write_bytes(b"w" * 150_000)
    synthetic.write(folder, "child", points=points, parent=["parent", 20.0], more=more, status="failed", **told)
    synthetic.write(folder, "alone", points=points // 2, more=2, trouble=True, **told)


def _is_at(process: subprocess.Popen[str], runs: Path, pattern: str) -> bool:
    """Whether there is a folder of the kind, or will never be."""
    return process.poll() is not None or any(runs.glob(pattern))


def told_once(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A stock server may have a line or a file twice whose answer it never got to give."""
    for run in found.values():
        run["lines"], run["files"] = sorted(set(map(repr, run["lines"]))), sorted(set(map(repr, run["files"])))
        for name in ("names", "files", "lines"):
            run["config"]["_attributes"].pop(name, None)
    return found


@pytest.fixture
def undisturbed(tmp_path: Path, scripts: Scripts) -> Callable[..., dict[str, dict[str, Any]]]:
    """What a store has of the runs that came over at once, in another project; the numbers of moments it took."""

    def run(settings: Settings, host: str, **more: Any) -> dict[str, dict[str, Any]]:
        folder = tmp_path / "undisturbed"
        fill(folder, project="un/disturbed", **more)
        assert finish(start(scripts, 0, folder, host))
        return stored(settings, "un/disturbed", tmp_path)

    return run


def as_one(found: dict[str, dict[str, Any]], project: str) -> dict[str, dict[str, Any]]:
    """Less what tells projects, and passes, apart."""
    for run in found.values():
        text = run["config"]["_migration"]
        assert text.pop("project") == project
        text.pop("artifacts")
        text.pop("problems")
        if text["parent"] is not None:
            text["parent"].pop("project")
        run["config"]["_attributes"].pop("unnamed", None)
    return found


def test_a_migration_that_is_killed_again_and_again_ends_as_one_that_is_not(
    scripts: Scripts, tmp_path: Path, undisturbed: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    settings = resolve(host="local")
    expected = as_one(undisturbed(settings, "local"), "un/disturbed")
    folder, chance = tmp_path / "source", random.Random(5)
    fill(folder)
    killed = 0
    # In each stretch of its way once; what is left is always what the one before has left.
    for last in [3, 9, 25, 40, 70, 110, *(chance.randint(1, 60) for _ in range(8))]:
        killed += not finish(start(scripts, last, folder, "local"))
    assert killed >= 6
    assert finish(start(scripts, 0, folder, "local"))
    found = as_one(stored(settings, "made/up", tmp_path), "made/up")
    assert found == expected
    assert not list((settings.root / "sync" / "runs").iterdir())


def test_topping_up_that_is_killed_brings_nothing_twice(
    scripts: Scripts, tmp_path: Path, undisturbed: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    settings = resolve(host="local")
    expected = as_one(undisturbed(settings, "local", points=500, more=6), "un/disturbed")
    folder, chance = tmp_path / "source", random.Random(7)
    fill(folder)
    assert finish(start(scripts, 0, folder, "local"))
    fill(folder, points=500, more=6)
    killed = sum(not finish(start(scripts, chance.randint(1, 70), folder, "local")) for _ in range(8))
    assert killed >= 2
    assert finish(start(scripts, 0, folder, "local"))
    found = as_one(stored(settings, "made/up", tmp_path), "made/up")
    assert found == expected


def test_processes_that_read_end_with_the_migration_that_is_killed(
    scripts: Scripts, tmp_path: Path, undisturbed: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    settings = resolve(host="local")
    expected = as_one(undisturbed(settings, "local", points=60_000), "un/disturbed")
    folder = tmp_path / "source"
    fill(folder, points=60_000)
    runs = settings.root / "sync" / "runs"
    for number in range(3):
        process = start(scripts, 0, folder, "local", workers=2)
        # Somebody has begun a draft, or all is through already.
        until(partial(_is_at, process, runs, ".migrating-*"), 60)
        if number == 1:
            until(partial(_is_at, process, runs, "[!.]*"), 60)
        process.kill()
        finish(process)
    assert finish(start(scripts, 0, folder, "local", workers=2))
    assert as_one(stored(settings, "made/up", tmp_path), "made/up") == expected
    assert not list(runs.iterdir())


def test_a_stock_server_ends_with_the_same(
    scripts: Scripts, tmp_path: Path, stock: Stock, undisturbed: Callable[..., dict[str, dict[str, Any]]]
) -> None:
    settings = resolve(host=stock.url)
    expected = told_once(as_one(undisturbed(settings, stock.url), "un/disturbed"))
    folder, chance = tmp_path / "source", random.Random(11)
    fill(folder)
    killed = sum(not finish(start(scripts, chance.randint(1, 90), folder, stock.url)) for _ in range(10))
    assert killed >= 4
    assert finish(start(scripts, 0, folder, stock.url))
    found = told_once(as_one(stored(settings, "made/up", tmp_path), "made/up"))
    assert found == expected
