"""What every store of artifacts has to do. A store's test class mixes this in and gives the `store` fixture."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pluto.protocol.artifacts import digest_of
from pluto.protocol.records import Artifact, ArtifactEntry
from pluto.server.metadata.artifacts.contract import Conflict, Version
from pluto.server.metadata.contract import MetadataStore, NewRun


def entry(path: str, content: str = "", **fields: Any) -> ArtifactEntry:
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    return ArtifactEntry(**{"path": path, "digest": f"d-{content}", "size": len(content), "sha256": sha256, **fields})


def artifact(token: str, *entries: ArtifactEntry, name: str = "data", **fields: Any) -> Artifact:
    digest = digest_of((one.path, one.digest) for one in entries)
    return Artifact(**{"time": 5_000, "token": token, "name": name, "type": "dataset", "digest": digest,
                       "entries": list(entries), **fields})  # fmt: skip


def committed(store: MetadataStore, run: int, record: Artifact) -> Version:
    found = store.artifacts.commit(run, record)
    assert found is not None
    return found


class ArtifactsConformance:
    @pytest.fixture
    def run(self, store: MetadataStore) -> int:
        return store.runs.create(NewRun(project="p", name="run"))[0].id

    def test_versions_are_numbered_and_latest_follows(self, store: MetadataStore, run: int) -> None:
        made = [committed(store, run, artifact(str(i), entry("f", str(i)))) for i in range(3)]
        assert [one.version for one in made] == [0, 1, 2]
        assert made[0].aliases == ["latest"]
        assert [one.aliases for one in store.artifacts.members(made[0].collection)] == [["latest"], [], []]
        latest = store.artifacts.find("p", "data", "latest")
        assert latest is not None and latest.id == made[2].id
        assert store.artifacts.find("p", "data", "v1") == store.artifacts.get(made[1].id)
        assert store.artifacts.find("p", "data", "v7") is None
        assert store.artifacts.find("q", "data", "latest") is None

    def test_what_was_given_is_kept(self, store: MetadataStore, run: int) -> None:
        record = artifact(
            "t", entry("b/x", "x"), entry("a", "yy", extra={"etag": "e"}, ref="http://h/a", sha256=None),
            aliases=["best"], tags=["t2", "t1"], description="d", metadata='{"k": [1, null]}', ttl=60, step=4,
        )  # fmt: skip
        made = committed(store, run, record)
        assert (made.name, made.project, made.type, made.digest) == ("data", "p", "dataset", record.digest)
        assert (made.aliases, made.tags, made.description) == (["best", "latest"], ["t1", "t2"], "d")
        assert (made.metadata, made.ttl, made.step, made.run) == ({"k": [1, None]}, 60, 4, run)
        assert (made.size, made.files, made.created_at, made.linked_at) == (3, 2, 5, None)
        assert store.artifacts.entries(made.id) == sorted(record.entries, key=lambda one: one.path)
        assert store.artifacts.committed("t") == made

    def test_equal_content_is_one_version(self, store: MetadataStore, run: int) -> None:
        first = committed(store, run, artifact("1", entry("f", "a"), aliases=["old"]))
        committed(store, run, artifact("2", entry("f", "b")))
        again = committed(store, run, artifact("3", entry("f", "a"), aliases=["new"], tags=["t"]))
        assert (again.id, again.version) == (first.id, 0)
        assert (again.aliases, again.tags) == (["latest", "new", "old"], ["t"])
        assert store.artifacts.committed("3") == again
        assert len(store.artifacts.members(first.collection)) == 2

    def test_a_record_that_comes_again_changes_nothing(self, store: MetadataStore, run: int) -> None:
        record = artifact("1", entry("f", "a"), aliases=["best"])
        first = committed(store, run, record)
        committed(store, run, artifact("2", entry("f", "b"), aliases=["best"]))
        assert committed(store, run, record).aliases == []
        assert committed(store, run, record).id == first.id

    def test_a_name_has_one_type(self, store: MetadataStore, run: int) -> None:
        committed(store, run, artifact("1", entry("f", "a")))
        with pytest.raises(Conflict, match="already exists with type 'dataset'"):
            store.artifacts.commit(run, artifact("2", entry("f", "a"), type="model"))
        assert store.artifacts.committed("2") is None

    @pytest.mark.parametrize(
        "bad",
        [
            artifact("1", entry("../f")), artifact("1", entry("/f")), artifact("1", entry(".")),
            artifact("1", entry("a//b")), artifact("1", entry("f", sha256="no")),
            artifact("1", entry("f", sha256=None)),
            artifact("", entry("f")), artifact("1", name="a/b"), artifact("1", name=""), artifact("1", aliases=["v1"]),
            artifact("1", aliases=["a:b"]), artifact("1", final=False), artifact("1", entry("f"), digest="0" * 32),
            artifact("1", metadata="[]"), artifact("1", type="a:b"),
        ],
    )  # fmt: skip
    def test_what_can_not_be_is_refused_and_leaves_no_trace(
        self, store: MetadataStore, run: int, bad: Artifact
    ) -> None:
        with pytest.raises(ValueError):
            store.artifacts.commit(run, bad)
        assert store.artifacts.collections("p") == []
        with pytest.raises(LookupError):
            store.artifacts.commit(10**6, artifact("2", entry("f")))

    def test_incremental_versions_come_on_top(self, store: MetadataStore, run: int) -> None:
        committed(store, run, artifact("1", entry("a", "1"), entry("b", "2")))
        grown = committed(store, run, artifact("2", entry("b", "3"), entry("c", "4"), incremental=True))
        held = store.artifacts.entries(grown.id)
        assert [(one.path, one.digest) for one in held] == [("a", "d-1"), ("b", "d-3"), ("c", "d-4")]
        assert grown.digest == digest_of((one.path, one.digest) for one in held)
        assert (grown.files, grown.size) == (3, 3)

    def test_several_make_one_version(self, store: MetadataStore, run: int) -> None:
        parts = [artifact(str(i), entry(f"f{i}", str(i)), distributed_id="g", final=False) for i in range(2)]
        for part in (*parts, parts[0]):
            assert store.artifacts.commit(run, part) is None
        assert store.artifacts.find("p", "data", "latest") is None
        assert store.artifacts.committed("0") is None
        whole = committed(store, run, artifact("end", entry("f2", "2"), distributed_id="g"))
        assert (whole.version, whole.files) == (0, 3)
        assert store.artifacts.committed("1") == whole
        assert committed(store, run, parts[1]) == whole
        assert store.artifacts.commit(run, artifact("x", entry("f0", "0"), distributed_id="g", final=False)) is None
        more = [entry("f1", "1"), entry("f2", "2")]
        assert committed(store, run, artifact("y", *more, distributed_id="g")) == whole
        assert store.artifacts.committed("x") == whole

    def test_lineage(self, store: MetadataStore, run: int) -> None:
        other = store.runs.create(NewRun(project="p", name="other"))[0].id
        made = committed(store, run, artifact("1", entry("f"), used=True))
        committed(store, other, artifact("2", entry("f")))
        assert store.artifacts.use(other, made.id)
        assert not store.artifacts.use(other, made.id + 100)
        with pytest.raises(LookupError):
            store.artifacts.use(other + 100, made.id)
        assert store.artifacts.runs(made.id, "logged") == [run, other]
        assert store.artifacts.runs(made.id, "used") == [run, other]
        assert [one.id for one in store.artifacts.of_run(other, "logged")] == [made.id]
        assert store.artifacts.of_run(other, "used", after=made.id) == []
        only_used = committed(store, other, artifact("3", entry("g"), used=True, made=False))
        assert store.artifacts.runs(only_used.id, "logged") == []
        assert store.artifacts.runs(only_used.id, "used") == [other]
        assert committed(store, run, artifact("3", entry("g"))) == only_used
        assert store.artifacts.runs(only_used.id, "logged") == [run]
        store.runs.delete(run)
        after = store.artifacts.get(made.id)
        assert after is not None and after.run is None
        assert store.artifacts.runs(made.id, "used") == [other]

    def test_editing(self, store: MetadataStore, run: int) -> None:
        made = committed(store, run, artifact("1", entry("f"), description="old", tags=["a", "b"], ttl=5))
        assert store.artifacts.edit(made.id, metadata={"x": 1}, add_tags=["c"], remove_tags=["a"])
        after = store.artifacts.get(made.id)
        assert after is not None
        assert (after.description, after.metadata, after.tags, after.ttl) == ("old", {"x": 1}, ["b", "c"], 5)
        assert store.artifacts.edit(made.id, description=None, ttl=0)
        after = store.artifacts.get(made.id)
        assert after is not None
        assert (after.description, after.ttl) == (None, 0)
        assert not store.artifacts.edit(made.id + 100, description="x")

    def test_aliases_are_unique_in_a_collection(self, store: MetadataStore, run: int) -> None:
        one, two = (committed(store, run, artifact(t, entry("f", t), aliases=["best"])) for t in "12")
        assert store.artifacts.alias(one.collection, one.id, ["best", "x"], ["none"])
        assert store.artifacts.get(one.id).aliases == ["best", "x"]  # type: ignore[union-attr]
        assert store.artifacts.get(two.id).aliases == ["latest"]  # type: ignore[union-attr]
        assert store.artifacts.alias(one.collection, one.id, [], ["best", "latest"])
        assert store.artifacts.get(two.id).aliases == ["latest"]  # type: ignore[union-attr]
        with pytest.raises(Conflict):
            store.artifacts.alias(one.collection, one.id, ["v0"], [])
        assert not store.artifacts.alias(one.collection + 9, one.id, ["y"], [])

    def test_links(self, store: MetadataStore, run: int) -> None:
        one, two = (committed(store, run, artifact(t, entry("f", t))) for t in "12")
        first = store.artifacts.link(two.id, "registry", "best", ["prod"])
        second = store.artifacts.link(one.id, "registry", "best", ["stage"])
        again = store.artifacts.link(two.id, "registry", "best", ["new"])
        assert first and second and again
        assert (first.project, first.name, first.version, first.aliases) == ("registry", "best", 0, ["latest", "prod"])
        assert (first.source_project, first.source_name, first.source_version, first.id) == ("p", "data", 1, two.id)
        assert first.linked_at is not None
        assert (second.version, second.aliases) == (1, ["latest", "stage"])
        assert (again.version, again.aliases) == (0, ["latest", "new", "prod"])
        assert store.artifacts.links(two.id) == [again]
        assert store.artifacts.find("registry", "best", "v1") == store.artifacts.get(one.id, second.collection)
        other = committed(store, run, artifact("3", entry("f"), name="m", type="model"))
        for name, error in (("best", "takes artifacts of type 'dataset'"), ("data", "takes no links")):
            with pytest.raises(Conflict, match=error):
                store.artifacts.link(other.id, "registry" if name == "best" else "p", name, [])
        with pytest.raises(Conflict, match="no versions of its own"):
            run2 = store.runs.create(NewRun(project="registry", name="r"))[0].id
            store.artifacts.commit(run2, artifact("4", entry("f"), name="best"))
        assert store.artifacts.link(10**6, "registry", "best", []) is None
        with pytest.raises(Conflict, match="delete it instead"):
            store.artifacts.unlink(two.id, two.collection)
        assert store.artifacts.unlink(two.id, again.collection)
        assert not store.artifacts.unlink(two.id, again.collection)
        left = store.artifacts.find("registry", "best", "latest")
        assert left is not None and left.id == one.id
        third = store.artifacts.link(two.id, "registry", "best", [])
        assert third is not None and third.version == 2

    def test_deleting_frees_what_nobody_else_holds(self, store: MetadataStore, run: int) -> None:
        shared, mine, logged = entry("s", "shared"), entry("m", "mine"), entry("l", "logged")
        one = committed(store, run, artifact("1", shared, mine, logged))
        two = committed(store, run, artifact("2", shared))
        assert mine.sha256 and logged.sha256 and shared.sha256
        with store.runs.edit(run) as editor:
            editor.add_blobs([logged.sha256])
        store.artifacts.link(one.id, "registry", "best", [])
        freed = store.artifacts.delete(one.id)
        assert freed is not None and [sha for sha, _ in freed] == [mine.sha256]
        assert store.artifacts.get(one.id) is None
        assert store.artifacts.find("registry", "best", "latest") is None
        with pytest.raises(Conflict, match="latest"):
            store.artifacts.delete(two.id)
        assert store.artifacts.delete(one.id) is None
        gone = store.runs.delete(run)
        assert gone is not None and [sha for sha, _ in gone] == [logged.sha256]
        freed = store.artifacts.delete(two.id, aliases=True)
        assert freed is not None and [sha for sha, _ in freed] == [shared.sha256]

    def test_latest_goes_to_the_newest_left_and_numbers_do_not_come_back(self, store: MetadataStore, run: int) -> None:
        made = [committed(store, run, artifact(str(i), entry("f", str(i)))) for i in range(3)]
        store.artifacts.delete(made[2].id, aliases=True)
        latest = store.artifacts.find("p", "data", "latest")
        assert latest is not None and latest.version == 1
        assert committed(store, run, artifact("4", entry("f", "2"))).version == 3

    def test_a_blob_of_a_run_that_an_artifact_holds_stays(self, store: MetadataStore, run: int) -> None:
        held = entry("f", "x")
        assert held.sha256
        with store.runs.edit(run) as editor:
            editor.add_blobs([held.sha256])
        made = committed(store, run, artifact("1", held))
        assert store.runs.delete(run) == []
        freed = store.artifacts.delete(made.id, aliases=True)
        assert freed is not None and [sha for sha, _ in freed] == [held.sha256]

    def test_what_has_had_its_time(self, store: MetadataStore, run: int) -> None:
        made = [committed(store, run, artifact(str(i), entry("f", str(i)), ttl=-1)) for i in range(2)]
        committed(store, run, artifact("3", entry("f", "3"), ttl=3600))
        store.artifacts.link(made[1].id, "registry", "best", [])
        assert store.artifacts.expired() == [made[0].id]

    def test_pages(self, store: MetadataStore, run: int) -> None:
        made = [committed(store, run, artifact(str(i), entry("f", str(i)), tags=[f"t{i % 2}"])) for i in range(5)]
        collection = made[0].collection
        assert [one.version for one in store.artifacts.members(collection, limit=2)] == [4, 3]
        assert [one.version for one in store.artifacts.members(collection, before=3, limit=2)] == [2, 1]
        assert [one.version for one in store.artifacts.members(collection, tags=["t1"])] == [3, 1]
        assert store.artifacts.members(collection, tags=["t1", "t0"]) == []
        files = committed(store, run, artifact("many", *(entry(f"d{i % 2}/{i}", str(i)) for i in range(6)), name="m"))
        page = store.artifacts.entries(files.id, prefix="d1/", limit=2)
        assert [one.path for one in page] == ["d1/1", "d1/3"]
        assert [one.path for one in store.artifacts.entries(files.id, prefix="d1/", after="d1/3")] == ["d1/5"]

    def test_a_version_of_many_files(self, store: MetadataStore, run: int) -> None:
        made = committed(store, run, artifact("1", *(entry(f"{i:05}", str(i)) for i in range(3000))))
        assert made.files == 3000
        assert len(store.artifacts.entries(made.id, limit=5000)) == 3000
        freed = store.artifacts.delete(made.id, aliases=True)
        assert freed is not None and len(freed) == 3000

    def test_collections(self, store: MetadataStore, run: int) -> None:
        committed(store, run, artifact("1", entry("f")))
        committed(store, run, artifact("2", entry("f"), name="model", type="model"))
        made = store.artifacts.create_collection("p", "best", "model", "portfolio", "d", ["a", "b"])
        assert (made.kind, made.description, made.tags, made.versions) == ("portfolio", "d", ["a", "b"], 0)
        assert [one.name for one in store.artifacts.collections("p")] == ["data", "model", "best"]
        assert [one.name for one in store.artifacts.collections("p", type="model", limit=1)] == ["model"]
        assert [one.name for one in store.artifacts.collections("p", kind="portfolio")] == ["best"]
        assert store.artifacts.collections("p", name="data")[0].versions == 1
        assert sorted(name for name, _ in store.artifacts.types("p")) == ["dataset", "model"]
        with pytest.raises(Conflict, match="already"):
            store.artifacts.create_collection("p", "data", "x", "portfolio")
        with pytest.raises(Conflict):
            store.artifacts.create_collection("p", "new", "x", "shelf")
        assert store.artifacts.edit_collection(made.id, name="top", description=None, add_tags=["c"], remove_tags=["a"])
        after = store.artifacts.collection(made.id)
        assert after is not None
        assert (after.name, after.description, after.tags) == ("top", None, ["b", "c"])
        with pytest.raises(Conflict, match="already"):
            store.artifacts.edit_collection(made.id, name="data")
        assert not store.artifacts.edit_collection(10**6, name="x")

    def test_deleting_collections(self, store: MetadataStore, run: int) -> None:
        held = entry("f", "x")
        made = committed(store, run, artifact("1", held))
        linked = store.artifacts.link(made.id, "registry", "best", [])
        assert linked is not None
        assert store.artifacts.delete_collection(linked.collection) == []
        assert store.artifacts.get(made.id) == made
        store.artifacts.link(made.id, "registry", "best", [])
        freed = store.artifacts.delete_collection(made.collection)
        assert freed is not None and [sha for sha, _ in freed] == [held.sha256]
        assert store.artifacts.find("registry", "best", "latest") is None
        assert store.artifacts.delete_collection(made.collection) is None
