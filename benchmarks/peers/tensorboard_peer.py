"""TensorBoard event files, by tensorboardX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter


class Adapter:
    def start(self, folder: Path) -> None:
        self.writer = SummaryWriter(str(folder / "events"))

    def log(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        for name, array in values.items():
            self.writer.add_image(name, array, step, dataformats="HWC")

    def finish(self) -> None:
        self.writer.close()
