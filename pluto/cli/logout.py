"""`pluto logout`."""

from __future__ import annotations

import click

from pluto.cli import output


@click.command("logout")
@output.place
@output.as_json
def command(host: str | None, folder: str | None, as_json: bool) -> None:
    """Forget the key of a server (of the last login without --host); runs stay on this machine from now on."""
    from pluto.core import auth
    from pluto.core.settings import resolve

    try:
        gone = auth.logout(resolve(output.settings_of(host, folder)))
    except OSError as error:
        output.fail(f"the key can't be removed: {error}")
    if as_json:
        output.print_json({"forgotten": gone})
    else:
        click.echo("Logged out." if gone else "There was no key to forget.")
