"""The scripts that were played under the original, played under ours: the same answers, errors, warnings and data."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.attributes import AttributeReader
from pluto.compat.neptune.internal.backends.pluto import OfflineBackend
from tests.compat.neptune.recorded import play
from tests.compat.neptune.recorded.differences import DELIBERATE, KEPT, MEMORY_ALONE, NOT_STORED
from tests.compat.neptune.recorded.kept import kept
from tests.programs import original

MODULE = "pluto.compat.neptune"
NONE = {"classes": []}
FAILED = ["AssertionError", "Exception"]
ANSWERS = {path.stem: play.read(path) for path in sorted(Path(play.__file__).parent.glob("*.json"))}
SECTIONS: dict[str, list[str]] = {"init": [], "assign": [], "series": [], "others": []}
for name in ANSWERS:
    if name not in MEMORY_ALONE:
        SECTIONS.get(name.partition("_")[0], SECTIONS["others"]).append(name)


@pytest.fixture(autouse=True)
def warsaw() -> Iterator[None]:
    """The time zone of the recording: naive times are local."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Europe/Warsaw")
        time.tzset()
        yield
    time.tzset()


def in_their_words(mine: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """My outcome with the recorded words in the place of a message that has them all.

    An error may be a more special one: whoever catches theirs has to catch mine.
    """
    found = dict(mine)
    if "raises" in mine:
        error, expected = mine["raises"], theirs.get("raises", {"classes": None, "words": []})
        caught = set(expected["classes"] or ()) <= set(error["classes"])
        found["raises"] = {
            "classes": expected["classes"] if caught and expected["classes"] else error["classes"],
            "words": in_words(error["text"], expected["words"]),
        }
    for kind in ("warns", "says"):
        if kind in mine:
            expected = [words for _, words in theirs.get(kind, ())]
            expected += [[]] * (len(mine[kind]) - len(expected))
            found[kind] = [
                [name, in_words(text, words)] for (name, text), words in zip(mine[kind], expected, strict=True)
            ]
    return found


def in_words(text: str, words: list[str]) -> list[str] | str:
    return words if all(word in text for word in words) else text


def same(mine: list[dict[str, Any]], script: str, mode: str) -> None:
    theirs = ANSWERS[script]["offline" if mode == "offline" else "debug"]
    assert [one["call"] for one in mine] == [one["call"] for one in theirs]
    deliberate = {
        call for some in DELIBERATE.values() for name, call, modes in some if name == script and mode in modes
    }
    for one, other in zip(mine, theirs, strict=True):
        found = in_their_words(one, other)
        if one["call"] in deliberate:
            assert found != other, "the same by now"
        elif mode == "offline" and ".fetch()" in one["call"] and other.get("raises", NONE)["classes"] == FAILED:
            # What the original does not expect itself: it reads a whole namespace offline, and has nothing there.
            assert one["raises"]["classes"][0] == "NeptuneOfflineModeFetchException"
        else:
            assert found == other


@pytest.mark.parametrize("script", ANSWERS)
def test_in_memory(script: str) -> None:
    mine, _ = play.play(script, MODULE, "debug")
    same(mine, script, "debug")


@pytest.mark.parametrize("section", SECTIONS)
def test_offline(section: str) -> None:
    for script in scripts(section):
        mine, _ = play.play(script, MODULE, "offline")
        same(mine, script, "offline")


@pytest.mark.parametrize("section", SECTIONS)
def test_in_the_local_store(section: str) -> None:
    played = {script: play.play(script, MODULE, "async") for script in scripts(section)}
    with AttributeReader() as reader:
        for script, (mine, names) in played.items():
            if script not in NOT_STORED:
                same(mine, script, "async")
            for name, theirs in ANSWERS[script]["kept"].items():
                if not isinstance(names[name]._backend, OfflineBackend):
                    found = kept(reader, "team/tests", names[name]._sys_id)
                    paths = [path for path in {**theirs, **found} if (script, name, path) not in KEPT]
                    assert {path: found.get(path) for path in paths} == {path: theirs.get(path) for path in paths}


def scripts(section: str) -> Iterator[str]:
    """The scripts of a section, each in a folder of its own."""
    above = Path.cwd()
    for script in SECTIONS[section]:
        folder = above / script
        folder.mkdir()
        os.chdir(folder)
        yield script
    os.chdir(above)


def test_there_is_something_to_hold() -> None:
    assert len(ANSWERS) >= 60
    assert sum(len(one["debug"]) for one in ANSWERS.values()) >= 1000


@pytest.mark.originals
@pytest.mark.timeout(300)
def test_the_original_still_says_so(tmp_path: Path) -> None:
    program = Path(play.__file__).with_name("record.py")
    subprocess.run([original("neptune-1.14.0.post2"), program, tmp_path], check=True, capture_output=True)
    for script, answers in ANSWERS.items():
        again = play.read(tmp_path / f"{script}.json")
        for place in KEPT:  # those that are of the process
            if place[0] == script and place[2].startswith("m/"):
                again["kept"][place[1]][place[2]] = answers["kept"][place[1]][place[2]]
        assert again == answers, script
