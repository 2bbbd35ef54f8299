"""`pluto wandb`: the commands of W&B's command line that make sense here."""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

COMMANDS: Final = {
    "login": "place", "init": "place", "offline": "mode", "online": "mode", "disabled": "mode", "enabled": "mode",
    "off": "mode", "on": "mode", "status": "place", "sync": "sync", "sweep": "sweep", "agent": "sweep",
    "controller": "sweep", "artifact": "artifact", "pull": "pull",
}  # fmt: skip
"""Command: the module it is in."""


class WandbCommands(click.Group):
    """The commands, loaded when asked for; those that are W&B's cloud alone say what to use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names for `--help`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name."""
        from pluto.cli.wandb.cloud import CLOUD

        module = COMMANDS.get(cmd_name)
        if module is None:
            return CLOUD.get(cmd_name.replace("-", "_"))
        found: click.Command = getattr(importlib.import_module(f"pluto.cli.wandb.{module}"), cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; an error of the W&B door is one line on stderr."""
        from pluto.compat.wandb.errors.errors import Error

        try:
            return super().invoke(ctx)
        except (Error, ValueError) as error:
            raise click.ClickException(str(error)) from error


@click.group("wandb", cls=WandbCommands)
def command() -> None:
    """What scripts that were written for W&B are run with."""
