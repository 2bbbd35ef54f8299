"""W&B in its offline mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import wandb


class Adapter:
    def start(self, folder: Path) -> None:
        self.run = wandb.init(
            project="benchmarks", mode="offline", dir=str(folder), settings=wandb.Settings(console="off")
        )

    def log(self, values: dict[str, float], step: int) -> None:
        self.run.log(values, step=step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        self.run.log({name: wandb.Image(array) for name, array in values.items()}, step=step)

    def finish(self) -> None:
        self.run.finish()
