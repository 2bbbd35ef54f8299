"""Experiments of Sacred as runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pluto.compat.wandb as wandb
from pluto.compat.wandb.integration.needs import need

observers = need("sacred.observers", "sacred")


class WandbObserver(observers.RunObserver):  # type: ignore[misc, name-defined]  # a class only known at run time
    """Opens a run with the arguments of `wandb.init`, and has it follow the experiment."""

    def __init__(self, **kwargs: Any) -> None:
        self.run = wandb.init(**kwargs)
        self.resources: dict[str, str] = {}

    def started_event(
        self, ex_info: Any, command: Any, host_info: Any, start_time: Any, config: Any, meta_info: Any, _id: Any
    ) -> None:
        """Takes the experiment's config over."""
        for name, value in config.items():
            self.run.config[name] = value
        self.run.config["resources"] = []

    def completed_event(self, stop_time: Any, result: Any) -> None:
        """Logs the result: numbers as `result_<n>`, dicts as a row, arrays as images, paths of files as artifacts."""
        if result is None:
            return
        for index, one in enumerate(result if isinstance(result, tuple) else (result,)):
            name = f"result_{index}"
            if isinstance(one, (float, int)):
                self.run.log({name: float(one)})
            elif isinstance(one, dict):
                self.run.log(one)
            elif hasattr(one, "__array__"):
                self.run.log({name: wandb.Image(one)})
            elif isinstance(one, (str, Path)) and Path(one).is_file():
                self._keep(f"{name}.pkl", "result", str(one))
            else:
                wandb.termwarn(f"logging results does not support type '{type(one)}' results. Ignoring this result")

    def artifact_event(self, name: str, filename: str, metadata: Any = None, content_type: str | None = None) -> None:
        """Logs a file as an artifact."""
        self._keep(name, content_type or "file", filename, metadata)

    def resource_event(self, filename: str) -> None:
        """Notes a file that the experiment has read, with its MD5, in the config."""
        if filename not in self.resources:
            self.resources[filename] = need("sacred.dependencies", "sacred").get_digest(filename)
            named = [[name, md5] for name, md5 in self.resources.items()]
            self.run.config.update({"resources": named}, allow_val_change=True)

    def log_metrics(self, metrics_by_name: Any, info: Any) -> None:
        """Logs each value of each metric as a row."""
        for name, points in metrics_by_name.items():
            for value in points["values"]:
                shown = wandb.Image(value) if getattr(value, "ndim", 0) else value
                self.run.log({name: shown})

    def _keep(self, name: str, kind: str, path: str, metadata: Any = None) -> None:
        artifact = wandb.Artifact(name, type=kind, metadata=dict(metadata) if metadata else None)
        artifact.add_file(path)
        self.run.log_artifact(artifact)
