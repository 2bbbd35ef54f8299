"""The config: what goes in, what comes out, what may change. Expectations are the original's in offline mode."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import datetime
import enum
import pathlib
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pluto.compat.wandb.sdk.lib.config_util import ConfigError
from tests.compat.wandb.journals import config


class _Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class _Point:
    x: int = 1


class _Thing:
    def __init__(self) -> None:
        self.z = 1

    def __repr__(self) -> str:
        return "a thing"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (_Colour.RED, "RED"), (_Point(), {"x": 1}), (pathlib.Path("/tmp"), "/tmp"),
        (datetime.datetime(2020, 1, 1), "2020-01-01T00:00:00"), ((1, 2), [1, 2]), ({1}, [1]), (float("nan"), None),
        (float("inf"), float("inf")), (np.arange(3), [0, 1, 2]), (np.float32(0.5), 0.5), (np.float32("nan"), None),
        (np.int64(3), 3), (len, "builtins.len"), (_Thing, f"{__name__}._Thing"), (_Thing(), "a thing"),
        (slice(1, 2), {"slice_start": 1, "slice_step": None, "slice_stop": 2}),
        ({"a": {1: 2, "b": (1,)}}, {"a": {1: 2, "b": [1]}}),
        (None, None), (b"ab", "ab"), (collections.OrderedDict(a=1), {"a": 1}), (range(3), [0, 1, 2]),
        (collections.deque([1]), [1]), (2**80, 2**80), (datetime.timedelta(1), "1 day, 0:00:00"),
        (Decimal("1.5"), "1.5"),
        (argparse.Namespace(q=1), "Namespace(q=1)"), ([_Point(), _Colour.RED, np.float32(1)], [{"x": 1}, "RED", 1.0]),
        (bytearray(b"a"), [97]), (True, True), ("text", "text"), (np.array([3]), 3),
        (np.arange(40), str(np.arange(40))),
    ],
)  # fmt: skip
def test_what_values_become(wandb: ModuleType, root: Path, value: Any, kept: Any) -> None:
    run = wandb.init(project="p", config={"given": value})
    run.config["set"] = value
    run.config.update({"updated": value})
    for name in ("given", "set", "updated"):
        assert run.config[name] == kept
        assert type(run.config[name]) is type(kept)
    run.finish()
    stored = config(root)
    assert stored["given"] == stored["set"] == stored["updated"]


def test_reading(wandb: ModuleType) -> None:
    run = wandb.init(project="p", config={"a": 1, "n": {"x": 1}})
    found = run.config
    assert (found.a, found["a"], found.get("a"), found.get("b"), found.get("b", 5)) == (1, 1, 1, None, 5)
    assert found["n"]["x"] == 1
    assert found.keys() == ["a", "n"]
    assert found.items() == [("a", 1), ("n", {"x": 1})]
    assert found.as_dict() == dict(found) == {"a": 1, "n": {"x": 1}}
    assert "_wandb" in list(found)
    assert ("a" in found, "b" in found) == (True, False)
    assert repr(found) == "{'a': 1, 'n': {'x': 1}}"
    assert vars(found)["_items"]["a"] == 1
    with pytest.raises(AttributeError):
        _ = found.b
    with pytest.raises(KeyError):
        _ = found["b"]
    with pytest.raises(TypeError):
        len(found)
    assert not hasattr(found, "pop")


def test_a_value_is_not_changed_by_mistake(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p", config={"a": 1})
    run.config.a = 1
    for change in (lambda: setattr(run.config, "a", 2), lambda: run.config.update({"b": 1, "a": 2})):
        with pytest.raises(ConfigError, match='change value of key "a" from 1 to 2'):
            change()
    with pytest.raises(ConfigError):
        run.config["a"] = 2
    assert "b" not in run.config
    run.config.update({"a": 2}, allow_val_change=True)
    run.config.setdefaults({"a": 9, "c": 3})
    run.config.update({"-dash-": 1})
    assert dict(run.config) == {"a": 2, "c": 3, "dash": 1}
    run.finish()
    stored = config(root)
    assert {name: stored[name] for name in ("a", "c", "dash")} == {"a": 2, "c": 3, "dash": 1}


def test_init_may_allow_changes(wandb: ModuleType) -> None:
    run = wandb.init(project="p", config={"a": 1}, allow_val_change=True)
    run.config.a = 2
    assert run.config.a == 2


def test_locked_values(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", config={"n": {"x": 1}})
    run.config.update_locked({"lk": 1}, user="sweep")
    run.config.merge_locked({"n": {"y": 2}}, user="sweep", _allow_val_change=True)
    run.config.update({"lk": 2})
    run.config.lk = 3
    assert dict(run.config) == {"n": {"x": 1, "y": 2}, "lk": 1}
    assert capsys.readouterr().err.count("Config item 'lk' was locked by 'sweep' (ignored update)") == 2


@pytest.mark.parametrize("what", [3, [("a", 1)], None])
def test_what_is_no_config(wandb: ModuleType, what: Any) -> None:
    run = wandb.init(project="p")
    with pytest.raises(TypeError, match="config must be a dict"):
        run.config.update(what)
    if what is not None:
        with pytest.raises(TypeError):
            wandb.init(project="p", config=what, reinit="create_new")


def test_configs_of_many_kinds(wandb: ModuleType, place: Path) -> None:
    (place / "some.yaml").write_text("wandb_version: 1\n\nlr:\n  value: 0.1\n  desc: speed\n")
    run = wandb.init(project="p", config=argparse.Namespace(depth=3))
    run.config.update(_Thing())
    run.config.update("some.yaml")
    other = wandb.init(project="p", reinit="create_new", config=run.config)
    assert dict(other.config) == {"depth": 3, "z": 1, "lr": 0.1}
    with pytest.raises(ConfigError, match="doesn't exist"):
        run.config.update("none.yaml")


@pytest.mark.parametrize("text", ["a: [", "a: 1", "- a", "wandb_version: 7\na:\n  value: 1\n"])
def test_config_files_that_make_no_sense(wandb: ModuleType, place: Path, text: str) -> None:
    (place / "bad.yaml").write_text(text)
    run = wandb.init(project="p")
    with pytest.raises(ConfigError):
        run.config.update("bad.yaml")


def test_defaults_lie_in_a_file(wandb: ModuleType, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "config-defaults.yaml").write_text("a:\n  value: 1\nb:\n  value: 1\n")
    (place / "more.yaml").write_text("c:\n  value: 1\nd:\n  value: 1\n")
    monkeypatch.setenv("WANDB_CONFIG_PATHS", "more.yaml")
    run = wandb.init(project="p", config={"b": 2, "d": 2})
    assert dict(run.config) == {"a": 1, "b": 2, "c": 1, "d": 1}


def test_filters(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", config={"a": 1, "b": 2}, config_exclude_keys=["a"])
    assert dict(run.config) == {"b": 2}
    other = wandb.init(project="p", config={"a": 1, "b": 2}, config_include_keys=["a"], reinit="create_new")
    assert dict(other.config) == {"a": 1}
    assert "config_exclude_keys is deprecated" in capsys.readouterr().err
    with pytest.raises(wandb.UsageError):
        wandb.init(config={}, config_include_keys=["a"], config_exclude_keys=["b"], reinit="create_new")
    assert wandb.helper.parse_config({"a": 1, "b": 2}, exclude=("b",)) == {"a": 1}


def test_a_changed_dict_is_kept_by_persist(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p", config={"n": {"x": 1}})
    run.config["n"]["x"] = 2
    run.config.persist()
    run.finish()
    assert config(root)["n"] == {"x": 2}


def test_static_config(wandb: ModuleType) -> None:
    run = wandb.init(project="p", config={"a": 1})
    static = run.config_static
    assert (static["a"], static.a, list(static.keys())) == (1, 1, ["a"])
    for change in (lambda: setattr(static, "a", 2), lambda: static.__setitem__("a", 2)):
        with pytest.raises(AttributeError, match="readonly"):
            change()


def test_after_the_end(wandb: ModuleType) -> None:
    run = wandb.init(project="p", config={"a": 1})
    run.finish()
    assert run.config.a == 1
    with pytest.raises(wandb.UsageError, match="is finished"):
        run.config.b = 2


def test_bytes_that_are_no_text(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    with pytest.raises(UnicodeDecodeError):
        run.config["b"] = b"\xff"
