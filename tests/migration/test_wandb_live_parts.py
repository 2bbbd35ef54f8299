"""The parts of the live import that need no W&B package: patience, the spool, configs, times, paths."""

from __future__ import annotations

import json
import os
import pickle
import stat
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration.source import Options, Problems, SourceError
from pluto_migration.sources import wandb_live
from pluto_migration.sources.wandb_live import history, own, patience, places, spool, times
from pluto_migration.sources.wandb_live.patience import Patience, Refused, Unreachable


class Http(Exception):
    """As the package raises them: with an answer, or with what they were raised for."""

    def __init__(self, text: str, status: int | None = None, headers: dict[str, str] | None = None, exc: Any = None):
        super().__init__(text)
        self.response = types.SimpleNamespace(status_code=status, headers=headers or {})
        self.exc = exc


class Clock:
    """Time that goes by only when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waited: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(patience, "_said", set())
    monkeypatch.setattr(patience, "_secrets", set())
    return Clock()


def failing(*errors: BaseException) -> Any:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return call


def test_breaks_get_longer_up_to_a_minute_and_it_is_said_once(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    calls = Patience(10_000, clock.wait, clock.now)
    assert calls("it", failing(*[ConnectionError("away")] * 12)) == "answer"
    longest = [1, 2, 4, 8, 16, 32, *[60] * 6]
    assert all(0.7 * most <= waited <= most for waited, most in zip(clock.waited, longest, strict=True))
    assert len(caplog.records) == 1


def test_it_waits_as_long_as_it_is_asked_to(clock: Clock) -> None:
    calls = Patience(1000, clock.wait, clock.now)
    inner = Http("slow down", 429, {"Retry-After": "77"})
    assert calls("it", failing(Http("failed", exc=inner))) == "answer"
    assert clock.waited == [77.0]


def test_patience_ends(clock: Clock) -> None:
    calls = Patience(30, clock.wait, clock.now)
    with pytest.raises(Unreachable, match=r"the list: no answer within 30 s: HTTP 503.*goes on from here"):
        calls("the list", failing(*[Http("HTTP 503", 503)] * 100))
    assert clock.time <= 30
    with pytest.raises(Unreachable):
        calls("it", failing(Http("slow", 429, {"Retry-After": "3600"})))
    assert clock.time <= 60


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Http("no", 404), 404),
        (Http("no", 403), 403),
        (Http("wrapped", exc=Http("inner", 401)), 401),
        (RuntimeError("returned error 403: {}"), 403),
        (RuntimeError("failed to download: status: 404 Not Found: body: "), 404),
        (RuntimeError("input: permission denied"), None),
        (ValueError("Could not find project"), None),
        (KeyError("project"), None),
        (NotImplementedError(), None),
    ],
)
def test_what_is_not_tried_again(clock: Clock, error: BaseException, status: int | None) -> None:
    with pytest.raises(Refused) as caught:
        Patience(1000, clock.wait, clock.now)("it", failing(error))
    assert (caught.value.status, clock.waited) == (status, [])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.status) == (str(caught.value), status)


@pytest.mark.parametrize(
    "error",
    [Http("", 408), Http("", 429), Http("", 500), Http("", 502), Http("HTTP 599"), ConnectionResetError(),
     TimeoutError(), OSError("unexpected EOF"), RuntimeError("unexpected EOF"),
     Http("failed", 200, exc=ConnectionError("x"))],
)  # fmt: skip
def test_what_is_tried_again(clock: Clock, error: BaseException) -> None:
    assert Patience(1000, clock.wait, clock.now)("it", failing(error)) == "answer"


def test_ctrl_c_is_no_failure(clock: Clock) -> None:
    with pytest.raises(KeyboardInterrupt):
        Patience(1000, clock.wait, clock.now)("it", failing(KeyboardInterrupt()))


def test_messages_hold_no_keys_and_no_signatures(clock: Clock) -> None:
    patience.hide("k" * 40)
    patience.hide(None)
    patience.hide("")
    text = f"get https://user:pw@example.org/a/b?X-Amz-Signature=abc&x=1 with {'k' * 40}\nand more"
    assert patience.plain(RuntimeError(text)) == "get https://example.org/a/b?… with … and more"
    assert patience.plain(RuntimeError()) == "RuntimeError"
    assert len(patience.plain(RuntimeError("x" * 10_000))) == 500


def test_the_spool_keeps_what_is_whole(tmp_path: Path) -> None:
    kept = spool.Spool(tmp_path / "a" / "b", "run")
    with kept.held():
        assert kept.begin("one", extra=1) == {"fingerprint": "one", "extra": 1}
        with pytest.raises(RuntimeError):
            kept.keep_lines("rows/x", broken())
        assert not kept.has_lines("rows/x")
        rows = [{"a": 1}, {"b": "ü\n", "big": 2**80}, float("inf")]
        assert kept.keep_lines("rows/x", rows) == 3
        assert list(kept.lines("rows/x")) == rows
        path = kept.content("name", lambda at: at.write_bytes(b"bytes"))
        assert kept.content("name", never) == path and path.read_bytes() == b"bytes"
        with pytest.raises(OSError, match="full"):
            kept.content("other", full)
        assert kept.begin("one") == {"fingerprint": "one", "extra": 1} and kept.has_lines("rows/x")
        (kept.folder / "files" / "left.part").mkdir()
        (kept.folder / "left.part").write_bytes(b"draft")
        kept.begin("two")
        assert not kept.has_lines("rows/x") and path.exists()
        assert not list(kept.folder.rglob("*.part"))
        for one in (tmp_path / "a").rglob("*"):
            assert stat.S_IMODE(one.stat().st_mode) == (0o700 if one.is_dir() else 0o600)
        with pytest.raises(SourceError, match="another process"), spool.Spool(tmp_path / "a" / "b", "run").held():
            pass
    kept.drop()
    assert not kept.folder.exists()


def broken() -> Any:
    yield {"a": 1}
    raise RuntimeError


def never(at: Path) -> None:
    raise AssertionError


def full(at: Path) -> None:
    at.write_bytes(b"half")
    raise OSError("full")


def test_shared_contents_go_after_a_week(tmp_path: Path) -> None:
    kept = spool.Spool(tmp_path, "run")
    old = kept.content("old", lambda at: at.write_bytes(b"o"), shared=True)
    new = kept.content("new", lambda at: at.write_bytes(b"n"), shared=True)
    used = kept.content("used", lambda at: at.write_bytes(b"u"), shared=True)
    for path in (old, used):
        os.utime(path, (0, 0))
    kept.content("used", never, shared=True)
    spool.forget_unused(tmp_path)
    assert [path.exists() for path in (old, new, used)] == [False, True, True]
    spool.forget_unused(tmp_path / "nowhere")


def test_runs_nobody_asks_for_go_after_a_week_unless_they_are_kept(tmp_path: Path) -> None:
    there = {name: spool.Spool(tmp_path, name) for name in ("old", "kept", "new", "used")}
    for name, one in there.items():
        one.begin("f")
        one.keep(name == "kept")
        if name != "new":
            os.utime(one.folder / "run.json", (0, 0))
    there["used"].begin("f")
    spool.forget_unused(tmp_path)
    assert [one.folder.exists() for one in there.values()] == [False, True, True, True]
    there["kept"].keep(False)
    spool.forget_unused(tmp_path)
    assert not there["kept"].folder.exists()


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_folders_of_runs_are_named_apart(one: list[str], other: list[str]) -> None:
    assert (spool.spool_name(*one) == spool.spool_name(*other)) == ("\0".join(one) == "\0".join(other))
    assert "/" not in spool.spool_name(*one) and not spool.spool_name(*one).startswith(".")


def test_a_note_that_is_damaged_is_none(tmp_path: Path) -> None:
    kept = spool.Spool(tmp_path, "run")
    kept.keep_note("run", {"fingerprint": "one"})
    (kept.folder / "run.json").write_bytes(b'{"fing')
    assert kept.note("run") is None
    assert kept.begin("one") == {"fingerprint": "one"}


@given(st.integers(-1, 10**15), st.none() | st.integers(0, 10**9))
def test_pages_are_as_wide_as_the_memory_bears(last: int, rows: int | None) -> None:
    piece, page = history.widths(last, rows)
    assert 1000 <= page < 2**31 and piece == 20 * page
    # Whatever lies where: no page has more rows than this.
    assert min(page, rows or last + 1) <= 100_000


def test_few_rows_with_times_as_steps_take_few_requests() -> None:
    assert 1_700_000_000 / history.widths(1_700_000_000, 10_000)[1] <= 11


def test_steps_that_nobody_can_wait_for_are_an_error(tmp_path: Path) -> None:
    run = types.SimpleNamespace(lastHistoryStep=2**62)
    with pytest.raises(SourceError, match="requests"):
        history.fetch(run, spool.Spool(tmp_path, "run"), Patience(1), 100)


@pytest.mark.parametrize(
    "error",
    [OSError(28, "No space left on device"), Http("failed", exc=OSError(122, "Disk quota exceeded")),
     RuntimeError("write /x: no space left on device"), PermissionError(13, "Permission denied")],
)  # fmt: skip
def test_a_disk_that_is_full_is_neither_waited_for_nor_a_file_that_is_gone(clock: Clock, error: BaseException) -> None:
    with pytest.raises(SourceError, match="goes on from here") as caught:
        Patience(1000, clock.wait, clock.now)("it", failing(error))
    assert not isinstance(caught.value, Refused) and clock.waited == []


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("2024-05-17T09:30:00", 0), ("2024-05-17T09:30:00Z", 0), ("2024-05-17T09:30:00.5", 0.5),
     ("2024-05-17T11:30:00+02:00", 0), ("2024-05-17T09:30:00.123456789Z", 0.123456), ("2024-05-17 09:30:00+0000", 0)],
)  # fmt: skip
def test_times(said: str, seconds: float) -> None:
    assert times.microseconds(said) == 1715938200_000000 + round(seconds * 1e6)


@pytest.mark.parametrize(
    "said", [None, 5, "", "yesterday", "2024-13-01T00:00:00", "2024-05-17", "2024-05-17T25:00:00Z"]
)
def test_what_is_no_time(said: Any) -> None:
    assert times.microseconds(said) is None


@given(st.text())
def test_lines_with_and_without_times(line: str) -> None:
    assert times.stamped(f"2024-05-17T09:30:00.5 {line}") == (1715938200_500000, line)
    time, text = times.stamped(line)
    assert text == line or time is not None


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3) | st.just("1"), inner, max_size=4)


ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), nested, max_leaves=12)


@given(ANYTHING)
def test_configs_of_any_shape(value: Any) -> None:
    config, kept, rest = own.split({"lr": value, "_wandb": value})
    assert config == {"lr": value} or value != value
    json.dumps([kept, rest])
    assert isinstance(own.definitions(value), dict)
    assert isinstance(own.branch_point({"_wandb": value}), dict)


def test_a_place() -> None:
    assert places.place("team") == places.Place("team")
    assert places.place("team/proj/") == places.Place("team", "proj")
    assert places.place("team/proj/runs/x y") == places.place("team/proj/x y") == places.Place("team", "proj", "x y")


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(SourceError, match=r"pluto-ml\[migrate-wandb\]"):
        list(wandb_live.find(["team/proj"], Options(), Problems()))


def test_the_door_is_not_taken_for_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import pluto.compat.wandb

    monkeypatch.setitem(sys.modules, "wandb", pluto.compat.wandb)
    with pytest.raises(SourceError, match="Pluto's own door"):
        list(wandb_live.find(["team/proj"], Options(), Problems()))


def test_looking_at_the_source_loads_no_package() -> None:
    import subprocess

    program = (
        "import sys; sys.path[:0] = ['migration', '.']; import pluto_migration.sources.wandb_live,"
        " pluto_migration.sources.wandb_parquet; print([m for m in ('wandb', 'pyarrow', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
