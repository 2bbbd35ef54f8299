"""Puts the commit id into what is built, as `pluto/_commit.py`."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def commit_of(root: Path) -> str:
    """The commit a build of `root` is made from.

    A checkout gives git's id, with `-dirty` where tracked files differ from it; an unpacked sdist the id it was built
    with; anything else `unknown`.
    """

    def git(*arguments: str) -> str:
        answer = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
        return answer.stdout.strip()

    try:
        # A checkout of something else around an unpacked sdist says nothing about us.
        if Path(git("rev-parse", "--show-toplevel")).resolve() == root.resolve():
            return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        pass
    try:
        found = re.search(r'^COMMIT = "([^"]+)"$', (root / "pluto" / "_commit.py").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else "unknown"


class CommitHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the file to wheels and sdists; an editable install asks git when it is asked."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.folder = tempfile.TemporaryDirectory()
        written = Path(self.folder.name) / "_commit.py"
        written.write_text(f'"""Written by the build."""\n\nCOMMIT = "{commit_of(Path(self.root))}"\n')
        build_data["force_include"][str(written)] = "pluto/_commit.py"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self.folder.cleanup()
