"""The files of media values, with captions and annotations as the door keeps them, and tables as tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pluto_migration.model import Data, File, Item, MediaType
from pluto_migration.source import Problems

Files = Callable[[str], Path | None]

_TYPES: Final[Mapping[str, MediaType]] = {
    "image-file": "IMAGE",
    "audio-file": "AUDIO",
    "video-file": "VIDEO",
    "mask": "IMAGE",
}
"""Other values of one file are of type FILE."""
_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "audio": ("audio", "audio-file"),
    "videos": ("videos", "video-file"),
    "html": ("html", "html-file"),
    "object3D": ("filenames", "object3D-file"),
    "molecule": ("filenames", "molecule-file"),
    "bokeh": ("filenames", "bokeh-file"),
    "plotly": ("filenames", "plotly-file"),
}
"""Values of several files: the key they are listed under, and what each is."""
_TABLES: Final = frozenset({"table-file", "incremental-table-file", "partitioned-table", "joined-table", "table"})
_TABLE_MOST: Final = 32 << 20
"""Bytes of the biggest table that is kept to be drawn; others are kept as files alone."""
_BETWEEN: Final = "_wandb_delimeter_"
_PIECE: Final = 1 << 20


@dataclass
class Place:
    """Where a value stands, and how its files are found."""

    name: str
    step: float
    time: int
    files: Files
    problems: Problems
    where: str
    labels: Callable[[str], Any] = lambda _: None
    """Gives the names of a mask's classes by key and layer, as the config has them."""

    def note(self, what: str) -> None:
        """Notes a problem with it."""
        self.problems.note(self.where, f"{self.name!r} at step {self.step:g}: {what}")


def items(place: Place, value: Mapping[str, Any]) -> Iterator[Item]:
    """What a value with a `_type` leaves beside its JSON."""
    kind = value.get("_type")
    if not isinstance(kind, str):
        return
    if kind == "images/separated" or (kind == "images" and value.get("filenames")):
        yield from _images(place, value)
    elif kind == "images":
        yield from _tiles(place, value)
    elif kind in _LISTS and isinstance(value.get(_LISTS[kind][0]), Sequence):
        yield from _several(place, value, *_LISTS[kind])
    elif isinstance(value.get("path"), str):
        yield from _one(place, value, kind, 0, _text(value.get("caption")))


def _one(place: Place, value: Mapping[str, Any], kind: str, index: int, caption: str | None) -> Iterator[Item]:
    annotations: dict[str, Any] = {}
    if kind == "image-file":
        annotations = yield from _layers(place, value.get("boxes"), value.get("masks"), index)
    path = _checked(place, value)
    if path is None:
        return
    yield _file(place, path, _string(value["path"]), _TYPES.get(kind, "FILE"), index, caption, annotations)
    if kind in _TABLES:
        yield from _table(place, path)


def _images(place: Place, value: Mapping[str, Any]) -> Iterator[Item]:
    captions, boxes, masks = (_list(value.get(key)) for key in ("captions", "all_boxes", "all_masks"))
    for index, name in enumerate(_list(value.get("filenames"))):
        one = {
            "path": name,
            "boxes": boxes[index] if index < len(boxes) else None,
            "masks": masks[index] if index < len(masks) else None,
        }
        caption = _text(captions[index]) if index < len(captions) else None
        yield from _one(place, one, "image-file", index, caption)


def _tiles(place: Place, value: Mapping[str, Any]) -> Iterator[Item]:
    """Images of old writers: side by side in one file, which is named after key and step."""
    extension = value.get("format") if value.get("format") in ("jpg", "jpeg", "bmp") else "png"
    relative = f"media/images/{place.name}_{place.step:g}.{extension}"
    path = _checked(place, {"path": relative})
    if path is not None:
        captions = [text for text in _list(value.get("captions")) if isinstance(text, str)]
        yield _file(place, path, relative, "IMAGE", 0, "\n".join(captions) or None, {})


def _several(place: Place, value: Mapping[str, Any], key: str, kind: str) -> Iterator[Item]:
    captions = _list(value.get("captions"))
    for index, one in enumerate(_list(value[key])):
        given = {"path": one} if isinstance(one, str) else one
        if not isinstance(given, dict) or not isinstance(given.get("path"), str):
            place.note(f"no file is named for number {index}")
            continue
        caption = _text(given.get("caption")) or (_text(captions[index]) if index < len(captions) else None)
        yield from _one(place, given, str(given.get("_type") or kind), index, caption)


