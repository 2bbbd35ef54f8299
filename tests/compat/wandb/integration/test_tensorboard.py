"""Event files of TensorBoard as rows."""

from __future__ import annotations

import socket
import struct
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import tfevents
from tests.compat.wandb.journals import history
from tests.tfevents import event, number, part, scalar, tensor, varint


class EventFileWriter:
    """Writes as TensorBoard's own does."""

    def __init__(self, logdir: str) -> None:
        Path(logdir).mkdir(parents=True, exist_ok=True)
        self.path = Path(logdir) / f"events.out.tfevents.1.{socket.gethostname()}.1"
        self.add(tfevents.BEGIN)

    def add(self, body: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(tfevents.record(body))


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
