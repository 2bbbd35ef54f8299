"""Where code comes from, with real repositories."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pluto.core import source
from pluto.core.source import collect, git, notebook_name, requirements, without_credentials


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("AUTHOR", "A"), ("COMMITTER", "A")):
        monkeypatch.setenv(f"GIT_{name}_NAME", value)
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "a@example.com")
    folder = tmp_path / "code"
    folder.mkdir()
    run(folder, "init", "-q", "-b", "trunk")
    (folder / "train.py").write_text("print(1)\n")
    run(folder, "add", ".")
    run(folder, "commit", "-q", "-m", "first")
    return folder


def run(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_a_clean_repository(repository: Path) -> None:
    run(repository, "remote", "add", "origin", "https://me:token@git.example/team/code.git")
    (repository / "sub").mkdir()
    facts = git(repository / "sub")
    assert facts == {
        "root": str(repository),
        "commit": run(repository, "rev-parse", "HEAD"),
        "branch": "trunk",
        "url": "https://git.example/team/code.git",
        "untracked": [],
        "dirty": False,
    }


def test_a_dirty_one(repository: Path) -> None:
    (repository / "train.py").write_text("print(2)\nAPI_KEY = 'mlps_abcdefghijklmnopqrstuvwx'\n")
    (repository / "new file.txt").write_text("x")
    facts = git(repository)
    assert facts["dirty"] is True
    assert facts["untracked"] == ["new file.txt"]
    assert "-print(1)" in facts["diff"]["head"]
    assert "+print(2)" in facts["diff"]["head"]
    assert "mlps_abc" not in facts["diff"]["head"]
    assert facts["diff_cut"] is False


def test_a_huge_diff_is_cut(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "DIFF_LIMIT", 10_000)
    (repository / "train.py").write_text("x = 1\n" * 2_000_000)
    began = time.monotonic()
    facts = git(repository)
    assert facts["diff_cut"] is True
    assert len(facts["diff"]["head"]) <= 11_000
    assert time.monotonic() - began < source.GIT_LIMIT_S * 4


def test_detached_unborn_and_none(repository: Path, tmp_path: Path) -> None:
    run(repository, "checkout", "-q", "--detach")
    assert git(repository)["branch"] == ""
    unborn = tmp_path / "unborn"
    unborn.mkdir()
    run(unborn, "init", "-q", "-b", "trunk")
    facts = git(unborn)
    assert "commit" not in facts
    assert facts["branch"] == "trunk"
    outside = tmp_path / "outside"
    outside.mkdir()
    assert git(outside) == {}
    assert git(tmp_path / "missing") == {}


def test_no_git_installed(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert git(repository) == {}
    facts = collect(repository, ["train.py"])
    assert "git" not in facts
    assert facts["source"]["argv"] == ["train.py"]


def test_a_git_that_hangs_is_given_up(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text("#!/bin/sh\nexec sleep 600\n")
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setattr(source, "GIT_LIMIT_S", 0.2)
    assert git(repository) == {}


def test_the_repository_can_not_make_us_run_anything(repository: Path, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {touched}\n")
    evil.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv", "diff.x.command"):
        run(repository, "config", key, str(evil))
    (repository / ".gitattributes").write_text("*.py diff=x\n")
    touched.unlink(missing_ok=True)
    (repository / "train.py").write_text("print(3)\n")
    assert git(repository)["dirty"] is True
    assert not touched.exists()


def test_collect_with_treacherous_neighbours(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("json.py", "logging.py", "queue.py", "subprocess.py"):
        (repository / name).write_text("raise RuntimeError('the wrong module')\n")
    monkeypatch.chdir(repository)
    monkeypatch.setattr(sys, "path", [str(repository), *sys.path])
    facts = collect(".", ["train.py", "--api-key", "abc"])
    assert facts["git"]["branch"] == "trunk"
    assert any(line.startswith("numpy==") for line in facts["requirements"])
    assert facts["source"]["cwd"] == str(repository)
    assert facts["source"]["argv"] == ["train.py", "--api-key", "***REDACTED***"]


def test_collect_costs_the_caller_little(repository: Path) -> None:
    collect(repository, [])
    began = time.thread_time()
    collect(repository, [])
    assert time.thread_time() - began < 0.03


def test_collect_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert collect("/", ["x"])["source"]["cwd"] == "/"


def test_requirements(tmp_path: Path) -> None:
    for name, version in (("b_pkg", "2"), ("A-pkg", "1")):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (tmp_path / "broken-1.dist-info").mkdir()
    assert requirements([str(tmp_path)]) == ["A-pkg==1", "b_pkg==2"]


@pytest.mark.parametrize(
    ("address", "clean"),
    [
        ("https://me:tok@host/x.git", "https://host/x.git"),
        ("https://tok@host/x", "https://host/x"),
        ("HTTPS://me:p%40ss@host:8443/x", "HTTPS://host:8443/x"),
        ("git@host:team/x.git", "git@host:team/x.git"),
        ("/srv/x.git", "/srv/x.git"),
    ],
)
def test_credentials_in_addresses(address: str, clean: str) -> None:
    assert without_credentials(address) == clean


def test_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert notebook_name() is None
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/work/explore.ipynb")
    assert notebook_name() == "explore.ipynb"
