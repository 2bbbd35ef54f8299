"""Neptune 3.x's logging client in its offline mode."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from neptune_scale import Run
from neptune_scale.types import File
from PIL import Image


class Adapter:
    def start(self, folder: Path) -> None:
        self.run = Run(
            project="me/benchmarks", mode="offline", log_directory=folder, enable_console_log_capture=False,
            source_tracking_config=None,
        )  # fmt: skip

    def log(self, values: dict[str, float], step: int) -> None:
        self.run.log_metrics(values, step)

    def log_image(self, values: dict[str, Any], step: int) -> None:
        files = {}
        for name, array in values.items():
            content = io.BytesIO()
            Image.fromarray(array).save(content, "PNG")
            files[name] = File(content.getvalue(), mime_type="image/png")
        self.run.log_files(files, step)

    def finish(self) -> None:
        self.run.close()
