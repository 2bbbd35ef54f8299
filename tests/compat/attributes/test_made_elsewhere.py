"""Runs that `pluto.init` made, or that came in through the API, read as attributes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import pluto
from pluto.compat.attributes import AttributeKind, AttributeReader, GitCommit, open_run
from pluto.compat.attributes.monitoring import gauges, label_of, namespace_of
from pluto.core.transport import local_transport
from pluto.protocol.records import Console, Metrics
from tests.compat.attributes.conftest import Place
from tests.query.seed import Seeder, T

K = AttributeKind


@pytest.fixture
def seeder(root: Any) -> Any:
    with httpx.Client(transport=local_transport(root / "store"), base_url="http://pluto.local") as http:
        yield Seeder(http)


def find(project: str, **named: Any) -> Any:
    with AttributeReader() as reader:
        found = reader.find(project, **named)
    assert found is not None
    return found


def test_a_native_run(place: Place) -> None:
    config = {
        "lr": 0.1, "layers": [1, 2], "names": ["a", "b"], "nothing": None, "empty": {}, "none": [],
        "deep": {"er": {"x": 1}},
        "a/b": 2, "on": True, "//odd//": 3, "loss": 5,
    }  # fmt: skip
    with pluto.init(
        project="native", name="mine", config=config, tags=["t", "group:g"], notes="words", settings=place.settings,
        disable_system_metrics=True,
    ) as run:  # fmt: skip
        run.log({"loss": 0.5, "phase": "warm", "h": pluto.Histogram([1.0, 2.0, 2.0], bins=2)}, step=1)
        run.log({"loss": math.nan, "image": pluto.Image(np.zeros((4, 4), np.uint8), caption="c")}, step=3)
        run.log({"file": pluto.File(b"1", name="a.txt")}, step=1)
        run.log({"file": pluto.File(b"2", name="b.bin"), "table": pluto.Table(data=[[1]])}, step=2)
    with place.reader() as reader:
        (found,) = reader.runs("native", series=None)
        kinds = {path: kind for path, kind in found.definitions.items() if not path.startswith(("sys/", "monitoring/"))}
        expected = {
            "lr": K.FLOAT, "layers": K.STRING, "names": K.STRING_SET, "none": K.STRING,
            "deep/er/x": K.INT, "a/b": K.INT,
            "on": K.BOOL, "odd": K.INT, "loss": K.FLOAT_SERIES, "image": K.FILE_SERIES, "file": K.FILE,
        }  # fmt: skip
        told = {"phase": K.STRING_SERIES, "h": K.HISTOGRAM_SERIES}
        assert kinds == expected | told
        assert [found.atom(path) for path in ("layers", "names", "none", "a/b", "odd")] == [
            "[1, 2]",
            {"a", "b"},
            "[]",
            2,
            3,
        ]
        assert (found.name, found.atom("sys/tags"), found.atom("sys/group_tags")) == ("mine", {"t", "group:g"}, {"g"})
        assert (found.atom("sys/state"), found.atom("sys/failed")) == ("idle", False)
        loss = reader.floats(found, "loss")
        assert loss.steps.tolist() == [1, 3] and loss.values[0] == 0.5 and math.isnan(loss.values[1])
        assert [(file.step, file.description, file.extension) for file in reader.files(found, "image")] == [
            (3, "c", "png")
        ]
        assert [reader.read(file) for file in reader.files(found, "file")] == [b"2"]
        if place.stock is None:
            # A stock server has no way to read these of runs that were not written for it.
            assert found.atom("sys/description") == "words"
            assert reader.texts(found, "phase").values == ["warm"] and found.last("phase") == "warm"
            assert reader.histograms(found, "h").values[0].values == (1, 2)
            assert reader.histograms(found, "h").values[0].edges == (1.0, 1.5, 2.0)
        assert reader.find("native", display_id=found.display_id.lower()) is not None
        assert reader.find("native", external_id=str(found.external_id)) is not None
        assert reader.find("native", external_id="nobody") is reader.find("other", display_id=found.display_id) is None


def test_console_and_hardware(seeder: Seeder) -> None:
    run = seeder.run("p", config={}, loggerSettings='{"disable_console": false}')
    for n in range(3):
        values = {"sys/cpu.percentage.0": 10.0 * n, "sys/cpu.percentage.1": 20.0 * n, "sys/memory.used": 2.0**30 * n}
        values |= {
            "sys/gpu.0.h100.utilization": 50.0,
            "sys/gpu.0.h100.memory.used": 2.0**31,
            "sys/gpu.0.h100.power": 7000.0,
        }
        # All at one step, as of a run that logged nothing meanwhile.
        seeder.put(
            run,
            Metrics(
                T + n,
                0,
                {**values, "sys/disk.used": 5.0, "sys/node7/gpu.0.a.power": 1.0, "sys/node7/gpu.1.a.power": 2000.0},
            ),
        )
    seeder.put(run, Console(T, "INFO", 1, ["a", "b"]), Console(T + 1, "ERROR", 1, ["e"]))
    found = find("p", id=run["runId"])
    with AttributeReader() as reader:
        cpu = reader.floats(found, "monitoring/main/cpu")
        assert (cpu.steps.tolist(), cpu.values.tolist(), cpu.times.tolist()) == (
            [0, 1, 2],
            [0, 15, 30],
            [T, T + 1, T + 2],
        )
        assert reader.floats(found, "monitoring/main/cpu", step_min=1, tail=1).values.tolist() == [30]
        assert reader.floats(found, "monitoring/main/memory").values.tolist() == [0, 1, 2]
        last = {
            path: found.last(f"monitoring/main/{path}")
            for path in ("gpu", "gpu_memory", "gpu_power", "disk.used", "cpu")
        }
        assert last == {"gpu": 50, "gpu_memory": 2, "gpu_power": 7, "disk.used": 5, "cpu": 30}
        assert [found.last(f"monitoring/node7/gpu_power_{n}") for n in range(2)] == [0.001, 2]
        out, err = (reader.texts(found, f"monitoring/main/{name}") for name in ("stdout", "stderr"))
        assert (out.steps, out.values, err.values, out.times) == ([0, 1], ["a", "b"], ["e"], [T, T])
    assert (found.last("monitoring/main/stdout"), found.last("monitoring/main/stderr")) == ("b", "e")
    assert not any(path.startswith(("sys/cpu", "sys/node7")) for path in found.definitions)


def test_facts_about_the_code(seeder: Seeder, tmp_path: Path) -> None:
    facts = {
        "os_info": {"hostname": "host"}, "source": {"entry": "/home/me/train.py"}, "requirements": ["a==1", "b==2"],
        "git": {"commit": "abc", "branch": "main", "url": "git@x:y", "dirty": True, "diff": {"head": "--- a"}},
    }  # fmt: skip
    found = find("p", id=seeder.run("p", systemMetadata=facts)["runId"])
    assert found.atom("sys/hostname") == "host" and found.atom("source_code/entrypoint") == "train.py"
    assert found.atom("source_code/git") == GitCommit("abc", dirty=True, branch="main", remotes=("git@x:y",))
    with AttributeReader() as reader:
        diff, packages = (reader.files(found, f"source_code/{name}")[0] for name in ("diff", "requirements"))
        assert (diff.extension, reader.read(diff), reader.read(packages)) == ("patch", b"--- a", b"a==1\nb==2\n")
        assert (diff.size, packages.size) == (5, 10) and found.file("source_code/diff") == diff
        assert reader.download(packages, tmp_path / "deep" / "p.txt").read_bytes() == b"a==1\nb==2\n"
    plain = find("p", id=seeder.run("p")["runId"])
    assert not any(path.startswith(("source_code", "monitoring")) for path in plain.definitions)
    assert "sys/hostname" not in plain.definitions


def test_notes_that_fit_nothing_do_no_harm(seeder: Seeder) -> None:
    """The config is anybody's to write."""
    for notes in (3, None, [], {"types": 3, "sys": [], "tags": "x", "group_tags": None, "monitoring": {"n": 1}}):
        config = {"a": 1, "_attributes": notes}
        found = find("p", id=seeder.run("p", config=config)["runId"])
        assert (found.atom("a"), found.atom("sys/tags"), found.trashed) == (1, frozenset(), False)
    types = {
        "a": "datetime",
        "b": "float",
        "c": "git_ref",
        "d": "artifact",
        "e": "string_set",
        "f": "no kind",
        "g": {"h": 1},
        "m": "file",
    }
    config = {
        "a": "yesterday",
        "b": "x",
        "c": {"d": 1},
        "d": {"hash": 3},
        "e": "x",
        "f": 1,
        "g": {"h": 2},
        "_attributes": {"types": types},
    }
    run = seeder.run("p", config=config)
    seeder.points(run, "m", [1], [1])
    found = find("p", id=run["runId"])
    assert [found.atom(path) for path in ("a", "b", "e", "f", "g/h")] == ["yesterday", "x", "x", 1, 2]
    assert (found.kind("c"), found.kind("d"), found.kind("m")) == (K.STRING, K.STRING, K.FLOAT_SERIES)


