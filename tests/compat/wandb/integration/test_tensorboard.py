"""Event files of TensorBoard as rows."""

from __future__ import annotations

import io
import socket
import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pluto.compat.wandb.integration.tensorboard import events, wire
from tests.compat.wandb.journals import history


def number(tag: int, value: int) -> bytes:
    return varint(tag << 3) + varint(value & (1 << 64) - 1)


def varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def part(tag: int, body: bytes) -> bytes:
    return varint(tag << 3 | 2) + varint(len(body)) + body


def scalar(tag: str, value: float) -> bytes:
    return part(1, part(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value))


def tensor(tag: str, plugin: str, body: bytes) -> bytes:
    return part(1, part(1, tag.encode()) + part(9, part(1, part(1, plugin.encode()))) + part(8, body))


def event(step: int, *values: bytes, time: float = 1.7e9) -> bytes:
    return varint(1 << 3 | 1) + struct.pack("<d", time) + number(2, step) + part(5, b"".join(values))


def record(body: bytes) -> bytes:
    head = struct.pack("<Q", len(body))
    return head + struct.pack("<I", wire.masked_crc(head)) + body + struct.pack("<I", wire.masked_crc(body))


class EventFileWriter:
    """Writes as TensorBoard's own does."""

    def __init__(self, logdir: str) -> None:
        Path(logdir).mkdir(parents=True, exist_ok=True)
        self.path = Path(logdir) / f"events.out.tfevents.1.{socket.gethostname()}.1"
        self.add(varint(1 << 3 | 1) + struct.pack("<d", 1.0) + part(3, b"brain.Event:2"))

    def add(self, body: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(record(body))


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch, wandb: Any) -> Iterator[types.ModuleType]:
    """A library that writes event files."""
    package, module = types.ModuleType("tensorboardX"), types.ModuleType("tensorboardX.writer")
    package.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    package.__path__ = []
    module.EventFileWriter = EventFileWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", package)
    monkeypatch.setitem(sys.modules, "tensorboardX.writer", module)
    yield module
    wandb.tensorboard.unpatch()
    assert module.EventFileWriter is EventFileWriter


def test_what_is_written_becomes_rows(wandb: Any, root: Path, place: Path, writer: Any) -> None:
    wandb.tensorboard.patch(tensorboard_x=True)
    run = wandb.init()
    one = writer.EventFileWriter(str(place / "logs"))
    for step in (0, 5, 10):
        one.add(event(step, scalar("loss", step / 2)))
        one.add(event(step, scalar("acc", 1.0)))
    run.finish()
    rows = [{k: row[k] for k in ("loss", "acc", "global_step")} for row in history(root)]
    assert rows == [{"loss": step / 2, "acc": 1.0, "global_step": step} for step in (0, 5, 10)]
    assert (Path(run.dir) / one.path.name).exists()


def test_folders_below_the_root_name_their_metrics(wandb: Any, root: Path, place: Path, writer: Any) -> None:
    wandb.tensorboard.patch(tensorboard_x=True, root_logdir=str(place / "logs"), save=False)
    with wandb.init():
        for name in ("train", "val"):
            writer.EventFileWriter(str(place / "logs" / name)).add(event(3, scalar("loss", 0.5)))
    (row,) = history(root)
    assert {"train/loss": 0.5, "val/loss": 0.5, "global_step": 3, "train/global_step": 3} | row == row


def test_init_patches_and_files_from_before_are_left_alone(wandb: Any, root: Path, place: Path, writer: Any) -> None:
    import os

    old = EventFileWriter(str(place / "logs"))
    old.add(event(1, scalar("old", 1.0)))
    os.utime(old.path, (1, 1))
    os.rename(old.path, old.path.with_suffix(".old"))
    with wandb.init(sync_tensorboard=True):
        writer.EventFileWriter(str(place / "logs")).add(event(1, scalar("new", 2.0)))
    (row,) = history(root)
    assert row["new"] == 2.0
    assert "old" not in row


def test_tensors_texts_and_histograms(wandb: Any, root: Path) -> None:
    doubles = struct.pack("<6d", 0, 1, 3, 1, 2, 4)
    shape = part(2, part(2, number(1, 2)) + part(2, number(1, 3)))
    values = [
        tensor("t", "scalars", number(1, 1) + part(4, struct.pack("<f", 2.5))),
        tensor("n", "", number(1, 9) + part(10, varint(7))),
        tensor("says", "text", number(1, 7) + part(8, b"hello")),
        tensor("h", "histograms", number(1, 2) + shape + part(4, doubles)),
        part(
            1,
            part(1, b"old")
            + part(5, part(6, struct.pack("<4d", 0, 1, 2, 9)) + part(7, struct.pack("<4d", 0, 5, 6, 1))),
        ),
    ]
    with wandb.init() as run:
        wandb.tensorboard.log(b"".join(values), step=1)
        run.log({})
    (row,) = history(root)
    assert (row["t"], row["n"], row["says"]) == (2.5, 7, "hello")
    assert row["h"]["values"] == [3, 4]
    assert row["h"]["bins"] == [0, 1, 2]
    assert row["old"]["values"] == [0, 5, 6, 1]


def test_patching_twice_and_without_a_library(wandb: Any, writer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb.tensorboard.patch(tensorboard_x=True)
    with pytest.raises(ValueError, match="already patched"):
        wandb.tensorboard.patch()
    wandb.tensorboard.unpatch()
    monkeypatch.setattr("pluto.compat.wandb.integration.tensorboard.monkeypatch._module", lambda name: None)
    with pytest.raises(wandb.Error, match="install tensorboard"):
        wandb.tensorboard.patch()


def test_a_record_that_is_being_written_is_read_later_and_damage_is_told() -> None:
    whole = record(event(1, scalar("a", 1.0)))
    file = io.BytesIO(whole + whole[:-3])
    assert len(list(wire.records(file))) == 1
    assert file.tell() == len(whole)
    file.write(whole)
    file.seek(len(whole))
    assert len(list(events.read(file))) == 1
    with pytest.raises(wire.DamagedError):
        list(wire.records(io.BytesIO(b"x" * 40)))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_event_raise_one_error(data: bytes) -> None:
    try:
        events.parse_event(data)
    except (wire.DamagedError, struct.error, TypeError):
        pass


@given(
    st.integers(-(2**63), 2**63 - 1),
    st.lists(st.tuples(st.text(max_size=20), st.floats(width=32, allow_nan=False))),
)
def test_events_are_read_as_written(step: int, values: list[tuple[str, float]]) -> None:
    found = events.parse_event(event(step, *(scalar(tag, value) for tag, value in values)))
    assert found.step == step
    assert [(one.tag, one.simple) for one in found.values] == values
