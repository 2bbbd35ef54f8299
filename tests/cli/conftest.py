from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pluto.cli import pluto

Run = Callable[..., Result]


@pytest.fixture
def command() -> Run:
    """Runs a `pluto` command in this process; its exit code has to be the one given (0)."""

    def run(*words: object, code: int = 0, **options: Any) -> Result:
        result = CliRunner().invoke(pluto, [str(word) for word in words], prog_name="pluto", **options)
        assert result.exit_code == code, (result.stdout, result.stderr, result.exception)
        return result

    return run


@pytest.fixture
def printed(command: Run) -> Callable[..., Any]:
    """The JSON that a `pluto` command prints, and it prints nothing else."""

    def run(*words: object, **options: Any) -> Any:
        def refuse(token: str) -> None:
            raise AssertionError(f"{token} is no JSON")

        return json.loads(command(*words, "--json", **options).stdout, parse_constant=refuse)

    return run
