"""What an agent runs for a trial: the sweep's `command`, whose macros stand for program and values."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

DEFAULT: Final = ("${env}", "${interpreter}", "${program}", "${args}")
ENVIRONMENT: Final = re.compile(r"\$\{envvar\:([A-Z0-9_]*)\}")
_MACRO: Final = re.compile(r"\$\{([a-z_]+)\}\Z")


def command_line(
    command: Sequence[str] | None, program: str | None, values: Mapping[str, Any], json_file: str
) -> list[str]:
    """The words of the command, with each macro replaced by as many words as it stands for.

    `${args}` is `--name=value` for each value, and there are `${args_no_equals}` (`--name value`),
    `${args_no_hyphens}` (`name=value`), `${args_no_boolean_flags}` (`--name` for True, nothing for False),
    `${args_append_hydra}`, `${args_override_hydra}`, `${args_json}` and `${args_json_file}`, the path `json_file`,
    which the caller writes. `${envvar:NAME}` is a variable. Raises `ValueError` for a macro there is not, and for
    `${program}` where there is none.
    """
    macros = macros_of(values)
    macros.update(
        env=["/usr/bin/env"],
        interpreter=["python" if shutil.which("python") else sys.executable],
        args_json_file=[json_file],
    )
    if program is not None:
        macros["program"] = [program]
    words: list[str] = []
    for part in with_environment(command or DEFAULT):
        found = _MACRO.match(part)
        if found is None:
            words.append(part)
        elif found[1] in macros:
            words += macros[found[1]]
        elif found[1] == "program":
            raise ValueError("program: the sweep names none, which its command needs; or give agent() a function")
        else:
            raise ValueError(f"command: {part} is no macro; there are {', '.join(sorted(macros))} and envvar:NAME")
    return words


def with_environment(command: Sequence[str]) -> list[str]:
    """The command with variables of the environment put in; a name that is none stays as the name."""
    return [ENVIRONMENT.sub(lambda found: os.environ.get(found[1], found[1]), str(part)) for part in command]


def macros_of(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """The words for each way to write the values."""
    flags = [f"{name}={value}" for name, value in values.items()]
    switches = [
        f"--{name}" if value is True else f"--{name}={value}" for name, value in values.items() if value is not False
    ]
    return {
        "args": [f"--{flag}" for flag in flags],
        "args_no_hyphens": flags,
        "args_no_equals": [word for name, value in values.items() for word in (f"--{name}", str(value))],
        "args_no_boolean_flags": switches,
        "args_append_hydra": [f"+{flag}" for flag in flags],
        "args_override_hydra": [f"++{flag}" for flag in flags],
        "args_json": [json.dumps(dict(values))],
    }
