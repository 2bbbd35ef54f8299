"""The names and signatures of the packages that are mirrored, as recorded: a caller of theirs finds what it knows."""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.alias import MIRRORED
from tests.test_names import differences, parameters

SURFACES = Path(__file__).parents[1] / "surface"
RECORDED: dict[str, dict[str, Any]] = {
    name: json.loads((SURFACES / f"{name}.json").read_text())
    for name in MIRRORED
    if (SURFACES / f"{name}.json").exists()
}
MODULES = [(root, module) for root, recorded in RECORDED.items() for module in recorded["modules"]]
NAMES = sum(len(facts.get("names", ())) for recorded in RECORDED.values() for facts in recorded["modules"].values())


def ours(root: str, module: str) -> str:
    return MIRRORED[root].module + module[len(root) :]


def load(root: str, module: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(ours(root, module))


def plain(value: Any) -> Any:
    """The function itself, where a decorator hides it in a closure."""
    if inspect.isfunction(value) and "<locals>" in value.__qualname__ and value.__closure__:
        inner = [cell.cell_contents for cell in value.__closure__ if inspect.isfunction(cell.cell_contents)]
        if len(inner) == 1:
            return plain(inner[0])
    return value


def member_problems(owner: type, name: str, recorded: dict[str, Any]) -> Iterator[str]:
    raw = inspect.getattr_static(owner, name, None)
    if raw is None and not hasattr(owner, name) and name not in getattr(owner, "__dataclass_fields__", {}):
        yield f"{name} is missing"
    elif recorded["kind"] in ("attribute", "property"):
        if inspect.isfunction(raw):
            yield f"{name} is a method"
        elif "value" in recorded and not isinstance(raw, property) and raw != recorded["value"]:
            yield f"{name} is {raw!r}, not {recorded['value']!r}"
    elif isinstance(raw, property) or not callable(getattr(raw, "__func__", raw)):
        yield f"{name} is no {recorded['kind']}"
    elif "params" in recorded:
        bound = not isinstance(raw, staticmethod)
        for problem in differences(recorded["params"], parameters(plain(getattr(raw, "__func__", raw)), bound=bound)):
            yield f"{name}(): {problem}"


def entity_problems(name: str, value: Any, recorded: dict[str, Any]) -> Iterator[str]:
    if recorded["kind"] == "enum":
        have = {one.name: one.value for one in value} if isinstance(value, enum.EnumMeta) else {}
        yield from (f"{one} is {have.get(one)!r}" for one, text in recorded["values"].items() if have.get(one) != text)
        return
    if not callable(value):
        yield "is not callable"
        return
    if recorded["kind"] in ("class", "exception") and not inspect.isclass(value):
        yield "is no class"
        return
    if "params" in recorded:
        yield from differences(recorded["params"], parameters(plain(value), bound=False))
    if inspect.isclass(value):
        bases = {base.__name__ for base in value.__mro__}
        yield from (f"is no {base}" for base in recorded.get("bases", ()) if base not in bases)
        for member, facts in recorded.get("members", {}).items():
            yield from member_problems(value, member, facts)


def name_problems(value: Any, recorded: dict[str, Any]) -> Iterator[str]:
    if "value" in recorded and value != recorded["value"]:
        yield f"is {value!r}, not {recorded['value']!r}"
    if "options" in recorded:
        have = {option for parameter in value.params for option in parameter.opts}
        yield from (f"has no option {option}" for option in recorded["options"] if option not in have)


@pytest.mark.parametrize(("root", "module"), MODULES, ids=[module for _, module in MODULES])
def test_a_module_has_the_names_it_should_have(root: str, module: str) -> None:
    recorded = RECORDED[root]["modules"][module]
    if "raises" in recorded:
        try:
            load(root, module)
        except Exception as error:
            assert type(error).__name__ == recorded["raises"]
        return
    found = load(root, module)
    problems = []
    for name, facts in recorded["names"].items():
        if isinstance(facts, dict) and facts["kind"] == "module":
            load(root, f"{module}.{name}")
            continue
        if not hasattr(found, name):
            problems.append(f"{name} is missing")
            continue
        value = getattr(found, name)
        if isinstance(facts, dict):
            problems += [f"{name} {problem}" for problem in name_problems(value, facts)]
        else:
            entity = RECORDED[root]["entities"][facts]
            problems += [f"{name} {problem}" for problem in entity_problems(name, value, entity)]
    assert problems == []


@pytest.mark.parametrize("root", RECORDED)
def test_names_of_one_object_are_one_object(root: str) -> None:
    first: dict[str, tuple[str, Any]] = {}
    problems = []
    for module, recorded in RECORDED[root]["modules"].items():
        for name, entity in recorded.get("names", {}).items():
            if isinstance(entity, str):
                value = getattr(load(root, module), name)
                where, other = first.setdefault(entity, (f"{module}.{name}", value))
                if value is not other:
                    problems.append(f"{module}.{name} is not {where}")
    assert problems == []


def test_there_is_something_to_hold() -> None:
    assert set(RECORDED) >= {"neptune", "neptune_scale", "neptune_query"}
    assert NAMES > 600
