"""CRC-32C, the checksum of event files."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_POLYNOMIAL: Final = 0x82F63B78
_ALL: Final = 0xFFFFFFFF
_SHORT: Final = 4096
"""Bytes up to which a loop of Python is quicker than numpy."""
_AT_ONCE: Final = 1 << 20


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)


_TABLE: Final = _table()


def masked(data: bytes) -> int:
    """The checksum of a record's length or bytes as it stands in the file."""
    crc = _quickest()(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & _ALL


@cache
def _quickest() -> Callable[[bytes], int]:
    """The library's function, where there is one."""
    try:
        found: Any = importlib.import_module("google_crc32c").value
    except ImportError:
        return lambda data: _byte_by_byte(data) if len(data) < _SHORT else _side_by_side(data)
    return lambda data: int(found(data))


def _byte_by_byte(data: bytes) -> int:
    crc, table = _ALL, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ _ALL


def _side_by_side(data: bytes) -> int:
    crc = _ALL
    for start in range(0, len(data), _AT_ONCE):
        crc = _register(crc, data[start : start + _AT_ONCE])
    return crc ^ _ALL


def _register(before: int, data: bytes) -> int:
    """The register after some bytes: about as many stretches as each is long are counted at once, then put together."""
    import numpy as np

    bits = (len(data).bit_length() + 1) // 2  # stretches of 2**bits bytes
    count = 1 << max(0, (len(data) - 1 >> bits).bit_length())
    padded = np.zeros(max(count << bits, 4), np.uint8)  # zeros in front change nothing in a register of zeros
    first = len(padded) - len(data)
    padded[first:] = np.frombuffer(data, np.uint8)
    begins = np.frombuffer(before.to_bytes(4, "little"), np.uint8)[: len(data)]
    padded[first : first + 4] ^= begins
    table = np.array(_TABLE, np.uint32)
    crc = np.zeros(count, np.uint32)
    for column in np.ascontiguousarray(padded.reshape(count, -1).T):
        crc = table[(crc ^ column) & 0xFF] ^ (crc >> np.uint32(8))
    while len(crc) > 1:
        crc = _applied(_moved(bits), crc[::2]) ^ crc[1::2]
        bits += 1
    return int(crc[0]) ^ before >> 8 * len(data)


@cache
def _moved(bits: int) -> npt.NDArray[np.uint32]:
    """What 2**bits bytes of zeros make of each bit of the register."""
    import numpy as np

    if bits == 0:
        return np.array([_TABLE[bit & 0xFF] ^ (bit >> 8) for bit in (1 << i for i in range(32))], np.uint32)
    half = _moved(bits - 1)
    return _applied(half, half)


def _applied(moved: npt.NDArray[np.uint32], crc: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    import numpy as np

    found = np.zeros_like(crc)
    for bit in range(32):
        found ^= np.where(crc >> np.uint32(bit) & np.uint32(1), moved[bit], np.uint32(0))
    return found
