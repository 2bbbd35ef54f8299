"""Plays a script statement by statement, and notes what each of them did.

Runs under an original client and under ours alike: nothing but the standard library is needed here.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

LONGEST = 80


def played(
    script: pathlib.Path,
    names: dict[str, Any],
    *,
    gives: Callable[[Any], Any],
    raises: Callable[[Exception], Any],
    besides: Callable[[], dict[str, Any]],
) -> list[dict[str, Any]]:
    """For each statement of a script its `call`, and what it `gives` or `raises`, and what `besides` tells after it.

    `names` are what the script may use, and are left with what it has made. A text that stands alone is no statement.
    """
    outcomes = []
    for node in ast.parse(script.read_text()).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # what the script is about
        outcome: dict[str, Any] = {"call": ast.unparse(node)}
        try:
            if isinstance(node, ast.Expr):
                outcome["gives"] = gives(eval(compile(ast.Expression(node.value), str(script), "eval"), names))
            else:
                exec(compile(ast.Module([node], []), str(script), "exec"), names)
        except Exception as error:
            outcome["raises"] = raises(error)
        outcomes.append({**outcome, **besides()})
    return outcomes


def shown(value: Any) -> Any:
    """A value as JSON can hold it; of others the name of the class."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return type(value).__name__


def brief(text: str) -> str:
    """A text, or of a long one its length and hash."""
    if len(text) <= LONGEST:
        return text
    return f"{len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def read(path: pathlib.Path) -> Any:
    """A file of recorded answers."""
    return json.loads(path.read_text())


def write(path: pathlib.Path, answers: Any) -> None:
    """A file of recorded answers."""
    path.write_text(json.dumps(answers, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
