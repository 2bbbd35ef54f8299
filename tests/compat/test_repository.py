"""What `pluto.compat.repository` tells of a repository, against git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pluto.compat import repository

ENVIRONMENT = {
    "GIT_AUTHOR_NAME": "Ada Lovelace",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2024-03-01T10:00:00+01:00",
    "GIT_COMMITTER_NAME": "Ada Lovelace",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "2024-03-02T11:30:00+02:00",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **ENVIRONMENT}, check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / "train.py").write_text("lr = 0.1\n")
    git(folder, "add", "train.py")
    git(folder, "commit", "-q", "-m", "First\n\nWhy it is so.")
    return folder


def test_a_commit_is_told_in_full(code: Path) -> None:
    git(code, "remote", "add", "origin", "https://ada:secret@example.org/code.git")
    git(code, "remote", "add", "my.fork", "git@example.org:ada/code.git")
    told = repository.describe(code)
    assert told is not None
    assert told.root == str(code.resolve())
    assert told.commit == git(code, "rev-parse", "HEAD").strip()
    assert told.message == "First\n\nWhy it is so.\n"
    assert (told.author_name, told.author_email) == ("Ada Lovelace", "ada@example.org")
    assert told.date.isoformat() == "2024-03-02T11:30:00+02:00"
    assert told.branch == "main"
    assert told.dirty is False
    assert told.remotes == {"origin": "https://example.org/code.git", "my.fork": "git@example.org:ada/code.git"}
    assert told.head_diff is told.upstream_commit is told.upstream_diff is None


def test_a_changed_file_is_dirty_and_in_the_diff_and_an_untracked_one_is_neither(code: Path) -> None:
    (code / "new.py").write_text("password = 'hunter22'\n")
    told = repository.describe(code, head_diff=True)
    assert told is not None
    assert told.dirty is False
    assert told.untracked is None
    assert told.head_diff == b""
    (code / "train.py").write_bytes(b"lr = 0.2  # \xe9\n")
    inside = code / "package"
    inside.mkdir()
    told = repository.describe(inside, head_diff=True)
    assert told is not None
    assert told.dirty is True
    assert told.head_diff is not None
    assert b"-lr = 0.1\n+lr = 0.2  # \xe9\n" in told.head_diff


def test_files_that_are_neither_tracked_nor_ignored_are_told_where_somebody_asks(code: Path) -> None:
    (code / ".git" / "info" / "exclude").write_text("*.log\n")
    (code / "run.log").write_text("")
    (code / "empty").mkdir()
    told = repository.describe(code, untracked=True)
    assert told is not None
    assert told.untracked is False
    (code / "new.py").write_text("")
    (code / "package").mkdir()
    told = repository.describe(code / "package", untracked=True)
    assert told is not None
    assert told.untracked is True
    assert told.dirty is False


def test_secrets_are_taken_out_of_a_diff(code: Path) -> None:
    (code / "train.py").write_text("password = 'hunter22'\n")
    told = repository.describe(code, head_diff=True)
    assert told is not None
    assert told.head_diff is not None
    assert b"hunter22" not in told.head_diff


def test_the_upstream_is_the_tracked_branch_or_the_newest_one_shared(code: Path, tmp_path: Path) -> None:
    first = git(code, "rev-parse", "HEAD").strip()
    git(code, "clone", "-q", "--bare", ".", str(tmp_path / "far"))
    git(code, "remote", "add", "origin", str(tmp_path / "far"))
    git(code, "fetch", "-q", "origin")
    assert (told := repository.describe(code, upstream_diff=True)) is not None
    assert told.upstream_commit is None
    git(code, "branch", "-q", "--set-upstream-to", "origin/main")
    (code / "train.py").write_text("lr = 0.3\n")
    git(code, "commit", "-q", "-a", "-m", "Second")
    assert (told := repository.describe(code, upstream_diff=True)) is not None
    assert told.upstream_commit == first
    assert told.upstream_diff is not None
    assert b"+lr = 0.3" in told.upstream_diff
    git(code, "checkout", "-q", "-b", "topic")
    assert (told := repository.describe(code, upstream_diff=True)) is not None
    assert told.upstream_commit == first
    git(code, "checkout", "-q", "--detach")
    assert (told := repository.describe(code, upstream_diff=True)) is not None
    assert told.branch is None
    assert told.upstream_commit is None


def test_there_is_nothing_to_tell_without_a_repository_a_commit_or_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: Path
) -> None:
    assert repository.describe(tmp_path) is None
    assert repository.describe(tmp_path / "missing") is None
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    assert repository.describe(empty) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repository.describe(code) is None


def test_no_child_of_the_script_is_left_behind(code: Path) -> None:
    assert repository.describe(code) is not None
    with pytest.raises(ChildProcessError):
        os.wait()
