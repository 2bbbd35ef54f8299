"""Writes docs/settings.md and docs/commands.md from the code: `python docs/reference.py`. A test holds them to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from pluto.cli import pluto
from pluto.core.options import OPTIONS, RENAMED, Option

HERE = Path(__file__).parent


def default_of(option: Option) -> str:
    """The default as the page shows it."""
    return "" if option.default is None else f"`{option.default}`"


def settings() -> str:
    """The page of all options."""
    lines = [
        "# Settings",
        "",
        "Written by `python docs/reference.py`.",
        "",
        "A parameter of `pluto.init` wins over `settings=`, that over the environment, that over the default. Each",
        "variable also has an old `MLOP_` name, which works and warns.",
        "",
        "| option | variable | default | takes | |",
        "|---|---|---|---|---|",
    ]
    for option in OPTIONS.values():
        if not option.retired:
            variables = ", ".join(f"`{name}`" for name in option.env)
            lines.append(f"| `{option.name}` | {variables} | {default_of(option)} | {option.accepts} | {option.doc} |")
    lines += ["", "Old names that go on working:", "", "| old | now |", "|---|---|"]
    lines += [f"| `{old}` | `{new}` |" for old, new in RENAMED.items() if not old.startswith("_")]
    lines += ["", "Old settings that have no effect; setting one warns once:", "", "| old | instead |", "|---|---|"]
    lines += [f"| `{option.name}` | {option.doc} |" for option in OPTIONS.values() if option.retired]
    return "\n".join(lines) + "\n"


def walk(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    """The contexts of a command and of all below it."""
    yield context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from walk(child, click.Context(child, info_name=name, parent=context, max_content_width=100))


def commands() -> str:
    """The page of all commands: what each prints for `--help`."""
    lines = ["# Commands", "", "Written by `python docs/reference.py`."]
    for context in walk(pluto, click.Context(pluto, info_name="pluto", max_content_width=100)):
        help_text = "\n".join(line.rstrip() for line in context.command.get_help(context).splitlines())
        lines += ["", f"## {context.command_path}", "", "```", help_text, "```"]
    return "\n".join(lines) + "\n"


PAGES = {"settings.md": settings, "commands.md": commands}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
