"""Videos of gym environments."""

from __future__ import annotations

import functools
import importlib
import re
from typing import Any

import pluto.compat.wandb as wandb

_MISSING = "Couldn't import the gymnasium python package, install with `pip install gymnasium`"
_RECORDERS = (
    ("gymnasium.wrappers.monitoring.video_recorder", "VideoRecorder", "path"),
    ("gymnasium.wrappers", "RecordVideo", "path"),
    ("gym.wrappers.monitoring.video_recorder", "ImageEncoder", "output_path"),
    ("gym.wrappers.monitoring.video_recorder", "VideoRecorder", "path"),
)


def monitor() -> None:
    """Logs each video that gymnasium, or gym, records from now on, under `videos`, or the `video.<n>` of its name.

    Raises `wandb.Error` where neither is installed.
    """
    for module, name, path in _RECORDERS:
        try:
            recorder = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
        _patch(recorder, path, f"{module}.{name}")
        return
    raise wandb.Error(_MISSING)


def _patch(recorder: Any, path: str, name: str) -> None:
    if hasattr(recorder, "orig_close"):
        return
    record = name.endswith("RecordVideo")
    # Of gymnasium 1.0 on, each recording ends with `stop_recording`, and not only the last one with `close`.
    method = "stop_recording" if record else "close"
    original = getattr(recorder, method)
    recorder.orig_close = original

    @functools.wraps(original)
    def ended(self: Any) -> None:
        file = _file_of(self) if record else getattr(self, path, None)
        original(self)
        if wandb.run and file and (record or getattr(self, "enabled", True)):
            found = re.match(r".+(video\.\d+).+", file)
            wandb.log({found[1] if found else "videos": wandb.Video(file)})

    setattr(recorder, method, ended)
    wandb.patched["gym"].append([name, method])


def _file_of(recorder: Any) -> str | None:
    """Where gymnasium's wrapper is about to write what it has recorded."""
    if not getattr(recorder, "recorded_frames", None):
        return None
    return f"{recorder.video_folder}/{recorder._video_name}.mp4"
