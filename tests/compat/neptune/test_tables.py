"""Tables of runs, models and versions, over a store that another process has written."""

from __future__ import annotations

import getpass
import os
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common.warnings import NeptuneWarning, warned_once
from pluto.compat.neptune.exceptions import MetadataInconsistency, NeptuneInvalidQueryException
from pluto.compat.neptune.internal.backends.api_model import AttributeType
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.management import trash_objects
from pluto.compat.neptune.table import Table, TableEntry
from pluto.compat.neptune.typing import ProgressBarCallback
from tests.programs import Scripts

PROJECT = "me/tables"
QUIET = {"capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False,
         "capture_traceback": False, "git_ref": False, "source_files": []}  # fmt: skip
WRITES = f"""
    import os, sys, warnings
    from datetime import datetime, timezone
    from pathlib import Path
    import pluto.compat.neptune as neptune
    from pluto.compat.neptune import management
    from pluto.compat.neptune.types import File
    warnings.simplefilter("ignore")
    QUIET = {QUIET!r}
    Path("model.txt").write_text("weights")
    Path("data").mkdir()
    Path("data/one.csv").write_text("1")
    Path("data/two.csv").write_text("22")

    with neptune.init_run(project="{PROJECT}", custom_run_id="alpha", name="Alpha", tags=["a", "b"], **QUIET) as run:
        run["params"] = {{"lr": 0.1, "epochs": 3, "optimizer": "adam"}}
        run["mixed"] = 5
        run["seen"] = datetime(2024, 2, 6, 5, tzinfo=timezone.utc)
        run["flag"] = True
        run["train/loss"].extend([0.9, 0.5, 0.25])
        run["notes/log"].extend(["first", "last line"])
        run["model"].upload("model.txt")
        run["data"].upload_files("data/*")
        run["tracked"].track_files("data")
        run["monitoring/own"] = 1.5
    with neptune.init_run(project="{PROJECT}", custom_run_id="beta", name="beta", tags=["b"], **QUIET) as run:
        run["params"] = {{"lr": 1.0, "epochs": 10, "optimizer": "sgd"}}
        run["mixed"] = 2.5
        run["train/loss"].extend([0.9, 0.75])
        run["sometimes"] = 0.5
    with neptune.init_run(project="{PROJECT}", custom_run_id="gamma", name="gamma", **QUIET) as run:
        run["params"] = {{"lr": 0.01, "epochs": 30, "optimizer": "Adam"}}
        run["mixed"] = "text"
        run["sometimes"] = 0.75
        run["sometimes_series"].append(1.0)
    with neptune.init_run(project="{PROJECT}", custom_run_id="binned", **QUIET) as run:
        run["params/lr"] = 7.0
        binned = run["sys/id"].fetch()
    management.trash_objects("{PROJECT}", binned)

    for key in ("FOREST", "TREE"):
        with neptune.init_model(key=key, name=key.lower(), project="{PROJECT}") as model:
            model["size"] = len(key)
            id = model["sys/id"].fetch()
        for number in range(3 if key == "TREE" else 1):
            with neptune.init_model_version(model=id, project="{PROJECT}") as version:
                version["number"] = number
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the store, written once for all tests of this module; they only read it."""
    folder = tmp_path_factory.mktemp("tables")
    Scripts(folder).run(WRITES, env={"HOME": str(folder), "PLUTO_DIR": str(folder / "root")}, timeout=110)
    return folder / "root"


