"""The names and signatures of the packages that are mirrored, as recorded: a caller of theirs finds what it knows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.compat.surfaces import RECORDED, load, problems

MODULES = [(root, module) for root, recorded in RECORDED.items() for module in recorded["modules"]]
NAMES = sum(len(facts.get("names", ())) for recorded in RECORDED.values() for facts in recorded["modules"].values())


@pytest.mark.parametrize(("root", "module"), MODULES, ids=[module for _, module in MODULES])
def test_a_module_has_the_names_it_should_have(root: str, module: str) -> None:
    assert [problem for found in problems(root, module).values() for problem in found] == []


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
    assert set(RECORDED) >= {"neptune", "neptune_scale", "neptune_query", "wandb"}
    assert NAMES > 1000
