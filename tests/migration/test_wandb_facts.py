"""What the records of W&B's logs say of a run beside its rows."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pluto_migration.model import Alert, File

from tests.migration import wandb_logs as w
from tests.migration.reading import read_all
from tests.migration.wandb_logs import START, US, as_row, read, steps


def test_what_a_run_is(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            w.record(21, w.message((1, w.message((1, "0.31.0"))))),
            w.run(
                entity="team", config={"lr": 0.1, "_wandb": {"code_path": "code/x.py", "cli_version": "0.31.0"}},
                group="g", job_type="eval", name="first", notes="n", tags=["t"], sweep_id="sw1", host="demo-host",
            ),
            w.record(5, w.config({"big": 2**70, "gone": 1})),
            w.record(5, w.config({("_wandb", "visualize", "chart"): {"panel": 1}}, old=False)),
            w.record(
                5,
                w.message(
                    (1, w.item("big", None, old=True, raw="1.1805916207174113e+21")), (2, w.message((1, "gone"))),
                ),
            ),
            w.run(entity="team", name="second", tags=["u"]),
            w.record(
                12,
                w.message(
                    (1, "acc"), (4, "epoch"), (6, w.message((1, 1), (2, 1))), (7, w.message((2, 1), (4, 1))), (8, 2)
                ),
            ),
            w.record(12, w.message((2, "val/*"), (4, "epoch"))),
            w.record(12, w.message((1, "val/x"), (4, "epoch"), (10, 1))),
            w.record(23, b""),
            w.exit_(3, 60),
        ],
    )  # fmt: skip
    run, facts = found.run, found.facts
    assert (run.project, run.id, run.name, run.created) == ("team/demo", "r1", "first", US)
    assert (facts.name, facts.notes, facts.status, facts.exit_code) == ("second", "n", "failed", 3)
    assert list(facts.tags or ()) == ["u", "group:g", "job_type:eval"]
    assert facts.ended == US + 60_000_000
    assert facts.config == {"lr": 0.1, "big": 2**70}
    assert type(facts.config["big"]) is int
    own = facts.wandb
    assert (own["entity"], own["sweep_id"], own["host"], own["preempting"]) == ("team", "sw1", "demo-host", True)
    assert own["visualize"] == {"chart": {"panel": 1}}
    assert own["code_path"] == "code/x.py"
    assert own["m"] == {
        "acc": {
            "step_metric": "epoch",
            "step_sync": True,
            "hidden": True,
            "summary": ["max", "best"],
            "goal": "maximize",
        },
        "val/*": {"step_metric": "epoch", "step_sync": False, "hidden": False, "summary": [], "goal": None},
    }
    assert facts.extras["_wandb"] == {"cli_version": "0.31.0"}
    assert facts.extras["writer"] == "0.31.0"


def test_what_was_set_in_the_summary(tmp_path: Path) -> None:
    def set_(values: dict[Any, Any], **more: Any) -> bytes:
        return w.record(3, w.message(*((1, w.item(path, value, old=True)) for path, value in values.items())), **more)

    follows = w.record(3, w.message((1, w.item("loss", 0.25)), (1, w.item("_step", 1))))
    found = read(
        tmp_path,
        [
            w.run(),
            set_({"early": 1, "loss": 5, "gone": 1}, sender="r1"),
            as_row(0, {"loss": 0.5, "same": 2, "t": True, "word": "x"}),
            follows,
            as_row(1, {"loss": 0.25}),
            w.record(3, w.message((2, w.message((1, "gone")))), sender="r1"),
            set_(
                {"best": 0.9, "same": 2, "t": True, "word": "x", "a.b": 1, "_runtime": 5, "nan": math.nan}, sender="r1"
            ),
            set_({"nested": {"x": 1}}, sender="r1"),
        ],
    )
    assert repr(found.facts.wandb["summary"]) == repr(
        {"early": [0, 1], "loss": [0, 5], "gone": [2], "best": [2, 0.9], "a\\.b": [2, 1], "nan": [2, math.nan],
         "nested": [2, {"x": 1}]}
    )  # fmt: skip


def test_summaries_that_follow_from_rows_are_not_what_somebody_set(tmp_path: Path) -> None:
    follows = w.record(3, w.message((1, w.item("x", 99)), (1, w.item("_runtime", 1, old=True))))
    found = read(tmp_path, [w.run(), follows, as_row(0, {"x": 1})])
    assert "summary" not in found.facts.wandb


def test_the_machine_of_a_new_writer(tmp_path: Path) -> None:
    environment = w.message(
        (1, "Linux-6"), (2, "CPython 3.11.7"), (3, w.stamp(START)), (5, "--lr"), (5, "1"), (6, "train.py"),
        (9, w.message((1, "https://me:secret@example.com/r.git"), (2, "abc123"))), (11, "/srv/demo"), (12, "demo-host"),
        (14, "/usr/bin/python"), (16, 4), (17, 8), (20, w.message((1, "/"), (2, w.message((1, 100), (2, 50))))),
        (21, w.message((1, 1024))), (24, w.message((1, "NVIDIA H100"))), (99, "unknown"),
    )  # fmt: skip
    folder = w.directory(tmp_path, [w.run(), w.record(26, environment), w.exit_()])
    (folder / "files" / "requirements.txt").write_text("numpy==2.0\n\nclick==8\n")
    (found,) = read_all("wandb", tmp_path).values()
    facts = found.facts.metadata
    assert facts["os_info"]["hostname"] == "demo-host"
    assert facts["os_info"]["python"] == {
        "version": "3.11.7",
        "executable": "/usr/bin/python",
        "implementation": "CPython",
    }
    assert facts["source"] == {"entry": "train.py", "cwd": "/srv/demo", "argv": ["train.py", "--lr", "1"]}
    assert facts["git"] == {"url": "https://example.com/r.git", "commit": "abc123"}
    assert facts["cpu"] == {"physical": 4, "virtual": 8}
    assert facts["memory"] == {"virt": 1024}
    assert facts["gpu"] == {"nvidia": {"count": 1, "devices": [{"name": "NVIDIA H100"}]}}
    assert facts["requirements"] == ["numpy==2.0", "click==8"]
    files = {file.name: file for file in found.of(File)}
    assert isinstance(files["wandb-metadata.json"].content, bytes)
    written = json.loads(files["wandb-metadata.json"].content)
    assert (written["program"], written["disk"]) == ("train.py", {"/": {"total": "100", "used": "50"}})


def test_the_machine_of_an_old_writer_is_in_a_file(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run()])
    said = {"os": "Linux", "python": "3.8.1", "host": "demo-host", "program": "a.py", "args": [], "cpu_count": "?"}
    (folder / "files" / "wandb-metadata.json").write_text(json.dumps(said))
    (found,) = read_all("wandb", tmp_path).values()
    assert found.facts.metadata["os_info"] == {
        "hostname": "demo-host",
        "platform": "Linux",
        "python": {"version": "3.8.1"},
    }
    assert [file.name for file in found.of(File)] == ["wandb-metadata.json"]


def test_system_metrics_have_the_stores_names(tmp_path: Path) -> None:
    def sample(at: float, values: dict[str, Any]) -> bytes:
        items = [(3, w.message((1, name), (16, json.dumps(value)))) for name, value in values.items()]
        return w.record(7, w.message((2, w.stamp(at)), *items))

    found = read(
        tmp_path,
        [
            w.run(),
            sample(
                START + 1, {"cpu": 1.5, "cpu.0.cpu_percent": 2, "proc.memory.rssMB": 3, "disk./.usageGB": 0.5, "odd": 1}
            ),
            sample(START + 2, {"gpu.0.gpu": 50, "gpu.0.powerWatts": 61.2, "cpu": 2.5, "text": "no"}),
        ],
    )
    assert found.points["sys/process.cpu"] == [(0.0, US + 1_000_000, 1.5), (1.0, US + 2_000_000, 2.5)]
    values = {name: rows[-1][2] for name, rows in found.points.items()}
    assert values == {
        "sys/process.cpu": 2.5,
        "sys/cpu.percentage.0": 2.0,
        "sys/process.rss": 3.0 * 2**20,
        "sys/disk.used": 2.0**29,
        "sys/odd": 1.0,
        "sys/gpu.0.gpu.utilization": 50.0,
        "sys/gpu.0.powerWatts": 61.2,
    }
    assert any("'text' has a value that is no number" in problem for problem in found.problems)


def test_names_of_system_metrics_are_found_again_by_the_door() -> None:
    from pluto_migration.sources.wandb_local.stats import label

    from pluto.compat.wandb.apis.reading import system

    for name in (
        "cpu", "cpu.3.cpu_percent", "proc.memory.rssMB", "disk./.usageGB", "network.sent", "network.recv", "gpu.1.gpu",
        "gpu.1.memory", "gpu.1.memoryAllocatedBytes", "gpu.1.temp", "gpu.1.powerWatts", "memory_percent", "tpu.0.hbm",
    ):  # fmt: skip
        ours, factor = label(name)
        shown, back = system.shown(ours)
        assert (shown, 1.25 * factor * back) == (f"system.{name}", 1.25)


def test_alerts_exports_and_what_was_used(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        [
            w.run(),
            as_row(1, {"a": 1}),
            w.record(10, w.message((1, "title"), (2, "text"), (3, "WARN"))),
            w.record(10, w.message((1, "t2"))),
            w.record(25, w.message((1, "QXJ0"), (2, "dataset"), (3, "data:v3"))),
            w.record(9, w.message((1, "/tmp/tb"), (3, "/tmp"), (4, "train"))),
        ],
    )
    assert found.of(Alert) == [
        Alert(US + 1_000_000, "title", "text", "WARNING"),
        Alert(US + 1_000_000, "t2", "", "INFO"),
    ]
    assert found.facts.extras["used_artifacts"] == [{"id": "QXJ0", "type": "dataset", "name": "data:v3"}]
    assert found.facts.extras["tensorboard"] == [{"log_dir": "/tmp/tb", "root_dir": "/tmp", "namespace": "train"}]
    assert any("used the artifact 'data:v3'" in problem for problem in found.problems)


def test_rows_of_tensorboard_come_once_with_their_own_files(tmp_path: Path) -> None:
    folder = w.directory(
        tmp_path, [w.run(), w.record(9, w.message((1, "x"), (2, 1))), as_row(0, {"loss": 0.5, "global_step": 10})]
    )
    (folder / "files" / "events.out.tfevents.1").write_bytes(b"\x01\x02")
    (found,) = read_all("wandb", tmp_path).values()
    assert {name: steps(found, name) for name in found.points} == {"loss": [(0, 0.5)], "global_step": [(0, 10)]}
    assert [file.name for file in found.of(File)] == ["events.out.tfevents.1"]
