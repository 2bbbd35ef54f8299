"""The command that an agent runs for a trial."""

from __future__ import annotations

import json

import pytest

from pluto.sweeps.command import command_line

VALUES = {"lr": 0.1, "on": True, "off": False, "layers": [1, 2]}


def line(*command: str, program: str | None = "train.py") -> list[str]:
    return command_line(command or None, program, VALUES, "/tmp/values.json")


def test_the_default_runs_the_program_with_the_values_as_options() -> None:
    assert line() == [
        "/usr/bin/env", "python", "train.py", "--lr=0.1", "--on=True", "--off=False", "--layers=[1, 2]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("macro", "words"),
    [
        ("args_no_hyphens", ["lr=0.1", "on=True", "off=False", "layers=[1, 2]"]),
        ("args_no_boolean_flags", ["--lr=0.1", "--on", "--layers=[1, 2]"]),
        ("args_no_equals", ["--lr", "0.1", "--on", "True", "--off", "False", "--layers", "[1, 2]"]),
        ("args_append_hydra", ["+lr=0.1", "+on=True", "+off=False", "+layers=[1, 2]"]),
        ("args_override_hydra", ["++lr=0.1", "++on=True", "++off=False", "++layers=[1, 2]"]),
        ("args_json", [json.dumps(VALUES)]),
        ("args_json_file", ["/tmp/values.json"]),
    ],
)
def test_macros(macro: str, words: list[str]) -> None:
    assert line("run", "${" + macro + "}") == ["run", *words]


def test_variables_of_the_environment_are_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU", "3")
    assert line("run", "--gpu=${envvar:GPU}/${envvar:NONE}") == ["run", "--gpu=3/NONE"]


def test_a_macro_that_is_none_and_a_missing_program_are_named() -> None:
    with pytest.raises(ValueError, match=r"^command: \$\{argz\} is no macro"):
        line("${argz}")
    with pytest.raises(ValueError, match=r"^program: the sweep names none"):
        line(program=None)
