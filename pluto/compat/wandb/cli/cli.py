"""The commands under the names that programs import."""

from __future__ import annotations

from typing import Any

import click

DIFF_FNAME = "diff.patch"


class ClickWandbException(click.ClickException):
    """An error of a command, told in one line."""


def __getattr__(name: str) -> Any:
    from pluto.cli.wandb import command

    if name == "cli":
        return command
    inner = {"get": "artifact", "ls": "artifact", "put": "artifact", "cache": "artifact"}
    context = click.Context(command)
    if name in inner:
        group = command.get_command(context, inner[name])
        return getattr(group, "commands")[name]  # noqa: B009  a group is only known at run time
    found = None if name.startswith("_") else command.get_command(context, name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
