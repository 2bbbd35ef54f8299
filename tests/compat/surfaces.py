"""What was recorded of the packages that are mirrored, and how a mirror differs from it."""

from __future__ import annotations

import enum
import importlib
import inspect
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pluto.compat.alias import MIRRORED
from tests.test_names import differences, parameters

SURFACES = Path(__file__).parents[1] / "surface"
RECORDED: dict[str, dict[str, Any]] = {
    name: json.loads((SURFACES / f"{name}.json").read_text())
    for name in MIRRORED
    if (SURFACES / f"{name}.json").exists()
}


def ours(root: str, module: str) -> str:
    """The name of the module that mirrors this one."""
    return MIRRORED[root].module + module[len(root) :]


def load(root: str, module: str) -> Any:
    """The module that mirrors this one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(ours(root, module))


def _plain(value: Any) -> Any:
    """The function itself, where a decorator hides it in a closure."""
    if inspect.isfunction(value) and "<locals>" in value.__qualname__ and value.__closure__:
        inner = [cell.cell_contents for cell in value.__closure__ if inspect.isfunction(cell.cell_contents)]
        if len(inner) == 1:
            return _plain(inner[0])
    return value


def _member_problems(owner: type, name: str, recorded: dict[str, Any]) -> Iterator[str]:
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
        for problem in differences(recorded["params"], parameters(_plain(getattr(raw, "__func__", raw)), bound=bound)):
            yield f"{name}(): {problem}"


def _entity_problems(name: str, value: Any, recorded: dict[str, Any]) -> Iterator[str]:
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
        yield from differences(recorded["params"], parameters(_plain(value), bound=False))
    if inspect.isclass(value):
        bases = {base.__name__ for base in value.__mro__}
        yield from (f"is no {base}" for base in recorded.get("bases", ()) if base not in bases)
        for member, facts in recorded.get("members", {}).items():
            yield from _member_problems(value, member, facts)


def _name_problems(value: Any, recorded: dict[str, Any]) -> Iterator[str]:
    if "value" in recorded and value != recorded["value"]:
        yield f"is {value!r}, not {recorded['value']!r}"
    if "options" in recorded:
        have = {option for parameter in value.params for option in parameter.opts}
        yield from (f"has no option {option}" for option in recorded["options"] if option not in have)


def problems(root: str, module: str) -> dict[str, list[str]]:
    """What is wrong with each name that a module should have; nothing is wrong with those that have an empty list.

    Of a module that can't be imported there is one name, its own.
    """
    recorded = RECORDED[root]["modules"][module]
    if "raises" in recorded:
        try:
            load(root, module)
        except Exception as error:
            wrong = [] if type(error).__name__ == recorded["raises"] else [f"raises {error!r}"]
            return {module: wrong}
        return {module: []}  # what it needs is installed here
    try:
        mirror = load(root, module)
    except ImportError as error:
        return {module: [str(error)]}
    return {name: list(_problems_of(root, module, mirror, name, facts)) for name, facts in recorded["names"].items()}


def _problems_of(root: str, module: str, mirror: Any, name: str, facts: Any) -> Iterator[str]:
    if isinstance(facts, dict) and facts["kind"] == "module":
        load(root, f"{module}.{name}")
    elif not hasattr(mirror, name):
        yield f"{name} is missing"
    else:
        value = getattr(mirror, name)
        found = (
            _name_problems(value, facts)
            if isinstance(facts, dict)
            else _entity_problems(name, value, RECORDED[root]["entities"][facts])
        )
        yield from (f"{name} {problem}" for problem in found)
