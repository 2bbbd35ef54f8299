"""Archives of other trackers, as large as wanted: runs with metrics of many points, in the trackers' own formats."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

START = 1_700_000_000
"""Seconds since the epoch at which every run begins; a step takes a second."""
METRICS = (
    "train/loss",
    "train/accuracy",
    "val/loss",
    "val/accuracy",
    "lr",
    "grad/norm",
    "epoch_time",
    "memory",
    "a",
    "b",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How much: `runs` runs of `METRICS`, each with `points` points."""

    runs: int
    points: int

    @property
    def total(self) -> int:
        """Points of all runs together."""
        return self.runs * self.points * len(METRICS)


def values(run: int, points: int) -> dict[str, np.ndarray]:
    """What a run's metrics are, all different."""
    random = np.random.default_rng(run)
    return {name: random.normal(size=points).cumsum() for name in METRICS}


def parquet(folder: Path, size: Size) -> None:
    """Wide files, a run each."""
    import pyarrow as pa
    from pyarrow import parquet as files

    for run in range(size.runs):
        steps = np.arange(size.points, dtype=np.int64)
        table = pa.table({"step": steps, "time": START + steps.astype(float), **values(run, size.points)})
        files.write_table(table, folder / f"run-{run}.parquet")


def csv(folder: Path, size: Size) -> None:
    """Wide files, a run each."""
    import pyarrow as pa
    from pyarrow import csv as files

    for run in range(size.runs):
        steps = np.arange(size.points, dtype=np.int64)
        files.write_csv(pa.table({"step": steps, **values(run, size.points)}), folder / f"run-{run}.csv")


def neptune_exporter(folder: Path, size: Size) -> None:
    """What the exporter of Neptune leaves: one row a point."""
    import pyarrow as pa
    from pyarrow import parquet as files

    text, milliseconds = pa.string(), pa.timestamp("ms", tz="UTC")
    schema = pa.schema(
        {
            "project_id": text, "run_id": text, "attribute_path": text, "attribute_type": text,
            "step": pa.decimal128(18, 6), "timestamp": milliseconds, "int_value": pa.int64(),
            "float_value": pa.float64(), "string_value": text, "bool_value": pa.bool_(),
            "datetime_value": milliseconds, "string_set_value": pa.list_(text),
            "file_value": pa.struct({"path": text}),
            "histogram_value": pa.struct(
                {"type": text, "edges": pa.list_(pa.float64()), "values": pa.list_(pa.float64())}
            ),
        }
    )  # fmt: skip
    place = folder / "data" / "ws_bench-0123456789abcdef"
    place.mkdir(parents=True)
    steps = pa.array([Decimal(step) for step in range(size.points)], pa.decimal128(18, 6))
    times = pa.array((START + np.arange(size.points)) * 1000, pa.int64()).cast(milliseconds)
    for run in range(size.runs):
        name = f"BEN-{run + 1}"
        with files.ParquetWriter(place / f"{name}-{run:016x}_part_0.parquet", schema, compression="snappy") as writer:
            writer.write_table(_rows(schema, 1, name, "sys/id", "string", string_value=pa.array([name])))
            for metric, numbers in values(run, size.points).items():
                columns = {"step": steps, "timestamp": times, "float_value": pa.array(numbers)}
                writer.write_table(_rows(schema, size.points, name, metric, "float_series", **columns))


def _rows(schema: object, count: int, run: str, path: str, kind: str, **columns: object) -> object:
    import pyarrow as pa

    texts = {"project_id": "ws/bench", "run_id": run, "attribute_path": path, "attribute_type": kind}
    known = {**{key: pa.array([text] * count, pa.string()) for key, text in texts.items()}, **columns}
    return pa.table([known.get(f.name, pa.nulls(count, f.type)) for f in schema], schema=schema)  # type: ignore[attr-defined]


def wandb(folder: Path, size: Size) -> None:
    """Run directories with a record log, a history record a step."""
    for run in range(size.runs):
        place = folder / "wandb" / f"offline-run-20231114_221320-bench{run}"
        place.mkdir(parents=True)
        with (place / f"run-bench{run}.wandb").open("wb") as file:
            _leveldb(file.write, _wandb_records(run, size))


def _wandb_records(run: int, size: Size) -> Iterator[bytes]:
    yield field(17, field(1, f"bench{run}") + field(3, "bench") + field(17, number(1, START)))
    columns = {name: numbers.tolist() for name, numbers in values(run, size.points).items()}
    heads = {name: field(2, name) for name in [*columns, "_step", "_timestamp", "_runtime"]}
    for step in range(size.points):
        row = {name: repr(numbers[step]) for name, numbers in columns.items()}
        row |= {"_step": str(step), "_timestamp": repr(START + step + 0.5), "_runtime": str(step)}
        items = b"".join(field(1, heads[name] + field(16, text)) for name, text in row.items())
        yield field(2, items + field(2, number(1, step)))
    yield field(18, number(1, 0))


def _leveldb(write: Callable[[bytes], object], records: Iterator[bytes]) -> None:
    header, block = b":W&B" + struct.pack("<HB", 0xBEE1, 0), 32768
    write(header)
    at = len(header)
    for record in records:
        begun = False
        while record or not begun:
            room = block - at % block
            if room < 7:
                write(bytes(room))
                at += room
                continue
            part, record = record[: room - 7], record[room - 7 :]
            kind = (3 if record else 4) if begun else (2 if record else 1)
            checksum = zlib.crc32(bytes([kind]) + part)
            write(struct.pack("<IHB", checksum, len(part), kind) + part)
            at += 7 + len(part)
            begun = True