def _layers(place: Place, boxes: Any, masks: Any, index: int) -> Generator[Item, None, dict[str, Any]]:
    """Boxes and masks of an image: masks as files, both as annotations, which are given back."""
    found: dict[str, Any] = {}
    for layer, value in _dict(boxes).items():
        path = _checked(place, value)
        if path is not None:
            yield _file(place, path, _string(value["path"]), "FILE", 0, None, {}, name=_string(value["path"]))
            drawable = _boxes(place, path, layer)
            if drawable is not None:
                found.setdefault("boxes", {})[layer] = drawable
    for layer, value in _dict(masks).items():
        path = _checked(place, value)
        if path is not None:
            file = _file(place, path, _string(value["path"]), "IMAGE", index, None, {}, mask=True)
            yield file
            found.setdefault("masks", {})[layer] = {"fileName": file.file_name, **_classes(place, layer)}
    return found


def _classes(place: Place, layer: str) -> dict[str, Any]:
    said = _dict(place.labels(f"{place.name}{_BETWEEN}{layer}")).get("value")
    return {"class_labels": {str(number): str(text) for number, text in said.items()}} if isinstance(said, dict) else {}


def _boxes(place: Place, path: Path, layer: str) -> dict[str, Any] | None:
    """The boxes of a layer's file, as other readers of the store draw them."""
    from pluto.core.media.annotations import read_boxes

    try:
        said = _json(path)
        boxes = [{**box, "domain": box.get("domain")} for box in said["box_data"]]
        labels = said.get("class_labels")
        drawn = read_boxes({layer: {"box_data": boxes, "class_labels": labels if isinstance(labels, dict) else {}}})
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        place.note(f"the boxes of {layer!r} can't be drawn: {error}")
        return None
    return drawn[layer]


def _table(place: Place, path: Path) -> Iterator[Item]:
    """The table as one that can be drawn."""
    from pluto.core.data.table import Table

    try:
        said = _json(path)
        table = Table(said["data"], columns=[str(column) for column in said["columns"]])
        kind, body = table.to_data()
        yield Data(place.name, kind, place.step, place.time, json.loads(body))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        place.note(f"the table is kept as a file only: {error}")


def _file(
    place: Place,
    path: Path,
    relative: str,
    type: MediaType,
    index: int,
    caption: str | None,
    annotations: dict[str, Any],
    *,
    name: str | None = None,
    mask: bool = False,
) -> File:
    from pluto.core.media.names import safe_name

    return File(
        name=name or place.name,
        type=type,
        content=path,
        file_name=safe_name(relative.rsplit("/", 1)[-1]),
        step=place.step,
        time=place.time,
        index=index,
        caption=caption,
        annotations=annotations or None,
        metadata={"path": relative},
        mask=mask,
    )


def _checked(place: Place, value: Any) -> Path | None:
    """The file of a value; noted where there is none, or its content is not what was logged."""
    relative = value.get("path") if isinstance(value, Mapping) else None
    if not isinstance(relative, str) or not relative:
        place.note("no file is named")
        return None
    path = place.files(relative)
    if path is None:
        place.note(f"the file {relative!r} is not there")
        return None
    said = value.get("sha256")
    try:
        if isinstance(said, str) and said != sha256_of(path):
            place.note(f"the content of {relative!r} has changed since it was logged; it comes as it is now")
        elif not isinstance(said, str):
            path.open("rb").close()
    except OSError as error:
        place.note(f"the file {relative!r} can't be read: {error.strerror}")
        return None
    return path


def sha256_of(path: Path) -> str:
    """The hash of a file's content. Raises `OSError`."""
    return str(digest_of(path, hashlib.sha256()).hexdigest())


def digest_of(path: Path, digest: Any) -> Any:
    """The hash object, fed with a file's content. Raises `OSError`."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest


def _json(path: Path) -> Any:
    if path.stat().st_size > _TABLE_MOST:
        raise ValueError(f"it has more than {_TABLE_MOST} bytes")
    return json.loads(path.read_bytes())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _string(value: Any) -> str:
    return str(value)
