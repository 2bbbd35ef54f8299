"""What a run of W&B printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from pluto_migration.model import Console
from pluto_migration.sources.wandb_local.console import Screen

from tests.migration import wandb_logs as w
from tests.migration.reading import read_all
from tests.migration.wandb_logs import START, US, read


def shown(*writes: str) -> list[str]:
    screen = Screen("stdout")
    items = [item for time, text in enumerate(writes, 1) for item in screen.write(text, time)]
    return [line for item in [*items, *screen.end()] for line in item.lines]


@pytest.mark.parametrize(
    ("writes", "lines"),
    [
        (["one", "\n", "two\nthree", "\n"], ["one", "two", "three"]),
        (["a\n\nb\n"], ["a", "", "b"]),
        (["no end"], ["no end"]),
        (["\r 10%", "\r 20%", "\r100%\n"], ["100%"]),
        (["long line\rab\n"], ["abng line"]),
        (["long line\r\x1b[Kab\n"], ["ab"]),
        (["long\r\x1b[2Kx"], ["x"]),
        (["ab\x08c\n"], ["ac"]),
        (
            ["bar1 0\nbar2 0\x1b[A\r", "bar1 1\nbar2 1\x1b[A\r", "bar1 2\nbar2 2\n", "done"],
            ["bar1 2", "bar2 2", "done"],
        ),
        (["\x1b[31mred\x1b[0m\n"], ["\x1b[31mred\x1b[0m"]),
        (["a\x1b[3Cb\n"], ["a   b"]),
        (["abc\x1b[2Dx\n"], ["axc"]),
        (["abc\x1b[1Gx\n"], ["xbc"]),
        (["one\ntwo\nthree\x1b[2A\r\x1b[Jnew\n"], ["new"]),
        (["x\x1b[?25ly\x1b[?25h\n"], ["xy"]),
        (["x\x1b"], ["x"]),
        (["\x1b[999999999999A\x1b[99999Gx"], [" " * 9998 + "x"]),
        (["é\r\n"], ["é"]),
    ],
)
def test_lines_as_a_terminal_shows_them(writes: list[str], lines: list[str]) -> None:
    assert shown(*writes) == lines


def test_long_outputs_come_in_pieces_and_lines_end_somewhere() -> None:
    screen = Screen("stderr")
    items = [item for number in range(5000) for item in screen.write(f"line {number}\n", number + 1)]
    items += list(screen.end())
    assert len(items) > 2
    assert [line for item in items for line in item.lines] == [f"line {number}" for number in range(5000)]
    assert [time for item in items for time in item.times] == list(range(1, 5001))
    long = shown("x" * 200_000)
    assert "".join(long) == "x" * 200_000
    assert max(map(len, long)) <= 200_000


def test_console_of_both_streams_with_times(tmp_path: Path) -> None:
    writes = [w.output("out", 1, START + 1), w.output("err\n", 0, START + 2), w.output("\n", 1, START + 3)]
    found = read(tmp_path, [w.run(), *writes, w.record(27, w.message((1, "logged\n")))])
    lines = {item.stream: list(zip(item.times, item.lines, strict=True)) for item in found.of(Console)}
    assert lines["stderr"] == [(US + 2_000_000, "err")]
    assert lines["stdout"] == [(US + 1_000_000, "out"), (US + 3_000_000, "logged")]


def test_without_records_the_log_of_the_output_counts(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [w.run()])
    (folder / "files" / "output.log").write_bytes("línea\nbad \xff\n".encode("latin-1"))
    (found,) = read_all("wandb", tmp_path).values()
    (console,) = found.of(Console)
    assert console.lines == ["l\\xednea", "bad \\xff"]
    assert console.times == [US, US]
