"""What goes wrong between here and a server."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import pluto.compat.neptune_query as nq
from pluto.compat.neptune_query import exceptions
from tests.compat.neptune_query.seed import PROJECT
from tests.fakes.stock import stock_server
from tests.programs import Scripts, free_port


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pluto.query.connection._FIRST_WAIT_S", 0.01)


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUTO_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PLUTO_API_KEY", "key")
    with pytest.raises(exceptions.NeptuneFailedToFetchClientConfig, match=r"127\.0\.0\.1"):
        nq.list_experiments(project="p")


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with stock_server() as stock:
        monkeypatch.setenv("PLUTO_HOST", stock.url)
        monkeypatch.setenv("PLUTO_API_KEY", "wrong")
        with pytest.raises(exceptions.NeptuneInvalidCredentialsError, match="pluto login"):
            nq.list_experiments(project="p")
        monkeypatch.setenv("PLUTO_API_KEY", stock.key)
        with pytest.raises(exceptions.NeptuneProjectInaccessible):
            nq.list_experiments(project="p")


def test_a_server_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    with stock_server() as stock:
        monkeypatch.setenv("PLUTO_HOST", stock.url)
        monkeypatch.setenv("PLUTO_API_KEY", stock.key)
        stock.fail(418)
        with pytest.raises(exceptions.NeptuneUnexpectedResponseError, match="418"):
            nq.list_experiments(project="p")
        stock.heal()
        stock.fail(503, times=2)
        with pytest.raises(exceptions.NeptuneProjectInaccessible):
            nq.list_experiments(project="p")


def test_settings_may_change_and_forks_read_too(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nq.list_experiments(project=PROJECT) == ["forked", "resnet", "vit"]
    pid = os.fork()
    if pid == 0:
        os._exit(7 if nq.list_experiments(project=PROJECT) == ["forked", "resnet", "vit"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    monkeypatch.setenv("PLUTO_DIR", str(tmp_path / "empty"))
    with pytest.raises(exceptions.NeptuneProjectInaccessible):
        nq.list_experiments(project=PROJECT)


def test_the_folder_of_neptune_1_counts_where_pluto_has_none_of_its_own(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PLUTO_DIR")
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", str(store.parent))
    assert "resnet" in nq.list_experiments(project=PROJECT)


def test_what_this_process_writes_is_read_at_once(scripts: Scripts) -> None:
    scripts.run(
        """
        import pluto
        import pluto.compat.neptune_query.runs as nq_runs
        with pluto.init(project="p", run_id="r", disable_console=True, disable_system_metrics=True) as run:
            for step in range(5):
                run.log({"loss": float(step)}, step=step)
                assert nq_runs.fetch_metrics(project="p", runs=["r"], attributes=["loss"])["loss"].tolist()[-1] == step
        """,
        timeout=100,
    )
