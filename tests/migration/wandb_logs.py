"""Writes logs of W&B: messages, records, and how they lie in the file."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.migration.reading import Read, read_all

START = 1_700_000_000.0
US = 1_700_000_000_000_000
"""When the runs of these logs begin: in seconds, and microseconds."""
HEADER = b":W&B\xe1\xbe\x00"
BLOCK = 32768


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    found = b""
    while value > 0x7F:
        found += bytes((value & 0x7F | 0x80,))
        value >>= 7
    return found + bytes((value,))


def field(number: int, value: Any) -> bytes:
    """A field: bytes and texts with their length, whole numbers as varints, floats as 64 bits."""
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(int(value))


def message(*fields: tuple[int, Any]) -> bytes:
    return b"".join(field(number, value) for number, value in fields if value is not None)


def item(path: str | Sequence[str], value: Any, *, old: bool = False, raw: str | None = None) -> bytes:
    """An item of a row, config or summary; `raw` is its JSON, written as it is."""
    names = [(1, path)] if old else [(2, part) for part in ([path] if isinstance(path, str) else path)]
    return message(*names, (16, json.dumps(value) if raw is None else raw))


def row(values: Mapping[Any, Any] | Iterable[bytes], step: int | None = None, *, old: bool = False) -> bytes:
    """A history record: by name, or path, or ready items; `step` is the record's own number."""
    if isinstance(values, Mapping):
        values = [item(path, value, old=old) for path, value in values.items()]
    own = [] if step is None else [(2, message((1, step)))]
    return record(2, message(*((1, one) for one in values), *own))


def config(values: Mapping[Any, Any], *, old: bool = True) -> bytes:
    return message(*((1, item(path, value, old=old)) for path, value in values.items()))


def stamp(seconds: float) -> bytes:
    return message((1, int(seconds)), (2, round(seconds % 1 * 1e9)))


def record(kind: int, body: bytes, *, num: int = 1, sender: str | None = None) -> bytes:
    """A record of a kind; `sender`: the stream's id, which what the user's process sends has."""
    info = [] if sender is None else [(200, message((1, sender)))]
    return message((1, num), *info, (kind, body))


def run(id: str = "r1", project: str | None = "demo", start: float = 1_700_000_000.0, **more: Any) -> bytes:
    """A run's record. `more`: entity, config, group, job_type, name, notes, tags, sweep_id, host, branch_point, …"""
    names = {"entity": 2, "group": 6, "job_type": 7, "name": 8, "notes": 9, "sweep_id": 12, "host": 13}
    fields: list[tuple[int, Any]] = [(1, id), (3, project), (17, stamp(start))]
    fields += [(names[key], value) for key, value in more.items() if key in names]
    fields += [(10, tag) for tag in more.get("tags", ())]
    if "config" in more:
        fields.append((4, config(more["config"])))
    if "branch_point" in more:
        parent, step = more["branch_point"]
        fields.append((23, message((1, parent), (2, float(step)), (3, "_step"))))
    if "first_step" in more:
        fields.append((14, more["first_step"]))
    if "runtime" in more:
        fields.append((20, more["runtime"]))
    return record(17, message(*fields))


def exit_(code: int = 0, runtime: int = 1) -> bytes:
    return record(18, message((1, code or None), (2, runtime)))


def output(text: str, stream: int = 1, at: float = 1_700_000_001.0) -> bytes:
    return record(13, message((1, stream or None), (2, stamp(at)), (3, text)))


def framed(payloads: Iterable[bytes]) -> bytes:
    """The file: records in blocks of 32 KiB, counted from its first byte."""
    found = bytearray(HEADER)
    for payload in payloads:
        first = True
        while True:
            room = BLOCK - len(found) % BLOCK
            if room < 7:
                found += b"\0" * room
                room = BLOCK
            part, payload = payload[: room - 7], payload[room - 7 :]
            kind = (1 if first else 4) if not payload else (2 if first else 3)
            body = bytes((kind,)) + part
            found += struct.pack("<IHB", zlib.crc32(body), len(part), kind) + part
            first = False
            if not payload:
                break
    return bytes(found)


def directory(root: Path, payloads: Iterable[bytes], id: str = "r1", when: str = "20231114_221320") -> Path:
    """A run's directory with a log of these records; gives the directory."""
    folder = root / "wandb" / f"offline-run-{when}-{id}"
    (folder / "files").mkdir(parents=True, exist_ok=True)
    (folder / f"run-{id}.wandb").write_bytes(framed(payloads))
    return folder


def read(root: Path, payloads: Sequence[bytes], **options: Any) -> Read:
    """The one run of a log, read."""
    directory(root, payloads)
    (found,) = read_all("wandb", root, **options).values()
    return found


def steps(found: Read, name: str) -> list[tuple[float, float]]:
    return [(step, value) for step, _, value in found.points[name]]


def as_row(step: int, values: dict[Any, Any], *, old: bool = False) -> bytes:
    own = {"_step": step, "_timestamp": START + step, "_runtime": float(step)}
    return row({**values, **own}, step, old=old)


def md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def manifest(*entries: bytes) -> bytes:
    return message((1, 1), *((4, entry) for entry in entries))


def artifact(content: bytes, name: str = "net", **more: Any) -> bytes:
    fields = {
        "type": 4,
        "digest": 6,
        "description": 7,
        "metadata": 8,
        "client": 15,
        "ttl": 18,
        "algorithm": 20,
        "more": 100,
    }
    said = [(fields[key], value) for key, value in more.items() if key in fields]
    aliases = [(11, alias) for alias in more.get("aliases", ("latest",))]
    return record(8, message((5, name), *said, *aliases, *((19, tag) for tag in more.get("tags", ())), (12, content)))
