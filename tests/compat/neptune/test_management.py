"""Projects, their trash, and who has access, on the local store and on a Pluto server."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pluto
import pluto.compat.neptune as neptune
from pluto.compat.attributes import AttributeReader, Projects
from pluto.compat.neptune import management
from pluto.compat.neptune.common.exceptions import NeptuneConnectionLostException
from pluto.compat.neptune.exceptions import NeptuneException, NeptuneFeatureNotAvailableException
from pluto.compat.neptune.management import exceptions
from pluto.compat.neptune.management.internal.utils import extract_project_and_workspace, normalize_project_name
from tests.fakes.stock import stock_server
from tests.programs import Server, free_port

QUIET = {"capture_stdout": False, "capture_stderr": False, "capture_hardware_metrics": False,
         "capture_traceback": False, "git_ref": False, "source_files": []}  # fmt: skip
PROJECT = "me/classification"


@pytest.fixture(params=["local", "server"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the test works: in the local store, or at a Pluto server."""
    if request.param == "server":
        server: Server = request.getfixturevalue("server")
        monkeypatch.setenv("PLUTO_HOST", server.url.removeprefix("http://"))
    return str(request.param)


def runs(project: str = PROJECT, **filters: Any) -> list[str]:
    with neptune.init_project(project=project, mode="read-only") as opened:
        rows = opened.fetch_runs_table(columns=[], ascending=True, **filters).to_rows()
    return [row.get_attribute_value("sys/id") for row in rows]


def a_run(project: str = PROJECT) -> str:
    with neptune.init_run(project=project, mode="sync", **QUIET) as run:
        run["lr"] = 0.1
        return str(run["sys/id"].fetch())


def test_projects_are_made_listed_and_deleted(place: str) -> None:
    assert management.get_project_list() == []
    assert management.create_project(PROJECT, key="CLS", description="about") == PROJECT
    assert management.create_project("other", workspace="me", visibility="workspace") == "me/other"
    assert sorted(management.get_project_list()) == ["me/classification", "me/other"]
    assert a_run() == "CLS-1"
    with neptune.init_project(project="me/other", mode="read-only") as opened:
        assert opened["sys/visibility"].fetch() == "workspace"
    with neptune.init_project(project=PROJECT, mode="read-only") as opened:
        assert opened["sys/id"].fetch() == "CLS"
    with AttributeReader() as reader:
        made = Projects(reader).find(PROJECT)
    assert made is not None
    assert made.description == "about"
    management.delete_project("classification", workspace="me")
    assert management.get_project_list() == ["me/other"]
    with pytest.raises(exceptions.ProjectNotFound, match="me/classification"):
        management.delete_project(PROJECT)


def test_a_project_comes_into_being_with_its_first_run() -> None:
    id = a_run("me/digits")
    assert management.get_project_list() == ["me/digits"]
    assert runs("me/digits") == [id]


def test_what_can_not_be_made() -> None:
    management.create_project(PROJECT, key="CLS")
    with pytest.raises(exceptions.ProjectAlreadyExists, match=PROJECT):
        management.create_project(PROJECT)
    with pytest.raises(exceptions.ProjectKeyCollision, match="CLS"):
        management.create_project("me/another", key="CLS")
    for key in ("", "lower", "TOOLONGAKEY", "12", "A-B", "Ä"):
        with pytest.raises(exceptions.ProjectKeyInvalid, match="1 to 10 capital letters"):
            management.create_project("me/another", key=key)
    with pytest.raises(exceptions.UnsupportedValue, match="'everyone'"):
        management.create_project("me/another", visibility="everyone")
    assert management.get_project_list() == [PROJECT]


def test_the_trash(place: str) -> None:
    first, second, third = (a_run() for _ in range(3))
    management.trash_objects(PROJECT, first)
    management.trash_objects("classification", [second, first], workspace="me")
    assert runs() == [third]
    assert runs(trashed=True) == [first, second]
    management.delete_objects_from_trash(PROJECT, first)
    assert runs(trashed=None) == [second, third]
    management.clear_trash(PROJECT)
    assert runs(trashed=None) == [third]


def test_the_trash_says_what_it_did_not_find(capsys: pytest.CaptureFixture[str]) -> None:
    id = a_run()
    capsys.readouterr()
    management.trash_objects(PROJECT, [id, "CLS-99", "nonsense"])
    out = capsys.readouterr().out
    assert "there is no object CLS-99" in out
    assert "there is no object nonsense" in out
    assert "Successfully trashed objects: 1. Number of failures: 2." in out
    management.trash_objects(PROJECT, [])
    assert "Successfully trashed objects: 0. Number of failures: 0." in capsys.readouterr().out


