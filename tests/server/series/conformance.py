"""What every store of series has to pass: subclass `SeriesConformance` and say how to `open` one."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from pluto.protocol import records
from pluto.protocol.batch import FILES, LINES, Entry
from pluto.protocol.records import (
    Alert,
    Columns,
    Config,
    Console,
    Data,
    File,
    Forget,
    Kind,
    Metrics,
    ModelGraph,
    Notes,
    Tags,
    Texts,
)
from pluto.server.series.contract import FileRow, SeriesStore
from tests.server.series.model import Model, bits, same_buckets, same_points, same_summary

HASH = "ab" * 32
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
NAN_WITH_PAYLOAD = struct.unpack("<d", bytes.fromhex("010000000000f8ff"))[0]
SPECIAL = (0.0, -0.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 1.7976931348623157e308, 0.1, NAN_WITH_PAYLOAD)

values = st.sampled_from(SPECIAL) | st.floats() | st.floats(width=32) | st.integers(-(2**63), 2**64 - 1)
steps = (
    st.integers(-20, 20) | st.integers(0, 5) | st.floats() | st.sampled_from(SPECIAL) | st.integers(-(2**63), 2**64 - 1)
)
times = st.integers(0, 3) | st.integers(-(2**63), 2**63 - 1)
names = st.sampled_from(["a", "b", "sys/x", "größe/µ", ""])
bounds = st.none() | st.integers(-20, 20).map(float) | st.floats()


def entry(seq: int, record: records.Record) -> Entry:
    return Entry(seq, int(records.kind_of(record)), records.encode(record))


def columns(name: str, steps: object, times: object, values: object) -> Columns:
    arrays = (np.array(steps, "<f8"), np.array(times, "<i8"), np.array(values, "<f8"))
    return Columns(name, *(array.tobytes() for array in arrays))


class SeriesConformance:
    """The tests of the contract."""

    def open(self, folder: Path) -> SeriesStore:
        raise NotImplementedError

    @pytest.fixture
    def store(self, tmp_path: Path):
        store = self.open(tmp_path / "series")
        yield store
        store.close()

    # What there is none of

    def test_an_unknown_run_has_no_series(self, store: SeriesStore):
        assert store.marks(7) == {}
        assert store.names(7) == {}
        assert store.last_step(7) is None
        assert len(store.points(7, "a").steps) == 0
        assert len(store.buckets(7, "a", 10).steps) == 0
        assert store.summaries(7) == {}
        assert store.logs(7) == ([], 0)
        assert store.data(7).rows == store.files(7).rows == []
        assert store.alerts(7) == store.events(7) == []
        assert store.model_graph(7) is None
        assert store.blobs(7) == set()
        store.seal(7)
        store.delete(7)

    def test_an_unknown_metric_has_no_points(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"a": 1}))])
        assert len(store.points(1, "b").steps) == len(store.buckets(1, "b", 3).steps) == 0
        assert store.summaries(1, ["b"]) == {}

    # Marks

    def test_what_was_sent_before_is_skipped(self, store: SeriesStore):
        first = [entry(i, Metrics(i, i, {"a": i})) for i in (1, 2, 3)]
        assert store.append(1, "w", LINES, first).mark == 3
        assert store.append(1, "w", LINES, first).mark == 3
        assert store.append(1, "w", LINES, [*first, entry(4, Metrics(4, 4, {"a": 4}))]).mark == 4
        assert store.points(1, "a").values.tolist() == [1, 2, 3, 4]

    def test_writers_lanes_and_runs_have_marks_of_their_own(self, store: SeriesStore):
        for run, writer, lane, seq in ((1, "v", LINES, 5), (1, "w", LINES, 3), (1, "w", FILES, 9), (2, "w", LINES, 1)):
            assert store.append(run, writer, lane, [entry(seq, Metrics(0, 0, {"a": 1}))]).mark == seq
        assert store.marks(1) == {("v", LINES): 5, ("w", LINES): 3, ("w", FILES): 9}
        assert store.marks(2) == {("w", LINES): 1}
        assert len(store.points(1, "a").steps) == 3

    def test_without_a_writer_everything_is_taken(self, store: SeriesStore):
        for _ in range(2):
            assert (
                store.append(
                    1, None, LINES, [entry(0, Metrics(0, 0, {"a": 1})), entry(0, Metrics(0, 0, {"a": 1}))]
                ).mark
                is None
            )
        assert len(store.points(1, "a").steps) == 4
        assert store.marks(1) == {}

    def test_an_empty_batch_keeps_the_mark(self, store: SeriesStore):
        assert store.append(1, "w", LINES, []).mark == 0
        store.append(1, "w", LINES, [entry(8, Notes(0, "n"))])
        assert store.append(1, "w", LINES, []).mark == 8

    def test_a_seq_that_comes_twice_or_late_in_a_batch_counts_once(self, store: SeriesStore):
        rows = [entry(i, Metrics(0, i, {"a": i})) for i in (2, 1, 3, 3)]
        assert store.append(1, "w", LINES, rows).mark == 3
        assert store.points(1, "a").values.tolist() == [1, 2, 3]

    # Bad records

    @pytest.mark.parametrize(
        "bad",
        [
            Entry(2, 99, b""),
            Entry(2, Kind.METRICS, b""),
            Entry(2, Kind.METRICS, b"\xc1"),
            Entry(2, Kind.METRICS, records.encode(Texts(0, 0, {"a": "text"}))),
            entry(2, Metrics(0, [1], {"a": 1})),
            entry(2, Metrics(2**63, 0, {"a": 1})),
            entry(2, Columns("a", b"1234567", b"1234567", b"1234567")),
            entry(2, Columns("a", bytes(8), bytes(16), bytes(8))),
            entry(2, Texts(0, [3], {"a": "x"})),
            entry(2, Data(2**64 - 1, 0, "h", "TABLE", "{}")),
            entry(2, File(0, 0, "f", 0, "FILE", "f.txt", "txt", 1, "../../etc/passwd")),
            entry(2, File(0, 0, "f", 0, "FILE", "f.txt", "txt", 2**64 - 1, HASH)),
            entry(2, Console(0, "INFO", 2**63 - 1, ["a", "b"])),
            entry(2, Config(0, "[1]")),
            entry(2, Config(0, "{")),
            entry(2, Config(0, "[" * 100_000)),
            entry(2, ModelGraph(0, "3")),
            entry(2, records.Start(0, "p", "n", "x")),
            entry(2, records.End(0, "COMPLETED")),
            entry(2, records.Media(0, 0, "m", 0, "IMAGE", "file", "a.png")),
        ],
        ids=repr,
    )
    def test_a_bad_record_is_rejected_alone(self, store: SeriesStore, bad: Entry):
        good = Metrics(0, 1, {"a": 1})
        answer = store.append(1, "w", LINES, [entry(1, good), bad, entry(3, good)])
        assert answer.mark == 3
        assert [rejection.seq for rejection in answer.rejected] == [2]
        assert answer.rejected[0].error
        assert len(store.points(1, "a").steps) == 2
        assert store.data(1).rows == store.files(1).rows == store.events(1) == []
        assert store.logs(1) == ([], 0)

    @pytest.mark.parametrize("step", [[1], None, "1", 2**64 - 1])
    def test_many_rows_are_kept_in_order_whatever_is_among_them(self, store: SeriesStore, step: object):
        def at(seq: int) -> Entry:
            if seq == 700:
                return entry(seq, columns("a", [seq], [seq], [seq]))
            if seq == 900:
                return Entry(seq, Kind.METRICS, msgspec.msgpack.encode([seq, step, {"a": 1.0}]))
            if seq % 3 == 0:
                return entry(seq, Texts(seq, seq, {"t": "x"}))
            return entry(seq, Metrics(seq, seq, {"a": seq} if seq % 2 else {"a": float(seq), "b": -0.0}))

        answer = store.append(1, "w", LINES, [at(seq) for seq in range(1, 1_500)])
        fits = isinstance(step, int)
        assert [rejection.seq for rejection in answer.rejected] == ([] if fits else [900])
        logged = store.points(1, "a", order="logged")
        expected = [seq for seq in range(1, 1_500) if seq % 3 or (seq == 900 and fits)]
        assert logged.times.tolist() == expected
        assert logged.steps.tolist() == [2.0**64 if seq == 900 else seq for seq in expected]
        assert np.signbit(store.points(1, "b").values).all()
        assert len(store.data(1).rows) == 1_499 // 3 - 1

    def test_rejections_are_repeated_until_the_writer_goes_on(self, store: SeriesStore):
        batch = [
            entry(1, Metrics(0, 0, {"a": 1})), Entry(2, 99, b""), entry(3, Notes(0, "n")), Entry(4, 99, b""),
        ]  # fmt: skip
        first = store.append(1, "w", LINES, batch, {3: "not today"})
        assert [rejection.seq for rejection in first.rejected] == [2, 3, 4]
        assert first.rejected[1].error == "not today"
        assert store.events(1) == []
        assert store.append(1, "w", LINES, []).rejected == []
        assert store.append(1, "w", FILES, [Entry(1, 99, b"")]).rejected[0].seq == 1
        assert store.append(1, "v", LINES, [entry(3, Notes(0, "n"))]).rejected == []
        self.reopen(store)
        again = store.append(1, "w", LINES, batch)
        assert (again.mark, again.rejected) == (4, first.rejected)
        assert store.append(1, "w", LINES, batch[:3]).rejected == first.rejected[:2]
        more = store.append(1, "w", LINES, [*batch[2:], Entry(5, 99, b"")])
        assert [rejection.seq for rejection in more.rejected] == [3, 4, 5]
        assert store.append(1, "w", LINES, [entry(6, Metrics(0, 1, {"a": 1}))]).rejected == []
        assert store.append(1, "w", LINES, batch).rejected == []
        assert store.append(1, "w", LINES, batch).mark == 6
        assert len(store.points(1, "a").steps) == 2

    def reopen(self, store: SeriesStore) -> None:
        """Nothing that is only remembered may count."""
        store.close()

    # Names

    def test_names_come_in_order_and_the_first_type_stays(self, store: SeriesStore):
        batch = [
            entry(1, Metrics(0, 0, {"z": 1, "a": 2})),
            entry(2, Texts(0, 0, {"t": "x", "z": "y"})),
            entry(3, Data(0, 0, "h", "histogram", "{}")),
            entry(4, File(0, 0, "i", 0, "IMAGE", "i.png", "png", 1, HASH)),
        ]
        new = {"z": "METRIC", "a": "METRIC", "t": "DATA", "h": "HISTOGRAM", "i": "IMAGE"}
        assert store.append(1, "w", LINES, batch).new_names == new
        assert store.append(1, "v", LINES, batch).new_names == {}
        store.add_names(1, {"a": "IMAGE", "b": "METRIC"})
        assert list(store.names(1).items()) == [*new.items(), ("b", "METRIC")]
        assert store.append(1, "u", LINES, [entry(1, Metrics(0, 0, {"b": 1, "c": 1}))]).new_names == {"c": "METRIC"}

    def test_the_last_step_knows_system_metrics_from_others(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(1, Metrics(0, 900, {"sys/cpu": 1}))])
        assert store.last_step(1) is None
        assert store.last_step(1, system=True) == 900
        store.append(
            1, "w", LINES, [entry(2, Metrics(0, 7.5, {"a": 1})), entry(3, columns("b", [3, 12, -1], [0] * 3, [0] * 3))]
        )
        store.append(1, "w", LINES, [entry(4, Metrics(0, 2, {"a": 1})), entry(5, Metrics(0, math.inf, {"a": 1}))])
        assert store.last_step(1) == 12

    # Points

    def test_repeats_and_steps_that_go_back_are_kept(self, store: SeriesStore):
        logged = [(5, 1, 1.0), (5, 0, 2.0), (-3, 2, 3.0), (2.5, 3, 4.0), (5, 1, 5.0)]
        store.append(1, "w", LINES, [entry(i, Metrics(t, s, {"a": v})) for i, (s, t, v) in enumerate(logged, 1)])
        for _ in range(2):
            assert store.points(1, "a", order="logged").values.tolist() == [1, 2, 3, 4, 5]
            assert store.points(1, "a").values.tolist() == [3, 4, 1, 2, 5]
            assert store.points(1, "a", step_min=2.5, step_max=5).values.tolist() == [4, 1, 2, 5]
            store.seal(1)

    def test_pages_of_points_go_on_where_the_last_ended(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(i, Metrics(i, i % 4, {"a": i})) for i in range(1, 12)])
        first = store.points(1, "a", limit=4)
        store.append(1, "w", LINES, [entry(20, Metrics(99, 99, {"a": 99}))])
        store.seal(1)
        second = store.points(1, "a", limit=100, cursor=first.next)
        assert [*first.values.tolist(), *second.values.tolist()] == [4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 99]
        assert second.next is None
        assert store.points(1, "a", limit=12).next is None

    @pytest.mark.parametrize("cursor", ["", "x", "00-1", "zz-zz", "3ff0000000000000-"])
    def test_a_cursor_that_is_none(self, store: SeriesStore, cursor: str):
        store.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"a": 1}))])
        with pytest.raises(ValueError, match="cursor"):
            store.points(1, "a", cursor=cursor)

    def test_numbers_out_of_range(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"a": 1}))])
        with pytest.raises(ValueError, match="1 at least"):
            store.points(1, "a", limit=0)
        with pytest.raises(ValueError, match="1 at least"):
            store.buckets(1, "a", 0)

    def test_buckets_of_a_plain_curve(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(i + 1, Metrics(i, i, {"a": float(i)})) for i in range(100)])
        got = store.buckets(1, "a", 10)
        assert got.counts.tolist() == [10] * 10
        assert got.steps.tolist() == got.min.tolist() == list(range(0, 100, 10))
        assert got.last_steps.tolist() == got.max.tolist() == got.last.tolist() == list(range(9, 100, 10))
        assert got.mean.tolist() == [4.5 + i for i in range(0, 100, 10)]

    def test_big_columns_come_back(self, store: SeriesStore):
        random = np.random.default_rng(5)
        count = 70_000
        steps, times, numbers = np.arange(count) / 2, random.integers(0, 2**40, count), random.normal(size=count)
        store.append(1, "w", LINES, [entry(1, columns("a", steps, times, numbers))])
        store.append(1, "w", LINES, [entry(2, columns("a", steps[::-1], times, numbers))])
        for _ in range(2):
            got = store.points(1, "a", order="logged")
            assert (got.values == np.tile(numbers, 2)).all()
            assert (got.times == np.tile(times, 2)).all()
            assert (got.steps == np.concatenate((steps, steps[::-1]))).all()
            assert store.summaries(1)["a"].count == 2 * count
            page = store.points(1, "a", limit=1_000, step_min=30_000)
            assert (page.steps == np.repeat(steps[60_000:60_500], 2)).all()
            store.seal(1)

    def test_wide_rows_with_few_steps(self, store: SeriesStore):
        keys = [f"layer/{i}" for i in range(10_000)]
        for seq in range(1, 7):
            store.append(1, "w", LINES, [entry(seq, Metrics(seq, seq, dict.fromkeys(keys, float(seq))))])
        for _ in range(2):
            assert store.points(1, "layer/77").values.tolist() == [1, 2, 3, 4, 5, 6]
            found = store.summaries(1)
            assert len(found) == 10_000
            assert {(summary.count, summary.last) for summary in found.values()} == {(6, 6.0)}
            store.seal(1)

    # Everything else

    def test_console_lines_by_number(self, store: SeriesStore):
        store.append(
            1, "w", LINES, [entry(1, Console(5, "INFO", 3, ["c", ""])), entry(2, Console(6, "ERROR", 1, ["x"]))]
        )
        store.append(1, "w", LINES, [entry(3, Console(7, "INFO", 1, ["a", "b\x00\U0001f600"]))])
        lines, total = store.logs(1)
        assert total == 5
        assert [(line.line, line.stream, line.message) for line in lines] == [
            (1, "ERROR", "x"), (1, "INFO", "a"), (2, "INFO", "b\x00\U0001f600"), (3, "INFO", "c"), (4, "INFO", ""),
        ]  # fmt: skip
        assert [line.message for line in store.logs(1, stream="INFO", limit=2, offset=1)[0]] == ["b\x00\U0001f600", "c"]
        assert store.logs(1, stream="ERROR")[1] == 1

    def test_texts_and_structured_values(self, store: SeriesStore):
        batch = [
            entry(1, Texts(5, 2, {"t": "two"})),
            entry(2, Texts(4, math.nan, {"t": "nowhere"})),
            entry(3, Texts(4, 1.5, {"t": "one", "s": "é"})),
            entry(4, Data(6, -1, "h", "HISTOGRAM", '{"v":1}')),
        ]
        store.append(1, "w", LINES, batch)
        rows = store.data(1).rows
        assert [(row.name, row.body) for row in rows] == [
            ("h", '{"v":1}'), ("s", "é"), ("t", "one"), ("t", "two"), ("t", "nowhere"),
        ]  # fmt: skip
        assert math.isnan(rows[-1].step)
        assert [row.step for row in store.data(1, name="t").rows[:2]] == [1.5, 2.0]
        assert [row.type for row in store.data(1, type="histogram").rows] == ["HISTOGRAM"]
        paged, cursor = [], None
        while True:
            page = store.data(1, limit=2, cursor=cursor)
            paged += page.rows
            cursor = page.next
            if cursor is None:
                break
        assert list(map(repr, paged)) == list(map(repr, rows))
        with pytest.raises(ValueError, match="cursor"):
            store.data(1, cursor="[1]")

    def test_files_by_step_index_and_name(self, store: SeriesStore):
        batch = [
            entry(1, File(1, 2, "a/b/img", 1, "IMAGE", "x.png", "png", 3, HASH, "cap", '{"boxes":{}}', '{"m":1}')),
            entry(2, File(1, 2, "a/b/img", 0, "IMAGE", "y.png", "png", 3, "cd" * 32)),
            entry(3, File(1, 1.5, "a/img", 0, "IMAGE", "z.png", "png", 3, HASH)),
        ]
        store.append(1, "w", FILES, batch)
        announced = FileRow("raw", 0, "FILE", "r.bin", "bin", 9, None, 0.0, 4, None, None, None)
        id = store.add_file(1, announced)
        rows = store.files(1).rows
        assert [row.file_name for row in rows] == ["r.bin", "z.png", "y.png", "x.png"]
        assert (rows[3].caption, rows[3].annotations, rows[3].metadata) == ("cap", '{"boxes":{}}', '{"m":1}')
        assert (rows[0].id, rows[0].sha256) == (id, None)
        assert store.blobs(1) == {HASH, "cd" * 32}
        store.attach_blob(1, id, "ef" * 32, 10)
        assert [(row.sha256, row.size) for row in store.files(1, name="raw").rows] == [("ef" * 32, 10)]
        assert store.blobs(1) == {HASH, "cd" * 32, "ef" * 32}
        assert store.names(1) == {"a/b/img": "IMAGE", "a/img": "IMAGE", "raw": "FILE"}
        assert [row.file_name for row in store.files(1, group="a").rows] == ["z.png"]
        assert [row.file_name for row in store.files(1, group="a/b").rows] == ["y.png", "x.png"]
        assert [row.file_name for row in store.files(1, group="").rows] == ["r.bin"]
        page = store.files(1, limit=3)
        assert [row.file_name for row in store.files(1, limit=3, cursor=page.next).rows] == ["x.png"]
        with pytest.raises(KeyError):
            store.attach_blob(1, 99, HASH, 1)

    # Forgetting

    def test_what_is_forgotten_is_gone_from_the_lane(self, store: SeriesStore):
        lines = [
            Metrics(1, 1, {"a": 1, "b": 1}), Texts(1, 1, {"t": "x"}), Data(1, 1, "h", "HISTOGRAM", "{}"),
            Forget(2, ["a", "t", "h", "unknown"]), Metrics(3, 1, {"a": 9}),
        ]  # fmt: skip
        files = [File(1, 1, name, 0, "FILE", "f", "txt", 1, HASH) for name in ("a", "f")]
        store.append(1, "w", FILES, [entry(1, files[0]), entry(2, files[1])])
        answer = store.append(1, "w", LINES, [entry(seq, record) for seq, record in enumerate(lines, 1)])
        assert answer.forgotten == {"a", "t", "h", "unknown"}
        assert answer.new_names == {"a": "FILE", "b": "METRIC"}
        assert store.points(1, "a").values.tolist() == [9] and store.points(1, "b").values.tolist() == [1]
        assert store.data(1).rows == [] and store.summaries(1)["a"].count == 1
        assert [row.name for row in store.files(1).rows] == ["a", "f"]
        assert store.names(1) == {"a": "FILE", "f": "FILE", "b": "METRIC"}

        again = store.append(1, "w", FILES, [entry(3, Forget(4, ["a", "f"])), entry(4, files[1])])
        assert (again.forgotten, again.new_names) == ({"a", "f"}, {"a": "METRIC", "f": "FILE"})
        assert [row.name for row in store.files(1).rows] == ["f"] and store.points(1, "a").values.tolist() == [9]
        assert store.names(1) == {"a": "METRIC", "b": "METRIC", "f": "FILE"}

    def test_a_name_that_is_forgotten_may_be_of_another_type(self, store: SeriesStore):
        store.append(1, "w", LINES, [entry(1, Metrics(1, 1, {"a": 1})), entry(2, Texts(1, 1, {"b": "x"}))])
        swapped = [Forget(2, ["a", "b"]), Texts(3, 1, {"a": "x"}), Metrics(3, 2, {"b": 2})]
        answer = store.append(1, "w", LINES, [entry(seq, record) for seq, record in enumerate(swapped, 3)])
        assert answer.new_names == {"a": "DATA", "b": "METRIC"} == store.names(1)
        assert len(store.points(1, "a").steps) == 0 and store.points(1, "b").values.tolist() == [2]

    def test_forgetting_is_done_once(self, store: SeriesStore):
        batch = [entry(1, Metrics(1, 1, {"a": 1})), entry(2, Forget(2, ["a"])), entry(3, Metrics(3, 2, {"a": 2}))]
        store.append(1, "w", LINES, batch)
        store.append(1, "v", LINES, [entry(1, Metrics(4, 3, {"a": 3}))])
        assert store.append(1, "w", LINES, batch).forgotten == frozenset()
        assert store.points(1, "a").values.tolist() == [2, 3]

    def test_forgetting_reaches_sealed_points(self, store: SeriesStore):
        steps = np.arange(20_000.0)
        for name in ("a", "b"):
            store.append(1, name, LINES, [entry(1, columns(name, steps, steps, steps))])
        store.seal(1)
        store.append(1, "w", LINES, [entry(1, Metrics(1, 1, {"a": 1, "b": 1})), entry(2, Forget(2, ["a"]))])
        assert store.names(1) == {"b": "METRIC"} and len(store.points(1, "b").steps) == 20_001
        assert store.summaries(1).keys() == {"b"} and len(store.buckets(1, "a", 10).steps) == 0

    def test_entries_of_an_artifact_are_forgotten_alone(self, store: SeriesStore):
        def files(first: int) -> list[Entry]:
            paths = ("x/1", "x/2", "y", "xy")
            told = [f'{{"artifact_path": "{path}"}}' for path in paths]
            return [
                entry(seq, File(1, 0, "s", 0, "ARTIFACT", "f", "", 1, HASH, metadata=text))
                for seq, text in enumerate(told, first)
            ]

        broken = File(1, 0, "s", 0, "ARTIFACT", "f", "", 1, HASH, metadata="{")
        store.append(
            1, "w", FILES, [*files(1), entry(9, broken), entry(10, File(1, 0, "s", 0, "FILE", "f", "", 1, HASH))]
        )
        store.append(1, "w", FILES, [entry(11, Forget(2, ["s"], ["x/", "y"]))])
        assert len(store.files(1).rows) == 3
        # In one batch it is the same.
        store.append(1, "v", FILES, [*files(1), entry(5, Forget(2, ["s"], ["x/", "xy"]))])
        assert sorted(row.metadata or "" for row in store.files(1).rows) == ["", "{", '{"artifact_path": "y"}']
        # What is about files leaves all else alone.
        lines = [Metrics(1, 1, {"s": 1}), Forget(2, ["s"], ["y"]), Forget(2, ["s"], replaced=True)]
        assert store.append(1, "w", LINES, [entry(at, one) for at, one in enumerate(lines, 1)]).forgotten == frozenset()
        assert store.points(1, "s").values.tolist() == [1]

    def test_last_values(self, store: SeriesStore):
        batch = [
            Texts(1, 2, {"t": "late"}), Texts(2, 1, {"t": "early"}), Texts(1, math.nan, {"t": "nowhere"}),
            Data(5, 1, "h", "HISTOGRAM", "{}"), Console(1, "INFO", 1, ["a", "b"]), Console(2, "ERROR", 1, ["e"], "s"),
            Console(3, "INFO", 1, ["z"], "s"),
        ]  # fmt: skip
        store.append(1, "w", LINES, [entry(seq, record) for seq, record in enumerate(batch, 1)])
        assert {name: (row.type, row.step, row.body) for name, row in store.last_data(1, ["t", "h", "x"]).items()} == {
            "t": ("string-series", 2.0, "late"), "h": ("HISTOGRAM", 1.0, "{}"),
        }  # fmt: skip
        lines = [(line.source, line.stream, line.line, line.message) for line in store.last_lines(1)]
        assert lines == [("", "INFO", 2, "b"), ("s", "ERROR", 1, "e"), ("s", "INFO", 1, "z")]
        assert [line.message for line in store.logs(1, source="s")[0]] == ["e", "z"]
        assert store.logs(1, source="", stream="INFO")[1] == 2
        assert store.last_data(9, ["t"]) == {} and store.last_lines(9) == []

    def test_alerts_graphs_and_the_log_of_the_metadata(self, store: SeriesStore):
        alert = Alert(1, "WARNING", "title", "body")
        changes = [
            Config(1, '{"a":1}'),
            Tags(2, ["x"], ["y"]),
            Notes(3, None),
            records.Name(4, "n"),
            records.Metadata(5, "{}"),
        ]
        batch = [alert, *changes, ModelGraph(6, '{"v":1}'), ModelGraph(7, '{"v":2}')]
        store.append(1, "w", LINES, [entry(i, record) for i, record in enumerate(batch, 1)])
        assert store.alerts(1) == [alert]
        assert store.events(1) == changes
        assert store.model_graph(1) == '{"v":2}'

    def test_a_deleted_run_is_gone_and_can_begin_again(self, store: SeriesStore):
        for run in (1, 2):
            store.append(run, "w", LINES, [entry(1, Metrics(0, 0, {"a": run}))])
        store.delete(1)
        assert store.marks(1) == store.names(1) == {}
        assert store.points(2, "a").values.tolist() == [2]
        assert store.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"b": 3}))]).new_names == {"b": "METRIC"}
        assert len(store.points(1, "a").steps) == 0
        assert store.points(1, "b").values.tolist() == [3]

    def test_a_store_sees_what_another_over_the_same_folder_did(self, tmp_path: Path):
        one, two = self.open(tmp_path / "series"), self.open(tmp_path / "series")
        one.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"a": 1}))])
        assert two.append(1, "v", LINES, [entry(1, Metrics(0, 1, {"a": 2, "b": 1}))]).new_names == {"b": "METRIC"}
        assert one.points(1, "b").values.tolist() == [1]
        two.seal(1)
        assert one.points(1, "a").values.tolist() == [1, 2]
        two.delete(1)
        assert one.names(1) == {}
        assert one.append(1, "w", LINES, [entry(1, Metrics(0, 0, {"b": 5}))]).new_names == {"b": "METRIC"}
        assert two.points(1, "b").values.tolist() == [5]
        one.close()
        two.close()

    # Any points, any batches, in any state

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(
        points=st.lists(st.tuples(steps, times, values), min_size=1, max_size=40),
        count=st.integers(1, 12),
        low=bounds,
        high=bounds,
    )
    def test_columns_agree_with_plain_lists(self, tmp_path_factory: pytest.TempPathFactory, points, count, low, high):
        store = self.open(tmp_path_factory.mktemp("series"))
        model = Model()
        for step, time, value in points:
            model.add("a", step, time, value)
        store.append(1, "w", LINES, [entry(1, columns("a", *zip(*model.metrics["a"], strict=True)))])
        for _ in range(2):
            check(store, model, count, low, high, None)
            store.seal(1)
        store.close()

    def test_random_histories_agree_with_plain_lists(self, tmp_path_factory: pytest.TempPathFactory):
        conformance = self

        class History(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                folder = tmp_path_factory.mktemp("series")
                self.stores = [conformance.open(folder), conformance.open(folder)]
                self.model = Model()
                self.sent: list[tuple[str, list[Entry]]] = []
                self.seqs = {"v": 0, "w": 0}

            def teardown(self) -> None:
                for store in self.stores:
                    store.close()

            def send(self, store: int, writer: str, made: list[records.Record]) -> None:
                batch = [entry(self.seqs[writer] + i, record) for i, record in enumerate(made, 1)]
                self.seqs[writer] += len(made)
                answer = self.stores[store].append(1, writer, LINES, batch)
                assert (answer.mark, answer.rejected) == (self.seqs[writer], [])
                self.sent.append((writer, batch))

            rows = st.lists(st.tuples(times, steps, st.dictionaries(names, values, max_size=3)), max_size=6)

            @rule(store=st.integers(0, 1), writer=st.sampled_from("vw"), rows=rows)
            def log(self, store: int, writer: str, rows: list[tuple[int, float, dict[str, float]]]) -> None:
                self.send(store, writer, [Metrics(time, step, row) for time, step, row in rows])
                for time, step, row in rows:
                    for name, value in row.items():
                        self.model.add(name, step, time, value)

            @rule(store=st.integers(0, 1), name=names, points=st.lists(st.tuples(steps, times, values), max_size=8))
            def log_columns(self, store: int, name: str, points: list[tuple[float, int, float]]) -> None:
                self.send(store, "w", [columns(name, *(zip(*points, strict=True) if points else ([], [], [])))])
                for step, time, value in points:
                    self.model.add(name, step, time, value)

            @rule(
                store=st.integers(0, 1), writer=st.sampled_from("vw"), gone=st.lists(names, max_size=3), before=rows,
                after=rows,
            )  # fmt: skip
            def forget(self, store: int, writer: str, gone: list[str], before: list[Any], after: list[Any]) -> None:
                """Amid a batch: what comes before is gone, be it in the same batch, and what comes after is not."""
                made: list[records.Record] = [Metrics(time, step, row) for time, step, row in before]
                self.send(store, writer, [*made, Forget(0, gone), *(Metrics(t, s, row) for t, s, row in after)])
                for part in (before, after):
                    for time, step, row in part:
                        for name, value in row.items():
                            self.model.add(name, step, time, value)
                    if part is before:
                        self.model.forget(gone)

            @precondition(lambda self: self.sent)
            @rule(store=st.integers(0, 1), data=st.data())
            def send_again(self, store: int, data: st.DataObject) -> None:
                writer, batch = data.draw(st.sampled_from(self.sent))
                assert self.stores[store].append(1, writer, LINES, batch).mark == self.seqs[writer]

            @rule(store=st.integers(0, 1))
            def seal(self, store: int) -> None:
                self.stores[store].seal(1)

            @rule(store=st.integers(0, 1), count=st.integers(1, 12), low=bounds, high=bounds, limit=st.integers(1, 5))
            def read(self, store: int, count: int, low: float | None, high: float | None, limit: int) -> None:
                check(self.stores[store], self.model, count, low, high, limit)

            @invariant()
            def nothing_is_lost(self) -> None:
                found = self.stores[0].summaries(1)
                assert {name: summary.count for name, summary in found.items()} == {
                    name: len(points) for name, points in self.model.metrics.items()
                }

        run_state_machine_as_test(
            History,
            settings=settings(
                max_examples=60,
                stateful_step_count=15,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=PHASES,
            ),
        )


def check(
    store: SeriesStore, model: Model, count: int, low: float | None, high: float | None, limit: int | None
) -> None:
    """Every way of reading metrics agrees with the model."""
    summaries = store.summaries(1)
    assert set(summaries) == set(model.metrics)
    for name, points in model.metrics.items():
        for order in ("step", "logged"):
            same_points(store.points(1, name, order=order), model.points(name, order))
            same_points(
                store.points(1, name, order=order, step_min=low, step_max=high), model.points(name, order, low, high)
            )
            if limit is not None:
                paged, cursor = [], None
                while True:
                    page = store.points(1, name, order=order, step_min=low, step_max=high, cursor=cursor, limit=limit)
                    assert len(page.steps) <= limit
                    paged += zip(page.steps.tolist(), page.times.tolist(), page.values.tolist(), strict=True)
                    cursor = page.next
                    if cursor is None:
                        break
                    assert len(page.steps) == limit
                expected = model.points(name, order, low, high)
                assert [(bits(s), t, bits(v)) for s, t, v in paged] == [(bits(s), t, bits(v)) for s, t, v in expected]
        same_summary(summaries[name], points)
        same_buckets(store.buckets(1, name, count), points, count, None, None)
        same_buckets(store.buckets(1, name, count, step_min=low, step_max=high), points, count, low, high)
