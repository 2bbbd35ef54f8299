"""`pluto server`: a server for this machine's local store."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pluto.cli import output

PORT = 3003


def store_of(folder: str | None) -> Path:
    """The store of the root named, or of the configured one."""
    from pluto.core.settings import resolve

    return resolve({"dir": folder} if folder else None).root / "store"


_folder = click.option(
    "--dir", "folder", metavar="FOLDER", help="Root folder whose store it is.  [default: PLUTO_DIR, else ~/.pluto]"
)


@click.group("server", invoke_without_command=True)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on. Beyond loopback keys are asked for."
)
@click.option(
    "--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--require-key", is_flag=True, help="Ask for keys on loopback, too.")
@click.option("--public-url", metavar="URL", help="Where others reach the server, if not by the address they use.")
@_folder
@click.pass_context
def command(
    context: click.Context, host: str, port: int, require_key: bool, public_url: str | None, folder: str | None
) -> None:
    """Serve the local store over HTTP until Ctrl-C.

    On other machines `pluto login --host SERVER` makes runs go here. `pluto server keys` makes the keys they need.
    """
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    from pluto.core.filesystem import store_note
    from pluto.server.serve import KeysNeeded, serve

    store = store_of(folder)
    note = store_note(store)
    if note is not None:
        click.echo(note, err=True)
    try:
        serve(
            store,
            host,
            port,
            require_key=require_key or None,
            public_url=public_url,
            wal=note is None,
            ready=lambda url: click.echo(f"Pluto listens on {url} (Ctrl-C ends it)"),
        )
    except KeysNeeded as error:
        output.fail(str(error))
    except OSError as error:
        output.fail(f"{host}:{port} can't be listened on: {error.strerror or error}")
    except KeyboardInterrupt:
        pass


@command.group("keys")
def keys() -> None:
    """Make, list and revoke the keys that other machines need."""


@contextmanager
def _ring(context: click.Context, folder: str | None) -> Iterator[Any]:
    from pluto.core.filesystem import on_network
    from pluto.server.keys import KeyRing

    above = context.parent.parent if context.parent else None  # `pluto server --dir … keys …`
    store = store_of(folder or (above.obj if above else None))
    with KeyRing(store, wal=not on_network(store)) as ring:
        yield ring


@keys.command("create")
@click.argument("label", default="")
@click.option(
    "--days", type=click.FloatRange(min=0, min_open=True), help="How long it is good for.  [default: for ever]"
)
@_folder
@output.as_json
@click.pass_context
def create(context: click.Context, label: str, days: float | None, folder: str | None, as_json: bool) -> None:
    """Make a key and show it, this once. LABEL says whom or what it is for."""
    with _ring(context, folder) as ring:
        text, kept = ring.create(label, days=days)
    if as_json:
        output.print_json({**_row(kept), "key": text})
        return
    click.echo(text)
    click.echo("Keep it now: only its hash is stored, it can't be shown again.", err=True)


@keys.command("list")
@_folder
@output.as_json
@click.pass_context
def list_keys(context: click.Context, folder: str | None, as_json: bool) -> None:
    """List the keys, without what they are."""
    with _ring(context, folder) as ring:
        found = [_row(key) for key in ring.list()]
    if as_json:
        output.print_json(found)
        return
    columns = ["id", "label", "hint", "created", "expires", "revoked"]
    output.print_table(columns, [[row[column] for column in columns] for row in found])


@keys.command("revoke")
@click.argument("key", type=int, metavar="ID")
@_folder
@output.as_json
@click.pass_context
def revoke(context: click.Context, key: int, folder: str | None, as_json: bool) -> None:
    """Make a key worthless. ID is what `pluto server keys list` shows."""
    with _ring(context, folder) as ring:
        if not ring.revoke(key):
            output.fail(f"there is no key {key} that could be revoked")
    if as_json:
        output.print_json({"id": key, "revoked": True})
    else:
        click.echo(f"Key {key} opens nothing any more.")


def _row(key: Any) -> dict[str, Any]:
    return {
        "id": key.id,
        "label": key.label,
        "hint": key.hint,
        "created": _day(key.created_at),
        "expires": _day(key.expires_at),
        "revoked": _day(key.revoked_at),
    }


def _day(ms: int | None) -> str | None:
    if ms is None:
        return None
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="seconds")