@pytest.fixture(autouse=True)
def reading(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_DIR", str(written))
    warned_once.clear()


@pytest.fixture
def project() -> Iterator[neptune.Project]:
    with neptune.init_project(project=PROJECT, mode="read-only") as opened:
        yield opened


def names(table: Table) -> list[str]:
    return [row.get_attribute_value("sys/custom_run_id") for row in table]


def row(project: neptune.Project, name: str, **parameters: Any) -> TableEntry:
    table = project.fetch_runs_table(query=f"`sys/custom_run_id`:string = {name}", **parameters)
    (found,) = table.to_rows()
    return found


def test_the_newest_come_first(project: neptune.Project) -> None:
    assert names(project.fetch_runs_table()) == ["gamma", "beta", "alpha"]
    assert names(project.fetch_runs_table(ascending=True)) == ["alpha", "beta", "gamma"]
    assert names(project.fetch_runs_table(limit=2)) == ["gamma", "beta"]
    assert names(project.fetch_runs_table(limit=1, ascending=True)) == ["alpha"]


def test_a_table_is_read_once(project: neptune.Project) -> None:
    table = project.fetch_runs_table()
    assert iter(table) is table
    assert next(table).get_attribute_value("sys/custom_run_id") == "gamma"
    assert len(table.to_rows()) == 2
    assert table.to_rows() == []
    with pytest.raises(StopIteration):
        next(table)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"tag": "b"}, ["beta", "alpha"]),
        ({"tag": ["a", "b"]}, ["alpha"]),
        ({"tag": ("b", "x")}, []),
        ({"state": "inactive"}, ["gamma", "beta", "alpha"]),
        ({"state": "ACTIVE"}, []),
        ({"state": ["active", "Inactive"]}, ["gamma", "beta", "alpha"]),
        ({"owner": "nobody"}, []),
        ({"owner": ["nobody", getpass.getuser()]}, ["gamma", "beta", "alpha"]),
        ({"trashed": True}, ["binned"]),
        ({"trashed": None}, ["binned", "gamma", "beta", "alpha"]),
        ({"query": ""}, ["gamma", "beta", "alpha"]),
        ({"query": "(params/lr: float >= 0.1)"}, ["beta", "alpha"]),
        ({"query": "(params/lr: float >= 0.1)", "trashed": None}, ["binned", "beta", "alpha"]),
        ({"query": "last(`train/loss`:floatSeries) < 0.5"}, ["alpha"]),
        ({"query": "min(`train/loss`:floatSeries) > 0.7 OR params/epochs:int = 30"}, ["gamma", "beta"]),
        (
            {"query": "average(train/loss:floatSeries) < 0.56 AND variance(train/loss:floatSeries) > 0", "columns": []},
            ["alpha"],
        ),
        ({"query": "notes/log:stringSeries CONTAINS line"}, ["alpha"]),
        ({"query": "(sys/tags: stringSet CONTAINS 'a') AND (sys/state: experimentState = idle)"}, ["alpha"]),
        ({"query": "NOT sys/tags:stringSet CONTAINS a"}, ["gamma", "beta"]),
        ({"query": "params/optimizer:string MATCHES '^[aA]dam$'"}, ["gamma", "alpha"]),
        ({"query": "`seen`:datetime = '2024-02-06T05:00:00Z'"}, ["alpha"]),
        ({"query": "sys/creation_time:datetime > -1h"}, ["gamma", "beta", "alpha"]),
        ({"query": "model:file EXISTS AND data:fileSet EXISTS AND tracked:artifact EXISTS"}, ["alpha"]),
        ({"query": "flag:bool != true"}, ["gamma", "beta"]),
        ({"query": "sys/failed:bool = false", "limit": 1}, ["gamma"]),
    ],
    ids=str,
)
def test_filters(project: neptune.Project, filters: dict[str, Any], expected: list[str]) -> None:
    columns = {"columns": ["sys/custom_run_id"], **filters}.pop("columns")
    filters = {**filters, "columns": [*columns, "sys/custom_run_id"]}
    assert names(project.fetch_runs_table(**filters)) == expected


def test_ids(project: neptune.Project) -> None:
    alpha = row(project, "alpha").get_attribute_value("sys/id")
    beta = row(project, "beta").get_attribute_value("sys/id")
    assert names(project.fetch_runs_table(id=alpha)) == ["alpha"]
    assert names(project.fetch_runs_table(id=[alpha, beta])) == ["beta", "alpha"]
    assert names(project.fetch_runs_table(id=[alpha, beta], tag="a")) == ["alpha"]
    assert names(project.fetch_runs_table(id="NO-1")) == []


