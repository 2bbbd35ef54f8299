"""Pages, figures, molecules, evaluations, models, imports."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.compat.wandb.journals import history

LIGHT = """
import sys
import pluto.compat.wandb as wandb
wandb.Table, wandb.Image, wandb.plot.line, wandb.data_types.Graph
print([name for name in ("numpy", "PIL", "pandas", "matplotlib", "sklearn", "av", "soundfile") if name in sys.modules])
"""


def test_nothing_heavy_is_loaded_before_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("page", "injected"),
    [
        ("<p>x</p>", '<base target="_blank"><p>x</p>'),
        ("<html><p>", '<html><head><base target="_blank"></head><p>'),
        ("<html><head><title>t", '<html><head><base target="_blank"><title>t'),
    ],
)
def test_links_of_a_page_open_in_a_new_window(wandb: ModuleType, page: str, injected: str) -> None:
    html = wandb.Html(page)
    assert html.html == injected
    assert Path(html._path).read_text() == injected


def test_a_page_is_read_from_its_beginning(wandb: ModuleType) -> None:
    file = io.StringIO("<p>")
    file.read()
    assert wandb.Html(file, inject=False).html == "<p>"


class Figure:
    """What of a figure of plotly is used."""

    def to_plotly_json(self) -> dict[str, Any]:
        return {"data": [{"y": np.arange(40), "x": (1, 2)}], "layout": {"title": {"text": "é"}}}


Figure.__module__ = "plotly.graph_objs._figure"


def test_a_figure_of_plotly_is_logged_as_it_is(wandb: ModuleType, root: Path) -> None:
    with wandb.init(project="p") as run:
        run.log({"f": Figure(), "g": wandb.Plotly(Figure())})
    row = history(root)[0]
    assert row["f"]["_type"] == "plotly-file"
    assert row["f"]["path"].startswith("media/plotly/f_0_")
    assert row["f"]["path"].endswith(".plotly.json")
    content = json.loads((Path(run.dir) / row["f"]["path"]).read_text("utf-8"))
    assert content["data"] == [{"y": list(range(40)), "x": [1, 2]}]
    assert row["g"]["sha256"] == row["f"]["sha256"]


def test_a_figure_of_matplotlib_needs_plotly(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.subplots().plot([1, 2])
    monkeypatch.setitem(sys.modules, "plotly.tools", None)
    monkeypatch.setitem(sys.modules, "plotly", None)
    with wandb.init(project="p") as run:
        with pytest.raises(wandb.Error, match=r"wandb\.Image\(plt\)"):
            run.log({"f": figure})


@pytest.mark.parametrize("library", ["bokeh", "rdkit"])
def test_a_library_that_is_missing_is_named(wandb: ModuleType, monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    for name in (library, "bokeh.document", "bokeh.model", "rdkit.Chem", "rdkit.Chem.AllChem"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(wandb.Error, match=f"pip install {library}"):
        if library == "bokeh":
            wandb.data_types.Bokeh("x")
        else:
            wandb.Molecule.from_smiles("CC")


def test_an_argument_that_is_unknown_is_refused(wandb: ModuleType) -> None:
    with pytest.raises(TypeError, match="'colour'"):
        wandb.Object3D(np.zeros((1, 3)), colour="red")
    with pytest.raises(TypeError, match="'colour'"):
        wandb.Molecule(io.StringIO("x"), file_type="pdb", colour="red")


def test_an_evaluation_is_a_table_whose_columns_have_roles(wandb: ModuleType, root: Path) -> None:
    table = wandb.EvalTable(input_columns=["q"], output_columns=["a"], score_columns=["ok"], data=[["1+1", "2", 1.0]])
    assert table.columns == ["q", "a", "ok"]
    with wandb.init(project="p") as run:
        run.log({"e": table, "more": wandb.EvalTable(columns=["q", "a"], input_columns=["q"], data=[["x", 1]])})
    row = history(root)[0]
    assert row["e"]["_type"] == "eval-table"
    assert (row["e"]["input_columns"], row["e"]["output_columns"], row["e"]["score_columns"]) == (["q"], ["a"], ["ok"])
    assert row["more"]["output_columns"] == ["a"]
    content = json.loads((Path(run.dir) / row["e"]["path"]).read_text())
    assert content == {"columns": ["q", "a", "ok"], "data": [["1+1", "2", 1.0]]}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"log_mode": "MUTABLE"}, "UsageError"),
        ({"backend": "other"}, "UsageError"),
        ({"unsupported_media_mode": "other"}, "ValueError"),
    ],
)
def test_evaluations_that_make_no_sense(wandb: ModuleType, arguments: Any, error: str) -> None:
    with pytest.raises(Exception) as raised:
        wandb.EvalTable(columns=["a"], **arguments)
    assert type(raised.value).__name__ == error


def test_a_role_needs_its_column(wandb: ModuleType) -> None:
    with wandb.init(project="p") as run:
        with pytest.raises(ValueError, match="do not exist"):
            run.log({"e": wandb.EvalTable(columns=["a"], data=[[1]], score_columns=["b"])})


def test_models_of_scikit_learn_are_kept_apart(wandb: ModuleType) -> None:
    pytest.importorskip("cloudpickle")
    linear = pytest.importorskip("sklearn.linear_model")
    model = linear.LinearRegression().fit([[0], [1]], [0, 2])
    saved = wandb.data_types._SavedModel.init(model)
    assert type(saved)._log_type == "sklearn-model-file"
    assert saved.model_obj().predict([[2]])[0] == pytest.approx(4)
    with pytest.raises(ValueError, match="No suitable"):
        wandb.data_types._SavedModel.init(object())


def test_older_scripts_find_charts_where_they_were(wandb: ModuleType) -> None:
    from pluto.compat.wandb.viz import custom_chart

    chart = custom_chart("wandb/line/v0", wandb.Table(columns=["a"], data=[[1]]), {"x": "a"}, {})
    assert chart.spec.spec_name == "wandb/line/v0"


def test_charts_are_functions_whatever_was_imported(wandb: ModuleType) -> None:
    import pluto.compat.wandb.plot.histogram  # noqa: F401

    assert callable(wandb.plot.histogram)
    assert callable(wandb.plot.bar)


def test_curves_want_both(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert wandb.plot.roc_curve([0, 1], None) is None
    assert wandb.plot.pr_curve(None, None) is None
    assert "y_probas is None" in capsys.readouterr().err


def test_curves_of_no_class_are_refused(wandb: ModuleType) -> None:
    pytest.importorskip("sklearn")
    with pytest.raises(ValueError, match="none of the classes"):
        wandb.plot.roc_curve([0, 1], [[0.5, 0.5], [0.1, 0.9]], classes_to_plot=[7])


def test_a_long_curve_is_thinned_out(wandb: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    wandb.Table.MAX_ROWS, limit = 50, wandb.Table.MAX_ROWS
    try:
        chart = wandb.plot.roc_curve(rng.integers(0, 2, 500), rng.random((500, 2)))
    finally:
        wandb.Table.MAX_ROWS = limit
    assert len(chart.table.data) == 50
    assert "only 50 data points" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_leaves_its_parents_files_alone(wandb: ModuleType) -> None:
    image = wandb.Image(np.zeros((2, 2)))
    child = os.fork()
    if not child:
        try:
            from pluto.compat.wandb.sdk.data_types._private import MEDIA_TMP

            mine = MEDIA_TMP.name
            MEDIA_TMP.cleanup()
            os._exit(0 if mine != os.path.dirname(image._path) and os.path.exists(image._path) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert os.path.exists(image._path)
