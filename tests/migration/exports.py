"""Exports as neptune-exporter lays them out, written row by row."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pluto_migration.model import File
from pluto_migration.source import Problems

from tests.migration.reading import Read, read_all, runs

SCHEMA = pa.schema([
    ("project_id", pa.string()), ("run_id", pa.string()), ("attribute_path", pa.string()),
    ("attribute_type", pa.string()), ("step", pa.decimal128(18, 6)), ("timestamp", pa.timestamp("ms", tz="UTC")),
    ("int_value", pa.int64()), ("float_value", pa.float64()), ("string_value", pa.string()), ("bool_value", pa.bool_()),
    ("datetime_value", pa.timestamp("ms", tz="UTC")), ("string_set_value", pa.list_(pa.string())),
    ("file_value", pa.struct([("path", pa.string())])),
    ("histogram_value", pa.struct([
        ("type", pa.string()), ("edges", pa.list_(pa.float64())), ("values", pa.list_(pa.float64())),
    ])),
])  # fmt: skip
BEGAN = datetime(2023, 5, 6, 7, 8, 9, 123000, tzinfo=timezone.utc)
BEGAN_US = int(BEGAN.timestamp() * 1000) * 1000
COLUMNS = {
    "int": "int_value", "float": "float_value", "string": "string_value", "bool": "bool_value",
    "datetime": "datetime_value", "string_set": "string_set_value", "float_series": "float_value",
    "string_series": "string_value", "histogram_series": "histogram_value", "file": "file_value",
    "file_series": "file_value", "file_set": "file_value", "artifact": "file_value",
}  # fmt: skip

Row = dict[str, Any]
SOURCE = "neptune-exporter"


def folder_name(id: str) -> str:
    """The name of the folder of a project, and the beginning of that of a part."""
    plain = "".join(char if char.isalnum() or char in "_-" else "_" for char in id)
    return f"{plain}-{hashlib.blake2b(id.encode(), digest_size=8).hexdigest()}"


def at(seconds: float) -> datetime:
    """A moment of the run."""
    return BEGAN + timedelta(seconds=seconds)


def row(path: str, kind: str, value: Any, step: Any = None, time: datetime | None = None) -> Row:
    """A row of an attribute."""
    found: Row = {"attribute_path": path, "attribute_type": kind}
    if step is not None:
        found["step"] = Decimal(str(step)).quantize(Decimal("1.000000"))
    if time is not None:
        found["timestamp"] = time
    column = COLUMNS.get(kind, "string_value")
    if value is not None:
        found[column] = {"path": value} if column == "file_value" else value
    return found


def points(path: str, values: Sequence[float | None], steps: Sequence[Any] | None = None) -> list[Row]:
    """Rows of a float series; None arrives as it does for a NaN."""
    named = range(len(values)) if steps is None else steps
    return [
        row(path, "float_series", value, step, at(number))
        for number, (step, value) in enumerate(zip(named, values, strict=True))
    ]


def system(run: str, **more: Any) -> list[Row]:
    """The attributes under `sys/` that every run has; `more` are others, `_` for `/`."""
    rows = [
        row("sys/id", "string", more.pop("id", run)),
        row("sys/name", "string", more.pop("name", "a run")),
        row("sys/creation_time", "datetime", BEGAN),
        row("sys/ping_time", "datetime", at(60)),
        row("sys/failed", "bool", more.pop("failed", False)),
        row("sys/trashed", "bool", more.pop("trashed", False)),
    ]
    kinds = {bool: "bool", int: "int", float: "float", str: "string", datetime: "datetime", list: "string_set"}
    return rows + [row(f"sys/{name}", kinds[type(value)], value) for name, value in more.items()]


def write_part(path: Path, project: str, run: str, groups: Sequence[Sequence[Row]], schema: pa.Schema = SCHEMA) -> Path:
    """A part with a row group for each list of rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file, pq.ParquetWriter(file, schema, compression="snappy") as writer:
        for rows in groups:
            named = [{"project_id": project, "run_id": run, **one} for one in rows]
            writer.write_batch(pa.RecordBatch.from_pylist(named, schema=schema))
    return path


class Export:
    """The folder of an export."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def data(self, project: str, model: str = "") -> Path:
        """Where the parts of a project lie; `model`: of its `models` or `model_versions`."""
        if model:
            return self.root / "model_data" / folder_name(project) / model
        return self.root / "data" / folder_name(project)

    def files(self, project: str, model: bool = False) -> Path:
        """What the paths of files are relative to."""
        return self.root / ("model_files" if model else "files") / folder_name(project)

    def part(
        self, project: str, run: str, *groups: Sequence[Row], number: int = 0, open: bool = False, model: str = ""
    ) -> Path:
        """Writes a part of a run."""
        name = f"{folder_name(run)}_part_{number}.parquet{'.tmp' if open else ''}"
        return write_part(self.data(project, model) / name, project, run, groups)

    def file(self, project: str, path: str, content: bytes, *, model: bool = False) -> str:
        """Writes a downloaded file, and gives its path as rows have it."""
        target = self.files(project, model) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return path

    def errors(self, *lines: Mapping[str, Any] | str) -> Path:
        """Writes the exporter's report."""
        path = self.root / "neptune_exporter_errors.jsonl"
        path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines))
        return path


def only(export: Export, **options: Any) -> Read:
    """The only run of an export, read."""
    (found,) = read_all(SOURCE, export.root, **options).values()
    return found


def noted(path: Path, **options: Any) -> list[str]:
    """What is noted while the runs are looked for."""
    problems = Problems()
    runs(SOURCE, path, problems, **options)
    return [f"{problem.where}: {problem.what}" for problem, _ in problems]


def content(file: File) -> bytes:
    return file.content if isinstance(file.content, bytes) else file.content.read_bytes()


def zipped(**files: bytes) -> bytes:
    """A zip; `__` in names stands for `/`, `_dot_` for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()
