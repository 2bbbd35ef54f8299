"""Events of TensorBoard as rows: one for each step, with `global_step`."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable
from typing import Any

import pluto.compat.wandb as wandb
from pluto.core.tfevents import events

STEPS: dict[str, dict[str, Any]] = {"": {"step": 0}, "global": {"step": 0, "last_log": None}}
"""The last step of each namespace."""
RATE_LIMIT_SECONDS: float | None = None
"""The least time between two rows: steps that come sooner are dropped. None: every step is a row."""


def namespaced_tag(tag: str, namespace: str = "") -> str:
    """A tag, or one within the folder `namespace`."""
    return f"{namespace}/{tag}" if namespace else tag


def history_image_key(key: str, namespace: str = "") -> str:
    """The name images are logged under: slashes in the tag become `_`."""
    return namespaced_tag(re.sub(r"[/\\]", "_", key), namespace)


def tf_summary_to_dict(tf_summary_str_or_pb: Any, namespace: str = "") -> dict[str, Any] | None:
    """What a row has of a summary: bytes, several of them, or a message of TensorBoard's; of an event the step, too.

    None where there are no values in it. Raises `ValueError` for bytes that are none.
    """
    event = _event(tf_summary_str_or_pb)
    if isinstance(event, events.Event):
        if not event.values:
            return None
        step = {namespaced_tag("global_step", namespace): event.step, "_timestamp": event.time}
        return {**step, **_values(event.values, namespace)}
    return _values(event, namespace) if event else None


def _event(given: Any) -> events.Event | list[events.Value]:
    if isinstance(given, events.Event):
        return given
    if hasattr(given, "summary"):
        return events.parse_event(given.SerializeToString())
    if hasattr(given, "SerializeToString"):
        given = given.SerializeToString()
    if isinstance(given, str):
        given = given.encode("latin-1")
    if isinstance(given, (bytes, bytearray)):
        return events.parse_summary(bytes(given))
    return [value for one in given for value in events.parse_summary(bytes(one))]


def _values(values: Iterable[events.Value], namespace: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for value in values:
        name = namespaced_tag(value.tag, namespace)
        if value.simple is not None:
            row[name] = value.simple
        elif (image := value.image) is not None:
            _add_images(row, [image.encoded], value.tag, namespace)
        elif (histogram := value.histogram) is not None:
            _add_histogram(row, name, histogram.limits, histogram.counts)
        elif (tensor := value.tensor) is not None:
            _add_tensor(row, name, value, tensor, namespace)
    return row


def _add_tensor(row: dict[str, Any], name: str, value: events.Value, tensor: Any, namespace: str) -> None:
    metadata = value.metadata
    plugin = metadata.plugin if metadata else ""
    if plugin == "images":
        _add_images(row, tensor[2:], value.tag, namespace)  # the first two are width and height
    elif isinstance(tensor, list):
        if plugin == "text":
            texts = [one.decode("utf-8", "replace") for one in tensor]
            row[name] = texts[0] if len(texts) == 1 else texts
    elif plugin == "histograms":
        if len(tensor):
            _log_histogram(row, name, tensor[:, 2].tolist(), [float(tensor[0, 0]), *tensor[:, 1].tolist()])
    elif plugin == "pr_curves":
        points = sorted(zip(tensor[-1].tolist(), tensor[-2].tolist(), strict=True), key=lambda one: (one[0], -one[1]))
        data = [list(point) for point in points if any(point)]
        table = wandb.Table(data=data, columns=["recall", "precision"])
        fields = {"x": "recall", "y": "precision"}
        row[name] = wandb.plot_table("wandb/line/v0", table, fields, {"title": f"{name} Precision v. Recall"})
    elif plugin in ("scalars", ""):
        row[name] = tensor.item() if tensor.size == 1 else tensor


def _add_images(row: dict[str, Any], images: Iterable[bytes], tag: str, namespace: str) -> None:
    shown: list[Any] = []
    for data in images:
        if data.startswith(b"GIF"):
            shown.append(wandb.Video(io.BytesIO(data), format="gif"))
        else:
            from PIL import Image

            shown.append(wandb.Image(Image.open(io.BytesIO(data))))
    head, slash, index = tag.rpartition("/")
    if slash and index.isdigit():
        row.setdefault(history_image_key(head, namespace), []).extend(shown)
    elif shown:
        row[history_image_key(tag, namespace)] = shown


def _add_histogram(row: dict[str, Any], name: str, limits: list[float], counts: list[float]) -> None:
    if len(limits) < 3:
        wandb.termwarn(f"Not logging key {name!r}. Found a histogram with only 2 bins.", repeat=False)
        return
    first, last = 2 * limits[0] - limits[1], 2 * limits[-2] - limits[-3]
    _log_histogram(row, name, counts, [first, *limits[:-1], last])


def _log_histogram(row: dict[str, Any], name: str, counts: list[float], edges: list[float]) -> None:
    try:
        row[name] = wandb.Histogram(np_histogram=(counts, edges))
    except ValueError:
        most = wandb.Histogram.MAX_LENGTH
        wandb.termwarn(f"Not logging key {name!r}. Histograms must have fewer than {most} bins", repeat=False)


def reset_state() -> None:
    """Forgets the steps, as at the end of a run."""
    STEPS.clear()
    STEPS.update({"": {"step": 0}, "global": {"step": 0, "last_log": None}})


def log(tf_summary_str_or_pb: Any, step: int = 0, namespace: str = "") -> None:
    """Logs a summary to the open run. Raises `wandb.Error` where there is none."""
    if wandb.run is None:
        raise wandb.Error("You must call `wandb.init()` before calling wandb.tensorflow.log")
    _log(tf_summary_str_or_pb, step=step, namespace=namespace)


def _log(
    tf_summary_str_or_pb: Any, history: Any = None, step: int = 0, namespace: str = "", run: Any = None, **_: Any
) -> None:
    """Adds a summary to the row of its step; the row before it is over once a namespace comes to a later step."""
    if history is not None:
        raise wandb.UsageError("history: is of older releases; the open run is logged to")
    row = tf_summary_to_dict(tf_summary_str_or_pb, namespace)
    target = wandb.run if run is None else run
    if row is None or target is None:
        return
    state = STEPS["global"]
    now = row.get("_timestamp", time.time())
    if state["last_log"] is None:
        state["last_log"] = now
    over = STEPS.get(namespace, {"step": 0})["step"] < step and step != state["step"]
    state["step"] = max(state["step"], step)
    if namespace:
        row["global_step"] = state["step"]
    STEPS[namespace] = {"step": step}
    if over and target._rows.open:
        if RATE_LIMIT_SECONDS is None or now - state["last_log"] >= RATE_LIMIT_SECONDS:
            target.log({})
        state["last_log"] = now
    target.log(row, commit=False)
