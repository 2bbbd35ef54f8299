"""Projects, models and model versions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common.warnings import NeptuneDeprecationWarning, warned_once
from pluto.compat.neptune.exceptions import (
    InactiveModelException,
    InactiveModelVersionException,
    InactiveProjectException,
    ModelNotFound,
    ModelVersionNotFound,
    NeedExistingModelForReadOnlyMode,
    NeedExistingModelVersionForReadOnlyMode,
    NeptuneCannotChangeStageManually,
    NeptuneMissingRequiredInitParameter,
    NeptuneModelKeyAlreadyExistsError,
    NeptuneObjectCreationConflict,
    ProjectNotFound,
)
from tests.compat.neptune.conftest import Open

pytestmark = pytest.mark.filterwarnings("ignore:models and model versions")
PROJECT = "ws/digits"


class Maker:
    """Makes objects of a project that are stopped with the test."""

    def __init__(self) -> None:
        self.made: list[Any] = []

    def _keep(self, made: Any) -> Any:
        self.made.append(made)
        return made

    def project(self, **kwargs: Any) -> Any:
        return self._keep(neptune.init_project(PROJECT, **kwargs))

    def model(self, *args: Any, **kwargs: Any) -> Any:
        return self._keep(neptune.init_model(*args, **{"project": PROJECT, **kwargs}))

    def version(self, *args: Any, **kwargs: Any) -> Any:
        return self._keep(neptune.init_model_version(*args, **{"project": PROJECT, **kwargs}))


@pytest.fixture
def make() -> Iterator[Maker]:
    maker = Maker()
    yield maker
    for one in maker.made:
        one.stop()


def test_a_project_has_fields_of_its_own(make: Maker, open_run: Open) -> None:
    run = open_run(project=PROJECT)
    project = make.project()
    assert project["sys/id"].fetch() == run._sys_id.split("-")[0]
    project["datasets"] = {"path": "s3://x", "rows": 5}
    project["notes"].append("text")
    project["sys/tags"].add("mine")
    project.wait()
    again = make.project(mode="read-only")
    assert again["datasets"].fetch() == {"path": "s3://x", "rows": 5}
    assert again["notes"].fetch_last() == "text"
    assert again["sys/tags"].fetch() == {"mine"}
    assert again["sys/id"].fetch() == project["sys/id"].fetch()
    ids = project.fetch_runs_table().to_pandas()["sys/id"].tolist()
    assert ids == [run._sys_id]


def test_a_fresh_project(make: Maker) -> None:
    project = make.project()
    project.sync()
    assert sorted(project.get_structure()) == ["sys"]
    assert sorted(project.get_structure()["sys"]) == [
        "creation_time", "group_tags", "id", "modification_time", "monitoring_time", "name", "ping_time",
        "running_time", "size", "state", "tags", "visibility",
    ]  # fmt: skip


def test_what_is_known_before_it_is_read_is_what_is_read(make: Maker) -> None:
    model = make.model(key="NET")
    for one in (model, make.version(model=model._sys_id), make.project()):
        known = set(one._ipython_key_completions_())
        one.sync()
        assert known == set(one._ipython_key_completions_())


def test_reading_a_project_that_is_not_there(make: Maker) -> None:
    with pytest.raises(ProjectNotFound, match=PROJECT):
        make.project(mode="read-only")


def test_reading_a_project_without_fields_of_its_own(make: Maker, open_run: Open) -> None:
    run = open_run(project=PROJECT)
    run["x"] = 1
    run.wait()
    project = make.project(mode="read-only")
    assert project["sys/id"].fetch() == run._sys_id.split("-")[0]
    assert project.fetch()["sys"]["name"] == PROJECT
    assert not project.exists("datasets")
    assert len(project.fetch_runs_table(columns=["x"]).to_pandas()) == 1


def test_models(make: Maker, open_run: Open) -> None:
    key = open_run(project=PROJECT)._sys_id.split("-")[0]
    model = make.model(key="NET", name="a net")
    assert model._sys_id == f"{key}-NET"
    assert model["sys/id"].fetch() == f"{key}-NET"
    assert model["sys/name"].fetch() == "a net"
    model["size"] = 5
    model.wait()
    with pytest.raises(NeptuneModelKeyAlreadyExistsError) as told:
        make.model(key="NET")
    assert isinstance(told.value, NeptuneObjectCreationConflict)
    again = make.model(f"{key}-NET")
    assert again["size"].fetch() == 5
    assert again["sys/name"].fetch() == "a net"
    reader = make.model(with_id=f"{key}-NET", mode="read-only")
    assert reader["size"].fetch() == 5
    assert make.model(key="OTHER")["sys/name"].fetch() == "Untitled"
    with pytest.raises(ModelNotFound):
        make.model(f"{key}-NOPE")
    with pytest.raises(NeptuneMissingRequiredInitParameter):
        make.model()
    with pytest.raises(NeedExistingModelForReadOnlyMode):
        make.model(key="X", mode="read-only")
    with pytest.raises(ModelNotFound):
        make.model(f"{key}-NOPE", mode="read-only")


def test_versions(make: Maker) -> None:
    model = make.model(key="NET")
    first = make.version(model=model["sys/id"].fetch(), name="v1")
    second = make.version(model=model["sys/id"].fetch())
    assert [one._sys_id for one in (first, second)] == [f"{model._sys_id}-1", f"{model._sys_id}-2"]
    assert first["sys/model_id"].fetch() == model._sys_id
    assert first["sys/stage"].fetch() == "none"
    assert first["sys/name"].fetch() == "v1"
    second["acc"] = 0.5
    second.change_stage("staging")
    second.stop()
    again = make.version(with_id=f"{model._sys_id}-2")
    assert again["sys/stage"].fetch() == "staging"
    assert again["acc"].fetch() == 0.5
    assert make.version(with_id=f"{model._sys_id}-2", mode="read-only")["acc"].fetch() == 0.5
    with pytest.raises(ModelVersionNotFound):
        make.version(f"{model._sys_id}-7")
    with pytest.raises(ModelNotFound):
        make.version(model="NO-MODEL")
    with pytest.raises(NeptuneMissingRequiredInitParameter):
        make.version()
    with pytest.raises(NeedExistingModelVersionForReadOnlyMode):
        make.version(model="x", mode="read-only")
    table = model.fetch_model_versions_table(sort_by="sys/id", ascending=True).to_pandas()
    assert table["sys/id"].tolist() == [f"{model._sys_id}-1", f"{model._sys_id}-2"]


@pytest.mark.parametrize("mode", ["debug", "async"])
def test_stages(make: Maker, mode: str) -> None:
    model = make.model(key="NET", mode=mode)
    version = make.version(model=model._sys_id, mode=mode)
    for stage in ("staging", "production", "archived", "none"):
        version.change_stage(stage)
        assert version["sys/stage"].fetch() == stage
    with pytest.raises(ValueError, match="'best' is not a valid ModelVersionStage"):
        version.change_stage("best")
    for call in (
        lambda: version.__setitem__("sys/stage", "staging"),
        lambda: version["sys"].assign({"stage": "staging"}),
        lambda: version["sys/stage"].append("staging"),
        lambda: version.pop("sys/stage"),
    ):
        with pytest.raises(NeptuneCannotChangeStageManually):
            call()
    assert version["sys/stage"].fetch() == "none"


def test_stopped(make: Maker) -> None:
    model = make.model(key="NET", mode="debug")
    version = make.version(model="OFFLINE-NET", mode="debug")
    project = make.project(mode="debug")
    for one, error in (
        (model, InactiveModelException), (version, InactiveModelVersionException), (project, InactiveProjectException),
    ):  # fmt: skip
        one["x"] = 1
        one.stop()
        with pytest.raises(error):
            one["x"]
        assert one.get_url().startswith("offline/")


@pytest.mark.filterwarnings("default:models and model versions")
def test_models_are_deprecated_once(make: Maker) -> None:
    with pytest.warns(NeptuneDeprecationWarning, match="models and model versions") as told:
        make.model(key="A", mode="debug")
        make.version(model="OFFLINE-A", mode="debug")
        make.project(mode="debug").fetch_models_table()
    assert len(told) == 1
    assert told[0].filename == __file__
    assert len(warned_once) == 1


@pytest.mark.parametrize("mode", ["debug", "sync"])
def test_blocks(make: Maker, mode: str) -> None:
    with neptune.init_project(PROJECT, mode=mode) as project:
        project["x"] = 1
        assert project["x"].fetch() == 1
    assert project.get_state() == "stopped"
