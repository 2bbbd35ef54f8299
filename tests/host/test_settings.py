"""Settings: the table, its precedence, and where runs go."""

from __future__ import annotations

import json
import logging
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pluto.core import options
from pluto.core.options import OPTIONS, RENAMED, RETIRED_STATE, Option
from pluto.core.settings import Local, Remote, Settings, SettingsError, resolve, setup
from pluto.core.settings_page import page

LIVE = [option for option in OPTIONS.values() if not option.retired]
RETIRED = [option for option in OPTIONS.values() if option.retired and option.name not in RENAMED]


@pytest.fixture(autouse=True)
def fresh_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_said", set())
    monkeypatch.delenv("PLUTO_DIR")
    logger = logging.getLogger("pluto")
    monkeypatch.setattr(logger, "level", logger.level)


def samples(option: Option) -> tuple[list[tuple[Any, str, Any]], list[Any]]:
    """(value, the same as text, what becomes of it) twice, and values that are refused."""
    if option.choices:
        return [(value, value.upper(), kept) for value, kept in list(option.choices.items())[:2]], ["nonsense", 3]
    match option.type.removesuffix(" | None"):
        case "bool":
            return [(True, "yes", True), (False, "0", False)], ["perhaps", 2]
        case "int":
            return [(7, "7", 7), (9, "9", 9)], ["seven", 1.5, -1, True]
        case "float":
            return [(7.5, "7.5", 7.5), (8, "8", 8.0)], ["soon", float("nan"), -1]
        case "str":
            return [("one", "one", "one"), ("two", "two", "two")], [3, "a\0b"]
    raise AssertionError(option)


@pytest.mark.parametrize("option", LIVE, ids=lambda option: option.name)
def test_every_option_by_every_way(option: Option, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    (first, first_text, first_kept), (second, second_text, second_kept) = samples(option)[0]
    name = option.name

    assert getattr(resolve(), name) == option.check(option.default), "the default"
    assert resolve().origin(name) == "default"

    for old in option.old_env:
        monkeypatch.setenv(old, first_text)
        assert getattr(resolve(), name) == first_kept, old
        monkeypatch.delenv(old)
    warned = [record for record in caplog.records if "MLOP_" in record.message]
    assert len(warned) == 1, "one warning for all old variables"

    monkeypatch.setenv(option.old_env[0], first_text)
    for variable in option.env:
        monkeypatch.setenv(variable, second_text)
        assert getattr(resolve(), name) == second_kept, variable
        assert resolve().origin(name) == variable
        monkeypatch.delenv(variable)
    monkeypatch.setenv(option.env[0], "")
    assert getattr(resolve(), name) == first_kept, "an empty variable counts as not set"

    monkeypatch.setenv(option.env[0], second_text)
    assert getattr(resolve({name: first}), name) == first_kept, "a dict beats the environment"
    given = Settings()
    setattr(given, name, first)
    assert getattr(given, name) == first_kept
    assert getattr(resolve(given), name) == first_kept, "an object beats the environment"
    assert getattr(resolve({name: first}, **{name: second}), name) == second_kept, "a parameter beats them all"
    assert getattr(resolve({name: first}, **{name: None}), name) == first_kept, "None is no parameter"


@pytest.mark.parametrize("option", LIVE, ids=lambda option: option.name)
def test_every_option_refuses(option: Option, monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in samples(option)[1]:
        for give in (
            lambda: resolve({option.name: bad}),
            lambda: resolve(**{option.name: bad}),
            lambda: setattr(Settings(), option.name, bad),
        ):
            with pytest.raises(SettingsError) as error:
                give()
            for part in (option.name, option.env[0], option.accepts):
                assert part in str(error.value)
    texts = [bad for bad in samples(option)[1] if isinstance(bad, str) and "\0" not in bad]
    for bad in texts:
        monkeypatch.setenv(option.env[-1], bad)
        with pytest.raises(SettingsError, match=option.env[-1]):
            resolve()


@pytest.mark.parametrize("option", RETIRED, ids=lambda option: option.name)
def test_retired_options_say_once_what_to_do(option: Option, caplog: Any) -> None:
    assert getattr(Settings, option.name) == option.default
    other = "x" if not isinstance(option.default, (int, float)) else option.default + 1
    for _ in range(2):
        resolve({option.name: other})
        setattr(Settings(), option.name, other)
    told = [record.message for record in caplog.records]
    assert told == [f"setting {option.name!r} has no effect: {option.doc}"]
    caplog.clear()
    resolve({option.name: option.default})
    assert not caplog.records, "the default needs no word"


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_renamed_options_work(old: str, new: str, caplog: Any) -> None:
    value: Any = samples(OPTIONS[new])[0][0][0]
    assert getattr(resolve({old: value}), new) == value
    assert getattr(resolve({old: value}), new) == value
    assert [record.message for record in caplog.records] == [f"setting {old!r} is now {new!r}"]


@pytest.mark.parametrize("name", RETIRED_STATE)
def test_state_of_the_first_client_is_not_taken_silently(name: str, caplog: Any) -> None:
    resolve({name: 1})
    assert [record.message for record in caplog.records] == [f"setting {name!r} has no effect: {RETIRED_STATE[name]}"]


def test_every_setting_of_the_first_client_is_known() -> None:
    surface = json.loads((Path(__file__).parents[1] / "surface" / "pluto.json").read_text())
    members = surface["modules"]["pluto"]["Settings"]["members"]
    for name, member in members.items():
        assert hasattr(Settings, name), name
        if member["kind"] == "attribute" and member.get("value") is not None:
            assert getattr(Settings(), name) == member["value"], name


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("projekt", "project"), ("api_kye", "api_key"), ("x_sys_sampling", "x_sys_sampling_interval")],
)
def test_unknown_option_suggests_the_nearest(wrong: str, right: str) -> None:
    for give in (lambda: resolve({wrong: 1}), lambda: resolve(**{wrong: 1}), lambda: setattr(Settings(), wrong, 1)):
        with pytest.raises(SettingsError, match=rf"no option '{wrong}'; did you mean '{right}'"):
            give()
    with pytest.raises(SettingsError, match=r"docs/settings\.md"):
        resolve({"completely_unheard_of": 1})
    with pytest.raises(SettingsError, match=r"dict or pluto\.Settings"):
        resolve(["project"])  # type: ignore[arg-type]


