"""Filters of runs as they are written for W&B: MongoDB's language, over the fields of a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.wandb.apis.reading.facts import read_moment

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.reading.fields import Get

Predicate = Callable[["Get"], bool]
MISSING: Final = object()
"""What a field that a run does not have gives."""


class Several(list[str]):
    """Values of a field that has several, such as tags: a condition holds if it holds for one of them."""


GROUPS: Final = ("$and", "$or", "$nor", "$not")
OPERATORS: Final = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists", "$regex", "$options", "$not")
_DEPTH: Final = 50


def compiled(node: Any, checked: Callable[[str], object], depth: int = 0) -> Predicate:
    """Whether a run fits, as a function of what gives its fields by name. `checked` is called with each name.

    Raises `ValueError` for what is no filter, naming the part that is wrong.
    """
    if depth > _DEPTH:
        raise ValueError(f"filters are nested more than {_DEPTH} deep")
    if not isinstance(node, Mapping):
        raise ValueError(f"a filter is a dict, not {type(node).__name__}")
    parts: list[Predicate] = []
    for key, value in node.items():
        if key in ("$and", "$or", "$nor"):
            if not isinstance(value, (list, tuple)):
                raise ValueError(f"{key} takes a list of filters, not {type(value).__name__}")
            parts.append(_group(key, [compiled(child, checked, depth + 1) for child in value]))
        elif key == "$not":
            parts.append(_group("$nor", [compiled(value, checked, depth + 1)]))
        elif not isinstance(key, str) or key.startswith("$"):
            raise ValueError(f"{key!r} is no operator between filters; there are {', '.join(GROUPS)}")
        else:
            checked(key)
            parts.append(_on_field(key, condition(value, key)))
    return _group("$and", parts)


def condition(value: Any, field: str) -> Callable[[Any], bool]:
    """Whether a value fits what stands behind a field's name. Raises `ValueError`."""
    if isinstance(value, re.Pattern):
        return _regex(value, field)
    if not isinstance(value, Mapping) or not any(str(key).startswith("$") for key in value):
        return lambda found: _equal(found, value)
    tests = [_operator(key, operand, value, field) for key, operand in value.items() if key != "$options"]
    return lambda found: all(test(found) for test in tests)


def _group(key: str, parts: list[Predicate]) -> Predicate:
    if key == "$or":
        return lambda get: any(part(get) for part in parts)
    if key == "$nor":
        return lambda get: not any(part(get) for part in parts)
    return lambda get: all(part(get) for part in parts)


def _on_field(name: str, test: Callable[[Any], bool]) -> Predicate:
    return lambda get: test(get(name))


def _operator(key: Any, operand: Any, siblings: Mapping[str, Any], field: str) -> Callable[[Any], bool]:
    if key not in OPERATORS:
        raise ValueError(f"{key!r} on {field!r} is no operator; there are {', '.join(OPERATORS)}")
    if key == "$eq":
        return lambda found: _equal(found, operand)
    if key == "$ne":
        return lambda found: not _equal(found, operand)
    if key in ("$in", "$nin"):
        if not isinstance(operand, (list, tuple, set, frozenset)):
            raise ValueError(f"{key} on {field!r} takes a list, not {type(operand).__name__}")
        tests = [condition(one, field) for one in operand]
        return lambda found: any(test(found) for test in tests) == (key == "$in")
    if key == "$exists":
        return lambda found: (found is not MISSING) == bool(operand)
    if key == "$regex":
        return _regex(_pattern(operand, siblings.get("$options", ""), field), field)
    if key == "$not":
        inner = condition(operand, field)
        return lambda found: not inner(found)
    return _comparison(key, operand)


def _pattern(operand: Any, options: Any, field: str) -> re.Pattern[str]:
    if isinstance(operand, re.Pattern):
        return operand
    if not isinstance(operand, str):
        raise ValueError(f"$regex on {field!r} takes a text, not {type(operand).__name__}")
    flags = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
    try:
        return re.compile(operand, sum(flags[letter] for letter in str(options)))
    except KeyError as error:
        raise ValueError(f"$options on {field!r} are of i, m, s and x, not {error.args[0]!r}") from None
    except re.error as error:
        raise ValueError(f"$regex on {field!r}: {operand!r} is no regular expression: {error}") from None


def _regex(pattern: re.Pattern[str], field: str) -> Callable[[Any], bool]:
    del field

    def test(found: Any) -> bool:
        values = found if isinstance(found, Several) else [found]
        texts = [_text(value) for value in values]
        return any(text is not None and pattern.search(text) is not None for text in texts)

    return test


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if isinstance(value, str) else None


def _equal(found: Any, wanted: Any) -> bool:
    if found is MISSING:
        return wanted is None
    if isinstance(found, Several) and not isinstance(wanted, (list, tuple)):
        return wanted in found or (wanted is None and not found)
    return _same(found, wanted)


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, tuple):
        wanted = list(wanted)
    if isinstance(found, datetime):
        moment = _moment(wanted)
        return moment is not None and abs((found - moment).total_seconds()) < 1
    if isinstance(found, bool) != isinstance(wanted, bool):
        return False
    return bool(found == wanted)


def _comparison(key: str, operand: Any) -> Callable[[Any], bool]:
    order: dict[str, Callable[[Any, Any], bool]] = {
        "$gt": lambda a, b: a > b,
        "$gte": lambda a, b: a >= b,
        "$lt": lambda a, b: a < b,
        "$lte": lambda a, b: a <= b,
    }
    compare = order[key]

    def test(found: Any) -> bool:
        values = found if isinstance(found, Several) else [found]
        for value in values:
            wanted = _moment(operand) if isinstance(value, datetime) else operand
            if _comparable(value, wanted) and compare(value, wanted):
                return True
        return False

    return test


def _comparable(a: Any, b: Any) -> bool:
    """Values of one kind alone have an order between them."""
    for kind in (bool, (int, float), str, datetime):
        if isinstance(a, kind) or isinstance(b, kind):
            return isinstance(a, kind) and isinstance(b, kind)
    return False


def _moment(value: Any) -> datetime | None:
    """A time as a filter says it: ISO text, a date, or seconds since the epoch."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    if isinstance(value, str):
        try:
            return read_moment(value)
        except ValueError:
            return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, timezone.utc)
    return None
