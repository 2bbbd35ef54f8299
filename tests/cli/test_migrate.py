"""`pluto migrate`, `pluto migrate plan` and `pluto verify`, as they are typed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import Result

from pluto.query import Client
from tests.programs import PLUTO
from tests.waiting import until

Run = Callable[..., Result]
SAMPLE = Path(__file__).parents[1] / "migration" / "data" / "tensorboard"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """TensorBoard's sample."""
    folder = tmp_path / "logs"
    shutil.copytree(SAMPLE, folder)
    (folder / "expected.json").unlink()
    return folder


def test_runs_come_over_and_a_table_says_so(logs: Path, command: Run) -> None:
    result = command("migrate", "tensorboard", logs, "--project", "old")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["run", "state", "points", "texts", "files", "artifacts", "size", "problems"]
    assert [line.split()[:3] for line in lines[1:3]] == [
        ["old/exp1/eval", "migrated", "5"], ["old/exp1/train", "migrated", "50"],
    ]  # fmt: skip
    assert lines[-1].startswith("2 migrated; 55 points, 1 files, 74 B went to ")
    with Client() as client:
        assert len(client.list_runs("old")) == 2
    assert "2 unchanged; 0 points" in command("migrate", "tensorboard", logs, "--project", "old").stdout
    proof = command("verify", "tensorboard", logs, "--project", "old").stdout
    assert [line.split()[:2] for line in proof.splitlines()[1:3]] == [
        ["old/exp1/eval", "same"], ["old/exp1/train", "same"],
    ]  # fmt: skip
    assert "2 of 2 runs are in " in proof
    assert proof.rstrip().endswith("as the source has them; 0 differences")


def test_a_plan_says_what_would_come_over(logs: Path, command: Run, root: Path) -> None:
    said = command("migrate", "plan", "tensorboard", logs, "--project", "old").stdout
    assert said.rstrip().endswith("2 runs with 55 points and 1 files would come over")
    quick = command("migrate", "plan", "tensorboard", logs, "--project", "old", "--quick", "--include", "*train").stdout
    assert quick.rstrip().endswith("1 run would come over")
    assert str(logs / "exp1" / "train") in quick
    assert not (root / "store").exists()


def test_a_dry_run_writes_nothing(logs: Path, command: Run, root: Path) -> None:
    said = command("migrate", "tensorboard", logs, "--project", "old", "--dry-run").stdout
    assert "2 would be migrated; 55 points, 1 files, 74 B would go to " in said
    assert not list((root / "sync" / "runs").glob("*")) if (root / "sync").exists() else True
    with Client() as client:
        assert client.list_projects() == []


def test_reports_are_files_of_json(logs: Path, command: Run, tmp_path: Path, printed: Callable[..., Any]) -> None:
    words = ("tensorboard", logs, "--project", "old", "--report", tmp_path / "report.json")
    for verb in (["migrate", "plan"], ["migrate"], ["verify"]):
        command(*verb, *words)
        written = json.loads((tmp_path / "report.json").read_text())
        assert written["whole"] is True
        assert [run["project"] for run in written["runs"]] == ["old", "old"]
    shown = printed("verify", *words)
    assert shown.keys() == written.keys()


def test_include_and_exclude_choose(logs: Path, printed: Callable[..., Any]) -> None:
    def chosen(*words: str, code: int = 0) -> list[str]:
        plan = printed("migrate", "plan", "tensorboard", logs, "--project", "old", "--quick", *words, code=code)
        return sorted(run["id"] for run in plan["runs"])

    assert chosen() == ["exp1/eval", "exp1/train"]
    assert chosen("--include", "exp1/t*") == ["exp1/train"]
    assert chosen("--include", "old/exp1/*", "--exclude", "*/train") == ["exp1/eval"]
    assert chosen("--exclude", "*", code=1) == []


def test_what_can_not_be_is_said_in_a_line(logs: Path, command: Run, tmp_path: Path) -> None:
    assert "No such command 'tensorbord'" in command("migrate", "tensorbord", logs, code=2).stderr
    assert "Missing argument" in command("migrate", "tensorboard", code=2).stderr
    wrong = command("migrate", "tensorboard", logs, "--path-map", "nothing", code=2)
    assert "'nothing' is not of the form OLD=NEW" in wrong.stderr
    nowhere = command("migrate", "tensorboard", tmp_path / "nowhere", "--project", "old", code=1)
    assert nowhere.stderr.startswith("pluto: ")
    assert "nowhere" in nowhere.stderr
    assert len(nowhere.stderr.splitlines()) == 1
    assert "it is empty" in command("migrate", "tensorboard", logs, "--project", "", code=2).stderr
    for verb in (["migrate"], ["migrate", "plan"], ["verify"]):
        unknown = command(*verb, "tensorboard", logs, "--project", "old", "--set", "colour=red", code=2)
        assert "colour is unknown; known are: files, links" in unknown.stderr
        lost = command(*verb, "tensorboard", logs, "--report", tmp_path / "nowhere" / "report.json", code=2)
        assert "there is no folder" in lost.stderr
        none = command(*verb, "tensorboard", logs, "--include", "exp2/*", code=1)
        assert none.stderr == "pluto: there is no run: none fits --include and --exclude\n"
        assert "nowhere" in command(*verb, "tensorboard", tmp_path / "nowhere", "--project", "old", code=1).stderr


