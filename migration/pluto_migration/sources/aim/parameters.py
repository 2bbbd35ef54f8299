"""What was set on a run of Aim: parameters, and objects among them."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pluto.core.redact import redact
from pluto_migration.model import Item
from pluto_migration.source import Problems
from pluto_migration.sources.aim.objects import item_of, kind_of


@dataclass(slots=True)
class Parameters:
    """The config, and what among it is no value of a config."""

    config: dict[str, Any] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)


def parameters_of(values: Mapping[Any, Any], problems: Problems, where: Path) -> Parameters:
    """A run's parameters. Images, audio and the like become items under their paths, at step 0."""
    found = Parameters()
    for key, value in values.items():
        if not str(key).startswith("__"):
            plain, is_value = _plain(value, str(key), found, problems, where)
            if is_value:
                found.config[str(key)] = plain
        else:
            problems.note(where, f"{key} is Aim's own, and stays")
    return found


def _plain(value: Any, path: str, found: Parameters, problems: Problems, where: Path) -> tuple[Any, bool]:
    """The value as a config has it, and whether it is one."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value, True
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode(), True
    kind = kind_of(value)
    if kind == "text":
        return str(value["data"].load()), True
    if kind is not None:
        try:
            item = item_of(kind, value, path, 0.0, 0, 0)
        except Exception as error:  # noqa: BLE001 - what Aim raises for an object that is damaged
            problems.note(where, f"{path} can't be read: {type(error).__name__}: {error}")
        else:
            found.items.append(item)
        return None, False
    if isinstance(value, Mapping):
        inner = {str(key): _plain(one, f"{path}/{key}", found, problems, where) for key, one in value.items()}
        return {key: one for key, (one, is_value) in inner.items() if is_value}, True
    if isinstance(value, Sequence):
        parts = [_plain(one, f"{path}/{i}", found, problems, where) for i, one in enumerate(value)]
        return [one for one, is_value in parts if is_value], True
    problems.note(where, f"{path} is a {type(value).__name__}, and came as its text")
    return str(value), True


def machine_of(system: Mapping[Any, Any]) -> dict[str, Any]:
    """Aim's facts about code and machine under Pluto's names."""
    found: dict[str, Any] = {}
    git = system.get("git_info")
    if isinstance(git, Mapping) and git:
        commit = git.get("commit")
        told = {
            "commit": commit.get("hash") if isinstance(commit, Mapping) else commit,
            "branch": git.get("branch"),
            "url": git.get("remote_origin_url") or git.get("remote_url"),
        }
        found["git"] = {key: str(value) for key, value in told.items() if value}
    arguments = system.get("arguments")
    if isinstance(arguments, Sequence) and not isinstance(arguments, str) and arguments:
        found["source"] = {"entry": str(arguments[0]), "argv": [str(one) for one in arguments]}
    packages = system.get("packages")
    if isinstance(packages, Mapping) and packages:
        found["requirements"] = [f"{name}=={version}" for name, version in sorted(packages.items(), key=str)]
    executable = system.get("executable")
    if executable:
        found["os_info"] = {"python": {"executable": str(executable)}}
    return found


def system_facts(system: Mapping[Any, Any]) -> dict[str, Any]:
    """All but the packages, which have a place of their own; secrets among environment variables are taken out."""
    found = {str(key): value for key, value in system.items() if key != "packages"}
    variables = found.get("env_variables")
    if isinstance(variables, Mapping):
        found["env_variables"] = {
            str(name): redact(f"{name}={value}").partition("=")[2] for name, value in variables.items()
        }
    return found


def contexts(context: Mapping[Any, Any]) -> str:
    """What is added to the name of a series for its context; nothing for an empty one."""
    if not context:
        return ""
    told = sorted((str(key), str(value)) for key, value in context.items())
    return " {" + ", ".join(f"{key}={value}" for key, value in told) + "}"


def flattened(values: Sequence[Any] | Any) -> Iterator[Any]:
    """A value, or those of a list of them."""
    if isinstance(values, (list, tuple)):
        yield from values
    else:
        yield values
