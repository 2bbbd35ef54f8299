"""What a sample's `expected.json` says of a run, held against a store: every key of it, by reads of `pluto.query`."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pluto.protocol.records import OF_DOORS
from pluto.query import Client, RunOverview

DATA = Path(__file__).parent / "data"
STATUSES = {"finished": "COMPLETED", "failed": "FAILED", "unknown": "TERMINATED"}
NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
OF_THE_SAMPLE = {"case", "dir", "kind", "complete", "container_type", "group", "job_type", "summary", "mlflow_tags"}
"""Keys that say how the sample was made, or that a test of its own looks at through a door."""


def of(sample: str) -> dict[str, Any]:
    """A sample's `expected.json`."""
    found: dict[str, Any] = json.loads((DATA / sample / "expected.json").read_text())
    return found


def external_id(run: dict[str, Any]) -> str:
    """The id a run shall have in the store."""
    return str(run.get("container_uuid") or run["run_id"])


class Held:
    """One run of a store, and what is expected of it."""

    def __init__(self, client: Client, project: str, said: dict[str, Any]) -> None:
        self.client = client
        self.said = said
        found = list(client.iter_overviews(project, external_id=external_id(said)))
        assert len(found) == 1, (external_id(said), [run.name for run in client.iter_overviews(project)])
        self.run: RunOverview = found[0]
        self.stock = self.run.readable is not None

    def check(self) -> None:
        """Looks at everything that is expected; a key that nobody looks at is an error."""
        for key, value in self.said.items():
            if key not in OF_THE_SAMPLE:
                CHECKS[key](self, value)

    # --- reads --------------------------------------------------------------------------------------------------------

    def points(self, name: str) -> list[tuple[float, int, float]]:
        sent = name if self.run.readable is None else self.run.readable.sent(name)
        found = self.client.points(self.run.project, self.run.id, sent)
        return list(zip(found.steps.tolist(), found.times.tolist(), found.values.tolist(), strict=True))

    def data(self, *types: str) -> Iterator[dict[str, Any]]:
        for row in self.client.iter_data(self.run.project, self.run.id):
            if row["type"] in types:
                yield row

    def files(self, name: str) -> list[dict[str, Any]]:
        return list(self.client.iter_files_of(self.run.project, self.run.id, name, self.run.readable))

    def config(self) -> dict[str, Any]:
        """Values by path."""
        found: dict[str, Any] = {}

        def walk(values: dict[str, Any], before: str) -> None:
            for key, value in values.items():
                if isinstance(value, dict):
                    walk(value, f"{before}{key}/")
                else:
                    found[before + key] = value

        walk({key: value for key, value in self.run.config.items() if key not in OF_DOORS}, "")
        return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def number(value: Any) -> Any:
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value


def same(found: Any, said: Any) -> bool:
    """Equal, where NaN is NaN."""
    return repr(found) == repr(said)


def _name(held: Held, said: str) -> None:
    assert held.run.name == said


def _notes(held: Held, said: str | None) -> None:
    assert held.run.notes == said


def _tags(held: Held, said: list[str]) -> None:
    assert [tag for tag in held.run.tags if not tag.startswith(("group:", "job_type:"))] == [
        *said,
        *(f"{key}:{value}" for key, value in held.said.get("mlflow_tags", {}).items() if not key.startswith("mlflow.")),
    ]


def _project(held: Held, said: str | None) -> None:
    if said is not None:
        assert held.run.project == said


def _run_id(held: Held, said: str) -> None:
    assert held.run.config["_migration"]["id"] == said
    if not held.stock:
        assert held.run.external_id == said


def _custom_run_id(held: Held, said: str) -> None:
    assert external_id(held.said) == said


def _status(held: Held, said: str) -> None:
    assert held.run.status == STATUSES[said]
    assert held.run.config["_migration"]["status"] == said


def _exit_code(held: Held, said: int) -> None:
    about = held.client.get_run(held.run.project, held.run.id)["statusMetadata"]
    about = json.loads(about) if isinstance(about, str) else about
    assert (about or {"code": 0})["code"] == said


def _created_ms(held: Held, said: int) -> None:
    assert held.run.created == said


def _updated_ms(held: Held, said: int) -> None:
    assert held.run.status_updated == said


def _started_after(held: Held, said: float) -> None:
    assert held.run.created / 1000 >= math.floor(said)


def _ended_before(held: Held, said: float) -> None:
    assert held.run.created <= held.run.status_updated <= math.ceil(said * 1000)


def _config(held: Held, said: dict[str, Any]) -> None:
    found = held.config()
    for path, value in flat(said).items():
        if isinstance(value, dict) and "datetime_ms" in value:
            from pluto.query.values import microseconds

            assert microseconds(found[path]) == value["datetime_ms"] * 1000
        else:
            assert same(found[path], value), path


def flat(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict) and "datetime_ms" not in value:
            found |= flat(value, f"{before}{key}/")
        else:
            found[before + key] = value
    return found


def _metrics(held: Held, said: dict[str, Any]) -> None:
    logged = {name for name, kind in held.run.names.items() if kind == "METRIC"}
    assert {name for name in logged if not name.startswith("sys/")} == set(said)
    for name, series in said.items():
        _series(series, [(step, value) for step, _, value in held.points(name)])


def _string_series(held: Held, said: dict[str, Any]) -> None:
    rows: dict[str, list[tuple[float, str]]] = {}
    for row in held.data("string-series"):
        rows.setdefault(row["name"], []).append((row["step"], row["value"]))
    assert set(rows) == set(said)
    for name, series in said.items():
        _series(series, rows[name])


