"""Progress bars: which is meant, when one is shown, and what it is told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pluto.compat.neptune.internal.backends import utils
from pluto.compat.neptune.internal.backends.utils import construct_progress_bar, which_progress_bar
from pluto.compat.neptune.typing import ProgressBarCallback
from pluto.compat.neptune.utils import NullProgressBar, TqdmProgressBar


class Bar(ProgressBarCallback):
    """Notes what it is told."""

    made: list[Bar] = []

    def __init__(self, *args: Any, description: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.description = description
        self.updates: list[tuple[int, int | None]] = []
        self.open: bool | None = None
        Bar.made.append(self)

    def __enter__(self) -> Bar:
        self.open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.open = False

    def update(self, *, by: int, total: int | None = None) -> None:
        assert self.open
        self.updates.append((by, total))


@pytest.fixture(autouse=True)
def _no_bars() -> None:
    Bar.made.clear()


def test_what_is_meant() -> None:
    assert which_progress_bar(None) is which_progress_bar(True) is TqdmProgressBar
    assert which_progress_bar(False) is NullProgressBar
    assert which_progress_bar(Bar) is Bar
    for wrong in ("tqdm", 1, int, Bar(), object()):
        with pytest.raises(TypeError, match="progress_bar"):
            which_progress_bar(wrong)  # type: ignore[arg-type]


def test_without_tqdm_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utils.importlib.util, "find_spec", lambda _: None)
    with pytest.warns(Warning, match="tqdm"):
        assert which_progress_bar(True) is NullProgressBar


def test_none_and_tqdms(capsys: pytest.CaptureFixture[str]) -> None:
    with construct_progress_bar(False, "nothing") as bar:
        bar.update(by=1, total=2)
    assert capsys.readouterr().err == ""
    pytest.importorskip("tqdm")
    with construct_progress_bar(True, "some things") as bar:
        bar.update(by=1, total=2)
        bar.update(by=1)
    shown = capsys.readouterr().err
    assert "some things" in shown
    assert "2/2" in shown


def test_tqdm_is_not_imported_where_it_is_not_needed() -> None:
    if "tqdm" not in sys.modules:
        NullProgressBar()
        assert "tqdm" not in sys.modules


def test_many_values(run: Any) -> None:
    run["few"].extend([float(value) for value in range(999)])
    run["many"].extend([float(value) for value in range(2500)])
    run.wait()
    assert len(run["few"].fetch_values(progress_bar=Bar)) == 999
    assert Bar.made == []
    assert len(run["many"].fetch_values(progress_bar=Bar)) == 2500
    (bar,) = Bar.made
    assert bar.open is False
    assert sum(by for by, _ in bar.updates) == 2500
    assert {total for _, total in bar.updates} == {2500}


def test_a_download(run: Any, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(b"x" * 3_000_000)
    run["large"].upload(str(tmp_path / "large.bin"))
    run.wait()
    run["large"].download(str(tmp_path / "copy.bin"), progress_bar=Bar)
    (bar,) = Bar.made
    assert bar.open is False
    assert "copy.bin" in (bar.description or "")
    assert sum(by for by, _ in bar.updates) == 3_000_000
    assert (tmp_path / "copy.bin").read_bytes() == b"x" * 3_000_000
