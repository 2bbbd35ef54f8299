"""Pluto, with nothing configured: the uploader writes to the local store while the calls run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pluto


class Adapter:
    def start(self, folder: Path) -> None:
        self.run = pluto.init(project="benchmarks", settings={"disable_console": True})

    def log(self, values: dict[str, float], step: int) -> None:
        self.run.log(values, step=step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        self.run.log({name: pluto.Image(array) for name, array in values.items()}, step=step)

    def finish(self) -> None:
        self.run.finish()
