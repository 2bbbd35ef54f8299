"""Importing is cheap, and pandas is needed for frames alone."""

from __future__ import annotations

from pathlib import Path

from tests.compat.neptune_query.seed import PROJECT
from tests.programs import Scripts
from tests.test_imports import HEAVY

MODULES = ("", ".runs", ".filters", ".types", ".exceptions", ".warnings", ".experimental")


def test_an_import_loads_nothing_heavy_and_starts_nothing(scripts: Scripts) -> None:
    done = scripts.run(
        f"""
        import importlib, os, sys, threading
        for module in {MODULES!r}:
            importlib.import_module("pluto.compat.neptune_query" + module)
        heavy = [name for name in {[*HEAVY, "regex"]!r} if name in sys.modules]
        assert not heavy, heavy
        assert threading.active_count() == 1, threading.enumerate()
        assert not os.path.exists(os.environ["PLUTO_DIR"])
        from pluto.compat.neptune_query import *
        assert callable(list_experiments) and callable(experimental.fetch_runs_table_global)
        """
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_without_pandas_lists_work_and_frames_say_what_is_missing(store: Path, scripts: Scripts) -> None:
    scripts.run(
        f"""
        import sys
        sys.modules["pandas"] = None
        import pluto.compat.neptune_query as nq
        import pluto.compat.neptune_query.runs as nq_runs
        from pluto.compat.neptune_query.filters import Filter
        project = {PROJECT!r}
        assert nq.list_experiments(project=project, experiments=Filter.name("r & !f")) == ["resnet"]
        assert "lr" in nq_runs.list_attributes(project=project, runs=["new"])
        calls = [
            lambda: nq.fetch_metrics(project=project, experiments="a", attributes="b"),
            lambda: nq_runs.fetch_series(project=project, runs="a", attributes="b"),
            lambda: nq.fetch_experiments_table(project=project),
            lambda: nq.fetch_metric_buckets(project=project, experiments="a", y="b"),
            lambda: nq.experimental.fetch_runs_table_global(),
            lambda: nq.download_files(files=[]),
        ]
        for call in calls:
            try:
                call()
            except ImportError as error:
                assert "pluto-ml[pandas]" in str(error), error
            else:
                raise AssertionError(call)
        """
    )


def test_no_project_and_no_token_are_needed(scripts: Scripts) -> None:
    """Neptune's token is taken and goes nowhere; without a project, Pluto's default one is read."""
    done = scripts.run(
        """
        import socket
        def refuse(*args):
            raise AssertionError(f"a connection to {args}")
        socket.socket.connect = refuse
        import pluto
        import pluto.compat.neptune_query as nq
        nq.set_api_token("eyJhcGlfYWRkcmVzcyI6Imh0dHBzOi8vYXBwLm5lcHR1bmUuYWkifQ==")
        with pluto.init(name="here", disable_console=True, disable_system_metrics=True) as run:
            run.log({"loss": 1.5}, step=0)
            print(nq.list_experiments())
            print(nq.fetch_metrics(experiments="here", attributes="loss")["loss"].tolist())
        """,
        env={"NEPTUNE_API_TOKEN": "eyJhcGlfYWRkcmVzcyI6Imh0dHBzOi8vYXBwLm5lcHR1bmUuYWkifQ=="},
    )
    assert done.stdout.splitlines() == ["['here']", "[1.5]"]
