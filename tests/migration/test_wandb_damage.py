"""Logs of W&B that are damaged, or made to harm."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.model import Artifact
from pluto_migration.source import Problems, SourceError
from pluto_migration.sources.wandb_local import log

from tests.migration import reading
from tests.migration import wandb_logs as w
from tests.migration.reading import read_all
from tests.migration.wandb_logs import START, artifact, as_row, manifest, read, steps


def whole_log() -> list[bytes]:
    return [
        w.run(config={"lr": 0.1}, tags=["t"]),
        w.record(12, w.message((1, "a"), (7, w.message((1, 1))))),
        as_row(0, {"a": 1, ("n", "x"): True, "s": "t"}),
        as_row(1, {"img": {"_type": "image-file", "path": "media/a.png", "boxes": {"b": {"path": "x"}}}}),
        w.output("hello\r\x1b[A\n"),
        w.record(7, w.message((2, w.stamp(START)), (3, w.message((1, "cpu"), (16, "1"))))),
        artifact(manifest(w.message((1, "f"), (2, "d"), (6, "/x"))), type="t", metadata="{}"),
        w.record(3, w.message((1, w.item("best", 1, old=True))), sender="r"),
        w.record(26, w.message((1, "Linux"), (3, w.stamp(START)), (20, w.message((1, "/"))))),
        w.record(10, w.message((1, "t"))),
        w.record(25, w.message((3, "u"))),
        w.exit_(),
    ]


def test_a_run_cut_off_anywhere_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, whole_log())
    path = folder / "run-r1.wandb"
    content = path.read_bytes()
    for size in range(len(log.HEADER), len(content), 2):
        path.write_bytes(content[:size])
        (found,) = read_all("wandb", tmp_path, project="p").values()
        assert found.facts.status == "crashed"


def reframed(payloads: Sequence[bytes], number: int, damaged: bytes) -> list[bytes]:
    return [*payloads[:number], damaged, *payloads[number + 1 :]]


def test_messages_with_any_byte_changed_leave_their_neighbours_unharmed(tmp_path: Path) -> None:
    payloads = whole_log()
    folder = w.directory(tmp_path, payloads)
    path = folder / "run-r1.wandb"
    checked = as_row(7, {"witness": 5.5})
    for number, payload in enumerate(payloads):
        for position in range(len(payload)):
            for change in (0xFF, payload[position] ^ 1):
                damaged = payload[:position] + bytes((change,)) + payload[position + 1 :]
                path.write_bytes(w.framed([*reframed(payloads, number, damaged), checked]))
                for found in read_all("wandb", tmp_path, project="p").values():
                    assert (7.0, 5.5) in steps(found, "witness")
                if position > 40:
                    break


def test_messages_cut_off_anywhere_are_named(tmp_path: Path) -> None:
    payloads = whole_log()
    folder = w.directory(tmp_path, payloads)
    path = folder / "run-r1.wandb"
    for number, payload in enumerate(payloads):
        for size in range(0, len(payload), 3):
            path.write_bytes(w.framed([*reframed(payloads, number, payload[:size]), as_row(7, {"witness": 1})]))
            (found,) = read_all("wandb", tmp_path, project="p").values()
            assert steps(found, "witness") == [(7.0, 1.0)]


@pytest.mark.parametrize(
    "value",
    ["5", '"x"', "null", "[]", "{}", "true", "NaN", '{"_type": []}', '{"_type": "image-file", "path": {}}', "1e999",
     "[[[["],
)  # fmt: skip
def test_wrong_types_everywhere(tmp_path: Path, value: str) -> None:
    names = ["_step", "_timestamp", "_runtime", "_wandb", "x"]
    odd = [w.row([w.item(name, None, raw=value), w.item("a", 1)]) for name in names]
    config = w.record(5, w.message(*((1, w.item(name, None, raw=value)) for name in names)))
    summary = w.record(3, w.message(*((1, w.item(name, None, old=True, raw=value)) for name in names)), sender="r")
    stats = w.record(7, w.message((3, w.message((1, "cpu"), (16, value)))))
    labels = w.record(5, w.message((1, w.item(["_wandb", "mask/class_labels"], None, raw=value))))
    meta = artifact(
        manifest(w.message((1, "p"), (2, "d"), (3, "r"), (16, w.message((1, "k"), (16, value))))), metadata=value
    )
    found = read(tmp_path, [w.run(), config, labels, *odd, summary, stats, meta, as_row(9, {"a": 1}), w.exit_()])
    assert (9.0, 1.0) in steps(found, "a")
    assert len(found.points["a"]) == len(odd) + 1
    assert found.facts.status == "finished"


def test_what_is_nested_beyond_measure(tmp_path: Path, printed: Callable[..., Any]) -> None:
    deep = ["k"] * 3000
    lists = "[" * 300 + "]" * 300
    objects = '{"k":' * 300 + "1" + "}" * 300
    rows = [
        w.row([w.item("l", None, raw=lists), w.item("o", None, raw=objects), w.item("_step", 1)]),
        w.row([w.item([*deep, "_type"], "x"), w.item([*deep, "v"], 1), w.item("_step", 2)]),
        w.row([w.item(["t", "_type"], "x"), w.item(["t", *deep], 1), w.item("_step", 3)]),
        as_row(4, {"a": 1}),
    ]
    config = w.message((1, w.item(deep, 1)), (1, w.item("l", None, raw=lists)), (1, w.item("ok", 1)))
    told = w.record(3, w.message((1, w.item(deep, 1))), sender="r")
    found = read(tmp_path, [w.run(), w.record(5, config), told, *rows, w.exit_()])
    assert steps(found, "a") == [(4.0, 1.0)]
    assert found.facts.config == {"ok": 1}
    assert len([problem for problem in found.problems if "levels deep" in problem]) >= 3
    assert printed("migrate", "wandb", tmp_path, "--workers", 1)["states"] == {"migrated": 1}


def test_wrong_wire_types_are_unknown_fields(tmp_path: Path) -> None:
    odd = [w.message((number, 5)) + w.message((number, 1.5)) for number in (2, 3, 5, 7, 8, 12, 13, 17, 18, 25, 26)]
    inner = [
        w.record(number, w.message((1, 5), (2, 0.5), (3, 7), (16, 3))) for number in (2, 3, 5, 7, 8, 12, 13, 17, 18, 26)
    ]
    found = read(tmp_path, [w.run(), *odd, *inner, as_row(9, {"a": 1})])
    assert steps(found, "a") == [(9.0, 1.0)]


def test_a_broken_log_costs_its_directory_and_nobody_else(tmp_path: Path) -> None:
    w.directory(tmp_path, [w.run("good"), as_row(0, {"a": 1})], "good")
    bad = w.directory(tmp_path, [w.run("bad")], "bad")
    (bad / "run-bad.wandb").write_bytes(b"nothing of the kind")
    problems = Problems()
    assert [run.id for run in reading.runs("wandb", tmp_path, problems)] == ["good"]
    assert ["run-bad.wandb" in problem.where for problem, _ in problems] == [True]


def test_a_log_that_is_gone_when_it_is_read_is_an_error_of_its_run(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run()])
    (run,) = reading.runs("wandb", tmp_path)
    (folder / "run-r1.wandb").unlink()
    with pytest.raises(SourceError, match=r"run-r1\.wandb"):
        reading.read(run)


def test_lost_bytes_are_told_with_their_place(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run(), as_row(0, {"a": 1}), as_row(1, {"a": 2})])
    path = folder / "run-r1.wandb"
    path.write_bytes(path.read_bytes()[:-3])
    (found,) = read_all("wandb", tmp_path).values()
    assert steps(found, "a") == [(0.0, 1.0)]
    (problem,) = found.problems
    assert "run-r1.wandb: byte" in problem
    assert "bytes are lost: the file ends within a record" in problem


def test_compressed_bombs_are_read_line_by_line(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.gz"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb.write_bytes(b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(64)) + packer.flush())
    found = read(tmp_path / "run", [w.run(), artifact(w.message((5, str(bomb))), type="t"), as_row(1, {"a": 1})])
    assert found.of(Artifact)[0].entries == []
    assert any("can't be read to the end" in problem for problem in found.problems)
    assert steps(found, "a") == [(1.0, 1.0)]
