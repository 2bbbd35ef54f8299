"""Filters and orders as W&B's web pages write them, and as `Api.runs` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

_SECTIONS = {"config": "config.", "summary": "summary_metrics.", "keys_info": "keys_info.keys.", "tags": "tags."}
_COLUMNS = ("createdAt", "updatedAt", "name", "sweep")


class QueryGenerator:
    """Turns the one into the other."""

    INDIVIDUAL_OP_TO_MONGO: ClassVar = {
        "!=": "$ne",
        ">": "$gt",
        ">=": "$gte",
        "<": "$lt",
        "<=": "$lte",
        "IN": "$in",
        "NIN": "$nin",
        "REGEX": "$regex",
    }
    MONGO_TO_INDIVIDUAL_OP: ClassVar = {value: key for key, value in INDIVIDUAL_OP_TO_MONGO.items()}
    GROUP_OP_TO_MONGO: ClassVar = {"AND": "$and", "OR": "$or"}
    MONGO_TO_GROUP_OP: ClassVar = {value: key for key, value in GROUP_OP_TO_MONGO.items()}

    @classmethod
    def format_order_key(cls, key: str) -> str:
        """An order: a name alone, or one below no known field, is a metric's; without a sign it goes down."""
        direction, name = (key[0], key[1:]) if key.startswith(("+", "-")) else ("-", key)
        first, dot, _ = name.partition(".")
        known = first in (("config", "summary_metrics", "tags") if dot else _COLUMNS)
        return direction + (name if known else f"summary_metrics.{name}")

    def key_to_server_path(self, key: Mapping[str, str]) -> str:
        """The field that section and name mean. Raises `ValueError` for a section there is not."""
        if key["section"] == "run":
            return key["name"]
        if key["section"] not in _SECTIONS:
            raise ValueError(f"Invalid key: {key}")
        return _SECTIONS[key["section"]] + key["name"]

    def server_path_to_key(self, path: str) -> dict[str, str]:
        """Section and name of a field."""
        for section, prefix in _SECTIONS.items():
            if path.startswith(prefix):
                return {"section": section, "name": path[len(prefix) :]}
        return {"section": "run", "name": path}

    def keys_to_order(self, keys: Mapping[str, Any]) -> list[str]:
        """Orders, one for each key."""
        return [("+" if key.get("ascending") else "-") + self.key_to_server_path(key["key"]) for key in keys["keys"]]

    def order_to_keys(self, order: Sequence[str]) -> dict[str, Any]:
        """Keys of orders. Raises `Exception` for one without a sign."""
        keys = []
        for text in order:
            if text[0] not in "+-":
                raise Exception("you must sort by ascending(+) or descending(-)")  # the class that scripts know
            keys.append({"key": {"section": "run", "name": text[1:]}, "ascending": text[0] == "+"})
        return {"keys": keys}

    def filter_to_mongo(self, filter: Mapping[str, Any]) -> Any:
        """A filter of the pages as `Api.runs` takes it."""
        if filter.get("key") is not None:
            return self._one_to_mongo(filter)
        if filter.get("filters") is not None:
            return {self.GROUP_OP_TO_MONGO[filter["op"]]: [self.filter_to_mongo(one) for one in filter["filters"]]}
        return None

    def mongo_to_filter(self, filter: Mapping[str, Any] | None) -> Any:
        """A filter as `Api.runs` takes it, as the pages have it."""
        if filter is None:
            return None
        for key, op in self.MONGO_TO_GROUP_OP.items():
            if key in filter:
                return {"op": op, "filters": [self.mongo_to_filter(one) for one in filter[key]]}
        for path, value in filter.items():
            op = "="
            if isinstance(value, dict):
                mongo = next(iter(value))
                op, value = self.MONGO_TO_INDIVIDUAL_OP[mongo], value[mongo]
            return {"key": self.server_path_to_key(path), "op": op, "value": value}
        return None

    def _one_to_mongo(self, filter: Mapping[str, Any]) -> dict[str, Any] | None:
        key, op, value = filter["key"], filter["op"], filter.get("value")
        if key["name"] == "" or filter.get("disabled") or (value is None and op not in ("=", "!=")):
            return None
        if key["section"] == "tags":
            if op == "IN":
                return {"tags": {"$in": value}}
            if value is False:
                return {"$or": [{"tags": None}, {"tags": {"$ne": key["name"]}}]}
            return {"tags": key["name"]}
        return {self.key_to_server_path(key): value if op == "=" else {self.INDIVIDUAL_OP_TO_MONGO[op]: value}}
