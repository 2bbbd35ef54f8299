"""`pluto wandb artifact put`, `get`, `ls`, `cache cleanup`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import click

from pluto.cli import output
from pluto.cli.wandb.workspace import settings

_UNITS: Final = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "GB": 1000**3, "TB": 1000**4}


@click.group("artifact")
def artifact() -> None:
    """Versioned files: put, get, list."""


@artifact.command("put")
@click.argument("path")
@click.option("-n", "--name", help="`[entity/]project/name`, or the name.  [default: the path's last part]")
@click.option("-d", "--description", help="A text about it.")
@click.option("-t", "--type", "kind", default="dataset", show_default=True, help="What kind of artifact it is.")
@click.option("-a", "--alias", "aliases", multiple=True, default=("latest",), help="A name for this version.")
@click.option("--id", "run_id", help="The run that logs it.")
@click.option("--resume", is_flag=True, default=None, help="Go on with that run.")
@click.option("--skip_cache", is_flag=True, help="Keep no copy of the files.")
@click.option("--policy", type=click.Choice(["mutable", "immutable"]), default="mutable", help="`immutable`: no copy.")
def put(
    path: str,
    name: str | None,
    description: str | None,
    kind: str,
    aliases: tuple[str, ...],
    run_id: str | None,
    resume: bool | None,
    skip_cache: bool,
    policy: Any,
) -> None:
    """Log PATH, a file, a folder or an address, as a version of an artifact."""
    import pluto.compat.wandb as wandb

    *place, short = (name or Path(path.rstrip("/")).name).split("/")
    if len(place) > 2:
        raise click.UsageError("--name is [entity/]project/name")
    found = wandb.Artifact(short, type=kind, description=description)
    if "://" in path:
        found.add_reference(path)
    elif Path(path).is_dir():
        found.add_dir(path, skip_cache=skip_cache, policy=policy)
    elif Path(path).is_file():
        found.add_file(path, skip_cache=skip_cache, policy=policy)
    else:
        raise click.ClickException(f"{path} is neither a file nor a folder, nor an address")
    where = {"project": place[-1]} if place else {}
    if len(place) == 2:
        where["entity"] = place[0]
    run = wandb.init(
        config={"path": path}, job_type="cli_put", id=run_id, resume="allow" if resume else None,
        settings={"quiet": True}, **where,
    )  # fmt: skip
    try:
        logged = run.log_artifact(found, aliases=list(aliases))
        if not run.offline:
            logged.wait()
    finally:
        run.finish()
    click.echo(f"Logged artifact {'/'.join([*place, logged.name])}")


@artifact.command("get")
@click.argument("path")
@click.option("--root", help="The folder to put it in.")
@click.option("--type", "kind", help="The kind it has to be.")
def get(path: str, root: str | None, kind: str | None) -> None:
    """Download the artifact PATH, `[entity/]project/name[:version]`."""
    from pluto.compat.wandb.sdk.artifacts.finding import find_artifact
    from pluto.query import Client

    known = settings()
    with Client() as client:
        found = find_artifact(client, path, entity=known.entity, project=known.project, type=kind)
        click.echo(found.download(root=root))


@artifact.command("ls")
@click.argument("path")
@click.option("-t", "--type", "kind", help="Only this kind.")
def ls(path: str, kind: str | None) -> None:
    """List the newest version of each artifact of the project PATH, `[entity/]project`."""
    from pluto.cli.status import size
    from pluto.query import Client

    with Client() as client:
        rows = []
        for one in client.iter_artifact_collections(path, type=kind, kind="sequence"):
            newest = next(iter(client.iter_artifacts(path, one["name"])), None)
            if newest is not None:
                name = f"{one['name']}:v{newest['version']}"
                rows.append([one["type"], newest["updatedAt"], size(newest["size"] or 0), name])
        output.print_table(["type", "updated", "size", "name"], rows)


@artifact.group("cache")
def cache() -> None:
    """Copies of artifacts' files on this machine."""


@cache.command("cleanup")
@click.argument("target_size")
@click.option("--remove-temp/--no-remove-temp", default=False, help="Remove unfinished files, too.")
def cleanup(target_size: str, remove_temp: bool) -> None:
    """Remove what was used longest ago, until TARGET_SIZE, as `10GB`, is left."""
    from pluto.cli.status import size
    from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import get_artifact_file_cache

    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B?)", target_size.strip(), re.IGNORECASE)
    unit = found and (found[2].upper() if found[2].upper().endswith("B") or not found[2] else f"{found[2].upper()}B")
    if found is None or unit not in _UNITS:
        raise click.UsageError(f"{target_size!r} is no size, as 10GB is")
    bytes_ = int(float(found[1]) * _UNITS[unit])
    gone = get_artifact_file_cache().cleanup(target_size=bytes_, remove_temp=remove_temp)
    click.echo(f"Reclaimed {size(gone or 0)} of space")
