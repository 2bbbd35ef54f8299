"""The page of all commands, what each prints for `--help`: `python docs/commands.py > docs/commands.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from pluto.cli import pluto


def contexts(context: click.Context) -> Iterator[click.Context]:
    """A command and all below it; of those that are alike, one."""
    yield context
    command = context.command
    if isinstance(command, click.Group):
        for name in getattr(command, "documented", command.list_commands)(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from contexts(click.Context(child, info_name=name, parent=context, terminal_width=100))


def page() -> str:
    """The page."""
    lines = ["# Commands", "", "Written by `python docs/commands.py > docs/commands.md`."]
    for context in contexts(click.Context(pluto, info_name="pluto", terminal_width=100)):
        with context:
            text = "\n".join(line.rstrip() for line in context.command.get_help(context).splitlines())
        lines += ["", f"## {context.command_path}", "", "```", text, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
