"""What was brought over from Neptune, as Neptune's own clients see it: native, and under its old ids."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.migrate import migrate, settings_for
from pluto_migration.source import Options
from pluto_migration.sources import source_of
from pluto_migration.verify import verify

import pluto.compat.neptune as neptune
import pluto.compat.neptune_query as nq
from pluto.compat.attributes import AttributeReader, open_run
from pluto.compat.neptune import management
from pluto.compat.neptune.common.warnings import warned_once
from pluto.compat.neptune.exceptions import RunNotFound
from pluto.compat.neptune_query import runs as nq_runs
from pluto.compat.neptune_query.filters import Filter
from pluto.compat.neptune_scale import Run as ScaleRun
from pluto.core import shutdown
from pluto.core.errors import RunNotFoundError
from pluto.query import Client
from tests.fakes.stock import Stock
from tests.migration.exports import SOURCE, Export, at, points, row, system, zipped
from tests.migration.reading import DATA

PNG = b"\x89PNG\r\n\x1a\n" + bytes(16)
QUIET: dict[str, Any] = {
    "capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False, "capture_traceback": False,
    "git_ref": False, "source_files": [],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    import os

    for name in list(os.environ):
        if name.startswith("NEPTUNE_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    warned_once.clear()
    yield
    warned_once.clear()


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path / "exports")


def bring(path: Path, **options: Any) -> None:
    """Migrates an export into the store; both are the same then."""
    source, given = source_of(SOURCE), Options(**options)
    report = migrate(source, [str(path)], given, settings_for())
    assert [(run.state, run.problems) for run in report.runs] == [("migrated", [])] * len(report.runs), report.to_json()
    proof = verify(source, [str(path)], given, settings_for())
    assert [run.verdict for run in proof.runs] == ["same"] * len(report.runs), proof.to_json()


def opened(id: str, project: str, **more: Any) -> Any:
    return neptune.init_run(with_id=id, project=project, **{"mode": "read-only", **more})


def number_of(project: str, id: str) -> str:
    """The display id that the store has given a run."""
    with Client() as client:
        (found,) = client.iter_overviews(project, external_id=id)
    return found.display_id


# the sample


def test_the_sample_in_the_door_of_neptune_1(tmp_path: Path) -> None:
    bring(DATA / SOURCE)
    with opened("DEM-1", "ws/demo") as run:
        assert run["sys/id"].fetch() == run._sys_id == "DEM-1"
        assert run["sys/name"].fetch() == "first"
        assert run["sys/description"].fetch() == "d"
        assert run["sys/tags"].fetch() == {"a", "b"}
        assert (run["sys/running_time"].fetch(), run["sys/owner"].fetch()) == (7200.5, "user")
        assert run["sys/failed"].fetch() is False
        assert run["sys/creation_time"].fetch().timestamp() == run["sys/ping_time"].fetch().timestamp() - 7200
        assert run["parameters"].fetch() == {"lr": 0.1, "n": 3, "opt": "adam", "flag": True}
        values = run["train/loss"].fetch_values()
        assert list(values["value"]) == [1 / (step + 1) for step in range(50)]
        assert run["train/loss"].fetch_last() == 0.02
        assert list(run["log"].fetch_values()["value"]) == ["line 0", "line 1", "line 2"]
        run["model/weights"].download(str(tmp_path / "weights"))
        assert (tmp_path / "weights").stat().st_size == 100
        assert not run.exists("sys/custom_run_id")
    with neptune.init_project(project="ws/demo", mode="read-only") as project:
        (table,) = project.fetch_runs_table().to_pandas().to_dict("records")
        assert (table["sys/id"], table["sys/name"], table["train/loss"]) == ("DEM-1", "first", 0.02)
        for wanted in ({"id": "DEM-1"}, {"query": '(`sys/id`:string = "DEM-1")'}):
            assert len(project.fetch_runs_table(**wanted).to_rows()) == 1
        assert project.fetch_runs_table(id="DEM-2").to_rows() == []


def test_the_sample_in_the_query_client() -> None:
    bring(DATA / SOURCE)
    frame = nq_runs.fetch_runs_table(project="ws/demo3", runs=["exp-a"], attributes=".*")
    (line,) = frame.to_dict("records")
    assert (line["sys/id"], line["sys/custom_run_id"], line["lr"]) == ("DEM3-1", "exp-a", 0.5)
    assert (line["sys/name"], line["sys/tags"], line["loss"]) == ("exp", {"t"}, -17.0)
    assert "only/other" not in frame
    (histogram,) = nq_runs.fetch_series(project="ws/demo3", runs=["exp-a"], attributes=["h"])["h"]
    assert (histogram.type, histogram.edges, histogram.values) == ("COUNTING", [0.0, 1.0, 2.0], [3.0, 4.0])
    metrics = nq_runs.fetch_metrics(project="ws/demo3", runs=["exp-a"], attributes=["loss"])
    assert list(metrics["loss"]) == [2.0 - step for step in range(20)]
    assert nq_runs.list_runs(project="ws/demo3") == ["exp-a"]
    assert nq.list_experiments(project="ws/demo3") == ["exp"]


def test_what_an_export_has_got_since_is_added(export: Export) -> None:
    export.part("w/p", "P-1", [*system("P-1"), row("lr", "float", 0.5)], points("m", [0.0, 1.0]))
    bring(export.root)
    export.part("w/p", "P-1", [*system("P-1", failed=True), row("lr", "float", 0.5), row("n", "int", 1)],
                points("m", [0.0, 1.0, 2.0]), [row("log", "string_series", "x", 0, at(0))])  # fmt: skip
    source = source_of(SOURCE)
    states = [migrate(source, [str(export.root)], Options(), settings_for()).runs[0].state for _ in range(2)]
    assert states == ["topped up", "unchanged"]
    assert verify(source, [str(export.root)], Options(), settings_for()).whole
    with opened("P-1", "w/p") as run:
        assert list(run["m"].fetch_values()["value"]) == [0.0, 1.0, 2.0]
        assert (run["n"].fetch(), run["lr"].fetch(), run["sys/failed"].fetch()) == (1, 0.5, True)


# everything else that a run may hold


def test_every_kind_reads_as_its_own_client_wrote_it(export: Export, tmp_path: Path) -> None:
    rows = [
        row("whole", "float", 3.0), row("inf", "float", math.inf), row("day", "datetime", at(5)),
        row("set", "string_set", ["b", "a"]), row("none", "string_set", []), row("big", "int", 2**60 + 1),
        row("monitoring/ab12/hostname", "string", "box"),
        *points("monitoring/ab12/cpu", [10.0, 20.0]), *points("monitoring/ab12/gpu_power_1", [0.1]),
        *points("a/m", [1.0, None, 3.0], [0, "0.5", 2]),
        row("monitoring/ab12/stdout", "string_series", "hel", 0, at(0)),
        row("monitoring/ab12/stdout", "string_series", "lo\n", 1, at(1)),
        row("pic", "file", export.file("w/p", "w/p/P-7/pic", PNG)),
        row("imgs", "file_series", export.file("w/p", "w/p/P-7/imgs/3.png", PNG), 3),
    ]  # fmt: skip
    export.file("w/p", "w/p/P-7/code/x.zip", zipped(main_dot_py=b"1", lib__a=b"2"))
    listed = [{"filePath": "f", "fileHash": "a" * 40, "type": "Local", "size": 1, "metadata": []}]
    rows += [
        row("code", "file_set", "w/p/P-7/code"),
        row("data", "artifact", export.file("w/p", "w/p/P-7/data/files_list.json", json.dumps(listed).encode())),
    ]
    export.part("w/p", "P-7", system("P-7", failed=True, group_tags=["g"], tags=["t", "group:x"]), rows)
    bring(export.root)
    with opened("P-7", "w/p") as run:
        assert (run["whole"].fetch(), run["inf"].fetch(), run["day"].fetch()) == (3.0, math.inf, at(5))
        assert (run["set"].fetch(), run["none"].fetch(), run["big"].fetch()) == ({"a", "b"}, set(), 2**60 + 1)
        assert type(run["whole"].fetch()) is float
        assert run["sys/failed"].fetch() is True
        assert (run["sys/tags"].fetch(), run["sys/group_tags"].fetch()) == ({"t", "group:x"}, {"g"})
        assert list(run["monitoring/ab12/cpu"].fetch_values()["value"]) == [10.0, 20.0]
        assert run["monitoring/ab12/gpu_power_1"].fetch_last() == 0.1
        assert list(run["monitoring/ab12/stdout"].fetch_values()["value"]) == ["hello"]
        assert run["monitoring/ab12/hostname"].fetch() == "box"
        values = run["a/m"].fetch_values()
        assert list(values["step"]) == [0.0, 0.5, 2.0]
        assert math.isnan(list(values["value"])[1])
        run["pic"].download(str(tmp_path / "pic"))
        assert (tmp_path / "pic").read_bytes() == PNG
        run["imgs"].download(str(tmp_path / "imgs"))
        assert [path.read_bytes() for path in (tmp_path / "imgs").iterdir()] == [PNG]
        assert {entry.name for entry in run["code"].list_fileset_files()} == {"main.py", "lib"}
        assert [file.file_path for file in run["data"].fetch_files_list()] == ["f"]
        assert len(run["data"].fetch_hash()) == 64


@pytest.mark.filterwarnings("ignore:models and model versions are deprecated")
def test_models_and_their_versions(export: Export) -> None:
    export.part("w/p", "P-MOD", [*system("P-MOD", name="net")[:3], row("lr", "float", 0.5)], model="models")
    version = system("P-MOD-1", model_id="P-MOD", stage="production")
    export.part("w/p", "P-MOD-1", [*version, *points("acc", [0.9])], model="model_versions")
    bring(export.root)
    with neptune.init_model(with_id="P-MOD", project="w/p", mode="read-only") as model:
        assert (model["sys/id"].fetch(), model["sys/name"].fetch(), model["lr"].fetch()) == ("P-MOD", "net", 0.5)
        (row_,) = model.fetch_model_versions_table().to_rows()
        assert row_.get_attribute_value("sys/id") == "P-MOD-1"
    with neptune.init_model_version(with_id="P-MOD-1", project="w/p", mode="read-only") as found:
        assert (found["sys/stage"].fetch(), found["sys/model_id"].fetch()) == ("production", "P-MOD")
        assert found["acc"].fetch_last() == 0.9
    with neptune.init_project(project="w/p", mode="read-only") as project:
        assert project.fetch_runs_table().to_rows() == []
        assert [one.get_attribute_value("sys/id") for one in project.fetch_models_table().to_rows()] == ["P-MOD"]


def test_forks_have_what_they_inherit(export: Export) -> None:
    export.part("w/p", "b", system("P-2", custom_run_id="b", **{"forking/parent": "a", "forking/step": 1.0}),
                points("m", [20.0], [2]))  # fmt: skip
    export.part("w/p", "a", system("P-1", custom_run_id="a"), points("m", [0.0, 1.0, 2.0]))
    bring(export.root)
    frame = nq_runs.fetch_metrics(project="w/p", runs=["b"], attributes=["m"])
    assert list(frame["m"]) == [0.0, 1.0, 20.0]


def test_what_was_in_the_trash_is_in_the_trash(export: Export) -> None:
    export.part("w/p", "P-1", system("P-1", trashed=True))
    bring(export.root, archived=True)
    with neptune.init_project(project="w/p", mode="read-only") as project:
        assert project.fetch_runs_table().to_rows() == []
        assert len(project.fetch_runs_table(trashed=True).to_rows()) == 1
    management.trash_objects("w/p", "P-1")
    management.delete_objects_from_trash("w/p", "P-1")
    with pytest.raises(RunNotFound):
        opened("P-1", "w/p")


# old ids


@pytest.fixture
def renumbered(export: Export) -> str:
    """A project in which old ids and the store's own are the other way round; gives the store's prefix."""
    other = Export(export.root.parent / "first")
    other.part("w/p", "X-9", system("X-9"))
    bring(other.root)
    with Client() as client:
        prefix = next(iter(client.iter_overviews("w/p"))).display_id.partition("-")[0]
    for number in (3, 2):
        run = f"{prefix}-{number}"
        export.part("w/p", run, system(run, name=f"old {number}"), points("m", [float(number)]))
        bring(export.root)
        shutil.rmtree(export.root)
    assert (number_of("w/p", f"{prefix}-3"), number_of("w/p", f"{prefix}-2")) == (f"{prefix}-2", f"{prefix}-3")
    return prefix


def test_the_old_id_wins_over_that_of_the_store(renumbered: str) -> None:
    for number in (2, 3):
        with opened(f"{renumbered}-{number}", "w/p") as run:
            assert run["sys/name"].fetch() == f"old {number}"
            assert run["sys/id"].fetch() == run._sys_id == f"{renumbered}-{number}"
            assert run["m"].fetch_last() == number
    with neptune.init_project(project="w/p", mode="read-only") as project:
        shown = {one.get_attribute_value("sys/id") for one in project.fetch_runs_table().to_rows()}
    assert shown == {"X-9", f"{renumbered}-2", f"{renumbered}-3"}


def test_the_number_that_the_store_gave_it_is_no_id_of_such_a_run(renumbered: str) -> None:
    assert number_of("w/p", "X-9") == f"{renumbered}-1"
    for mode in ("read-only", "async"):
        with pytest.raises(RunNotFound):
            opened(f"{renumbered}-1", "w/p", mode=mode, **QUIET)
    with pytest.raises(RunNotFoundError):
        open_run("w/p", display_id=f"{renumbered}-1", policy=shutdown.neptune())


def test_runs_that_were_made_here_keep_their_ids(renumbered: str) -> None:
    with neptune.init_run(project="w/p", name="new", **QUIET) as run:
        id = run._sys_id
        run["x"] = 1
    assert id == f"{renumbered}-4"
    with opened(id, "w/p") as run:
        assert (run["sys/name"].fetch(), run["sys/id"].fetch()) == ("new", id)
    with opened(id.lower(), "w/p") as run:
        assert run["sys/id"].fetch() == id
    with opened(id, "w/p", mode="async", **QUIET) as run:
        run["x"] = 2
        assert run._sys_id == id
    with opened(id, "w/p") as run:
        assert run["x"].fetch() == 2


def test_a_run_goes_on_under_its_old_id(renumbered: str) -> None:
    with opened(f"{renumbered}-3", "w/p", mode="sync", **QUIET) as run:
        assert run._sys_id == f"{renumbered}-3"
        assert run["m"].fetch_last() == 3.0
        run["m"].append(4.0)
        run["note"] = "more"
    with opened(f"{renumbered}-3", "w/p") as run:
        assert list(run["m"].fetch_values()["value"]) == [3.0, 4.0]
        assert list(run["m"].fetch_values()["step"]) == [0.0, 1.0]
        assert run["note"].fetch() == "more"
    with opened(f"{renumbered}-2", "w/p") as run:
        assert not run.exists("note")


def test_a_custom_id_finds_it_as_well(export: Export) -> None:
    export.part("w/p", "OLD-5", system("OLD-5", custom_run_id="mine"), points("m", [1.0]))
    bring(export.root)
    with opened("OLD-5", "w/p") as run:
        assert (run["sys/id"].fetch(), run["sys/custom_run_id"].fetch()) == ("OLD-5", "mine")
    with neptune.init_run(custom_run_id="mine", project="w/p", **QUIET) as run:
        assert (run._sys_id, run["sys/id"].fetch()) == ("OLD-5", "OLD-5")
    with AttributeReader() as reader:
        found = reader.find("w/p", external_id="mine")
    assert found is not None
    assert (found.old_id, found.sys_id) == ("OLD-5", "OLD-5")


@pytest.mark.parametrize("many", [False, True])
def test_the_query_client_takes_old_ids_too(export: Export, many: bool) -> None:
    export.part("w/p", "OLD-5", system("OLD-5", custom_run_id="mine"), points("m", [1.0]))
    export.part("w/p", "OLD-6", system("OLD-6", custom_run_id="OLD-7"), points("m", [6.0]))
    export.part("w/p", "OLD-7", system("OLD-7", custom_run_id="yours"), points("m", [7.0]))
    bring(export.root)
    more = [f"none-{number}" for number in range(30 if many else 0)]

    def last(*ids: str) -> dict[str, float]:
        frame = nq_runs.fetch_metrics(project="w/p", runs=[*ids, *more], attributes=["m"])
        return {str(run): value for (run, _), value in frame["m"].items()}

    assert last("OLD-5") == last("mine") == last("mine", "OLD-5") == {"mine": 1.0}
    assert last("OLD-7") == {"OLD-7": 6.0}
    frame = nq_runs.fetch_runs_table(project="w/p", runs=["OLD-5"], attributes=["sys/id"])
    assert frame.reset_index().to_dict("records") == [{"run": "mine", "sys/id": "OLD-5"}]
    frame = nq_runs.fetch_runs_table(project="w/p", runs=Filter.eq("sys/id", "OLD-7"), attributes=["sys/id"])
    assert list(frame.index) == ["yours"]


def test_the_newer_client_goes_on_with_a_run(export: Export) -> None:
    export.part("w/p", "exp", system("P-1", custom_run_id="exp"), points("m", [1.0], [1]))
    bring(export.root)
    with ScaleRun(run_id="exp", project="w/p", resume=True) as run:
        run.log_metrics({"m": 2.0}, step=2)
    frame = nq_runs.fetch_metrics(project="w/p", runs=["exp"], attributes=["m"])
    assert list(frame["m"]) == [1.0, 2.0]


def test_old_ids_on_a_server_of_another_make(export: Export, stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_HOST", stock.url)
    export.part("w/p", "OLD-5", system("OLD-5", custom_run_id="mine"), points("m", [1.0, 2.0]))
    bring(export.root)
    with opened("OLD-5", "w/p") as run:
        assert (run["sys/id"].fetch(), run["sys/name"].fetch()) == ("OLD-5", "a run")
        assert list(run["m"].fetch_values()["value"]) == [1.0, 2.0]
    with neptune.init_project(project="w/p", mode="read-only") as project:
        assert [one.get_attribute_value("sys/id") for one in project.fetch_runs_table().to_rows()] == ["OLD-5"]
    with opened("OLD-5", "w/p", mode="sync", **QUIET) as run:
        assert run._sys_id == "OLD-5"
        run["note"] = "more"
    with opened("OLD-5", "w/p") as run:
        assert run["note"].fetch() == "more"
