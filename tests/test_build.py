"""What a build carries: the commit id, through wheel, sdist and a wheel made of the sdist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def build(source: Path, target: str, out: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source, check=True, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    (built,) = out.iterdir()
    return built


def commit_in_wheel(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        found = re.search(r'COMMIT = "(.+)"', archive.read("pluto/_commit.py").decode())
    assert found
    return found.group(1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small project with our build files, not under version control."""
    folder = tmp_path / "source"
    for package in ("pluto", "mlop"):
        (folder / package).mkdir(parents=True)
        (folder / package / "__init__.py").touch()
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    return subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_without_git_the_commit_is_unknown(source: Path, tmp_path: Path) -> None:
    assert commit_in_wheel(build(source, "wheel", tmp_path / "out")) == "unknown"


def test_the_commit_of_the_checkout_travels_into_the_wheel_of_an_sdist(source: Path, tmp_path: Path) -> None:
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "--message", "all")
    commit = git(source, "rev-parse", "HEAD")
    assert commit_in_wheel(build(source, "wheel", tmp_path / "wheel")) == commit

    with tarfile.open(build(source, "sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    git(tmp_path, "init", "--quiet")  # a checkout of something else around it
    assert commit_in_wheel(build(unpacked, "wheel", tmp_path / "wheel2")) == commit
    assert not (source / "pluto" / "_commit.py").exists()

    (source / "README.md").write_text("changed")
    assert commit_in_wheel(build(source, "wheel", tmp_path / "wheel3")) == commit + "-dirty"
