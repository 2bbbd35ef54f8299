"""`pluto wandb offline`, `online`, `disabled`, `enabled`: the mode of runs that start in this folder."""

from __future__ import annotations

import click

from pluto.cli.wandb.workspace import changed

_SERVICE = click.option("--service", hidden=True, help="Of older releases: there is no service to switch.")


def _say(mode: str, what: str) -> None:
    with changed() as settings:
        if mode == "online":
            settings.clear("mode")
            settings.clear("disabled")
        else:
            settings.set("mode", mode)
    click.echo(what)


@click.command("offline")
def offline() -> None:
    """Keep runs of this folder on this machine, until `pluto wandb sync` delivers them."""
    _say("offline", "W&B offline. Running your script from this directory will only write metadata locally.")


@click.command("online")
def online() -> None:
    """Deliver runs of this folder as they go."""
    _say("online", "W&B online. Running your script from this directory will now sync to Pluto.")


@click.command("disabled")
@_SERVICE
def disabled(service: str | None) -> None:  # noqa: ARG001
    """Record nothing of runs of this folder."""
    _say("disabled", "W&B disabled.")


@click.command("enabled")
@_SERVICE
def enabled(service: str | None) -> None:  # noqa: ARG001
    """Record runs of this folder again."""
    _say("online", "W&B enabled.")


off = offline
on = online