def neptune(folder: Path, size: Size) -> None:
    """What a client of Neptune 1.x left offline: a hundred points an operation."""
    for run in range(size.runs):
        name = f"run__00000000-0000-4000-8000-{run:012x}__1__abcdefgh"
        place = folder / ".neptune" / "offline" / name
        place.mkdir(parents=True)
        (place / "metadata.json").write_text(
            '{"mode": "offline", "structureVersion": 3, "createdAt": "2023-11-14T22:13:20Z"}'
        )
        version = 0
        with (place / "data-1.log").open("w") as file:
            for metric, numbers in values(run, size.points).items():
                for first in range(0, size.points, 100):
                    version += 1
                    points = [
                        {"value": value, "step": step, "ts": float(START + step)}
                        for step, value in enumerate(numbers[first : first + 100].tolist(), first)
                    ]
                    operation = {"type": "LogFloats", "path": metric.split("/"), "values": points}
                    file.write(json.dumps({"obj": operation, "version": version, "at": float(START)}) + "\n")
        (place / "last_put_version").write_text(str(version))


def neptune_scale(folder: Path, size: Size) -> None:
    """What a client of Neptune 3.x left offline: all metrics of a step an operation."""
    for run in range(size.runs):
        place = folder / ".neptune" / f"ws_bench_bench-{run}_{START + run}"
        place.mkdir(parents=True)
        connection = sqlite3.connect(place / "run_operations.sqlite3")
        connection.executescript(
            "CREATE TABLE metadata (id INTEGER PRIMARY KEY, version TEXT, project TEXT, run_id TEXT);"
            "CREATE TABLE run_operations (sequence_id INTEGER PRIMARY KEY, timestamp INTEGER, operation_type INTEGER,"
            " operation BLOB, operation_size_bytes INTEGER);"
        )
        connection.execute("INSERT INTO metadata VALUES (1, 'v5', 'ws/bench', ?)", (f"bench-{run}",))
        columns = {name: numbers.tolist() for name, numbers in values(run, size.points).items()}
        rows = [(1, START * 1000, 1, field(4, f"bench-{run}") + field(3, number(1, START)), 0)]
        for step in range(size.points):
            points = b"".join(
                field(8, field(1, name) + field(2, b"\x09" + struct.pack("<d", numbers[step])))
                for name, numbers in columns.items()
            )
            body = field(1, number(1, step)) + field(2, number(1, START + step)) + points
            rows.append((step + 2, (START + step) * 1000, 0, body, len(body)))
        connection.executemany("INSERT INTO run_operations VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
        connection.close()


def tensorboard(folder: Path, size: Size) -> None:
    """Event files, an event a step with all metrics."""
    for run in range(size.runs):
        place = folder / f"run-{run}"
        place.mkdir()
        columns = {name: numbers.tolist() for name, numbers in values(run, size.points).items()}
        heads = {name: field(1, name) + b"\x15" for name in columns}
        with (place / f"events.out.tfevents.{START}.host").open("wb") as file:
            for step in range(size.points):
                summary = b"".join(
                    field(1, heads[name] + struct.pack("<f", numbers[step])) for name, numbers in columns.items()
                )
                event = b"\x09" + struct.pack("<d", START + step) + number(2, step) + field(5, summary)
                length = struct.pack("<Q", len(event))
                file.write(length + _masked(length) + event + _masked(event))


def _masked(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _table()


def mlflow(folder: Path, size: Size) -> None:
    """A file store: a line a point."""
    place = folder / "mlruns" / "1"
    place.mkdir(parents=True)
    (place / "meta.yaml").write_text("experiment_id: '1'\nname: bench\nlifecycle_stage: active\n")
    for run in range(size.runs):
        id = f"{run:032x}"
        here = place / id
        (here / "metrics").mkdir(parents=True)
        for name in ("params", "tags", "artifacts"):
            (here / name).mkdir()
        (here / "meta.yaml").write_text(
            f"run_id: '{id}'\nrun_uuid: '{id}'\nrun_name: bench\nstatus: 3\nstart_time: {START * 1000}\n"
            f"end_time: {START * 1000 + 1}\nlifecycle_stage: active\nexperiment_id: '1'\nartifact_uri: ''\n"
        )
        for name, numbers in values(run, size.points).items():
            path = here / "metrics" / name
            path.parent.mkdir(exist_ok=True)
            lines = (f"{(START + step) * 1000} {value!r} {step}\n" for step, value in enumerate(numbers.tolist()))
            path.write_text("".join(lines))


ARCHIVES: dict[str, Callable[[Path, Size], None]] = {
    "parquet": parquet, "neptune-exporter": neptune_exporter, "wandb": wandb, "neptune-scale": neptune_scale,
    "neptune": neptune, "tensorboard": tensorboard, "mlflow": mlflow, "csv": csv,
}  # fmt: skip
"""By the name of the source that reads them."""


def varint(value: int) -> bytes:
    """A whole number of a protocol buffer."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def number(key: int, value: int) -> bytes:
    """A field that is a whole number."""
    return varint(key << 3) + varint(value)


def field(key: int, content: bytes | str) -> bytes:
    """A field that is a text, bytes or a message."""
    data = content.encode() if isinstance(content, str) else content
    return varint(key << 3 | 2) + varint(len(data)) + data
