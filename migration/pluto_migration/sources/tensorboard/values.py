"""Values of event files as items of a run."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from pluto.core.data import Table
from pluto.core.jsonable import plain
from pluto.core.media import content
from pluto.core.media.names import extension_of, safe_name
from pluto.core.protobuf import DamagedError
from pluto.core.tfevents import tensors
from pluto.core.tfevents.events import AUDIO, HISTOGRAM, IMAGE, TENSOR, Histogram, Metadata, Value
from pluto_migration.gather import Gather
from pluto_migration.model import Data, File, Item, MediaType

SMALL: Final = 10_000
"""Numbers of an array that is kept as JSON; larger ones become files."""
_EXACT: Final = 1 << 53
_SOUNDS: Final = {"audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg",
                  "audio/flac": ".flac"}  # fmt: skip


def items_of(value: Value, about: Metadata, step: int, time: int, gather: Gather) -> Iterator[Item]:
    """What becomes of a value that is no plain number; numbers and texts are added to `gather`.

    `about`: what is known of its tag. Raises `DamagedError` where it can't be read, and `ValueError` where a number is
    not one that a metric can hold.
    """
    tag = value.tag
    if value.kind == IMAGE and (image := value.image) is not None:
        yield _file(tag, image.encoded, step, time)
    elif value.kind == AUDIO and (audio := value.audio) is not None:
        yield _file(tag, audio.encoded, step, time, known=_SOUNDS.get(audio.content_type, ""), type_="AUDIO")
    elif value.kind == HISTOGRAM and (histogram := value.histogram) is not None:
        yield _histogram(tag, histogram, step, time)
    elif value.kind == TENSOR:
        found = value.tensor
        if found is None:
            yield _file(tag, value.body, step, time, known=".pb", type_="FILE")
        elif isinstance(found, list):
            yield from _strings(tag, found, tensors.shape(value.body), about.plugin, step, time, gather)
        else:
            yield from _array(tag, found, about.plugin, step, time, gather)


def _strings(
    tag: str, found: list[bytes], shape: Sequence[int], plugin: str, step: int, time: int, gather: Gather
) -> Iterator[Item]:
    if plugin == "images":
        for index, encoded in enumerate(found[2:]):  # the first two are width and height
            yield _file(tag, encoded, step, time, index)
    elif plugin == "audio":
        width = shape[-1] if len(shape) > 1 else 1
        if width < 1:
            return
        for index in range(len(found) // width):
            sound, label = found[index * width], found[index * width + 1] if width > 1 else b""
            yield _file(tag, sound, step, time, index, type_="AUDIO", caption=_text(label) or None)
    elif plugin in ("text", "") and (plugin or all(map(_is_text, found))):
        if len(shape) < 2:
            for one in found:
                gather.text(tag, step, time, _text(one))
        elif shape[-1] > 0:
            cells = [_text(one) for one in found]
            rows = [cells[start : start + shape[-1]] for start in range(0, len(cells), shape[-1])]
            try:
                yield Data(tag, "TABLE", step, time, Table(rows).to_dict())
            except ValueError as error:
                raise DamagedError(str(error)) from error
    else:
        for index, one in enumerate(found):
            extension = ".json" if one[:1] in (b"{", b"[") and _is_text(one) else ".pb"
            yield _file(tag, one, step, time, index, known=extension, type_="FILE")


def _array(tag: str, array: Any, plugin: str, step: int, time: int, gather: Gather) -> Iterator[Item]:
    if array.size == 1 and array.ndim == 0:
        number = array.item()
        if isinstance(number, int) and abs(number) > _EXACT and int(float(number)) != number:
            raise ValueError(f"the whole number {number} has no equal among doubles")
        gather.point(tag, step, time, float(number))
        return
    if plugin == "histograms" and array.ndim == 2 and array.shape[1] == 3 and len(array):
        yield _histogram_of_rows(tag, array.astype(float), step, time)
        return
    if array.size <= SMALL:
        body = {"plugin": plugin, "dtype": str(array.dtype), "shape": list(array.shape), "values": array.tolist()}
        yield Data(tag, "JSON", step, time, plain(body))
        return
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    yield _file(tag, file.getvalue(), step, time, known=".npy", type_="FILE")


def _histogram(tag: str, histogram: Histogram, step: int, time: int) -> Data:
    """The buckets; the first begins at the lowest number, and the last, whose limit may be that of doubles, ends at the
    highest. Writers put an empty bucket in front whose limit is below the lowest number: it has no other edge.
    """
    limits, counts, low, high = histogram.limits, histogram.counts, histogram.low, histogram.high
    if not limits or len(limits) != len(counts):
        raise DamagedError(f"a histogram of {len(counts)} counts and {len(limits)} limits")
    edges = [low, *limits[:-1], high]
    if len(limits) > 1 and counts[0] == 0 and limits[0] <= low:
        edges, counts = edges[1:], counts[1:]
    edges[0] = min(edges[0], limits[0])
    if not edges[-2] <= high:
        edges[-1] = limits[-1]
    facts = {"min": low, "max": high, "sum": histogram.sum, "sumSquares": histogram.sum_squares}
    return Data(tag, "HISTOGRAM", step, time, plain(_body(edges, counts) | facts))


def _histogram_of_rows(tag: str, rows: Any, step: int, time: int) -> Data:
    """Buckets with an edge on either side. Where they do not touch there is an empty one between them."""
    edges, counts = [float(rows[0, 0])], []
    for left, right, count in rows.tolist():
        if left > edges[-1]:
            edges.append(left)
            counts.append(0.0)
        elif left < edges[-1]:
            return Data(tag, "JSON", step, time, plain({"plugin": "histograms", "values": rows.tolist()}))
        edges.append(right)
        counts.append(count)
    return Data(tag, "HISTOGRAM", step, time, plain(_body(edges, counts)))


def _body(edges: Sequence[float], counts: Sequence[float]) -> dict[str, Any]:
    freq = [int(count) if float(count).is_integer() else count for count in counts]
    return {
        "freq": freq,
        "maxFreq": max(freq, default=0),
        "bins": list(edges),
        "shape": "generic",
        "type": "Histogram",
        "v": 1,
    }


def _file(
    tag: str,
    data: bytes,
    step: int,
    time: int,
    index: int = 0,
    known: str = "",
    type_: MediaType = "IMAGE",
    caption: str | None = None,
) -> File:
    """A file named after the tag, its step and its content, so that no two are called the same."""
    extension = known or content.extension_by_content(data)
    if type_ == "IMAGE":
        type_ = "VIDEO" if extension in content.VIDEO else "IMAGE" if extension in content.IMAGE else "FILE"
    elif type_ == "AUDIO":
        extension = extension if extension_of(f"a{extension}") else ".wav"
    digest = hashlib.sha256(data).hexdigest()[:8]
    name = safe_name(f"{tag}_{step}_{digest}{extension}")
    return File(tag, type_, bytes(data), name, step=step, time=time, index=index, caption=caption)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode()
    except UnicodeDecodeError:
        return False
