"""What TensorBoard's plugins write down about a run in messages of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pluto.core import protobuf
from pluto.core.protobuf import FIXED64, LENGTH, VARINT

_DEEPEST: Final = 32

Table = Mapping[int, "Field"]
"""The fields of a message by their numbers."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name here, and `text`, `double`, `int` or `bool`, or the table of the message it holds."""

    name: str
    kind: str | Table
    repeated: bool = False


_WIRE: Final = {"text": LENGTH, "double": FIXED64, "int": VARINT, "bool": VARINT}
_HPARAM: Final[Table] = {
    1: Field("name", "text"),
    2: Field("display_name", "text"),
    3: Field("description", "text"),
    4: Field("type", "int"),
    5: Field("values", {1: Field("one", "any", True)}),
    6: Field("interval", {1: Field("min", "double"), 2: Field("max", "double")}),
}
_METRIC: Final[Table] = {
    1: Field("name", {1: Field("group", "text"), 2: Field("tag", "text")}),
    3: Field("display_name", "text"),
    4: Field("description", "text"),
    5: Field("dataset_type", "int"),
}
_EXPERIMENT: Final[Table] = {
    1: Field("description", "text"),
    2: Field("user", "text"),
    3: Field("created", "double"),
    4: Field("hparams", _HPARAM, True),
    5: Field("metrics", _METRIC, True),
    6: Field("name", "text"),
}
_START: Final[Table] = {
    1: Field("hparams", {1: Field("name", "text"), 2: Field("value", "any")}, True),
    2: Field("model_uri", "text"),
    3: Field("monitor_url", "text"),
    4: Field("group_name", "text"),
    5: Field("started", "double"),
}
_END: Final[Table] = {1: Field("status", "int"), 2: Field("ended", "double")}
HPARAMS: Final[Table] = {2: Field("experiment", _EXPERIMENT), 3: Field("start", _START), 4: Field("end", _END)}
"""What the hparams plugin says of a run, or of an experiment. Values may be of any JSON type."""

_SERIES: Final[Table] = {1: Field("value", "text"), 2: Field("lower", "text"), 3: Field("upper", "text")}
_CHART: Final[Table] = {
    1: Field("title", "text"),
    2: Field("multiline", {1: Field("tags", "text", True)}),
    3: Field("margin", {1: Field("series", _SERIES, True)}),
}
LAYOUT: Final[Table] = {
    2: Field(
        "categories",
        {1: Field("title", "text"), 2: Field("charts", _CHART, True), 3: Field("closed", "bool")},
        True,
    )
}
"""The charts that somebody has laid out."""


def decoded(data: bytes, table: Table) -> dict[str, Any]:
    """The fields of a message by name; what it has not is left out. Raises `DamagedError`."""
    found: dict[str, Any] = {}
    for number, wire, raw in protobuf.fields(data):
        field = table.get(number)
        if field is None:
            continue
        kind = field.kind
        if wire != (_WIRE.get(kind, LENGTH) if isinstance(kind, str) else LENGTH):
            continue
        if not isinstance(kind, str):
            value: Any = decoded(raw, kind)
        elif kind == "any":
            value = _any(raw)
        elif kind == "text":
            value = protobuf.text(raw)
        elif kind == "double":
            value = protobuf.double(raw)
        else:
            value = bool(raw) if kind == "bool" else protobuf.signed(raw)
        if field.repeated:
            found.setdefault(field.name, []).append(value)
        else:
            found[field.name] = value
    return found


def _any(data: bytes, depth: int = 0) -> Any:
    """A value of any JSON type. Raises `DamagedError` for one that is nested deeper than anybody nests."""
    if depth > _DEEPEST:
        raise protobuf.DamagedError(f"a value nested more than {_DEEPEST} deep")
    found: Any = None
    for number, wire, raw in protobuf.fields(data):
        if number == 2 and wire == FIXED64:
            found = protobuf.double(raw)
        elif number == 3 and wire == LENGTH:
            found = protobuf.text(raw)
        elif number == 4 and wire == VARINT:
            found = bool(raw)
        elif number == 5 and wire == LENGTH:
            found = _struct(raw, depth + 1)
        elif number == 6 and wire == LENGTH:
            items = (one for inner, inner_wire, one in protobuf.fields(raw) if (inner, inner_wire) == (1, LENGTH))
            found = [_any(one, depth + 1) for one in items]
    return found


def _struct(data: bytes, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, wire, entry in protobuf.fields(data):
        if number == 1 and wire == LENGTH:
            parts = {inner: raw for inner, inner_wire, raw in protobuf.fields(entry) if inner_wire == LENGTH}
            found[protobuf.text(parts.get(1, b""))] = _any(parts.get(2, b""), depth)
    return found
