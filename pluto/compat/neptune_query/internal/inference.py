"""Types that a filter or an order leaves open, found by what the project's runs hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from pluto.compat.neptune_query.exceptions import AttributeTypeInferenceError
from pluto.compat.neptune_query.internal.attribute_types import SYS_TYPES
from pluto.compat.neptune_query.internal.expressions import Expression, Field, Junction, Negation
from pluto.compat.neptune_query.internal.warnings import warn
from pluto.compat.neptune_query.warnings import AttributeWarning

TypesOf = Callable[[str], Collection[str]]
"""The types an attribute has in the runs of the project."""


def typed(expression: Expression, types_of: TypesOf) -> Expression:
    """The expression with a type at every attribute.

    One that no run has counts as a string, with an `AttributeWarning`. Raises `AttributeTypeInferenceError` for one
    that runs have as several types.
    """
    types: dict[str, str] = {}
    details: dict[str, str] = {}
    for field in expression.fields():
        if field.type is None and field.name not in types:
            found = _known(field, types_of)
            if len(found) > 1:
                details[field.name] = f"{field.name}: {_several(found)}"
            types[field.name] = next(iter(found), "string")
            if not found:
                _missing(field.name)
    if details:
        raise AttributeTypeInferenceError(list(details), list(details.values()))
    return _with(expression, types)


def typed_order(field: Field, types_of: TypesOf) -> Field:
    """The attribute to sort by with its type: a string where no run has it, or runs have it as several types.

    Of either an `AttributeWarning` tells.
    """
    if field.type is not None:
        return field
    found = _known(field, types_of)
    if len(found) > 1:
        warn(AttributeWarning(f"Attribute '{field.name}': {_several(found)}; it is sorted by as a string"))
    elif not found:
        _missing(field.name)
    return replace(field, type=next(iter(found)) if len(found) == 1 else "string")


def check_typed(expression: Expression) -> None:
    """Raises `AttributeTypeInferenceError` where an attribute has no type: over all projects there is no looking."""
    names = [field.name for field in expression.fields() if field.type is None]
    if names:
        raise AttributeTypeInferenceError(
            names, [f"{name}: over all projects, its type has to be given" for name in names]
        )


def _known(field: Field, types_of: TypesOf) -> Collection[str]:
    return [SYS_TYPES[field.name]] if field.name in SYS_TYPES else types_of(field.name)


def _several(types: Collection[str]) -> str:
    return f"runs and experiments of the project have it with conflicting types: {', '.join(sorted(types))}"


def _missing(name: str) -> None:
    warn(AttributeWarning(f"Attribute '{name}': it doesn't exist in the project"))


def _with(expression: Expression, types: Mapping[str, str]) -> Expression:
    if isinstance(expression, Junction):
        return replace(expression, parts=[_with(part, types) for part in expression.parts])
    if isinstance(expression, Negation):
        return Negation(_with(expression.part, types))
    field = expression.field
    return expression if field.type is not None else replace(expression, field=replace(field, type=types[field.name]))