@pytest.mark.parametrize(
    ("sort_by", "ascending", "expected"),
    [
        ("params/lr", True, ["gamma", "alpha", "beta"]),
        ("params/lr", False, ["beta", "alpha", "gamma"]),
        ("params/epochs", False, ["gamma", "beta", "alpha"]),
        ("params/optimizer", True, ["gamma", "alpha", "beta"]),
        ("sys/name", True, ["alpha", "beta", "gamma"]),
        ("name", True, ["alpha", "beta", "gamma"]),
        ("name", False, ["gamma", "beta", "alpha"]),
        ("sys/id", True, ["alpha", "beta", "gamma"]),
        ("sometimes", True, ["beta", "gamma", "alpha"]),
        ("sometimes", False, ["gamma", "beta", "alpha"]),
        ("flag", False, ["alpha", "gamma", "beta"]),
        ("seen", True, ["alpha", "gamma", "beta"]),
    ],
)
def test_sorting(project: neptune.Project, sort_by: str, ascending: bool, expected: list[str]) -> None:
    table = project.fetch_runs_table(sort_by=sort_by, ascending=ascending, columns=["sys/custom_run_id"])
    assert names(table) == expected


def test_a_field_of_several_types_is_sorted_as_text_with_a_warning(project: neptune.Project) -> None:
    with pytest.warns(NeptuneWarning, match="'mixed' has not the same type"):
        table = project.fetch_runs_table(sort_by="mixed", ascending=True)
    assert names(table) == ["beta", "alpha", "gamma"]


@pytest.mark.parametrize("sort_by", ["train/loss", "notes/log", "model", "data", "sys/tags", "sometimes_series"])
def test_what_is_not_simple_can_not_be_sorted_by(project: neptune.Project, sort_by: str) -> None:
    with pytest.raises(ValueError, match="can't be sorted"):
        project.fetch_runs_table(sort_by=sort_by)


def test_what_nothing_has_can_not_be_sorted_by(project: neptune.Project) -> None:
    with pytest.raises(ValueError, match="no object has such a field"):
        project.fetch_runs_table(sort_by="no/such")


