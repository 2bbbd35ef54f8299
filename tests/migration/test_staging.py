"""What becomes of a run's items on their way into a journal."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pluto_migration import blobs, columns, config
from pluto_migration.gathered import Gathered
from pluto_migration.model import Alert, Artifact, Console, Data, Entry, Facts, File, Item, Parent, Points, Texts
from pluto_migration.source import Problems, SourceError, SourceRun
from pluto_migration.staging import Staged, stage

from pluto.core.journal import Reader
from pluto.core.settings import Settings, resolve
from pluto.protocol import records
from pluto.protocol.artifacts import digest_of
from pluto.protocol.batch import FILES, LINES
from pluto.protocol.records import Kind
from tests.migration.synthetic import BEGUN, md5_of

Make = Callable[[Path, Problems], Iterator[Item]]


class Run(SourceRun):
    """A run that consists of what a function yields."""

    def __init__(self, make: Make, id: str = "r", parent: Parent | None = None, path: Path = Path("/made/up")) -> None:
        self.project, self.id, self.path = "some/project", id, path
        self._make, self._parent = make, parent

    @property
    def created(self) -> int | None:
        return BEGUN

    @property
    def parent(self) -> Parent | None:
        return self._parent

    @property
    def fingerprint(self) -> str:
        return "f"

    @property
    def size(self) -> int:
        return 0

    def read(self, scratch: Path, problems: Problems) -> Iterator[Item]:
        return self._make(scratch, problems)


@pytest.fixture
def settings(root: Path) -> Settings:
    return resolve(host="local")


class Journal:
    """A journal that was staged."""

    def __init__(self, settings: Settings, staged: Staged) -> None:
        self.staged = staged
        self.folder = settings.root / "sync" / "runs" / staged.key
        self.reader = Reader(self.folder / staged.writer)
        self.rows = []
        for lane in (LINES, FILES):
            after = 0
            while (batch := self.reader.read(after, lane)).rows:
                self.rows += batch.rows
                after = batch.through
        self.rows.sort()
        self.records = [records.decode(row.kind, row.body) for row in self.rows]

    def of(self, kind: Kind) -> list[Any]:
        return [record for row, record in zip(self.rows, self.records, strict=True) if row.kind == kind]

    @property
    def config(self) -> dict[str, Any]:
        """What all records come to."""
        found: dict[str, Any] = {}
        for text in [self.records[0].config, *(record.body for record in self.of(Kind.CONFIG))]:
            config.merge(found, json.loads(text or "{}"))
        return found

    def content(self, media: records.Media) -> bytes:
        if media.inline is not None:
            return media.inline
        row = next(row for row, record in zip(self.rows, self.records, strict=True) if record is media)
        assert media.blob is not None
        return self.reader.blob(row.segment, media.blob).read_bytes()


def staged(settings: Settings, items: Sequence[Item] | Make, **more: Any) -> Journal:
    make = items if callable(items) else lambda *_: iter(items)
    return Journal(settings, stage(Run(make, **more), settings, source="made up"))


def test_the_first_record_says_what_the_run_is_and_the_last_how_it_ended(settings: Settings) -> None:
    facts = Facts(name="N", notes="n" * 5000, tags=["a", "group:b", "a", "group:c"], status="crashed", ended=BEGUN + 7,
                  metadata={"os_info": {}}, extras={"left": 1})  # fmt: skip
    journal = staged(settings, [facts], parent=Parent("some/project", "p", 4.0))
    start, end = journal.records[0], journal.records[-1]
    assert (start.policy, start.readable, start.project, start.external_id) == ("never", True, "some/project", "r")
    assert (start.name, start.created, start.fork_external_id, start.fork_step) == ("N", BEGUN, "p", 4.0)
    assert (start.inherit_config, start.inherit_tags, start.fork_needed) == (False, False, False)
    assert json.loads(start.config)["_attributes"] == {"id": "r"}
    assert (end.time, end.status, end.metadata) == (BEGUN + 7, "FAILED", '{"reason": "lost"}')
    assert journal.of(Kind.NOTES)[0].text == "n" * 5000
    assert journal.of(Kind.TAGS)[0].add == ["a", "group:b"]
    assert json.loads(journal.of(Kind.METADATA)[0].body) == {"os_info": {}}


def test_the_ledger_says_that_the_run_is_whole_just_before_the_end(settings: Settings) -> None:
    journal = staged(settings, [Facts(status="finished", extras={"left": 1})])
    assert json.loads(journal.records[0].config)["_migration"]["state"] == "begun"
    assert [row.kind for row in journal.rows[-2:]] == [Kind.CONFIG, Kind.END]
    last = json.loads(journal.records[-2].body)["_migration"]
    assert (last["state"], last["fingerprint"], last["pass"], last["source"]) == ("complete", "f", 1, "made up")
    assert last["extras"] == {"left": 1}


def test_several_facts_add_up(settings: Settings) -> None:
    items = [
        Facts(name="first", tags=["old"], config={"a": {"b": 1}}, exit_code=0),
        Facts(name="second", tags=["new"], config={"a": {"c": 2}}, status="failed", exit_code=9),
    ]
    journal = staged(settings, items)
    assert journal.records[0].name == "second"
    assert journal.of(Kind.TAGS)[0].add == ["new"]
    assert journal.config["a"] == {"b": 1, "c": 2}
    assert (journal.records[-1].code, json.loads(journal.records[-1].metadata)["code"]) == (9, 9)


def test_values_that_json_can_not_tell_have_their_kinds_beside_them(settings: Settings) -> None:
    at = datetime(2024, 1, 2, tzinfo=timezone.utc)
    values = {"at": at, "set": frozenset("ba"), "empty": frozenset(), "whole": 2.0, "nan": math.nan, "huge": -(2**80),
              "text": "NaN", "in": {"to": {"it": math.inf}}, "list": [1, math.nan]}  # fmt: skip
    journal = staged(settings, [Facts(config=values, attributes={"sys": {"at": at}, "types": {"series": "file"}})])
    found = journal.config
    assert found["at"] == "2024-01-02T00:00:00.000000Z"
    assert (found["set"], found["whole"], found["huge"], found["text"]) == (["a", "b"], 2.0, str(-(2**80)), "NaN")
    assert found["list"] == [1, "NaN"]
    assert found["_attributes"]["types"] == {
        "at": "datetime", "empty": "string_set", "whole": "float", "nan": "float", "huge": "int",
        "in": {"to": {"it": "float"}}, "sys": {"at": "datetime"}, "series": "file",
    }  # fmt: skip
    assert found["_attributes"]["sys"] == {"at": "2024-01-02T00:00:00.000000Z"}


def test_a_store_s_own_config_is_left_as_it_is(settings: Settings) -> None:
    facts = Facts(config={"x": 1.0}, attributes={"id": "old", "types": {"x": "float"}, "named": False}, exact=True)
    found = staged(settings, [facts], id="new").config
    assert found["_attributes"] == {"id": "new", "types": {"x": "float"}, "named": False}
    assert found["x"] == 1.0


def test_keys_of_a_config_that_doors_keep_for_themselves_are_the_users_own_under_another_name(
    settings: Settings,
) -> None:
    found = staged(settings, [Facts(config={"_migration": 1, "_wandb": 2, "_attributes": 3}, wandb={"m": {}})]).config
    assert (found["_migration_"], found["_wandb_"], found["_attributes_"]) == (1, 2, 3)
    assert found["_wandb"] == {"m": {}}
    assert found["_migration"]["source"] == "made up"


def test_a_deep_config_is_kept_whole(settings: Settings) -> None:
    deep: dict[str, Any] = {"bottom": 2.0}
    for level in range(150):
        deep = {f"level{level}": deep}
    found = staged(settings, [Facts(config={"deep": deep, "list": [math.nan]})]).config
    assert found["deep"] == deep
    types = found["_attributes"]["types"]["deep"]
    for level in reversed(range(150)):
        types = types[f"level{level}"]
    assert types == {"bottom": "float"}


def test_a_big_config_goes_in_several_records(settings: Settings) -> None:
    values = {f"key{at}": "x" * 1000 for at in range(3000)}
    journal = staged(settings, [Facts(config=values)])
    assert max(len(record.body) for record in journal.of(Kind.CONFIG)) < 300 << 10
    found = journal.config
    assert {key: found[key] for key in values} == values


def test_points_keep_their_bits_and_their_order(settings: Settings) -> None:
    bits = np.array([0x7FF8000000000123, 0xFFF0000000000000, 1 << 63, 1, 0x7FF0000000000000], np.uint64)
    steps = np.array([3.5, -1.0, -0.0, 3.5, 1e308])
    times = np.array([5, -(2**62), 0, 5, 2**62], np.int64)
    journal = staged(settings, [Points("m", steps, times, bits.view(np.float64))])
    (column,) = journal.of(Kind.COLUMNS)
    assert (column.steps, column.times, column.values) == (steps.tobytes(), times.tobytes(), bits.tobytes())


def test_points_make_few_and_bounded_records(settings: Settings) -> None:
    def series(name: str, count: int, first: int = 0) -> Points:
        at = np.arange(first, first + count, dtype=np.float64)
        return Points(name, at, at.astype(np.int64), at)

    pieces = [series(f"small{at % 3}", 1, at) for at in range(3000)]
    journal = staged(settings, [series("big", 65_536), *pieces, series("none", 0)])
    by_name: dict[str, list[np.ndarray[Any, Any]]] = {}
    for column in journal.of(Kind.COLUMNS):
        by_name.setdefault(column.name, []).append(np.frombuffer(column.values))
    assert {name: len(parts) for name, parts in by_name.items()} == {"big": 4, "small0": 1, "small1": 1, "small2": 1}
    assert max(len(part) for part in by_name["big"]) <= 20_000
    assert np.concatenate(by_name["big"]).tolist() == list(range(65_536))
    assert by_name["small1"][0].tolist() == list(range(1, 3000, 3))
    assert journal.staged.read.points == journal.staged.added.points == 65_536 + 3000


def test_small_content_lies_in_the_journal_and_big_content_beside_it(settings: Settings, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(200_000))
    before = (big.stat().st_mtime_ns, big.stat().st_ino)

    def make(scratch: Path, problems: Problems) -> Iterator[Item]:
        unpacked = scratch / "unpacked.txt"
        unpacked.write_bytes(b"u" * 100_000)
        yield File("small", "FILE", b"small", "small.txt", step=2.0, time=BEGUN + 1, index=3, caption="c",
                   annotations={"boxes": []}, metadata={"path": "p"})  # fmt: skip
        yield File("big", "IMAGE", big, "big.png")
        yield File("mask", "IMAGE", b"\x89PNG", "mask.png", mask=True)
        yield File("unpacked", "TEXT", unpacked, "../../unpacked.txt")
        unpacked.unlink()

    journal = staged(settings, make)
    small, large, mask, unpacked = journal.of(Kind.MEDIA)
    assert (small.step, small.time, small.index, small.caption) == (2, BEGUN + 1, 3, "c")
    assert (small.annotations, small.metadata, small.form) == ({"boxes": []}, {"path": "p"}, "file")
    assert (large.time, large.step) == (BEGUN, 0)
    assert mask.parameters["file_type"] == "mask"
    assert journal.content(small) == b"small"
    assert small.inline is not None
    assert journal.content(large) == big.read_bytes()
    assert journal.content(unpacked) == b"u" * 100_000
    assert "/" not in unpacked.file_name
    assert (big.stat().st_mtime_ns, big.stat().st_ino) == before
    assert journal.staged.read.bytes == 300_000 + 5 + 4
    # The journal's is another file: what anybody does to the source's later does not matter.
    big.write_bytes(b"changed")
    assert len(journal.content(large)) == 200_000
    assert not (journal.folder / "scratch").exists()


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system")
def test_a_source_on_another_disk_is_copied(settings: Settings) -> None:
    path = Path(f"/dev/shm/pluto-{os.getpid()}.bin")
    path.write_bytes(b"e" * 100_000)
    try:
        assert os.stat(path).st_dev != os.stat(settings.root.parent).st_dev
        journal = staged(settings, [File("f", "FILE", path, "f.bin")])
    finally:
        path.unlink()
    assert journal.content(journal.of(Kind.MEDIA)[0]) == b"e" * 100_000


def test_a_file_that_is_not_there_is_a_problem_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    gone, folder, secret = tmp_path / "gone", tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    secret.write_bytes(b"s" * 70_000)
    secret.chmod(0)
    files = [File("f", "FILE", path, "f") for path in (gone, folder)]
    kept = File("kept", "FILE", b"kept", "kept")
    journal = staged(settings, [*files, kept])
    assert [media.name for media in journal.of(Kind.MEDIA)] == ["kept"]
    assert [one.where for one in journal.staged.problems] == [str(gone), str(folder)]
    if os.getuid():
        journal = staged(settings, [File("secret", "FILE", secret, "f"), kept], id="other")
        assert [media.name for media in journal.of(Kind.MEDIA)] == ["kept"]
        assert "Permission denied" in journal.staged.problems[0].what


def test_who_is_to_blame_for_a_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"x")
    assert blobs.is_ours(OSError(errno.ENOSPC, ""), path)
    assert not blobs.is_ours(OSError(errno.EACCES, ""), path)
    assert not blobs.is_ours(ValueError(), path)
    # A sector that can't be read, of whichever disk: the file is read once more to know.
    assert blobs.is_ours(OSError(errno.EIO, ""), path)
    assert blobs.is_ours(OSError(errno.EIO, ""), b"bytes")
    path.unlink()
    assert not blobs.is_ours(OSError(errno.EIO, ""), path)


def test_what_can_not_be_kept_is_noted_and_its_neighbours_are(settings: Settings) -> None:
    ones = np.ones(2)
    items: list[Item] = [
        Points("bad", ones, np.ones(3, np.int64), ones),
        Texts("bad", [1.0], [1, 2], ["a"]),
        Texts("far", [1.0], [2**70], ["a"]),
        Texts("late", [1.0], [2**62], ["kept, though no run has ended then"]),
        Data("odd", "JSON", 1.0, 1, {"set": {1, 2}}),
        Console("stdout", [1, 2], ["one"]),
        Texts("good", [1.0], [1], ["a"]),
    ]
    journal = staged(settings, items)
    assert [list(record.values) for record in journal.of(Kind.TEXTS)] == [["late"], ["good"]]
    assert journal.records[-1].time == 1
    assert len(journal.staged.problems) == 5
    assert not journal.of(Kind.COLUMNS)


def test_texts_in_any_encoding_come_over_with_backslashes(settings: Settings) -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    items: list[Item] = [
        Texts(name, [1.0], [1], ["a\ud800b"]),
        Facts(config={name: {name: name}}, tags=[name], name=name),
        File(name, "FILE", b"", name, caption=name),
        Console("stdout", [1], [name]),
        Alert(1, name, name),
    ]
    journal = staged(settings, items, id=name)
    assert journal.of(Kind.TEXTS)[0].values == {"caf\\xe9": "a\\ud800b"}
    assert journal.config["caf\\xe9"] == {"caf\\xe9": "caf\\xe9"}
    assert journal.records[0].external_id == "caf\\xe9"
    assert journal.of(Kind.CONSOLE)[0].lines == ["caf\\xe9"]


@given(st.text(st.characters(codec=None)))
def test_every_text_becomes_one_that_utf8_can_tell(text: str) -> None:
    found = config.clean(text)
    found.encode()
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        assert found == text


def test_lines_of_the_console_are_counted_by_stream_and_source(settings: Settings) -> None:
    items = [
        Console("stdout", [1, 1, 2], ["a", "b", "c"]),
        Console("stderr", [3], ["e"]),
        Console("stdout", [3], ["other"], "monitoring/0"),
        Console("stdout", [2, 5], ["d", "e"]),
    ]
    found = [(one.stream, one.source, one.first_line, one.time, one.lines) for one in
             staged(settings, items).of(Kind.CONSOLE)]  # fmt: skip
    assert found == [
        ("INFO", "", 1, 1, ["a", "b"]), ("INFO", "", 3, 2, ["c"]), ("ERROR", "", 1, 3, ["e"]),
        ("INFO", "monitoring/0", 1, 3, ["other"]), ("INFO", "", 4, 2, ["d"]), ("INFO", "", 5, 5, ["e"]),
    ]  # fmt: skip


def test_alerts_send_no_mails(settings: Settings) -> None:
    (alert,) = staged(settings, [Alert(3, "t", "x", "ERROR", "http://there")]).of(Kind.ALERT)
    assert (alert.time, alert.level, alert.title, alert.body, alert.url, alert.email) == (
        3, "ERROR", "t", "x", "http://there", False,
    )  # fmt: skip


def test_an_artifact_has_the_digests_of_what_is_really_in_it(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(b"w" * 10)
    entries = [
        Entry("right", md5_of(b"w" * 10), path, 10), Entry("wrong", "AAAA", b"other"),
        Entry("far", "etag", None, 5, "s3://b/k", {"x": 1}), Entry("gone", "dig", None, 7),
    ]  # fmt: skip
    journal = staged(settings, [Artifact("model", "m", entries, ["latest", "best"], ["t"], "d", {"k": 1}, ttl=5)])
    (record,) = journal.of(Kind.ARTIFACT)
    digests = {entry.path: entry.digest for entry in record.entries}
    assert digests == {"right": md5_of(b"w" * 10), "wrong": md5_of(b"other"), "far": "etag", "gone": "dig"}
    assert record.digest == digest_of(digests.items())
    assert (record.aliases, record.tags, record.description, record.metadata) == (["best"], ["t"], "d", '{"k":1}')
    assert [(entry.ref, entry.size) for entry in record.entries][2:] == [("s3://b/k", 5), ("", 7)]
    assert [one.what for one in journal.staged.problems] == ["artifact 'model': 'wrong' is not what its digest says"]
    again = staged(settings, [Artifact("model", "m", entries)], id="other")
    assert again.of(Kind.ARTIFACT)[0].token == record.token


def test_an_artifact_is_called_as_a_store_takes_it(settings: Settings, tmp_path: Path) -> None:
    entries = [Entry(path, md5_of(b"x"), b"x") for path in ("/a//b", "../c", "./d", "d", "e\0f")]
    item = Artifact("runs:/model" + "x" * 200, " ", entries, ["v3", "best/one", "", "good", "latest"])
    journal = staged(settings, [item])
    (record,) = journal.of(Kind.ARTIFACT)
    assert [entry.path for entry in record.entries] == ["a/b", "__/c", "d", "e-f"]
    assert (len(record.name), record.name[:11], record.type, record.aliases) == (128, "runs--model", "type", ["good"])
    assert record.digest == digest_of((entry.path, entry.digest) for entry in record.entries)
    # The names, four paths, one of them twice, and three aliases.
    assert len(journal.staged.problems) == 2 + 4 + 1 + 3


def test_an_id_that_is_too_long_is_cut_and_kept_beside(settings: Settings) -> None:
    found = staged(settings, [], id="x" * 300)
    assert len(found.records[0].external_id) == 255
    assert found.config["_attributes"]["sys"] == {"custom_run_id": "x" * 300}


@pytest.mark.parametrize("parent", [Parent("other/project", "p", 1.0), Parent("some/project", "p", None)])
def test_a_parent_that_can_not_be_linked_is_noted(settings: Settings, parent: Parent) -> None:
    journal = staged(settings, [], parent=parent)
    assert journal.records[0].fork_external_id is None
    assert "it was forked from" in journal.staged.problems[0].what
    assert journal.config["_migration"]["parent"]["id"] == "p"


def test_a_run_that_is_part_of_another_has_no_problem(settings: Settings) -> None:
    journal = staged(settings, [], parent=Parent("some/project", "p", None, nested=True))
    assert journal.staged.problems == []
    assert journal.records[0].fork_external_id is None


def test_a_run_that_breaks_off_leaves_nothing(settings: Settings) -> None:
    def make(scratch: Path, problems: Problems) -> Iterator[Item]:
        (scratch / "unpacked").write_bytes(b"x")
        yield Texts("t", [1.0], [1], ["a"])
        assert os.listdir(settings.root / "sync" / "runs") != []
        raise SourceError("the end")

    with pytest.raises(SourceError, match="the end"):
        staged(settings, make)
    assert os.listdir(settings.root / "sync" / "runs") == []


def test_nothing_is_seen_of_a_run_before_it_is_whole(settings: Settings) -> None:
    runs = settings.root / "sync" / "runs"

    def make(scratch: Path, problems: Problems) -> Iterator[Item]:
        yield Texts("t", [1.0], [1], ["a"])
        assert all(name.startswith(".") for name in os.listdir(runs))

    journal = staged(settings, make)
    assert os.listdir(runs) == [journal.staged.key]
    assert json.loads((journal.folder / "run.json").read_text())["migration"] == "made up"


def test_a_dry_run_counts_and_writes_nothing(settings: Settings, tmp_path: Path) -> None:
    items: list[Item] = [
        Texts("t", [1.0], [1], ["a"]),
        File("f", "FILE", b"12345", "f"),
        File("g", "FILE", tmp_path / "no", "g"),
    ]
    found = stage(Run(lambda *_: iter(items)), settings, source="made up", dry_run=True)
    assert (found.read.texts, found.added.files, found.added.bytes, found.key) == (1, 1, 5, "")
    assert len(found.problems) == 1
    assert not settings.root.exists()


def test_statuses() -> None:
    words = {"finished": "COMPLETED", "failed": "FAILED", "crashed": "FAILED", "killed": "TERMINATED",
             "cancelled": "CANCELLED", "running": "TERMINATED", "unknown": "TERMINATED"}  # fmt: skip
    for word, status in words.items():
        gathered = Gathered()
        gathered.add(Facts(status=word))  # type: ignore[arg-type]
        assert gathered.final_status == status


@given(
    pieces=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=60),
    limits=st.tuples(st.integers(1, 12), st.integers(1, 8), st.integers(1, 30), st.integers(1, 10)),
)
def test_points_of_each_metric_come_in_their_order_whatever_the_limits(
    pieces: list[tuple[str, int]], limits: tuple[int, int, int, int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, limit in zip(("MOST", "ENOUGH", "HELD", "PIECES"), limits, strict=True):
            patch.setattr(columns, name, limit)
        found: dict[str, list[float]] = {}
        given: dict[str, list[float]] = {}

        def write(record: records.Columns) -> None:
            values = np.frombuffer(record.values).tolist()
            assert 0 < len(values) <= max(limits[0], 1)
            assert len(record.steps) == len(record.times) == len(record.values)
            found.setdefault(record.name, []).extend(values)

        collecting = columns.Columns(write)
        count = 0
        for name, size in pieces:
            at = np.arange(count, count + size, dtype=np.float64)
            count += size
            given.setdefault(name, []).extend(at.tolist())
            collecting.add(name, at, at.astype(np.int64), at)
        collecting.flush()
        assert found == {name: values for name, values in given.items() if values}