def test_keys_are_in_no_text() -> None:
    settings = resolve(api_key="mlps_verysecret", http_proxy="http://u:pw@proxy")
    target = settings.target()
    for text in (repr(settings), str(settings.to_dict()), repr(target)):
        assert "verysecret" not in text
        assert "pw" not in text
    with pytest.raises(SettingsError) as error:
        resolve(api_key=12345)
    assert "12345" not in str(error.value)


def test_old_ways_to_say_offline(caplog: Any) -> None:
    assert resolve({"disable_iface": True}).mode == "offline"
    assert resolve({"sync_process_enabled": False}).mode == "offline"
    assert resolve({"disable_iface": True}, mode="online").mode == "online"
    assert [r.message for r in caplog.records] == [
        "setting 'disable_iface' is now mode='offline'",
        "setting 'sync_process_enabled' is now mode='offline'",
    ]
    assert resolve({"mode": "debug"}).mode == "online"
    assert "x_log_level=10" in caplog.text


def test_log_level_by_name_reaches_the_logger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_DEBUG_LEVEL", "debug")
    assert resolve().x_log_level == 10
    assert logging.getLogger("pluto").level == 10


def test_nothing_configured_is_the_local_store(home: Path, tmp_path: Path) -> None:
    assert resolve().target() == Local(home / ".pluto" / "store")
    assert resolve(dir=tmp_path).target() == Local(tmp_path / "store")
    assert resolve(dir="~/x").root == home / "x"
    assert resolve(api_key="k", host="local").target() == Local(home / ".pluto" / "store")


def test_a_key_alone_means_the_hosted_server() -> None:
    target = resolve(api_key="k").target()
    assert isinstance(target, Remote)
    assert (target.api, target.key, target.verify) == ("https://pluto-api.trainy.ai", "k", True)


@pytest.mark.parametrize(
    ("host", "app", "ingest"),
    [
        ("tracker", "http://tracker:3000", "http://tracker:3003"),
        ("10.0.0.7", "http://10.0.0.7:3000", "http://10.0.0.7:3003"),
        ("tracker:8000", "http://tracker:8000", "http://tracker:8000"),
        ("https://tracker.example/", "https://tracker.example", "https://tracker.example"),
        ("::1", "http://[::1]:3000", "http://[::1]:3003"),
        ("[::1]", "http://[::1]:3000", "http://[::1]:3003"),
        ("[::1]:8000", "http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_addresses_of_a_host(host: str, app: str, ingest: str) -> None:
    target = resolve(host=host).target()
    assert isinstance(target, Remote)
    assert (target.app, target.ingest) == (app, ingest)


def test_addresses_nobody_named_are_never_called() -> None:
    target = resolve({"url_ingest": "http://mine:1", "url_api": "http://mine:2/"}).target()
    assert isinstance(target, Remote)
    assert (target.app, target.api, target.ingest, target.py) == (
        "http://mine:2",
        "http://mine:2",
        "http://mine:1",
        "http://mine:2",
    )


def test_the_stronger_place_wins_between_host_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_URL_API", "http://env")
    assert resolve(host="h").url_api == "http://h:3001"
    assert resolve({"url_py": "http://py"}, host="h").url_py == "http://h:3004"
    assert resolve({"host": "h"}, url_py="http://py").url_py == "http://py"
    assert resolve({"host": "h", "url_py": "http://py"}).url_py == "http://py"


def test_resolved_settings_can_be_given_again() -> None:
    once = setup({"host": "h", "project": "p"})
    assert resolve(once).target() == once.target()
    again = resolve(once, host="other:80")
    assert again.url_api == "http://other:80"
    assert again.project == "p"
    assert once.url_api == "http://h:3001", "what was given is not changed"


def test_setup_fills_in_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_PROJECT", "env")
    settings = Settings()
    settings.host = "h"
    assert setup(settings) is settings
    assert (settings.project, settings.url_start) == ("env", "http://h:3001/api/runs/create")
    settings.update({"host": "i"})
    assert settings.url_num == "http://i:3003/ingest/metrics"
    with pytest.raises(SettingsError, match="url_ingest"):
        settings.url_num = "x"  # type: ignore[attr-defined]
    assert settings.get_dir() == str(settings.root)


def test_to_dict_holds_what_has_an_effect() -> None:
    kept = resolve(project="p").to_dict()
    assert kept["project"] == "p"
    assert not {"api_key", "store_db", "_origins"} & set(kept)
    json.dumps(kept)


def test_settings_can_be_pickled_and_copied() -> None:
    settings = resolve(project="p", host="h")
    other = pickle.loads(pickle.dumps(settings))
    assert other.to_dict() == settings.to_dict()
    assert other.origin("project") == "parameter"


def test_the_page_is_the_table() -> None:
    text = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
    assert text == page(), "python -m pluto.core.settings_page > docs/settings.md"


def test_import_is_cheap() -> None:
    code = "import sys, pluto.core.settings; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"httpx", "pandas", "PIL", "numpy", "psutil", "starlette", "keyring"} & set(run.stdout.split())
