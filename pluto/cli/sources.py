"""What `pluto migrate` and `pluto verify` have in common: a command for each source, options, and what they print."""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import click

from pluto.cli import output

if TYPE_CHECKING:
    from pluto_migration.report import Noted
    from pluto_migration.source import Options, Source

EXTRA: Final = "pip install 'pluto-ml[migrate]'"
_MOST_WORKERS: Final = 4
_PROBLEMS_SHOWN: Final = 5


class _Pairs(click.ParamType):  # type: ignore[type-arg]
    """`KEY=VALUE`."""

    name = "pair"

    def __init__(self, left: str, right: str) -> None:
        self._shape = f"{left}={right}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two parts."""
        if isinstance(value, tuple):
            return value
        key, equals, rest = str(value).partition("=")
        if not equals or not key:
            self.fail(f"{value!r} is not of the form {self._shape}", param, ctx)
        return key, rest


class SourceCommands(click.Group):
    """A group with a command for each source: all alike, each made of `template` when it is asked for."""

    def __init__(self, *args: Any, template: click.Command | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        assert template is not None
        self._template = template

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names for `--help`."""
        from pluto_migration.sources import SOURCES

        return [*super().list_commands(ctx), *SOURCES]

    def documented(self, ctx: click.Context) -> list[str]:
        """Commands that stand for all of them: one of those that are alike."""
        from pluto_migration.sources import SOURCES

        return [*super().list_commands(ctx), next(iter(SOURCES))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        from pluto_migration.sources import SOURCES

        if cmd_name in SOURCES:
            return _SourceCommand(cmd_name, self._template)
        return super().get_command(ctx, cmd_name)


class _SourceCommand(click.Command):
    """The command of one source. Its `--help` names the source's settings."""

    def __init__(self, source: str, template: click.Command) -> None:
        from pluto_migration.sources import TITLES

        super().__init__(
            source,
            params=template.params,
            callback=functools.partial(template.callback or _nothing, source),
            help=f"{TITLES[source]}\n\n{inspect.cleandoc(template.help or '')}",
            short_help=TITLES[source],
        )
        self._source = source

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The settings, each with what it means."""
        settings = loaded(self._source).SETTINGS
        if settings:
            with formatter.section("Settings (--set KEY=VALUE)"):
                formatter.write_dl(list(settings.items()))


def _not_empty(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.BadParameter("it is empty")
    return value


def _in_a_folder(_: click.Context, __: click.Parameter, value: Path | None) -> Path | None:
    """Said before hours of work, and not behind them."""
    if value is not None and not value.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {value.absolute().parent}")
    return value


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The paths, and the options that every command on a source has."""
    for add in reversed(
        (
            click.argument("paths", nargs=-1, required=True, metavar="PATH..."),
            click.option(
                "--project",
                metavar="NAME",
                callback=_not_empty,
                help="Project the runs go to.  [default: as the source names it]",
            ),
            click.option(
                "--include",
                multiple=True,
                metavar="PATTERN",
                help="Only runs whose id, or project/id, fits; repeatable.",
            ),
            click.option("--exclude", multiple=True, metavar="PATTERN", help="No runs that fit; repeatable."),
            click.option(
                "--path-map",
                multiple=True,
                type=_Pairs("OLD", "NEW"),
                metavar="OLD=NEW",
                help="Where files are now whose recorded path begins with OLD; repeatable.",
            ),
            click.option(
                "--set",
                "settings",
                multiple=True,
                type=_Pairs("KEY", "VALUE"),
                metavar="KEY=VALUE",
                help="A setting of the source alone; repeatable.",
            ),
            click.option("--partial", is_flag=True, help="What is left of interrupted exports, too."),
            click.option("--archived", is_flag=True, help="Archived, trashed and deleted runs, too."),
            click.option(
                "--report",
                type=click.Path(dir_okay=False, path_type=Path),
                callback=_in_a_folder,
                metavar="FILE",
                help="Write everything that is said, and more, to a JSON file.",
            ),
            output.as_json,
        )
    ):
        command = add(command)
    return command


def target(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which store, and how many work at once."""
    for add in reversed(
        (
            click.option(
                "--to",
                metavar="SERVER",
                help="Server the runs go to: a URL or host:port, or `local` for the local store."
                "  [default: as configured]",
            ),
            click.option(
                "--dir",
                "folder",
                metavar="FOLDER",
                help="Root folder of Pluto on this machine.  [default: PLUTO_DIR, else ~/.pluto]",
            ),
            click.option(
                "--workers",
                type=click.IntRange(min=1),
                metavar="N",
                help=f"Processes that read at the same time.  [default: one for each core, {_MOST_WORKERS} at most]",
            ),
        )
    ):
        command = add(command)
    return command


def workers_or_default(workers: int | None) -> int:
    """How many processes work at once."""
    return workers or min(os.cpu_count() or 1, _MOST_WORKERS)


def options_of(known: Source, asked: Mapping[str, Any]) -> Options:
    """What the options mean for a source; ends the command where it has no such setting."""
    from pluto_migration.source import Options

    for key, _ in asked["settings"]:
        if key not in known.SETTINGS:
            others = ", ".join(known.SETTINGS) or "none"
            raise click.BadParameter(f"{key} is unknown; known are: {others}", param_hint="'--set'")
    return Options(
        project=asked["project"],
        path_map=dict(asked["path_map"]),
        include=asked["include"],
        exclude=asked["exclude"],
        archived=asked["archived"],
        partial=asked["partial"],
        settings=dict(asked["settings"]),
    )


def loaded(name: str) -> Source:
    """The source of a name; ends the command where what it needs is not installed."""
    from pluto_migration.sources import source_of

    with reading():
        return source_of(name)


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """What goes wrong ends the command with a line that says so, and a missing package with how to install it."""
    from pluto_migration.source import SourceError

    with output.reading():
        try:
            yield
        except SourceError as error:
            output.fail(str(error))
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] in ("pluto", "pluto_migration"):
                raise
            output.fail(f"{error.name} is needed to read this, and is not installed: {EXTRA}")


class Said(Protocol):
    """A report, a plan or a proof."""

    def to_json(self) -> dict[str, Any]:
        """It as dicts, lists, texts and numbers."""


def write_report(path: Path | None, said: Said) -> None:
    """Writes what is said into a file, whole or not at all."""
    if path is None:
        return
    with output.replacing(path) as file:
        json.dump(output.finite(said.to_json()), file, indent=1, ensure_ascii=False, default=str, allow_nan=False)
        file.write("\n")


def say_if_none(runs: Sequence[object], asked: Mapping[str, Any]) -> None:
    """Says on stderr that there was no run, since what follows of none means nothing."""
    if not runs:
        why = ": none fits --include and --exclude" if asked["include"] or asked["exclude"] else ""
        click.echo(f"pluto: there is no run{why}", err=True)


def print_problems(label: str, problems: Sequence[Noted], *, most: int = _PROBLEMS_SHOWN) -> None:
    """Prints what could not be read, the first ones of each run; a report has all."""
    for one in problems[:most]:
        again = f" ({one.count:,} times)" if one.count > 1 else ""
        click.echo(f"{label}: {one.where}: {one.what}{again}" if label else f"{one.where}: {one.what}{again}")
    if len(problems) > most:
        click.echo(f"{label or 'elsewhere'}: and {len(problems) - most:,} more; --report FILE has all")


def bytes_shown(count: int) -> str:
    """A number of bytes for people."""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@contextlib.contextmanager
def bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on stderr while the block runs; the function given sets runs done, runs there are, and what is going on."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[now]}", markup=False))  # fmt: skip
    shown = sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not shown) as progress:
        task = progress.add_task(what, total=None, now="")
        yield lambda done, total, now: progress.update(task, completed=done, total=total or None, now=now)


def _nothing(*_: Any, **__: Any) -> None:
    raise AssertionError("a template has a callback")
