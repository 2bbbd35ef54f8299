from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pluto.sweeps.registry import COMPLETED, FAILED, LOST, RUNNING, Registry
from tests.programs import Scripts


def test_a_sweep_is_kept_privately_and_found_again(root: Path) -> None:
    made = Registry.create(root, {"method": "grid"}, "digits")
    found = Registry(root, made.sweep)
    assert (found.config, found.project) == ({"method": "grid"}, "digits")
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("sweep", ["../../etc/passwd", "a/b", "", "x" * 65])
def test_an_id_leads_nowhere_else(root: Path, sweep: str) -> None:
    with pytest.raises(ValueError, match="is no sweep id"):
        Registry(root, sweep)


def test_an_unknown_sweep_is_an_error_that_says_where_it_looked(root: Path) -> None:
    with pytest.raises(ValueError, match=f"there is no sweep 'abcdefgh' under {root}"):
        Registry(root, "abcdefgh")


def test_a_trial_of_a_killed_process_is_lost_and_those_of_live_ones_are_not(root: Path, scripts: Scripts) -> None:
    registry = Registry.create(root, {}, None)
    claim = f"""
        import pathlib, sys
        from pluto.sweeps.registry import Registry
        Registry(pathlib.Path({str(root)!r}), {registry.sweep!r}).claim(lambda tried, number: [number])
        print("claimed", flush=True)
        sys.stdin.read()
    """
    with scripts.start(claim, stdin=-1) as killed, scripts.start(claim, stdin=-1) as alive:
        for process in (killed, alive):
            assert process.stdout is not None
            assert process.stdout.readline() == "claimed\n"
        assert [trial.state for trial in registry.trials()] == [RUNNING, RUNNING]
        killed.kill()
        killed.wait()
        states = sorted(trial.state for trial in registry.trials())
        assert states == sorted([LOST, RUNNING])
        alive.kill()


def test_ends_are_kept(root: Path) -> None:
    registry = Registry.create(root, {}, None)
    registry.claim(lambda tried, number: [0])
    registry.claim(lambda tried, number: [0.5, 2])
    registry.end(1, COMPLETED, 0.25)
    registry.end(2, FAILED, None)
    one, two = registry.trials()
    assert (one.point, one.state, one.objective) == ([0], COMPLETED, 0.25)
    assert (two.point, two.state, two.objective) == ([0.5, 2], FAILED, None)


def test_a_choice_that_raises_leaves_nothing(root: Path) -> None:
    registry = Registry.create(root, {}, None)
    with pytest.raises(ZeroDivisionError):
        registry.claim(lambda tried, number: [1 // 0])
    assert registry.trials() == []
