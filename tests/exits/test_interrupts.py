"""Ctrl-C at any moment of `finish()`: the end is written, a line says what is left, and nobody waits any more."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import pluto
from pluto.core import fork, live, process, shutdown
from pluto.core.op import Op
from tests.core.journals import end, writers

CORE = str(Path(pluto.__file__).parent / "core")
INSIST = shutdown.insist


class Keyboard:
    """Presses Ctrl-C at moments with the given numbers.

    A moment is one at which the interpreter sees to signals: as a function begins, and as one that is written in C
    returns. Those within Pluto's engine are counted, from the first call of `Op.end` on.
    """

    def __init__(self, *presses: int) -> None:
        self.moments = self.pressed = 0
        self._presses = presses
        self._begun = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        self._begun |= frame.f_code is Op.end.__code__
        if not self._begun or event not in ("call", "c_return") or not frame.f_code.co_filename.startswith(CORE):
            return
        if event == "call" and frame.f_code is INSIST.__code__:
            return  # it is called where the first press is handled: the second comes no sooner than in there
        self.moments += 1
        if self.moments in self._presses:
            self.pressed += 1
            raise KeyboardInterrupt

    def _insist(self, step: Callable[[], Any]) -> Any:
        """The real one; but a profiler that has raised something is gone, and the next press wants one."""

        def watched() -> Any:
            sys.setprofile(self)
            return step()

        return INSIST(watched)

    def watches(self, call: Callable[[], object]) -> bool:
        """Whether the call was interrupted."""
        before = sys.getprofile()
        shutdown.insist = self._insist  # type: ignore[assignment]
        sys.setprofile(self)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.setprofile(before)
            shutdown.insist = INSIST
        return False


@pytest.fixture(autouse=True)
def nobody_delivers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the end of the process would wait longer than `finish()`."""
    monkeypatch.setattr(process, "wake", lambda sync: None)
    monkeypatch.setattr(shutdown, "owner", lambda: "CI")
    monkeypatch.setenv("PLUTO_EXIT_WAIT", "90")


def opened(number: int) -> Op:
    run = pluto.init(project="p", name=f"r{number}", disable_console=True, disable_system_metrics=True)
    run.log({"loss": 1.0}, step=number)
    return run


def check(run: Op, root: Path, said: str, where: object, times: int = 2) -> None:
    (folder,) = (path for path in writers(root) if run._recorder is not None and path == run._recorder.journal.folder)
    last = end(folder)
    assert last is not None and last.status == "COMPLETED", where
    # More than once, where the key was pressed just as the line was out.
    assert 1 <= said.count(f"run {run._name}: 3 records left, safe on this disk; `pluto sync`") <= times, where
    assert run not in live.ops and run not in shutdown._watch.runs, where
    assert not shutdown._watch.detached, where
    assert (sys.excepthook, sys.exit) == (sys.__excepthook__, shutdown._watch._exit), where
    assert shutdown._watch._installed is None, where
    assert not fork.sqlite_lock()._is_owned(), where


@pytest.mark.parametrize("wait", ["0", "60"])
def test_at_every_moment(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, wait: str
) -> None:
    """Without waiting, to the last; with it, as far as into the waiting."""
    caplog.set_level(logging.INFO, "pluto")
    monkeypatch.setenv("PLUTO_FINISH_WAIT", "0")
    whole = Keyboard()
    assert not whole.watches(opened(0).finish)
    assert len(shutdown._watch.detached) == 1, "at exit this one would be waited for"
    shutdown._watch.detached = []
    monkeypatch.setenv("PLUTO_FINISH_WAIT", wait)
    assert whole.moments > 60
    for number in range(1, whole.moments + 1):
        run = opened(number)
        caplog.clear()
        assert Keyboard(number).watches(run.finish), number
        check(run, root, caplog.text, number)


def test_pressed_again_and_again(root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pluto")
    monkeypatch.setenv("PLUTO_FINISH_WAIT", "60")
    pressed = set()
    for first in range(1, 80, 7):
        for further in (1, 5, 23, 60):
            presses = [first + further * count for count in range(4)]
            run = opened(first * 100 + further)
            caplog.clear()
            keyboard = Keyboard(*presses)
            assert keyboard.watches(run.finish), presses
            check(run, root, caplog.text, presses, 4)
            pressed.add(keyboard.pressed)
    assert 4 in pressed


def test_as_the_process_ends(root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """All open runs get their ends, and a line each."""
    caplog.set_level(logging.INFO, "pluto")
    watch = shutdown._watch
    monkeypatch.setenv("PLUTO_FINISH_WAIT", "60")
    for number in range(1, 240, 3):
        runs = [opened(number * 10 + count) for count in range(2)]
        caplog.clear()
        assert not Keyboard(number).watches(watch.at_exit), number
        watch.exiting = 0
        for run in runs:
            watch.remove(run)
            live.ops.remove(run)
        for run in runs:
            check(run, root, caplog.text, number)
