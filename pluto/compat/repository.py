"""Where the code of a script stands in git, as Neptune's clients tell it."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pluto.core import apart
from pluto.core.redact import redact
from pluto.core.source import git_output, without_credentials

DIFF_LIMIT_BYTES: Final = 16 << 20
"""What is kept of a diff."""

_OTHERS: Final = ("ls-files", "--others", "--exclude-standard", "--directory", "--no-empty-directory")
_OURS: Final = ("--exclude=.neptune/", "--exclude=.pluto/")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository with at least one commit."""

    root: str
    commit: str
    message: str
    author_name: str
    author_email: str
    date: datetime
    """When it was committed; aware."""
    branch: str | None
    """None where no branch is checked out."""
    dirty: bool
    """Whether tracked files differ from what is staged or committed."""
    remotes: dict[str, str]
    """Addresses by name, without credentials."""
    untracked: bool | None = None
    """Whether there are files that are neither tracked nor ignored nor Neptune's; None where it was not asked for."""
    head_diff: bytes | None = None
    """Against the commit; None where it was not asked for or can't be had."""
    upstream_commit: str | None = None
    """The commit of the tracked branch that this one goes back to."""
    upstream_diff: bytes | None = None
    """Against that commit."""


def describe(
    folder: str | os.PathLike[str], *, head_diff: bool = False, upstream_diff: bool = False, untracked: bool = False
) -> Repository | None:
    """The repository around a folder; None without one, without a commit, or without git.

    What looks like a secret is taken out of the diffs. The work is done in a process of its own, in up to 20 seconds;
    the caller waits. Never raises.
    """
    order = {
        "folder": os.path.abspath(folder), "head_diff": head_diff, "upstream_diff": upstream_diff,
        "untracked": untracked,
    }  # fmt: skip
    try:
        facts = apart.ask("pluto.compat.repository:found", order)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if facts is None:
        return None
    for diff in ("head_diff", "upstream_diff"):
        if facts[diff] is not None:
            facts[diff] = base64.b64decode(facts[diff])
    return Repository(**{**facts, "date": datetime.fromisoformat(facts["date"].replace("Z", "+00:00"))})


def found(order: dict[str, Any]) -> dict[str, Any] | None:
    """What `describe` tells, as JSON."""
    folder = order["folder"]
    top = _line(folder, "rev-parse", "--show-toplevel")
    told = _text(folder, "log", "-1", "--no-show-signature", "--format=%H%x00%an%x00%ae%x00%cI%x00%B%x00", "HEAD")
    if top is None or told is None:
        return None
    commit, name, email, date, message = told.split("\0")[:5]
    upstream = _upstream(folder) if order["upstream_diff"] else None
    return {
        "root": top,
        "commit": commit,
        "message": message,
        "author_name": name,
        "author_email": email,
        "date": date,
        "branch": _line(folder, "symbolic-ref", "--short", "-q", "HEAD"),
        "dirty": bool(git_output(folder, "diff", "--name-only", "--no-ext-diff")),
        "remotes": dict(_remotes(folder)),
        "untracked": bool(git_output(top, *_OTHERS, *_OURS, limit=1)) if order["untracked"] else None,
        "head_diff": _diff(folder, "HEAD") if order["head_diff"] else None,
        "upstream_commit": upstream,
        "upstream_diff": _diff(folder, upstream) if upstream else None,
    }


def _remotes(folder: str) -> list[tuple[str, str]]:
    """Name and address of each; of a remote with several addresses, the first."""
    told = _text(folder, "config", "--null", "--get-regexp", r"^remote\..*\.url$") or ""
    remotes = [entry.partition("\n")[::2] for entry in told.split("\0") if entry]
    return [(key[len("remote.") : -len(".url")], without_credentials(url)) for key, url in reversed(remotes)]


def _upstream(folder: str) -> str | None:
    """The commit the branch tracks; else the newest one that it shares with a branch tracked by any other."""
    if _line(folder, "symbolic-ref", "-q", "HEAD") is None:
        return None
    tracked = _line(folder, "rev-parse", "--verify", "-q", "@{upstream}")
    if tracked:
        return tracked
    upstreams = (_text(folder, "for-each-ref", "--format=%(upstream)", "refs/heads") or "").split()
    shared = [base for each in upstreams if (base := _line(folder, "merge-base", "HEAD", each))]
    return _line(folder, "rev-list", "--no-walk=sorted", "--max-count=1", *shared) if shared else None


def _diff(folder: str, commit: str) -> str | None:
    patch = git_output(folder, "diff", "--no-ext-diff", "--no-textconv", "--no-color", commit, limit=DIFF_LIMIT_BYTES)
    if patch is None:
        return None
    text = redact(patch.decode("utf-8", "surrogateescape"))
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def _line(folder: str, *arguments: str) -> str | None:
    return (_text(folder, *arguments) or "").strip() or None


def _text(folder: str, *arguments: str) -> str | None:
    output = git_output(folder, *arguments)
    return None if output is None else output.decode("utf-8", "replace")
