"""Tensors as event files hold them: numbers as numpy arrays, texts as bytes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from pluto.core import protobuf
from pluto.core.protobuf import FIXED32, FIXED64, LENGTH, VARINT, DamagedError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.generic]
else:
    Array = Any

_STRING: Final = 7
_BFLOAT: Final = 14
_TYPES: Final = {
    1: "f4", 2: "f8", 3: "i4", 4: "u1", 5: "i2", 6: "i1", 9: "i8", 10: "?", _BFLOAT: "u2", 17: "u2", 19: "f2",
    22: "u4", 23: "u8",
}  # fmt: skip
"""TensorFlow's numbers of types, as numpy calls them. A bfloat16 is the upper half of a float."""
_FIXED: Final = {1: (5, "f", FIXED32), 2: (6, "d", FIXED64)}
_VARINTS: Final = {3: 7, 4: 7, 5: 7, 6: 7, 9: 10, 10: 11, _BFLOAT: 13, 17: 7, 19: 13, 22: 16, 23: 17}
"""In which field of the message the values of a type stand."""
_LARGEST: Final = 1 << 28
"""Bytes of an array that is made: one value may stand for as many as the shape says."""


def tensor(data: bytes) -> Array | list[bytes] | None:
    """A tensor of numbers as an array of its shape, one of texts as a flat list (`shape` says which it has).

    None where its type is not known here (complex and quantised numbers, and what is no number). Raises `DamagedError`.
    """
    kind, sizes, content, parts = _fields(data)
    if kind == _STRING:
        return [bytes(one) for one in parts.get((8, LENGTH), [])]
    if kind not in _TYPES:
        return None
    import numpy as np

    dtype = np.dtype(_TYPES[kind])
    values: Any
    if content:
        if len(content) % dtype.itemsize:
            raise DamagedError(f"{len(content)} bytes of a tensor of {dtype}")
        values = np.frombuffer(content, dtype.newbyteorder("<"))
    elif kind in _FIXED:
        number, letter, alone = _FIXED[kind]
        values = np.array(
            protobuf.numbers(parts.get((number, LENGTH), []) + parts.get((number, alone), []), letter), dtype
        )
    else:
        number = _VARINTS[kind]
        found = protobuf.varints(parts.get((number, LENGTH), []) + parts.get((number, VARINT), []))
        values = np.array(found, np.uint64)
        values = values.astype(np.uint16).view(dtype) if number == 13 else values.astype(dtype)
    if kind == _BFLOAT:
        values = (values.astype(np.uint32) << np.uint32(16)).view(np.float32)
    count = math.prod(sizes)
    if not content and 0 < len(values) < count:  # the last one stands for the rest
        if count * values.itemsize > _LARGEST:
            raise DamagedError(f"a tensor of {sizes}")
        values = np.concatenate([values, np.full(count - len(values), values[-1])])
    if len(values) != count:
        raise DamagedError(f"a tensor of {sizes} with {len(values)} values")
    return values.reshape(sizes)  # type: ignore[no-any-return]


def shape(data: bytes) -> list[int]:
    """The sizes of a tensor; none of a single value. Raises `DamagedError`."""
    return _fields(data)[1]


def _fields(data: bytes) -> tuple[int, list[int], bytes, dict[tuple[int, int], list[Any]]]:
    kind, content = 0, b""
    sizes: list[int] = []
    parts: dict[tuple[int, int], list[Any]] = {}
    for number, wire, value in protobuf.fields(data):
        if number == 1 and wire == VARINT:
            kind = value
        elif number == 2 and wire == LENGTH:
            sizes = _sizes(value)
        elif number == 4 and wire == LENGTH:
            content = value
        else:
            parts.setdefault((number, wire), []).append(value)
    return kind, sizes, content, parts


def _sizes(data: bytes) -> list[int]:
    found = []
    for number, wire, value in protobuf.fields(data):
        if number == 2 and wire == LENGTH:
            sizes = [size for inner, inner_wire, size in protobuf.fields(value) if (inner, inner_wire) == (1, VARINT)]
            found.append(protobuf.signed(sizes[-1]) if sizes else 0)
    if min(found, default=0) < 0 or len(found) > 32:
        raise DamagedError(f"a tensor of {len(found)} dimensions, or with a size below 0")
    return found