@pytest.mark.parametrize("verb", [["migrate"], ["migrate", "plan"], ["verify"]], ids="-".join)
def test_nothing_but_problems_is_a_failure(tmp_path: Path, printed: Callable[..., Any], verb: list[str]) -> None:
    export = tmp_path / "data" / "ws_p-0123456789abcdef"
    export.mkdir(parents=True)
    (export / "RUN-1-0123456789abcdef_part_0.parquet").write_bytes(b"PAR1 and no more")
    told = printed(*verb, "neptune-exporter", tmp_path, code=1)
    assert (told["runs"], told["whole"]) == ([], False)
    assert told["problems"]


def test_a_run_that_is_missing_fails_a_verification(logs: Path, command: Run) -> None:
    command("migrate", "tensorboard", logs, "--project", "old", "--include", "*/eval")
    told = command("verify", "tensorboard", logs, "--project", "old", code=1).stdout
    assert "old/exp1/train: the store has no such run" in told
    assert "1 of 2 runs are in " in told


def test_a_server_that_does_not_answer_is_named(logs: Path, command: Run) -> None:
    for verb in ("migrate", "verify"):
        failed = command(verb, "tensorboard", logs, "--project", "old", "--to", "http://127.0.0.1:9", code=1)
        assert "127.0.0.1:9" in failed.stderr


@pytest.mark.parametrize("verb", [["migrate"], ["migrate", "plan"], ["verify"]], ids="-".join)
def test_a_missing_package_is_named_with_how_to_install_it(tmp_path: Path, verb: list[str]) -> None:
    """In a process in which pyarrow can't be imported."""
    program = "import sys; sys.modules['pyarrow'] = None; from pluto.cli import main; main()"
    words = [*verb, "neptune-exporter", str(SAMPLE.parent / "neptune-exporter")]
    failed = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60)
    assert failed.returncode == 1
    assert "pyarrow" in failed.stderr
    assert "pip install 'pluto-ml[migrate]'" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1


def test_the_sources_and_their_settings_are_listed(command: Run, printed: Callable[..., Any]) -> None:
    rows = {row["source"]: row for row in printed("migrate", "sources")}
    assert {"neptune", "wandb", "tensorboard", "mlflow", "trackio", "aim", "csv", "parquet", "pluto"} <= set(rows)
    assert "files" in rows["tensorboard"]["settings"]
    assert "--set files=" in command("migrate", "sources").stdout
    assert "Settings (--set KEY=VALUE):" in command("verify", "tensorboard", "--help").stdout


def test_ctrl_c_is_130_and_the_same_command_goes_on(tmp_path: Path, home: Path, command: Run) -> None:
    """A folder of many runs is interrupted once the first ones are on their way."""
    logs = tmp_path / "many"
    for number in range(40):
        shutil.copytree(SAMPLE / "exp1" / "train", logs / f"run{number}")
    words = ["migrate", "tensorboard", str(logs), "--project", "old", "--workers", "1"]
    # A process group of its own, as a terminal gives one, so that the signal reaches all of it.
    process = subprocess.Popen([*PLUTO, *words], start_new_session=True, env=dict(os.environ),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    store = home / ".pluto" / "store" / "series"
    until(lambda: process.poll() is not None or len(list(store.glob("*.db"))) > 1, 60, "the first runs")
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (130, 0), (out, err)
    assert "Traceback" not in err
    again = command("migrate", "tensorboard", logs, "--project", "old")
    assert "failed" not in again.stdout
    with Client() as client:
        assert len(client.list_runs("old", limit=100)) == 40


def test_ctrl_c_ends_a_verification_and_its_processes(tmp_path: Path, command: Run) -> None:
    logs = tmp_path / "many"
    for number in range(20):
        shutil.copytree(SAMPLE / "exp1" / "train", logs / f"run{number}")
    command("migrate", "tensorboard", logs, "--project", "old", "--workers", "1")
    words = ["verify", "tensorboard", str(logs), "--project", "old", "--workers", "2"]
    process = subprocess.Popen([*PLUTO, *words], start_new_session=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    children = until(psutil.Process(process.pid).children, 60, "the processes that compare")
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    assert psutil.wait_procs(children, 30)[1] == []


def test_help_loads_no_source_and_no_numpy() -> None:
    probe = (
        "import sys; from click.testing import CliRunner; from pluto.cli import pluto;"
        " result = CliRunner().invoke(pluto, ['--help']); assert result.exit_code == 0;"
        " print(sorted(name for name in sys.modules if name.split('.')[0] in ('numpy', 'pyarrow', 'pluto_migration')))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
