"""The scripts that were played under the original, played under ours: the same answers, errors, warnings and data."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pluto.compat.attributes import AttributeReader
from pluto.compat.neptune_scale import Run
from pluto.compat.neptune_scale.cli.commands import sync
from tests.compat.neptune_scale.conftest import Said
from tests.compat.neptune_scale.recorded import kept, play
from tests.fakes.stock import stock_server
from tests.programs import original

ANSWERS = {path.stem: play.read(path) for path in sorted(Path(play.__file__).parent.glob("*.json"))}
MODULE = "pluto.compat.neptune_scale"
# Scripts whose first words are about a run that is offline.
OFFLINE = ("waiting_offline",)


@pytest.fixture(autouse=True)
def warsaw() -> Iterator[None]:
    """The time zone of the recording: naive times are local."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Warsaw")
        time.tzset()
        yield
    time.tzset()


def closed(names: dict[str, Any]) -> list[Run]:
    runs = [value for value in names.values() if isinstance(value, Run)]
    for run in runs:
        run.close()
    return runs


def same(mine: list[dict[str, Any]], script: str, *, offline: bool) -> None:
    theirs = ANSWERS[script]["statements"]
    assert [one["call"] for one in mine] == [one["call"] for one in theirs]
    for one, other in zip(mine, theirs, strict=True):
        expected = {**other, "says": set(other["says"])}  # some of the original's words come twice
        if "anything='else'" in other["call"]:
            expected["says"] = {"WARNING"}  # where the original ignores an argument without a word
        ends = ".close(" in other["call"] or ".terminate(" in other["call"]
        if ends and not offline:
            expected["says"] = set()  # the original could be played offline alone, where something is always left
            if ".terminate(" in other["call"]:
                expected["says"] = set(one["says"]) & {"WARNING"}
        assert {**one, "says": set(one["says"])} == expected


@pytest.mark.parametrize("script", ANSWERS)
def test_offline_and_then_delivered(script: str, here: Path, said: Said) -> None:
    mine, names = play.play(script, MODULE, "offline")
    same(mine, script, offline=True)
    closed(names)
    files = sorted(here.rglob("run_operations.sqlite3"), key=lambda file: int(file.parent.name.rpartition("_")[2]))
    assert len(files) == len(ANSWERS[script]["kept"])
    for file in files:
        done = CliRunner().invoke(sync, [str(file)])
        assert done.exit_code == 0, said.text
    assert not list(here.rglob("run_operations.sqlite3"))
    holds_the_same(script)


@pytest.mark.parametrize("script", [script for script in ANSWERS if script not in OFFLINE])
def test_delivered_while_it_goes_on(script: str, here: Path, said: Said) -> None:
    mine, names = play.play(script, MODULE, "async")
    same(mine, script, offline=False)
    closed(names)
    left = [file for file in here.rglob("run_operations.sqlite3") if "_terminated_" not in str(file)]
    assert not left
    holds_the_same(script)


# A stock server forks at whole steps; what a run that was terminated leaves is for its uploader.
@pytest.mark.parametrize("script", [script for script in ANSWERS if script not in (*OFFLINE, "forks", "ends")])
def test_on_a_stock_server(script: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with stock_server() as stock:
        monkeypatch.setenv("PLUTO_HOST", stock.url)
        monkeypatch.setenv("PLUTO_API_KEY", stock.key)
        _, names = play.play(script, MODULE, "async")
        closed(names)
        assert not list(here.rglob("run_operations.sqlite3"))
        holds_the_same(script)


def holds_the_same(script: str) -> None:
    with AttributeReader() as reader:
        for run_id, theirs in ANSWERS[script]["kept"].items():
            mine = kept.kept(reader, "team/tests", run_id)
            expected = {"experiment": None, "created": None, **theirs}
            if "fork" in expected:
                parent, step, inherits = expected["fork"]
                expected["fork"] = [parent, step]
                if inherits:  # which is the server's to do
                    expected["configs"] = {**ANSWERS[script]["kept"][parent]["configs"], **theirs.get("configs", {})}
            assert mine == expected, run_id


@pytest.mark.originals
@pytest.mark.timeout(300)
def test_the_original_still_says_so(tmp_path: Path) -> None:
    program = Path(play.__file__).with_name("record.py")
    subprocess.run([original("neptune-scale-0.30.0"), program, tmp_path], check=True, capture_output=True)
    for script, answers in ANSWERS.items():
        assert play.read(tmp_path / f"{script}.json") == answers, script
