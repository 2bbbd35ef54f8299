"""`pluto login`."""

from __future__ import annotations

import sys

import click

from pluto.cli import output


@click.command("login")
@click.argument("key", required=False)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key from standard input.")
@output.place
@output.as_json
def command(key: str | None, from_stdin: bool, host: str | None, folder: str | None, as_json: bool) -> None:
    """Keep the key of a server, so that runs go there from now on.

    Best without KEY: you are asked for it, and what you type is not shown. `--stdin` is for scripts. A key given as an
    argument stays in the shell's history and can be seen by everyone who lists processes on this machine.
    """
    from pluto.core import auth
    from pluto.core.settings import resolve

    if key and from_stdin:
        raise click.UsageError("give KEY or --stdin, not both")
    if from_stdin:
        key = sys.stdin.readline().strip()
        if not key:
            output.fail("there was no key on standard input")
    elif key:
        click.echo("pluto: others can see a key given as an argument; `pluto login` asks for it instead", err=True)
    try:
        settings = resolve(output.settings_of(host, folder), api_key=key)
        kept = auth.login(settings, retry=key is None)
    except OSError as error:
        output.fail(f"the key can't be kept: {error}")
    if kept is None:
        output.fail("not logged in; nothing is kept")
    if as_json:
        output.print_json(kept)
        return
    whose = f" as organization {kept['organization']}" if kept["organization"] else ""
    click.echo(f"Logged in to {kept['url']}{whose}; runs go there from now on.")
