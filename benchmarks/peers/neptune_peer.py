"""Neptune 1.x in its offline mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import neptune
from neptune.types import File


class Adapter:
    def start(self, folder: Path) -> None:
        self.run = neptune.init_run(project="me/benchmarks", mode="offline", capture_stdout=False, capture_stderr=False)

    def log(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self.run[name].append(value, step=step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        for name, array in values.items():
            self.run[name].append(File.as_image(array / 255), step=step)

    def finish(self) -> None:
        self.run.stop()
