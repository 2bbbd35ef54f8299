"""Neptune's query language: `parse` gives the condition that a query stands for."""

from __future__ import annotations

from pluto.compat.neptune.nql.errors import QuerySyntaxError
from pluto.compat.neptune.nql.parser import parse

__all__ = ["QuerySyntaxError", "parse"]