def test_only_what_is_in_the_trash_is_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    id = a_run()
    management.delete_objects_from_trash(PROJECT, [id, "CLS-99"])
    out = capsys.readouterr().out
    assert f"{id} is not in the trash" in out
    assert "there is no object CLS-99" in out
    assert runs() == [id]


@pytest.mark.filterwarnings("ignore:models and model versions")
def test_a_model_takes_its_versions_along() -> None:
    management.create_project(PROJECT, key="CLS")
    with neptune.init_model(project=PROJECT, key="PRE"), neptune.init_model(project=PROJECT, key="PREFIX"):
        pass
    for _ in range(2):
        neptune.init_model_version(project=PROJECT, model="CLS-PRE").stop()
    neptune.init_model_version(project=PROJECT, model="CLS-PREFIX").stop()
    management.trash_objects(PROJECT, "CLS-PRE")

    def ids(trashed: bool) -> list[str]:
        with neptune.init_project(project=PROJECT, mode="read-only") as project:
            table = project.fetch_models_table(trashed=trashed, sort_by="sys/id", ascending=True)
            return [row.get_attribute_value("sys/id") for row in table]

    assert (ids(False), ids(True)) == (["CLS-PREFIX"], ["CLS-PRE"])
    with neptune.init_model(with_id="CLS-PRE", project=PROJECT, mode="read-only") as model:
        assert model.fetch_model_versions_table().to_rows() == []
    with neptune.init_model(with_id="CLS-PREFIX", project=PROJECT, mode="read-only") as model:
        assert len(model.fetch_model_versions_table().to_rows()) == 1
    management.clear_trash(PROJECT)
    assert (ids(False), ids(True)) == (["CLS-PREFIX"], [])


def test_a_pluto_project_without_workspace_goes_by_its_name() -> None:
    with pluto.init(project="digits", disable_system_metrics=True, disable_console=True) as op:
        op.log({"loss": 1.0})
    assert "digits" in management.get_project_list()
    management.clear_trash("digits")
    with pytest.raises(exceptions.MissingWorkspaceName):
        management.clear_trash("unknown")
    management.delete_project("digits")
    assert management.get_project_list() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda name: management.delete_project(name),
        lambda name: management.trash_objects(name, "A-1"),
        lambda name: management.delete_objects_from_trash(name, ["A-1"]),
        lambda name: management.clear_trash(name),
        lambda name: management.get_project_member_list(name),
        lambda name: management.get_project_service_account_list(name),
        lambda name: management.add_project_member(name, "u", "viewer"),
        lambda name: management.remove_project_service_account(name, "u@w"),
    ],
)
def test_projects_that_are_not_there(call: Callable[[str], object]) -> None:
    with pytest.raises(exceptions.ProjectNotFound, match="me/nothing"):
        call("me/nothing")
    with pytest.raises(exceptions.MissingWorkspaceName):
        call("nothing")
    with pytest.raises(exceptions.InvalidProjectName):
        call("a/b/c")


def test_access_is_not_managed_and_said_so() -> None:
    management.create_project(PROJECT)
    user = getpass.getuser()
    assert management.get_project_member_list(PROJECT) == {user: "owner"}
    assert management.get_project_member_list("classification", workspace="me") == {user: "owner"}
    assert management.get_project_service_account_list(PROJECT) == {}
    assert management.get_workspace_member_list("me") == {user: "admin"}
    assert management.get_workspace_service_account_list("me") == {}
    for call in (
        lambda: management.add_project_member(PROJECT, "jane", management.MemberRole.OWNER),
        lambda: management.remove_project_member(PROJECT, "jane"),
        lambda: management.add_project_service_account(PROJECT, "ci@me", "contributor"),
        lambda: management.remove_project_service_account(PROJECT, "ci@me"),
        lambda: management.invite_to_workspace(username="jane", workspace="me"),
        lambda: management.invite_to_workspace(email="j@x.org", workspace="me", role="admin"),
    ):
        with pytest.raises(exceptions.AccessNotManaged, match="pluto login"):
            call()
    with pytest.raises(exceptions.UnsupportedValue, match="'king'"):
        management.add_project_member(PROJECT, "jane", "king")
    for more in ({}, {"username": "jane", "email": "j@x.org"}, {"username": "jane", "role": "x"}):
        with pytest.raises(ValueError, match=r"username|WorkspaceMemberRole"):
            management.invite_to_workspace(workspace="me", **more)


