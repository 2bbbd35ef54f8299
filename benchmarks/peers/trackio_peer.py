"""trackio, which keeps everything on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import trackio


class Adapter:
    def start(self, folder: Path) -> None:
        trackio.init(project="benchmarks")

    def log(self, values: dict[str, float], step: int) -> None:
        trackio.log(values, step=step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        trackio.log({name: trackio.Image(array) for name, array in values.items()}, step=step)

    def finish(self) -> None:
        trackio.finish()
