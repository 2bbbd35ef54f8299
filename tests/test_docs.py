"""What the documentation says exists, and does what it says."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from pluto.cli import pluto
from pluto.core.options import OPTIONS
from tests.programs import PLUTO, Scripts

ROOT = Path(__file__).resolve().parent.parent
SWITCHING = ROOT / "docs" / "switching-from-neptune.md"
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
VARIABLES = {name for option in OPTIONS.values() for name in (*option.env, *option.old_env)}
FOR_TESTS = {"PLUTO_ORIGINALS", "PLUTO_LIVE_HOST", "PLUTO_LIVE_KEY"}
BETWEEN_PROCESSES = {"PLUTO_SWEEP_TRIAL"}
COMMANDS = re.findall(r"^    (pluto .+)$", README, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_named_exists(page: Path) -> None:
    named = set(re.findall(r"\b(?:PLUTO|MLOP)_[A-Z_]*[A-Z]\b", page.read_text()))
    assert named - VARIABLES - FOR_TESTS - BETWEEN_PROCESSES == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", page.read_text()) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def find(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words start with, and the words after it."""
    command: click.Command = pluto
    context = click.Context(pluto, info_name="pluto")
    while isinstance(command, click.Group) and words:
        child = command.get_command(context, words[0])
        if child is None:
            break
        command, words = child, words[1:]
    return command, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_exists(page: Path) -> None:
    text = page.read_text()
    for named in re.findall(r"`(pluto [a-z][^`…]*)`", text) + re.findall(r"^    (pluto .+)$", text, re.MULTILINE):
        words = shlex.split(named)[1:]
        command, rest = find(words)
        assert command is not pluto, named
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known | {"--help"}, named


def written_by(name: str) -> ModuleType:
    """A program in docs/ that writes a page."""
    specification = importlib.util.spec_from_file_location(f"{name}_page", ROOT / "docs" / f"{name}.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_page_of_commands_is_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    commands = written_by("commands")
    assert (ROOT / "docs" / "commands.md").read_text() == commands.page(), "python docs/commands.py > docs/commands.md"


def test_the_tables_of_coverage_are_of_now() -> None:
    coverage = written_by("coverage")
    for path in coverage.PACKAGES:
        assert path.read_text() == coverage.page(path), "python docs/coverage.py"


def test_the_examples_for_those_who_switch_run_in_turn_and_so_do_its_commands(scripts: Scripts) -> None:
    text = SWITCHING.read_text()
    (scripts.folder / "train.py").write_text("import neptune, sys; assert sys.argv[1:] == ['--epochs', '3']")
    for block, command in re.findall(
        r"^```python\n(.*?)^```|^    (p(?:luto|ython) [^\n]+)$", text, re.DOTALL | re.MULTILINE
    ):
        if block:
            scripts.run(block)
            continue
        words = shlex.split(command)
        words = [sys.executable, *words[1:]] if words[0] == "python" else [*PLUTO, *words[1:]]
        done = subprocess.run(words, cwd=scripts.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_the_examples_of_the_readme_run_in_turn_and_so_do_its_commands(scripts: Scripts) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) >= 3
    (scripts.folder / "README.md").write_text("any file")
    for block in blocks:
        scripts.run(block)
    assert COMMANDS
    for command in COMMANDS:
        if command == "pluto server":  # stays; the `server` fixture starts it in other tests
            continue
        words = [*PLUTO, *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=scripts.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_the_make_targets_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", README)) & {"demo", "test"} == {"demo", "test"}
    assert set(re.findall(r"^    make ([a-z]+)$", README, re.MULTILINE)) <= targets
