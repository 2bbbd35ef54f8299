"""Logs the images that pipelines make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pluto.compat.wandb.sdk.data_types.image import Image
from pluto.compat.wandb.sdk.integration_utils.auto_logging import AutologAPI, Response


class ImagesResolver:
    """Takes the images of a call of a pipeline, with their prompt as caption."""

    autolog_id = None

    def __call__(
        self,
        args: Sequence[Any],
        kwargs: dict[str, Any],
        response: Response[Any, Any],
        start_time: float,  # noqa: ARG002
        time_elapsed: float,  # noqa: ARG002
    ) -> dict[str, Any] | None:
        """The row to log; None where the answer has no images."""
        images = getattr(response, "images", None)
        if images is None:
            return None
        prompt = args[1] if len(args) > 1 else kwargs.get("prompt")
        prompts = list(prompt) if isinstance(prompt, (list, tuple)) else [prompt]
        each = max(1, len(images) // max(1, len(prompts)))
        captions = [prompts[min(index // each, len(prompts) - 1)] for index in range(len(images))]
        return {
            "Generated-Image": [
                Image(image, caption=None if text is None else str(text))
                for image, text in zip(images, captions, strict=True)
            ]
        }


autolog = AutologAPI(
    name="diffusers",
    symbols=(
        "StableDiffusionPipeline.__call__",
        "StableDiffusionXLPipeline.__call__",
        "StableDiffusionImg2ImgPipeline.__call__",
        "FluxPipeline.__call__",
    ),
    resolver=ImagesResolver(),
    telemetry_feature="diffusers_autolog",
)
"""Logs the images of every call of a text-to-image pipeline from `autolog()` on, until `autolog.disable()`."""
