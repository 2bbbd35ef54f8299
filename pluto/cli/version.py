"""`pluto version`."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import click

from pluto.cli.output import as_json, print_json


def commit() -> str:
    """The commit this was built from, `-dirty` where files differ from it; `unknown` where nothing tells."""
    try:
        from pluto._commit import COMMIT
    except ImportError:
        pass
    else:
        return str(COMMIT)
    checkout = Path(__file__).resolve().parent.parent.parent
    if not (checkout / ".git").exists():
        return "unknown"
    try:
        head, changed = (
            subprocess.run(
                ["git", "-C", str(checkout), *question], capture_output=True, text=True, check=True, timeout=10
            )
            for question in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return head.stdout.strip() + ("-dirty" if changed.stdout.strip() else "")


@click.command("version")
@as_json
def command(as_json: bool) -> None:
    """Print the version and the commit it was built from."""
    from importlib.metadata import version

    found = {"version": version("pluto-ml"), "commit": commit(), "python": platform.python_version()}
    if as_json:
        print_json(found)
    else:
        click.echo(f"pluto {found['version']} ({found['commit']}), Python {found['python']}")
