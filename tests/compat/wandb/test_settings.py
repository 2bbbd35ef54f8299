"""Settings: what they take, where they come from, which ones win."""

from __future__ import annotations

import copy
import pathlib
import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.compat.wandb.errors import UsageError
from pluto.compat.wandb.sdk.lib.run_moment import RunMoment
from pluto.compat.wandb.sdk.lib.settings_table import FIELDS
from pluto.compat.wandb.sdk.wandb_settings import Settings


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"run_tags": "a"}, ("a",)), ({"run_tags": ["a", "b", "a"]}, ("a", "b")), ({"silent": "yes"}, True),
        ({"silent": "0"}, False), ({"init_timeout": "10"}, 10.0), ({"heartbeat_seconds": 3.0}, 3),
        ({"heartbeat_seconds": "7"}, 7), ({"console": "auto"}, "wrap"), ({"reinit": True}, True),
        ({"reinit": "create_new"}, "create_new"), ({"ignore_globs": ["a"]}, ("a",)), ({"resume": True}, "auto"),
        ({"resume": False}, None), ({"resume_from": "abc?_step=5"}, RunMoment("abc", 5)),
        ({"fork_from": RunMoment("abc", 2.5)}, RunMoment("abc", 2.5)), ({"root_dir": pathlib.Path("/tmp")}, "/tmp"),
        ({"mode": "dryrun"}, "dryrun"), ({"x_stats_gpu_device_ids": "[0, 1]"}, (0, 1)), ({"project": None}, None),
        ({"capture_loggers": {"a": "INFO"}}, {"a": "INFO"}),
    ],
)  # fmt: skip
def test_what_is_taken(given: dict[str, Any], kept: Any) -> None:
    (name,) = given
    settings = Settings(**given)
    assert getattr(settings, name) == kept
    assert settings.model_fields_set == {name}
    other = Settings()
    setattr(other, name, given[name])
    assert getattr(other, name) == kept


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "x"}, {"mode": None}, {"foo": 1}, {"run_tags": [""]}, {"run_tags": ["x" * 65]}, {"run_tags": [1]},
        {"silent": "maybe"}, {"silent": 2}, {"silent": None}, {"init_timeout": "abc"}, {"heartbeat_seconds": 3.5},
        {"project": 3}, {"run_id": 5}, {"reinit": "x"}, {"config_paths": "a.yaml"}, {"ignore_globs": "a"},
        {"capture_loggers": {"a": 1}}, {"stop_fn": 3}, {"resume": "perhaps"}, {"resume_from": "x"},
        {"resume_from": "abc?_step=x"}, {"resume_from": "abc?epoch=1"}, {"fork_from": "abc?_step=5", "run_id": "abc"},
        {"resume_from": "abc?_step=5", "run_id": "other"}, {"resume": "allow", "fork_from": "abc?_step=5"},
        {"resume_from": "abc?_step=1", "fork_from": "abc?_step=5"}, {"root_dir": 3}, {"http_proxy": "nowhere"},
        {"console": "loud"}, {"x_stats_pid": "a"}, {"init_timeout": True, "mode": "x"},
    ],
)  # fmt: skip
def test_what_is_not(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Settings(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"project": "a/b"}, {"project": "a\\b"}, {"project": "a#b"}, {"project": "a?b"}, {"project": "a%b"},
        {"project": "a:b"}, {"project": "x" * 129}, {"run_id": ""}, {"run_id": " a"}, {"run_id": "a "},
        {"run_id": "  "}, {"run_id": "a:b"}, {"run_id": "a;b"}, {"run_id": "a,b"}, {"run_id": "a#b"},
        {"run_id": "a?b"}, {"run_id": "a/b"},
        {"run_id": "a'b"}, {"sweep_id": ""}, {"api_key": " key"}, {"x_stats_sampling_interval": 0.05},
    ],
)  # fmt: skip
def test_names_that_can_not_be(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Settings(**given)


def test_several_errors_are_told_together() -> None:
    with pytest.raises(ValueError, match="2 validation errors") as caught:
        Settings(mode="x", silent="maybe")
    assert caught.value.error_count() == 2  # type: ignore[attr-defined]
    assert [error["loc"] for error in caught.value.errors()] == [("mode",), ("silent",)]  # type: ignore[attr-defined]


def test_a_wrong_value_changes_nothing() -> None:
    settings = Settings(mode="offline", resume="allow")
    for name, value in (("mode", "x"), ("fork_from", "abc?_step=1"), ("nothing", 1)):
        with pytest.raises(ValueError, match="validation error"):
            setattr(settings, name, value)
    assert (settings.mode, settings.fork_from, settings.model_fields_set) == ("offline", None, {"mode", "resume"})
    with pytest.raises(AttributeError):
        settings.run_url = "x"


def test_positions_are_none() -> None:
    with pytest.raises(TypeError):
        Settings("offline")  # type: ignore[call-arg]


def test_old_names(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(_disable_stats=True, x_primary_node=False, start_method="fork")
    assert (settings.x_disable_stats, settings.x_primary) == (True, False)
    assert settings.model_fields_set == {"x_disable_stats", "x_primary"}
    assert "start_method" in capsys.readouterr().err


def test_as_a_record_of_values() -> None:
    settings = Settings(mode="offline", run_id="abc", x_start_time=0.0, root_dir="/tmp")
    dumped = settings.model_dump()
    assert dumped.keys() >= FIELDS.keys() - {"anonymous"}
    assert (dumped["mode"], dumped["run_mode"], dumped["_offline"]) == ("offline", "offline-run", True)
    assert settings.model_dump(exclude_unset=True, exclude=settings._derived()).keys() == settings.model_fields_set
    other = settings.model_copy(update={"run_id": "other"}, deep=True)
    assert (other.run_id, settings.run_id) == ("other", "abc")
    for made in (copy.copy(settings), copy.deepcopy(settings), pickle.loads(pickle.dumps(settings))):
        assert made == settings
        assert made.model_fields_set == settings.model_fields_set
    assert dict(settings)["run_id"] == "abc"
    assert repr(Settings(mode="offline", api_key="secret")) == "Settings(mode='offline')"


def test_what_follows_from_others() -> None:
    settings = Settings(mode="dryrun", run_id="abc", x_start_time=1e9, root_dir="/tmp/x", project="p")
    assert settings._offline
    assert settings.wandb_dir == "/tmp/x/wandb"
    assert settings.sync_dir.startswith("/tmp/x/wandb/offline-run-2001")
    assert settings.sync_file == f"{settings.sync_dir}/run-abc.wandb"
    assert settings.files_dir == f"{settings.sync_dir}/files"
    assert settings.resume_fname == "/tmp/x/wandb/wandb-resume.json"
    assert (settings.run_url, settings.project_url, settings.sweep_url) == ("", "", "")
    assert (settings.is_local, settings.deployment) == (True, "local")
    settings.x_sync_dir_suffix = "1"
    assert settings.sync_dir.endswith("-abc-1")


def test_a_hidden_folder_is_used_where_it_is(place: Path) -> None:
    (place / ".wandb").mkdir()
    assert Settings(root_dir=str(place)).wandb_dir == str(place / ".wandb")
    assert Settings(root_dir=str(place), use_dot_wandb=False).wandb_dir == str(place / "wandb")


VARIABLES = {
    "WANDB_NAME": ("a name", "run_name", "a name"), "WANDB_NOTES": ("n", "run_notes", "n"),
    "WANDB_TAGS": ("a,b", "run_tags", ("a", "b")), "WANDB_JOB_TYPE": ("j", "run_job_type", "j"),
    "WANDB_RUN_GROUP": ("g", "run_group", "g"), "WANDB_PROJECT": ("p", "project", "p"),
    "WANDB_ENTITY": ("e", "entity", "e"), "WANDB_RUN_ID": ("abc", "run_id", "abc"),
    "WANDB_MODE": ("offline", "mode", "offline"), "WANDB_RESUME": ("allow", "resume", "allow"),
    "WANDB_SILENT": ("true", "silent", True), "WANDB_QUIET": ("1", "quiet", True),
    "WANDB_CONFIG_PATHS": ("a.yaml,b.yaml", "config_paths", ("a.yaml", "b.yaml")),
    "WANDB_IGNORE_GLOBS": ("*.a,*.b", "ignore_globs", ("*.a", "*.b")), "WANDB_SWEEP_ID": ("s", "sweep_id", "s"),
    "WANDB_INIT_TIMEOUT": ("5", "init_timeout", 5.0), "WANDB_REINIT": ("create_new", "reinit", "create_new"),
    "WANDB_HOST": ("h", "host", "h"), "WANDB__DISABLE_META": ("true", "x_disable_meta", True),
    "WANDB_DISABLE_GIT": ("true", "disable_git", True), "WANDB_SAVE_CODE": ("true", "save_code", True),
    "WANDB_PROGRAM": ("train.py", "program", "train.py"), "WANDB_DOCKER": ("image", "docker", "image"),
    "WANDB_USER_EMAIL": ("a@b", "email", "a@b"),
}  # fmt: skip


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    text, name, value = VARIABLES[variable]
    monkeypatch.setenv(variable, text)
    monkeypatch.setenv("WANDB_NEVER_HEARD_OF", "x")
    assert getattr(wandb.setup().settings, name) == value


def test_a_variable_that_makes_no_sense(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "sometimes")
    with pytest.raises(ValueError, match="mode"):
        wandb.init(project="p")


def test_which_settings_win(wandb: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user, local = place / "config" / "settings", place / "wandb" / "settings"
    for path, text in ((user, "project = user\nentity = user\nrun_group = user\n"), (local, "entity = local\n")):
        path.parent.mkdir()
        path.write_text(f"[default]\n{text}")
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(place / "config"))
    assert [getattr(wandb.setup().settings, name) for name in ("project", "entity", "run_group")] == [
        "user", "local", "user",
    ]  # fmt: skip
    monkeypatch.setenv("WANDB_PROJECT", "variable")
    monkeypatch.setenv("WANDB_RUN_GROUP", "variable")
    assert wandb.setup().settings.project == "variable"
    wandb.setup(wandb.Settings(run_group="setup", run_job_type="setup"))
    assert wandb.setup().settings.run_group == "setup"
    run = wandb.init(settings=wandb.Settings(run_job_type="settings", run_notes="settings"), notes="argument")
    assert (run.entity, run.project, run.group, run.job_type, run.notes) == (
        "local", "variable", "setup", "settings", "argument",
    )  # fmt: skip


def test_variables_set_later_count(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlike the original, which heeds those set before the session began."""
    run = wandb.init(project="p")
    monkeypatch.setenv("WANDB_PROJECT", "later")
    assert wandb.init(reinit="create_new").project == "later"
    assert run.project == "p"


def test_a_broken_settings_file_is_left_out(wandb: ModuleType, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "wandb").mkdir()
    (place / "wandb" / "settings").write_text("[default]\nmode = sometimes\nproject = file\n")
    assert wandb.setup().settings.project is None
    assert "Failed to load settings" in capsys.readouterr().err
    (place / "wandb" / "settings").write_text("no sections")
    wandb.teardown()
    assert wandb.setup().settings.project is None
    assert "Error reading settings" in capsys.readouterr().err


def test_settings_of_init_stay_the_callers(wandb: ModuleType) -> None:
    given = wandb.Settings(run_notes="mine")
    run = wandb.init(project="p", settings=given, name="n")
    assert given.model_fields_set == {"run_notes"}
    copied = run.settings
    copied.run_notes = "changed"
    assert run.notes == "mine"
    other = wandb.init(project="p", settings={"run_notes": "dict"}, reinit="create_new")
    assert other.notes == "dict"


def test_what_has_no_effect_is_said(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    wandb.init(project="p", settings=wandb.Settings(x_file_stream_retry_max=3, heartbeat_seconds=5), anonymous="allow")
    said = capsys.readouterr().err
    assert "have no effect on a Pluto run: heartbeat_seconds, x_file_stream_retry_max" in said
    assert "anonymous" in said


def test_files_are_written(wandb: ModuleType, place: Path) -> None:
    files = wandb.Settings(root_dir=str(place), settings_system=str(place / "user")).read_system_settings()
    files.set("mode", "offline")
    files.set("project", "p", globally=True)
    files.save()
    again = wandb.Settings(root_dir=str(place), settings_system=str(place / "user")).read_system_settings()
    assert again.all() == {"mode": "offline", "project": "p"}
    assert again.sources == [place / "user", place / "wandb" / "settings"]
    again.clear("mode")
    again.save()
    assert wandb.Settings(root_dir=str(place)).read_system_settings().all() == {}


def test_no_protobuf(wandb: ModuleType) -> None:
    with pytest.raises(wandb.UsageError, match="model_dump"):
        wandb.Settings().to_proto()
