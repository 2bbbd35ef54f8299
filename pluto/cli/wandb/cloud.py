"""Commands that are W&B's cloud and nothing else: each ends with what to use."""

from __future__ import annotations

from typing import Any, Final, NoReturn

import click

_OPTIONS: Final = {
    "docker": "--cmd --digest --dir --jupyter --no-dir --no-tty --nvidia --port --shell",
    "docker_run": "",
    "launch": "--async --base-image --build --build-context --config --docker-image --dockerfile --entity --entry-point"
    " --git-version --job --job-name --name --priority --project --project-queue --queue --repository --resource"
    " --resource-args --set-var --uri -B -D -E -J -P -R -b -c -d -e -g -j -p -pq -q -r -rg -u -v",
    "launch_agent": "",
    "launch_sweep": "",
    "local": "--daemon --edge --env --port --upgrade -e -p",
    "purge_cache": "--age --force",
    "restore": "--branch --entity --no-git --project -e -p",
    "verify": "--host",
}
_ADVICE: Final = {
    "docker": "start your container with docker itself, with PLUTO_HOST and PLUTO_API_KEY in its environment",
    "docker_run": "start your container with docker itself, with PLUTO_HOST and PLUTO_API_KEY in its environment",
    "launch": "start your jobs with your scheduler; `pluto wandb sweep` and `pluto wandb agent` try parameters",
    "launch_agent": "start your jobs with your scheduler; `pluto wandb agent` runs the trials of a sweep",
    "launch_sweep": "use `pluto wandb sweep`, whose agents run anywhere",
    "local": "`pluto server` starts a Pluto server",
    "purge_cache": "use `pluto wandb artifact cache cleanup`",
    "restore": "check the commit out that the run's page names; `pluto wandb pull` gets its files",
    "verify": "`pluto doctor` tests the connection",
    "job": "start your jobs with your scheduler",
    "server": "`pluto server` starts a Pluto server",
}


def _refused(name: str) -> click.Command:
    def refuse(**_: Any) -> NoReturn:
        raise click.ClickException(f"`wandb {name.replace('_', '-')}` is not part of Pluto: {_ADVICE[name]}")

    options = [
        click.Option(
            [option, f"option_{index}"], hidden=True, is_flag=True, expose_value=False, help="Not part of Pluto."
        )
        for index, option in enumerate(_OPTIONS.get(name, "").split())
    ]
    arguments = click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)
    arguments_of = {
        "docker": ["docker_image", "docker_run_args"],
        "docker_run": ["docker_run_args"],
        "restore": ["run"],
    }
    named = [
        click.Argument([each], nargs=-1 if each.endswith("args") else 1, required=False, type=click.UNPROCESSED)
        for each in arguments_of.get(name, [])
    ] or [arguments]
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    text = f"Not part of Pluto: {_ADVICE[name]}."
    return click.Command(name, params=[*options, *named], callback=refuse, help=text, context_settings=settings)


def _refused_group(name: str, commands: tuple[str, ...]) -> click.Group:
    group = click.Group(name, help=f"Not part of Pluto: {_ADVICE[name]}.")
    for each in commands:
        refused = _refused(name)
        group.add_command(refused, each)
    return group


CLOUD: Final[dict[str, click.Command]] = {
    **{name: _refused(name) for name in _OPTIONS},
    "job": _refused_group("job", ("create", "describe", "list")),
    "server": _refused_group("server", ("start", "stop")),
}
