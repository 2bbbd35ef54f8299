"""What commands print: JSON for programs, tables and bars for people, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

FAILED = 1
LEFT = 3

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")


def place(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options `--host` and `--dir`: which server or local store a command reads."""
    command = click.option(
        "--dir",
        "folder",
        metavar="FOLDER",
        help="Root folder of Pluto on this machine.  [default: PLUTO_DIR, else ~/.pluto]",
    )(command)
    return click.option(
        "--host",
        metavar="SERVER",
        help="Server to ask: a URL or host:port, or `local` for the local store.  [default: as configured]",
    )(command)


def settings_of(host: str | None, folder: str | None) -> dict[str, Any]:
    """The settings that `--host` and `--dir` stand for."""
    return {name: value for name, value in (("host", host), ("dir", folder)) if value is not None}


def print_json(value: Any) -> None:
    """Prints valid JSON: numbers that JSON does not have become the texts NaN, Infinity and -Infinity."""
    click.echo(json.dumps(finite(value), indent=2, ensure_ascii=False, default=str, allow_nan=False))


def finite(value: Any) -> Any:
    """The value with texts in the place of NaN and ±inf."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Prints a table; each cell as text, no markup read into it. Not cut to a width where stdout is no terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    if sys.stdout.isatty():
        Console().print(table)
        return
    console = Console(width=100_000, color_system=None)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def fail(message: str, code: int = FAILED) -> NoReturn:
    """Says on stderr what is wrong and ends the command."""
    click.echo(f"pluto: {message}", err=True)
    raise SystemExit(code)


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """What goes wrong while reading ends the command with a line that says so, not with a traceback."""
    from pluto.query import QueryError

    try:
        yield
    except (QueryError, ValueError, ImportError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))


@contextlib.contextmanager
def progress(what: str, total: float | None) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while the block runs; the function given sets how far it is. None where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


@contextlib.contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[Any]:
    """A file to write that takes the place of `path` once the block is through, and leaves it as it was otherwise."""
    part = path.with_name(f".{path.name}.part")
    text = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        with part.open(mode, **text) as file:  # type: ignore[call-overload]
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