def test_namespaces_and_labels() -> None:
    for namespace in (
        "monitoring/main",
        "monitoring/1a2b3c4d",
        "my/own",
        "monitoring",
        "monitoring/@x",
        "runtime",
        "monitoring/a/b",
    ):
        label = label_of(namespace)
        assert label.startswith("sys/") and namespace_of(label.removeprefix("sys/")) == namespace
        assert gauges([f"{label}/cpu.percentage.0"]).keys() == {f"{namespace}/cpu"}
    assert gauges(["loss", "sys", "sys/"]).keys() <= {"monitoring/main/"}


def test_a_run_of_both(local: Place) -> None:
    """Made by `pluto.init`, continued through the door."""
    with pluto.init(project="both", run_id="r", config={"lr": 1}, disable_system_metrics=True) as run:
        run.log({"loss": 1.0}, step=5)
    writer = local.open("both", external_id="r")
    writer.append_floats("loss", [2.0])
    writer.assign({"lr": 2, "more": 1.0})
    writer.stop()
    found = find("both", external_id="r")
    with AttributeReader() as reader:
        assert reader.floats(found, "loss").steps.tolist() == [5, 6]
    assert (found.atom("lr"), found.atom("more")) == (2, 1.0)


def test_a_fork_has_what_its_parents_logged(place: Place) -> None:
    parent = place.open(external_id="parent", atoms={"lr": 1.0, "sys/failed": True})
    for step in range(10):
        parent.log_floats({"loss": 10.0 + step}, step)
        parent.log_texts({"log": f"p{step}"}, step)
    parent.declare({"images": K.FILE_SERIES})
    child = place.open(external_id="child", fork_of="parent", fork_step=5, inherit_config=True, atoms={"own": 1})
    for step in range(6, 8):
        child.log_floats({"loss": 20.0 + step}, step)
        child.log_texts({"log": f"c{step}"}, step)
    grandchild = place.open(external_id="grandchild", fork_of="child", fork_step=6)
    grandchild.log_floats({"loss": 37.0, "new": 1.0}, 7)
    orphan = place.open(external_id="orphan", fork_of="nobody", fork_step=1)
    for writer in (parent, child, grandchild, orphan):
        assert writer.stop() == 0
    assert (child.op.fork_run_id, grandchild.op.fork_run_id, orphan.op.fork_run_id) == (parent.op.id, child.op.id, None)
    with place.reader() as reader:
        runs = {run.external_id: run for run in reader.runs("team/digits")}
        young, old = runs["grandchild"], runs["child"]
        assert [(run.external_id, step) for run, step in reader.lineage(young)] == [("child", 6), ("parent", 5)]
        assert reader.floats(young, "loss").values.tolist() == [37]
        assert reader.floats(young, "loss", inherited=True).values.tolist() == [10, 11, 12, 13, 14, 15, 26, 37]
        assert reader.floats(young, "loss", inherited=True, step_min=5, tail=2).values.tolist() == [26, 37]
        assert reader.texts(young, "log", inherited=True).values == [*(f"p{n}" for n in range(6)), "c6"]
        assert reader.floats(young, "new", inherited=True).values.tolist() == [1]
    assert (old.atom("lr"), old.atom("own"), old.atom("sys/failed")) == (1.0, 1, False) and type(
        old.atom("lr")
    ) is float
    assert "images" not in old.definitions and "lr" not in young.definitions and runs["orphan"].parent is None


def test_a_child_waits_for_its_parent_on_the_way(local: Place) -> None:
    parent = open_run("p", external_id="parent", settings={"mode": "offline"})
    parent.log_at({"m": 1.0}, 100, T)
    child = open_run("p", external_id="child", fork_of="parent", fork_step=50, settings={"mode": "offline"})
    parent.finish()
    child.finish()
    import subprocess

    from tests.programs import PLUTO

    subprocess.run([*PLUTO, "sync"], check=True, capture_output=True, timeout=60)
    with AttributeReader() as reader:
        runs = {run.external_id: run for run in reader.runs("p")}
    assert runs["child"].parent == runs["parent"].id and runs["child"].fork_step == 50
