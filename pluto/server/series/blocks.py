"""Blocks: rows of metrics that have the same keys, as one matrix. The tail of a run is made of them."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pluto.protocol.records import Metrics
from pluto.server.series.contract import Floats, Integers

_HEAD: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Block:
    """Some of a run's rows, in the order logged. Rows of other keys may have come between them: `orders` tells."""

    names: npt.NDArray[np.uint32]
    """Id of the metric of each row of `values`."""
    orders: Integers
    """Place of each row among all rows of the tail."""
    steps: Floats
    times: Integers
    values: Floats
    """A row for each metric."""

    @property
    def size(self) -> int:
        """How many points there are."""
        return self.values.size

    def encode(self) -> bytes:
        """The block as bytes."""
        parts = (self.names, self.orders, self.steps, self.times, self.values)
        return b"".join((_HEAD.pack(len(self.names), len(self.steps)), *(part.tobytes() for part in parts)))


def decode(body: bytes) -> Iterator[Block]:
    """The blocks that lie one behind the other in `body`."""
    at = 0

    def take(kind: str, count: int) -> npt.NDArray[Any]:
        nonlocal at
        part = np.frombuffer(body, kind, count, at)
        at += part.nbytes
        return part

    while at < len(body):
        width, height = _HEAD.unpack_from(body, at)
        at += _HEAD.size
        yield Block(
            take("<u4", width), take("<i8", height), take("<f8", height), take("<i8", height),
            take("<f8", width * height).reshape(width, height),
        )  # fmt: skip


def join(blocks: Iterable[Block]) -> list[Block]:
    """The same rows in as few blocks as can be."""
    alike: dict[bytes, list[Block]] = {}
    for block in blocks:
        alike.setdefault(block.names.tobytes(), []).append(block)
    return [same[0] if len(same) == 1 else _concatenate(same) for same in alike.values()]


def _concatenate(blocks: Sequence[Block]) -> Block:
    orders = np.concatenate([block.orders for block in blocks])
    steps = np.concatenate([block.steps for block in blocks])
    times = np.concatenate([block.times for block in blocks])
    values = np.concatenate([block.values for block in blocks], axis=1)
    if (orders[1:] < orders[:-1]).any():
        sort = np.argsort(orders, kind="stable")
        orders, steps, times, values = orders[sort], steps[sort], times[sort], np.ascontiguousarray(values[:, sort])
    return Block(blocks[0].names, orders, steps, times, values)


def column(blocks: Iterable[Block], name: int) -> Block:
    """One metric's points in the order logged."""
    found = []
    for block in blocks:
        at = np.flatnonzero(block.names == name)
        if len(at):
            found.append(Block(block.names[at], block.orders, block.steps, block.times, block.values[at]))
    if not found:
        nothing = np.empty(0)
        return Block(
            np.array([name], np.uint32), np.empty(0, np.int64), nothing, np.empty(0, np.int64), nothing.reshape(1, 0)
        )
    return found[0] if len(found) == 1 else _concatenate(found)


class Builder:
    """Turns records into blocks."""

    def __init__(self) -> None:
        self._taken: list[_Rows] = []
        self._rows = 0

    def add_rows(self, records: Sequence[Metrics]) -> None:
        """Takes rows of metrics.

        Raises `ValueError`, `TypeError` or `OverflowError`, and takes none, where one of them has a time that does not
        fit, or a step that is no number.
        """
        times = np.array([record.time for record in records], np.int64)
        steps = np.array([record.step for record in records], np.float64)
        if steps.ndim != 1:
            raise ValueError("a step is a number")
        alike: dict[tuple[str, ...], list[int]] = {}
        for row, record in enumerate(records):
            alike.setdefault(tuple(record.values), []).append(row)
        for keys, rows in alike.items():
            numbers = itertools.chain.from_iterable(records[row].values.values() for row in rows)
            values = np.fromiter(numbers, np.float64, len(rows) * len(keys)).reshape(len(rows), len(keys))
            which = np.array(rows)
            self._taken.append(
                _Rows(keys, which + self._rows, steps[which], times[which], np.ascontiguousarray(values.T))
            )
        self._rows += len(records)

    def add_column(self, name: str, steps: Floats, times: Integers, values: Floats) -> None:
        """Takes many points of one metric."""
        orders = np.arange(self._rows, self._rows + len(steps))
        self._taken.append(_Rows((name,), orders, steps, times, values.reshape(1, -1)))
        self._rows += len(steps)

    def forget(self, names: Collection[str]) -> None:
        """Drops what was taken under these names so far."""
        left = []
        for rows in self._taken:
            kept = [at for at, key in enumerate(rows.keys) if key not in names]
            if len(kept) < len(rows.keys):
                keys = tuple(rows.keys[at] for at in kept)
                rows = _Rows(keys, rows.orders, rows.steps, rows.times, rows.values[kept])
            if rows.keys:
                left.append(rows)
        self._taken = left

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return self._rows

    def names(self) -> list[str]:
        """The metrics met, in the order of first use, some more than once."""
        return [key for rows in self._taken for key in rows.keys]

    def highest_steps(self) -> Iterator[tuple[tuple[str, ...], float]]:
        """Metrics and the highest finite step of their rows, some more than once."""
        for rows in self._taken:
            yield rows.keys, float(np.max(rows.steps, where=np.isfinite(rows.steps), initial=-np.inf))

    def build(self, ids: dict[str, int], first_order: int) -> list[Block]:
        """Everything taken, with `ids` for the names and orders that count from `first_order`."""
        return join(
            Block(
                np.array([ids[key] for key in rows.keys], np.uint32), rows.orders + first_order, rows.steps, rows.times,
                rows.values,
            )
            for rows in self._taken
            if rows.values.size
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Rows:
    """As `Block`, before the names have their ids."""

    keys: tuple[str, ...]
    orders: Integers
    steps: Floats
    times: Integers
    values: Floats