def test_the_status_of_a_workspace(place: str) -> None:
    management.create_project(PROJECT)
    a_run()
    status = management.get_workspace_status("me")
    assert status["activeProjectsUsage"] == 1
    assert status["membersCount"] == 1
    if place == "local":
        assert status["storageBytesUsed"] > 0
        assert status["storageBytesLimit"] == status["storageBytesUsed"] + status["storageBytesAvailable"]
    for call in (
        management.get_workspace_status,
        management.get_workspace_member_list,
        management.get_workspace_service_account_list,
    ):
        with pytest.raises(exceptions.WorkspaceNotFound, match="nobody"):
            call("nobody")


@pytest.mark.parametrize(
    "call",
    [
        lambda: management.get_project_list(api_token=3),
        lambda: management.create_project(3),
        lambda: management.create_project("a/b", visibility=None),
        lambda: management.create_project("a/b", key=3),
        lambda: management.delete_project(None),
        lambda: management.trash_objects("a/b", 3),
        lambda: management.trash_objects("a/b", None),
        lambda: management.trash_objects("a/b", ["A-1", 2]),
        lambda: management.delete_objects_from_trash("a/b", None),
        lambda: management.clear_trash("a/b", workspace=3),
        lambda: management.add_project_member("a/b", 3, "viewer"),
        lambda: management.add_project_member("a/b", "u", 3),
        lambda: management.get_workspace_status(None),
        lambda: management.invite_to_workspace(username="u", workspace="w", add_to_all_projects=1),
    ],
)
def test_arguments_of_the_wrong_type(call: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        call()


@pytest.mark.parametrize(
    ("name", "workspace", "expected"),
    [
        ("a/b", None, ("a", "b")),
        ("b", "a", ("a", "b")),
        ("a/b", "a", ("a", "b")),
        ("a b/c d", None, ("a b", "c d")),
        ("b", None, exceptions.MissingWorkspaceName),
        ("b", "", exceptions.MissingWorkspaceName),
        ("a/b", "c", exceptions.ConflictingWorkspaceName),
        ("a/b/c", None, exceptions.InvalidProjectName),
        ("", None, exceptions.InvalidProjectName),
        ("/b", None, exceptions.InvalidProjectName),
        ("a/", None, exceptions.InvalidProjectName),
    ],
)
def test_names(name: str, workspace: str | None, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert extract_project_and_workspace(name, workspace) == expected
        assert normalize_project_name(name, workspace) == "/".join(expected)
    else:
        with pytest.raises(expected):
            extract_project_and_workspace(name, workspace)


def test_exceptions_have_codes_and_descriptions() -> None:
    error = exceptions.ProjectNotFound(name="a/b")
    assert error.code == 4
    assert error.details == {"code": 4, "description": 'There is no project "a/b".'}
    assert str(error) == 'There is no project "a/b". (code: 4)'
    assert not isinstance(error, NeptuneException)
    assert exceptions.REGISTERED_CODES[4] is exceptions.ProjectNotFound
    assert "may have" in str(exceptions.ProjectPrivacyRestrictedException(requested="pub", allowed=["priv"]))
    assert "the selected" in str(exceptions.ProjectPrivacyRestrictedException())
    with pytest.raises(AssertionError):
        type("Again", (exceptions.ManagementOperationFailure,), {"code": 4})


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("pluto.query.connection.ATTEMPTS", 1)
    monkeypatch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.0)
    monkeypatch.setenv("PLUTO_HOST", f"127.0.0.1:{free_port()}")
    with pytest.raises(NeptuneConnectionLostException):
        management.get_project_list()


def test_on_a_stock_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with stock_server() as stock:
        monkeypatch.setenv("PLUTO_HOST", stock.url)
        monkeypatch.setenv("PLUTO_API_KEY", stock.key)
        first, second = a_run(), a_run()
        assert runs() == [first, second]
        assert runs(query="lr:float = 0.1", sort_by="lr") in ([first, second], [second, first])
        management.trash_objects(PROJECT, first)
        assert (runs(), runs(trashed=True)) == ([second], [first])
        with pytest.raises(NeptuneFeatureNotAvailableException, match="a project is made there with its first run"):
            management.create_project("me/another")
        with pytest.raises(NeptuneFeatureNotAvailableException, match="web page"):
            management.clear_trash(PROJECT)
        with pytest.raises(NeptuneFeatureNotAvailableException, match="web page"):
            management.delete_project(PROJECT)
        assert (runs(), runs(trashed=True)) == ([second], [first])
