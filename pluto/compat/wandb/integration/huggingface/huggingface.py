"""Logs what pipelines are asked and answer. For training, transformers has `report_to="wandb"` itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluto.compat.wandb.sdk.data_types.table import Table
from pluto.compat.wandb.sdk.integration_utils.auto_logging import AutologAPI, Response


class PipelineResolver:
    """Makes a table of a call of a pipeline: inputs and the fields of the outputs, one row for each input."""

    autolog_id = None

    def __call__(
        self,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        response: Response[Any, Any],
        start_time: float,  # noqa: ARG002
        time_elapsed: float,
    ) -> dict[str, Any]:
        """The row to log."""
        pipeline, *inputs = args
        given = inputs[0] if inputs else kwargs.get("inputs", kwargs)
        asked = list(given) if isinstance(given, (list, tuple)) else [given]
        answered: Any = response
        found = list(answered) if isinstance(answered, (list, tuple)) and len(asked) > 1 else [answered]
        task = str(getattr(pipeline, "task", "pipeline"))
        data = [[str(one), str(answer), time_elapsed] for one, answer in zip(asked, found, strict=False)]
        return {task: Table(columns=["input", "output", "elapsed_time"], data=data)}


autolog = AutologAPI(
    name="transformers",
    symbols=("Pipeline.__call__",),
    resolver=PipelineResolver(),
    telemetry_feature="hf_pipeline_autolog",
)
"""Logs every call of a pipeline from `autolog()` on, until `autolog.disable()`."""
