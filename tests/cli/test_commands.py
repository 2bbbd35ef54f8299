"""Every command can be asked for help, starts quickly, and says what is wrong without a traceback."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from pluto.cli import COMMANDS, pluto
from tests.programs import PLUTO, Scripts


def every(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from every(child, (*words, name))


ALL = dict(every(pluto, ()))


@pytest.mark.parametrize("words", ALL, ids=lambda words: " ".join(words) or "pluto")
def test_help(words: tuple[str, ...], command: Callable[..., Any]) -> None:
    text = command(*words, "--help").stdout
    assert text.startswith(f"Usage: {' '.join(('pluto', *words))} ")
    assert ALL[words].help
    for parameter in ALL[words].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} of {words} has no help"


# Those of `neptune` print what their original prints; `pluto status` and `pluto sync` have the same facts as JSON.
@pytest.mark.parametrize("words", [words for words in ALL if words and words[0] != "neptune"], ids=" ".join)
def test_what_prints_data_prints_json_too(words: tuple[str, ...]) -> None:
    if isinstance(ALL[words], click.Group) or words[0] == "wandb":  # whose options are another program's
        return
    assert any("--json" in parameter.opts for parameter in ALL[words].params)


def test_no_command_takes_a_key_as_an_option() -> None:
    options = {option for command in ALL.values() for parameter in command.params for option in parameter.opts}
    assert not options & {"--key", "--api-key", "--token", "--api-token"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_needs_nothing_heavy_to_show_its_help(name: str, scripts: Scripts) -> None:
    heavy = ("httpx", "numpy", "pandas", "pyarrow", "sqlalchemy", "starlette", "uvicorn", "pluto.server", "psutil")
    scripts.run(
        f"""
        import sys
        import pluto.cli.{name}
        found = [name for name in {heavy!r} if name in sys.modules]
        assert not found, found
        """
    )


@pytest.mark.parametrize("start", [PLUTO, (sys.executable, "-m", "pluto")], ids=["pluto.cli", "pluto"])
def test_version(start: tuple[str, ...]) -> None:
    done = subprocess.run([*start, "version", "--json"], capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(done.stdout)
    assert told["version"] == importlib.import_module("pluto").__version__
    assert told["commit"]
    assert done.stderr == ""


def test_a_mistake_is_usage_and_a_failure_is_not(command: Callable[..., Any]) -> None:
    assert "No such command 'fly'" in command("fly", code=2).stderr
    assert "there is no run 'DIG-1'" in command("query", "run", "digits", "DIG-1", code=1).stderr
    assert "is not JSON" in command("query", "runs", "digits", "--filter", "{", code=2).stderr
    failed = command("query", "runs", "digits", "--filter", '{"lr": 1}', code=1)
    assert failed.stderr.startswith("pluto: 'lr' is no field to filter by")
    assert failed.stdout == ""


def test_a_setting_that_is_wrong_is_one_line(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_MODE", "sideways")
    for words in (("query", "projects"), ("doctor",), ("status",), ("logout",), ("server", "keys", "list")):
        assert "option 'mode'" in command(*words, code=1).stderr
