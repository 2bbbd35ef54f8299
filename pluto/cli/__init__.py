"""The `pluto` command. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 something is left to deliver, 130 interrupted.

One module per command, loaded when it is asked for: `pluto version` must not wait for the server's libraries.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import click

COMMANDS: Final = (
    "login",
    "logout",
    "status",
    "sync",
    "query",
    "delete",
    "migrate",
    "verify",
    "server",
    "doctor",
    "neptune",
    "wandb",
    "version",
)
INTERRUPTED: Final = 130
"""What a shell reports for a command that Ctrl-C ended."""


class Commands(click.Group):
    """The commands, in the order of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names for `--help`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"pluto.cli.{cmd_name}").command
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; a wrong setting, wherever it is noticed, is one line on stderr."""
        from pluto.core.settings import SettingsError

        try:
            return super().invoke(ctx)
        except SettingsError as error:
            raise click.ClickException(str(error)) from error
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(
    cls=Commands,
    context_settings={"max_content_width": 100},
    epilog="Runs are kept on this machine until `pluto login` (or PLUTO_HOST and PLUTO_API_KEY) names a server.",
)
def pluto() -> None:
    """Pluto keeps what your training scripts log, and shows it again."""


def main() -> None:
    """What the `pluto` script runs."""
    pluto(prog_name="pluto")
