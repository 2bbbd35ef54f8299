"""What people are told: on stdout by the logger, and by warnings that name their line."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

import pluto.compat.neptune as neptune
from pluto.compat.neptune.common import warnings as said
from pluto.compat.neptune.common.warnings import (
    NeptuneDeprecationWarning,
    NeptuneUnsupportedType,
    NeptuneWarning,
    warn_once,
)
from pluto.compat.neptune.internal.utils.logger import get_disabled_logger, get_logger


def test_messages_have_a_prefix_and_a_level(capsys: pytest.CaptureFixture[str]) -> None:
    get_logger().info("one")
    get_logger().warning("two")
    get_logger().error("three")
    get_logger().debug("four")
    get_logger(with_prefix=False).info("five")
    get_disabled_logger().error("six")
    out, err = capsys.readouterr()
    assert out == "[neptune] [info   ] one\n[neptune] [warning] two\n[neptune] [error  ] three\nfive\n"
    assert err == ""


def test_messages_go_to_what_stdout_is_just_then(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", first)
    get_logger().info("one")
    monkeypatch.setattr(sys, "stdout", second)
    get_logger().info("two")
    assert (first.getvalue(), second.getvalue()) == ("[neptune] [info   ] one\n", "[neptune] [info   ] two\n")


@pytest.mark.parametrize("stdout", ["closed", "none", "broken"])
def test_a_stdout_that_is_gone_is_no_problem(
    stdout: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], open_run: Any
) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

    given = {"closed": io.StringIO(), "none": None, "broken": Broken()}[stdout]
    if stdout == "closed":
        given.close()  # type: ignore[union-attr]
    monkeypatch.setattr(sys, "stdout", given)
    run = open_run(mode="debug")
    run["x"] = 1
    run.stop()
    assert capsys.readouterr().err == ""


def test_messages_do_not_reach_the_root_logger() -> None:
    heard: list[logging.LogRecord] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record)

    ear = Ear()
    logging.getLogger().addHandler(ear)
    try:
        get_logger().error("three")
    finally:
        logging.getLogger().removeHandler(ear)
    assert heard == []


def test_a_warning_is_said_once() -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for _ in range(3):
            warn_once("mind the gap", exception=NeptuneWarning)
        warn_once("another", exception=NeptuneWarning)
        warn_once("it goes away")
    assert [(str(one.message), one.category) for one in heard] == [
        ("mind the gap", NeptuneWarning),
        ("another", NeptuneWarning),
        ("it goes away", NeptuneDeprecationWarning),
    ]


def test_after_a_thousand_warnings_there_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said, "warned_once", set(range(1000)))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        warn_once("one more")
    assert heard == []


def test_a_warning_names_the_line_of_the_script(debug: Any) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        debug["x"] = [1, 2]
        here = sys._getframe().f_lineno - 1
    assert [(one.category, one.filename, one.lineno) for one in heard] == [(NeptuneUnsupportedType, __file__, here)]


def test_a_warning_is_shown_in_one_line(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import warnings\n"
        "import pluto.compat.neptune as neptune\n"
        "run = neptune.init_run(mode='debug')\n"
        "run['x'] = [1, 2]\n"
        "warnings.warn('of the script')\n"
    )
    shown = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, timeout=60).stderr
    first, *others = shown.splitlines()
    assert first.startswith(f"[neptune] [warning] {script}:4: NeptuneUnsupportedType: ")
    assert others == [f"{script}:5: UserWarning: of the script", "  warnings.warn('of the script')"]


def test_what_a_run_says_from_beginning_to_end(capsys: pytest.CaptureFixture[str], open_run: Any) -> None:
    run = open_run(project="tests/door")
    url = run.get_url()
    assert capsys.readouterr().out == f"[neptune] [info   ] Neptune initialized. Open in the app: {url}\n"
    run["x"] = 1
    run.stop()
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "[neptune] [info   ] Shutting down background jobs, please wait a moment...",
        "[neptune] [info   ] Done!",
    ]
    assert lines[-1] == f"[neptune] [info   ] Explore the metadata in the Neptune app: {url}/metadata"
    run.stop()
    assert capsys.readouterr() == ("", "")


def test_a_run_in_memory_is_nowhere(capsys: pytest.CaptureFixture[str], open_run: Any) -> None:
    open_run(mode="debug").stop()
    assert capsys.readouterr().out.splitlines() == [
        "[neptune] [info   ] Shutting down background jobs, please wait a moment...",
        "[neptune] [info   ] Done!",
    ]


def test_pluto_adds_no_word_of_its_own(capfd: pytest.CaptureFixture[str], open_run: Any) -> None:
    for mode in ("async", "sync", "offline", "debug"):
        run = open_run(mode=mode, project="tests/door")
        run["x"] = 1
        run.stop()
    assert capfd.readouterr().err == ""


def test_the_version_is_one() -> None:
    from pluto.compat.neptune.version import version

    assert str(version) == neptune.__version__ == "1.14.0.post2"