def test_a_malformed_query_is_refused_when_the_table_is_read(project: neptune.Project) -> None:
    table = project.fetch_runs_table(query="key: float = (-_-)")
    with pytest.raises(NeptuneInvalidQueryException, match=r"key: float = \(-_-\).*a value was expected"):
        next(table)
    for read in (Table.to_rows, Table.to_pandas):
        with pytest.raises(NeptuneInvalidQueryException):
            read(project.fetch_runs_table(query="key: float = (-_-)", sort_by="sys/name"))


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"query": "a:int = 1", "id": "T-1"}, ValueError),
        ({"query": "", "tag": ["a"]}, ValueError),
        ({"query": 1}, TypeError),
        ({"limit": 0}, ValueError),
        ({"limit": -1}, ValueError),
        ({"limit": "1"}, TypeError),
        ({"limit": 1.0}, TypeError),
        ({"sort_by": None}, TypeError),
        ({"ascending": 1}, TypeError),
        ({"ascending": None}, TypeError),
        ({"progress_bar": 1}, TypeError),
        ({"state": "running"}, ValueError),
        ({"state": ["active", "idle"]}, ValueError),
        ({"state": 1}, TypeError),
        ({"id": 1}, TypeError),
        ({"id": [1]}, TypeError),
        ({"tag": [None]}, TypeError),
        ({"owner": {"a": 1}}, TypeError),
        ({"trashed": "no"}, TypeError),
    ],
    ids=str,
)
def test_bad_parameters(project: neptune.Project, parameters: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        project.fetch_runs_table(**parameters)


def test_columns(project: neptune.Project) -> None:
    assert row(project, "alpha", columns=["params/lr"]).get_attribute_value("params/lr") == 0.1
    narrow = row(project, "alpha", columns=["train/loss"], sort_by="params/epochs")
    assert narrow.get_attribute_value("train/loss") == 0.25
    assert narrow.get_attribute_value("sys/id")
    assert narrow.get_attribute_value("params/epochs") == 3
    with pytest.raises(ValueError, match="params/lr"):
        narrow.get_attribute_value("params/lr")
    assert list(project.fetch_runs_table(columns=[]).to_pandas().columns) == ["sys/creation_time", "sys/id"]
    assert list(project.fetch_runs_table(columns=["train/loss"], sort_by="name").to_pandas().columns) == [
        "sys/id", "sys/name", "train/loss",
    ]  # fmt: skip


def test_values_of_a_row(project: neptune.Project) -> None:
    alpha = row(project, "alpha")
    expected = {
        "params/lr": 0.1,
        "params/epochs": 3,
        "params/optimizer": "adam",
        "flag": True,
        "seen": datetime(2024, 2, 6, 5),
        "train/loss": 0.25,
        "notes/log": "last line",
        "sys/tags": {"a", "b"},
        "sys/state": "Inactive",
        "sys/failed": False,
        "sys/name": "Alpha",
        "monitoring/own": 1.5,
    }
    assert {path: alpha.get_attribute_value(path) for path in expected} == expected
    assert alpha["params"]["epochs"].get() == 3
    assert type(alpha["params/epochs"].get()) is int
    assert len(alpha["tracked"].get()) == 64
    assert isinstance(alpha["sys/creation_time"].get(), datetime)
    assert alpha.get_attribute_type("data") is AttributeType.FILE_SET
    for path in ("model", "data"):
        with pytest.raises(MetadataInconsistency, match="download"):
            alpha.get_attribute_value(path)
    for read in (alpha.get_attribute_value, alpha.get_attribute_type):
        with pytest.raises(ValueError, match="no/such"):
            read("no/such")
    with pytest.raises(ValueError, match="params"):
        alpha["params"].get()


def test_files_of_a_row_are_downloaded(
    project: neptune.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alpha = row(project, "alpha")
    alpha["model"].download("copy.txt")
    assert Path("copy.txt").read_text() == "weights"
    Path("folder").mkdir()
    alpha.download_file_attribute("model", "folder", progress_bar=False)
    assert Path("folder/model.txt").read_text() == "weights"
    alpha["data"].download("all.zip")
    with zipfile.ZipFile("all.zip") as archive:
        assert sorted(name for name in archive.namelist() if name.endswith(".csv")) == ["data/one.csv", "data/two.csv"]
    with pytest.raises(MetadataInconsistency, match="floatSeries"):
        alpha["train/loss"].download("x")
    with pytest.raises(MetadataInconsistency, match="fileSet, not a file"):
        alpha.download_file_attribute("data", "x")
    with pytest.raises(MetadataInconsistency, match="file, not a fileSet"):
        alpha.download_file_set_attribute("model", "x")


def test_frames(project: neptune.Project) -> None:
    frame = project.fetch_runs_table(ascending=True).to_pandas()
    assert list(frame.index) == [0, 1, 2]
    columns = list(frame.columns)
    places = [{"sys": 0, "monitoring": 2}.get(column.split("/")[0], 1) for column in columns]
    assert places == sorted(places)
    assert set(places) == {0, 1, 2}
    assert [name for name in columns if name.startswith("params/")] == [
        "params/epochs",
        "params/lr",
        "params/optimizer",
    ]
    assert not {"model", "data"} & set(columns)
    assert list(frame["sys/tags"].fillna("")) == ["a,b", "b", ""]
    assert list(frame["params/lr"]) == [0.1, 1.0, 0.01]
    assert list(frame["train/loss"].dropna()) == [0.25, 0.75]
    assert list(frame["sys/state"]) == ["Inactive"] * 3
    assert frame["sys/creation_time"].is_monotonic_increasing
    assert str(frame["sys/creation_time"].dtype).startswith("datetime64")


def test_no_rows_are_an_empty_frame(project: neptune.Project) -> None:
    frame = project.fetch_runs_table(tag="nothing").to_pandas()
    assert frame.empty
    assert len(frame) == 0
    with neptune.init_project(project="me/nothing_here", mode="async") as empty:
        assert empty.fetch_runs_table().to_pandas().empty
        with pytest.raises(ValueError, match="no object has such a field"):
            empty.fetch_runs_table(sort_by="lr")


class Bar(ProgressBarCallback):
    calls: list[tuple[int, int | None]] = []
    made: list[dict[str, Any]] = []

    def __init__(self, **parameters: Any) -> None:
        super().__init__()
        Bar.made.append(parameters)

    def __exit__(self, *_: object) -> None:
        Bar.calls.append((-1, None))

    def update(self, *, by: int, total: int | None = None) -> None:
        Bar.calls.append((by, total))


def test_a_progress_bar_of_ones_own(project: neptune.Project, monkeypatch: pytest.MonkeyPatch) -> None:
    Bar.calls, Bar.made = [], []
    assert len(project.fetch_runs_table(progress_bar=Bar).to_rows()) == 3
    assert Bar.made == []  # all on one page
    monkeypatch.setenv("NEPTUNE_FETCH_TABLE_STEP_SIZE", "2")
    assert len(project.fetch_runs_table(progress_bar=Bar).to_rows()) == 3
    assert Bar.made == [{"description": "Fetching table..."}]
    assert Bar.calls == [(0, 3), (2, 3), (1, 3), (-1, None)]
    assert len(project.fetch_runs_table(progress_bar=False).to_rows()) == 3
    assert len(Bar.made) == 1


@pytest.mark.filterwarnings("ignore:models and model versions")
def test_models_and_their_versions(project: neptune.Project) -> None:
    models = project.fetch_models_table(sort_by="sys/name", ascending=True).to_rows()
    assert [model.get_attribute_value("sys/name") for model in models] == ["forest", "tree"]
    assert [model._container_type for model in models] == [ContainerType.MODEL] * 2
    (tree,) = project.fetch_models_table(query="size:int = 4").to_rows()
    id = tree.get_attribute_value("sys/id")
    assert id.endswith("-TREE")
    assert project.fetch_models_table(trashed=True).to_rows() == []
    with neptune.init_model(with_id=id, project=PROJECT, mode="read-only") as model:
        versions = model.fetch_model_versions_table(sort_by="number", ascending=True).to_rows()
        assert [version.get_attribute_value("sys/id") for version in versions] == [f"{id}-{n}" for n in (1, 2, 3)]
        assert {version._container_type for version in versions} == {ContainerType.MODEL_VERSION}
        assert len(model.fetch_model_versions_table(query="number:int > 0", limit=5).to_rows()) == 2
        with pytest.raises(ValueError, match="limit"):
            model.fetch_model_versions_table(limit=0)
        with pytest.raises(TypeError):
            project.fetch_models_table(query=1)  # type: ignore[arg-type]


def test_a_run_is_found_while_it_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_DIR", str(home / ".pluto"))
    with neptune.init_run(project=PROJECT, **QUIET) as run, neptune.init_project(project=PROJECT) as project:
        run["lr"] = 0.5
        (found,) = project.fetch_runs_table(state="active", query=None).to_rows()
        assert found.get_attribute_value("lr") == 0.5
        assert found.get_attribute_value("sys/state") == "Active"
        trash_objects(PROJECT, run["sys/id"].fetch())
        assert project.fetch_runs_table().to_rows() == []
        assert len(project.fetch_runs_table(trashed=True).to_rows()) == 1


def test_a_thousand_runs_without_progress_bar_are_read_lazily(project: neptune.Project) -> None:
    assert os.environ.get("NEPTUNE_FETCH_TABLE_STEP_SIZE") is None
    table = project.fetch_runs_table(progress_bar=False)
    assert isinstance(next(table), TableEntry)
