"""`pluto neptune`."""

from __future__ import annotations

from typing import Any

import click


class NeptuneCommands(click.Group):
    """The commands of Neptune's client, loaded when one is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names for `--help`."""
        return ["sync", "status", "clear"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        from pluto.compat.neptune.cli import commands

        found: click.Command = getattr(commands, cmd_name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; what the client says is wrong is one line on stderr."""
        from pluto.compat.neptune.exceptions import NeptuneException

        try:
            return super().invoke(ctx)
        except NeptuneException as error:
            raise click.ClickException(str(error)) from error


@click.group("neptune", cls=NeptuneCommands)
def command() -> None:
    """Deliver, list and clear away what runs of `pluto.compat.neptune` have left in `.neptune`."""
