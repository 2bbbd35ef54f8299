"""The public names: ours are listed, and those of pluto-ml 0.0.29 are all there with their signatures."""

from __future__ import annotations

import enum
import importlib
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pluto

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "surface" / "pluto.json").read_text())["modules"]
NAMES = [(module, name) for module, names in RECORDED.items() for name in names]

OURS = set(
    "Artifact Audio Data File Graph Histogram Image Op RunExistsError Settings System Table Text Video "
    "agent alert finish generate_run_id init log login logout ops query setup sweep watch".split()
)
OP_OURS = {"config", "flush", "url", "__enter__", "__exit__"}


def test_all_is_what_was_agreed_and_is_there() -> None:
    assert set(pluto.__all__) == OURS
    assert [name for name in pluto.__all__ if not hasattr(pluto, name)] == []
    assert isinstance(pluto.__version__, str)


def test_dir_shows_what_is_loaded_on_first_use() -> None:
    assert set(dir(pluto)) >= OURS


def test_no_name_beside_the_agreed_ones_looks_public() -> None:
    strangers = {
        name
        for name, value in vars(pluto).items()
        if not name.startswith("_") and name not in OURS and not inspect.ismodule(value) and name != "annotations"
    }
    assert strangers == set()


@pytest.mark.parametrize("member", sorted(OP_OURS))
def test_op_has_what_the_first_client_lacked(member: str) -> None:
    assert hasattr(pluto.Op, member)


def parameters(value: object, *, bound: bool) -> list[inspect.Parameter]:
    found = list(inspect.signature(value).parameters.values())  # type: ignore[arg-type]
    return found[1:] if bound else found


def shown(default: object) -> str:
    """A default as it is recorded."""
    return f"{type(default).__name__}.{default.name}" if isinstance(default, enum.Enum) else repr(default)


def differences(recorded: list[list[str]], have: list[inspect.Parameter]) -> Iterator[str]:
    """What a caller written for the recorded parameters would trip over."""
    by_name = {parameter.name: parameter for parameter in have}
    positional = [name for name, kind, *_ in recorded if kind.startswith("POSITIONAL")]
    for name, kind, *default in recorded:
        if kind.startswith("VAR_"):
            if not any(parameter.kind.name == kind for parameter in have):
                yield f"no {kind} parameter"
            continue
        ours = by_name.get(name)
        if ours is None:
            yield f"no parameter {name!r}"
        elif ours.kind.name != kind:
            yield f"{name!r} is {ours.kind.name}"
        elif (ours.default is not inspect.Parameter.empty) != bool(default):
            yield f"{name!r}: a default on one side only"
        elif default and default[0] not in ("<opaque>", shown(ours.default)):
            yield f"{name!r} defaults to {shown(ours.default)}, not {default[0]}"
    ours_positional = [p.name for p in have if p.kind.name.startswith("POSITIONAL")]
    if ours_positional[: len(positional)] != positional:
        yield f"positional order {ours_positional}, not {positional}"
    known = {name for name, *_ in recorded}
    for parameter in have:
        if (
            parameter.name not in known
            and parameter.default is inspect.Parameter.empty
            and not parameter.kind.name.startswith("VAR_")
        ):
            yield f"{parameter.name!r} is new and required"


def member_differences(owner: type, name: str, recorded: dict[str, Any]) -> Iterator[str]:
    missing = object()
    ours = inspect.getattr_static(owner, name, missing)
    if ours is missing:
        yield f"{name} is missing"
    elif recorded["kind"] in ("attribute", "property"):
        if inspect.isfunction(ours):
            yield f"{name} is a method"
        elif "value" in recorded and not isinstance(ours, property) and ours != recorded["value"]:
            yield f"{name} is {ours!r}, not {recorded['value']!r}"
    elif "params" in recorded:
        static = isinstance(ours, staticmethod)
        for difference in differences(
            recorded["params"], parameters(getattr(ours, "__func__", ours), bound=not static)
        ):
            yield f"{name}(): {difference}"


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[f"{module}.{name}" for module, name in NAMES])
def test_a_caller_of_the_first_client_finds_what_it_knows(module: str, name: str) -> None:
    recorded = RECORDED[module][name]
    ours = getattr(importlib.import_module(module), name)
    problems: list[str] = []
    if recorded["kind"] in ("class", "exception"):
        assert inspect.isclass(ours)
        bases = {base.__name__ for base in ours.__mro__}
        problems += [f"is no {base}" for base in recorded.get("mro", []) if base not in bases]
        for member, facts in recorded.get("members", {}).items():
            problems += member_differences(ours, member, facts)
    if "params" in recorded and recorded["kind"] != "exception":
        problems += differences(recorded["params"], parameters(ours, bound=False))
    assert problems == []