def _series(said: dict[str, Any], found: list[tuple[float, Any]]) -> None:
    if "count" in said:
        plain = [[int(step) if step == int(step) else step, value] for step, value in found]
        text = json.dumps(plain, separators=(",", ":"))
        assert (len(found), sha256(text.encode())) == (said["count"], said["sha256"])
        return
    assert len(found) == len(said["points"])
    for (step, value), (wanted_step, wanted) in zip(found, said["points"], strict=True):
        assert step == wanted_step
        if isinstance(value, float):
            assert same(value, float(number(wanted)))
        else:
            assert value == wanted


def _times_ms(held: Held, said: dict[str, Any]) -> None:
    texts: dict[str, list[int]] = {}
    for row in held.data("string-series"):
        texts.setdefault(row["name"], []).append(row["time"])
    for name, series in said.items():
        found = texts[name] if name in texts else [time for _, time, _ in held.points(name)]
        for index, ms in series["points"]:
            assert found[index] == ms * 1000


def _points_total(held: Held, said: int) -> None:
    assert sum(len(held.points(name)) for name in held.said["metrics"]) == said


def _string_points_total(held: Held, said: int) -> None:
    assert sum(1 for _ in held.data("string-series")) == said


def _files(held: Held, said: list[dict[str, Any]]) -> None:
    for file in said:
        found = held.files(file["name"])
        assert len(found) == 1, (file["name"], held.run.names)
        content = held.client.read_file(found[0])
        assert (len(content), sha256(content)) == (file["size"], file["sha256"])
        if "ext" in file:
            assert found[0]["fileName"].endswith(f".{file['ext']}")


def _media(held: Held, said: list[dict[str, Any]]) -> None:
    for one in said:
        found = [row for row in held.files(one["key"]) if row["step"] == one["step"]]
        assert len(found) == 1, (one["key"], held.run.names)
        row, content = found[0], held.client.read_file(found[0])
        if one["kind"] == "image" and not held.stock:
            assert row["type"] == "IMAGE"
        if "sha256" in one:
            assert sha256(content) == one["sha256"]
        if "caption" in one:
            assert row["caption"] == one["caption"]
        if "description" in one:
            assert (json.loads(row["metadata"])["name"], row["caption"]) == (one["name"], one["description"])
        if "width" in one:
            from PIL import Image

            with Image.open(io.BytesIO(content)) as image:
                assert image.size == (one["width"], one["height"])
                if "pixels_sha256" in one:
                    assert sha256(image.convert("RGB").tobytes()) == one["pixels_sha256"]


def _histograms(held: Held, said: list[dict[str, Any]]) -> None:
    found = {(row["name"], row["step"]): row["value"] for row in held.data("HISTOGRAM")}
    for row in held.data("JSON"):
        if row["value"].get("_type") == "histogram":
            found[row["name"], row["step"]] = {"bins": row["value"]["bins"], "freq": row["value"]["values"]}
    assert {(one["key"], one["step"]) for one in said} == set(found)
    for one in said:
        value = found[one["key"], one["step"]]
        assert (value["bins"], value["freq"]) == (one["edges"], one["counts"])


def _tables(held: Held, said: list[dict[str, Any]]) -> None:
    found = {(row["name"], row["step"]): row["value"] for row in held.data("TABLE")}
    assert {(one["key"], one["step"]) for one in said} == set(found)
    for one in said:
        value = found[one["key"], one["step"]]
        assert [column["name"] for column in value["col"]] == one["columns"]
        assert value["table"] == one["data"]


def _artifacts(held: Held, said: list[dict[str, Any]]) -> None:
    for one in said:
        if held.stock:
            rows = held.files(one["name"])
            manifest = next(row for row in rows if row["caption"] == "manifest.json")
            version = json.loads(held.client.read_file(manifest))
            files = {row["caption"]: sha256(held.client.read_file(row)) for row in rows if row is not manifest}
        else:
            version = held.client.get_artifact(held.run.project, one["name"])
            rows = list(held.client.iter_artifact_files(version["id"]))
            files = {row["path"]: row["sha256"] for row in rows}
            assert version["runId"] == held.run.id
        assert (version["type"], version["description"]) == (one["type"], one["description"])
        assert version["metadata"] == one["metadata"]
        assert set(one["aliases"]) <= set(version["aliases"])
        assert files == {file["path"]: file["sha256"] for file in one["files"]}


def _console(held: Held, said: dict[str, list[str]]) -> None:
    found: dict[str, list[str]] = {"INFO": [], "ERROR": []}
    for line in held.client.iter_lines(held.run.project, held.run.id):
        found[line["stream"]].append(line["message"])
    assert found == {"INFO": said.get("stdout", []), "ERROR": said.get("stderr", [])}


def _absent_attributes(held: Held, said: list[str]) -> None:
    assert not set(said) & (set(held.run.names) | set(held.config()))


CHECKS: dict[str, Callable[[Held, Any], None]] = {
    "project": _project,
    "run_id": _run_id,
    "container_uuid": _run_id,
    "custom_run_id": _custom_run_id,
    "name": _name,
    "notes": _notes,
    "description": _notes,
    "tags": _tags,
    "status": _status,
    "exit_code": _exit_code,
    "created_ms": _created_ms,
    "updated_ms": _updated_ms,
    "started_after": _started_after,
    "ended_before": _ended_before,
    "config": _config,
    "metrics": _metrics,
    "string_series": _string_series,
    "times_ms": _times_ms,
    "points_total": _points_total,
    "string_points_total": _string_points_total,
    "files": _files,
    "media": _media,
    "histograms": _histograms,
    "tables": _tables,
    "artifacts": _artifacts,
    "console": _console,
    "absent_attributes": _absent_attributes,
}
