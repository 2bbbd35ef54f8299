r"""From a text to a condition.

    query      = clause { ("AND" | "OR") clause }          AND binds closer than OR
    clause     = "NOT" clause | "(" query ")" | comparison
    comparison = field [ "NOT" ] operator value | field [ "NOT" ] "EXISTS"
    field      = name ":" type | aggregate "(" name ":" type ")"
    name       = text in backquotes, or characters other than blanks, quotes, operators, colon and parentheses
    value      = text in double or single quotes with \ as escape, or characters other than blanks and parentheses

Words are recognised in capitals and in small letters; types as they are written.
"""

from __future__ import annotations

import re
from typing import Final, get_args

from pluto.compat.attributes.conditions import Aggregate, AllOf, AnyOf, Compare, Condition, Exists, Not, Operator
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.nql.errors import QuerySyntaxError
from pluto.compat.neptune.nql.values import TYPES, literal

_BLANK: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"""[^\s()`"'=!<>:]+""")
_QUOTED_NAME: Final = re.compile(r"`([^`]+)`")
_WORD: Final = re.compile(r"""[A-Za-z]+(?=[\s()`"']|\Z)""")
_TYPE: Final = re.compile(r"\w+")
_SIGN: Final = re.compile(r"==|!=|>=|<=|=|>|<")
_PLAIN: Final = re.compile(r"""[^\s()"'`]+""")
_QUOTED: Final = re.compile(r""""((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)\'""", re.DOTALL)
_ESCAPE: Final = re.compile(r"""\\([\\"'])""")
_DEEPEST: Final = 200
_OPERATORS: Final[dict[str, Operator]] = {name: name for name in get_args(Operator)} | {"==": "=", "!=": "="}
_AGGREGATES: Final[dict[str, Aggregate]] = {name: name for name in get_args(Aggregate)}


def parse(text: str) -> Condition:
    """The condition that a query stands for; an empty text holds everywhere. Raises `QuerySyntaxError`."""
    if not text.strip():
        return AllOf()
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._query()
        self._blank()
        if self._at < len(self._text):
            raise self._error("AND, OR or the end was expected")
        return found

    def _query(self) -> Condition:
        alternatives = [self._together()]
        while self._take_word("OR"):
            alternatives.append(self._together())
        return alternatives[0] if len(alternatives) == 1 else AnyOf(alternatives)

    def _together(self) -> Condition:
        parts = [self._clause()]
        while self._take_word("AND"):
            parts.append(self._clause())
        return parts[0] if len(parts) == 1 else AllOf(parts)

    def _clause(self) -> Condition:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("clauses lie too deep in each other")
        try:
            if self._take_word("NOT"):
                return Not(self._clause())
            if self._take("("):
                found = self._query()
                self._demand(")")
                return found
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> Condition:
        path, kind, aggregate = self._field()
        negated = self._take_word("NOT")
        if self._take_word("EXISTS"):
            return _negated(Exists(path, kind), negated)
        self._blank()
        begin = self._at
        sign = None if negated else self._match(_SIGN)
        negated = negated or sign == "!="
        operator = _OPERATORS.get((sign or self._match(_WORD) or "").upper())
        if operator is None:
            raise QuerySyntaxError("an operator was expected", begin)
        self._blank()
        begin = self._at
        text = self._value()
        try:
            wanted = literal(kind, operator, text)
        except QuerySyntaxError as error:
            raise QuerySyntaxError(str(error), begin) from error
        return _negated(Compare(path, kind, operator, wanted, aggregate), negated)

    def _field(self) -> tuple[str, AttributeKind, Aggregate]:
        self._blank()
        begin = self._at
        aggregate = _AGGREGATES.get((self._match(_WORD) or "").lower())
        if aggregate is not None and self._take("("):
            path, kind = self._typed()
            if kind is not AttributeKind.FLOAT_SERIES:
                raise QuerySyntaxError(f"{aggregate}() is for fields of type floatSeries", begin)
            self._demand(")")
            return path, kind, aggregate
        self._at = begin
        return (*self._typed(), "last")

    def _typed(self) -> tuple[str, AttributeKind]:
        self._blank()
        quoted = self._match(_QUOTED_NAME, 1)
        path = quoted if quoted is not None else self._match(_NAME)
        if path is None:
            raise self._error("the name of a field was expected")
        self._demand(":")
        self._blank()
        begin = self._at
        kind = TYPES.get(self._match(_TYPE) or "")
        if kind is None:
            raise QuerySyntaxError(f"a type ({', '.join(TYPES)}) was expected", begin)
        return path, kind

    def _value(self) -> str:
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            return _ESCAPE.sub(r"\1", quoted[1] if quoted[1] is not None else quoted[2])
        plain = self._match(_PLAIN)
        if plain is None:
            raise self._error("a value was expected")
        return plain

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _match(self, pattern: re.Pattern[str], group: int = 0) -> str | None:
        found = pattern.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found[group]

    def _take(self, character: str) -> bool:
        self._blank()
        if not self._text.startswith(character, self._at):
            return False
        self._at += len(character)
        return True

    def _take_word(self, word: str) -> bool:
        self._blank()
        begin = self._at
        found = self._match(_WORD)
        if found is not None and found.upper() == word:
            return True
        self._at = begin
        return False

    def _demand(self, character: str) -> None:
        if not self._take(character):
            raise self._error(f"{character} was expected")

    def _error(self, problem: str) -> QuerySyntaxError:
        return QuerySyntaxError(problem, self._at)


def _negated(condition: Condition, negated: bool) -> Condition:
    return Not(condition) if negated else condition
