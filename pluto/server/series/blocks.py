"""Blocks: rows of metrics that have the same keys, as one matrix. The tail of a run is made of them."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

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
        self._groups: dict[tuple[str, ...], _Group] = {}
        self._closed: list[tuple[tuple[str, ...], _Group]] = []
        """Groups that nothing is added to any more."""
        self._columns: list[tuple[str, Integers, Floats, Integers, Floats]] = []
        self._rows = 0

    def add_row(self, time: int, step: float, values: dict[str, int | float]) -> None:
        """Takes a row of metrics."""
        keys = tuple(values)
        group = self._groups.get(keys)
        if group is None:
            group = self._groups[keys] = _Group([], [], [], [])
        group.orders.append(self._rows)
        group.times.append(time)
        group.steps.append(step)
        if len(keys) < _WIDE:
            group.values.extend(values.values())
        else:
            # An array at once: a list of so many floats is five times the size.
            group.values.append(np.fromiter(values.values(), np.float64, len(keys)))
        self._rows += 1

    def add_column(self, name: str, steps: Floats, times: Integers, values: Floats) -> None:
        """Takes many points of one metric."""
        orders = np.arange(self._rows, self._rows + len(steps))
        self._columns.append((name, orders, steps, times, values))
        self._rows += len(steps)

    def forget(self, names: Collection[str]) -> None:
        """Drops what was taken under these names so far."""
        self._columns = [column for column in self._columns if column[0] not in names]
        for keys, group in [*self._closed, *self._groups.items()]:
            kept = [at for at, key in enumerate(keys) if key not in names]
            if len(kept) == len(keys):
                continue
            if keys in self._groups and self._groups[keys] is group:
                del self._groups[keys]
            else:
                self._closed = [pair for pair in self._closed if pair[1] is not group]
            if kept:
                values = group.matrix(len(keys))[:, kept]
                left = _Group(group.orders, group.times, group.steps, list(values))
                self._closed.append((tuple(keys[at] for at in kept), left))

    @property
    def rows(self) -> int:
        """How many rows were taken."""
        return self._rows

    def names(self) -> list[str]:
        """The metrics met, in the order of first use, some more than once."""
        return [key for keys, _ in self._each() for key in keys] + [name for name, *_ in self._columns]

    def highest_steps(self) -> Iterator[tuple[str, float]]:
        """The highest finite step of each metric, some more than once."""
        for keys, group in self._each():
            highest = _highest(np.array(group.steps, np.float64))
            for key in keys:
                yield key, highest
        for name, _, steps, _, _ in self._columns:
            yield name, _highest(steps)

    def build(self, ids: dict[str, int], first_order: int) -> list[Block]:
        """Everything taken, with `ids` for the names and orders that count from `first_order`."""
        made = []
        for keys, group in self._each():
            if not keys:
                continue
            made.append(
                Block(
                    np.array([ids[key] for key in keys], np.uint32),
                    np.array(group.orders, np.int64) + first_order,
                    np.array(group.steps, np.float64),
                    np.array(group.times, np.int64),
                    np.ascontiguousarray(group.matrix(len(keys)).T),
                )
            )
        for name, orders, steps, times, values in self._columns:
            if len(steps):
                names = np.array([ids[name]], np.uint32)
                made.append(Block(names, orders + first_order, steps, times, values.reshape(1, -1)))
        return join(made)

    def _each(self) -> list[tuple[tuple[str, ...], _Group]]:
        return [*self._closed, *self._groups.items()]


@dataclass(frozen=True, slots=True)
class _Group:
    orders: list[int]
    times: list[int]
    steps: list[float]
    values: list[Any]
    """Numbers one behind the other, or an array a row."""

    def matrix(self, width: int) -> Floats:
        """The values, a row for each row taken."""
        if self.values and isinstance(self.values[0], np.ndarray):
            return np.stack(self.values)
        return np.array(self.values, np.float64).reshape(-1, width)


_WIDE: Final = 32


def _highest(steps: Floats) -> float:
    return float(np.max(steps, where=np.isfinite(steps), initial=-np.inf))
