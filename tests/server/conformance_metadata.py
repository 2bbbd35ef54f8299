"""What every metadata store has to do. A store's test class mixes this in and gives the `store` fixture."""

from __future__ import annotations

from typing import Any

import pytest

from pluto.server.lifecycle import API, RESUME, STALE
from pluto.server.metadata.contract import (
    LastValue,
    MetadataStore,
    MetricSummary,
    NewRun,
    OverviewQuery,
    RunQuery,
    Sort,
)
from pluto.server.metadata.filters import parse


def new(name: str = "run", project: str = "p", **fields: object) -> NewRun:
    return NewRun(project=project, name=name, **fields)  # type: ignore[arg-type]


class MetadataConformance:
    def test_numbers_count_per_project(self, store: MetadataStore) -> None:
        runs = [store.runs.create(new(project=project))[0] for project in ("a", "b", "a")]
        assert [(run.project, run.number) for run in runs] == [("a", 1), ("b", 1), ("a", 2)]
        assert len({run.id for run in runs}) == 3

    def test_a_number_never_comes_back(self, store: MetadataStore) -> None:
        first = store.runs.create(new())[0]
        store.runs.delete(first.id)
        second = store.runs.create(new())[0]
        assert second.id > first.id
        assert second.number == 2

    def test_what_was_given_is_kept(self, store: MetadataStore) -> None:
        made = new(
            "name", external_id="e", tags=["z", "a", "z"], config={"lr": 0.1, "deep": {"x": [1, None]}},
            system_metadata={"host": "h"}, logger_settings={"s": 1}, created_at=1_000, updated_at=2_000,
        )  # fmt: skip
        run, resumed = store.runs.create(made)
        assert not resumed
        assert store.runs.get(run.id) == run == store.runs.by_external_id("p", "e")
        assert (run.name, run.tags, run.config) == ("name", ["z", "a"], {"lr": 0.1, "deep": {"x": [1, None]}})
        assert (run.system_metadata, run.logger_settings) == ({"host": "h"}, {"s": 1})
        assert (run.created_at, run.updated_at, run.status) == (1_000, 2_000, "RUNNING")

    def test_a_known_external_id_is_attached_to(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new(external_id="e", config={"a": {"x": 1}}, tags=["t"]))
        store.statuses.set(run.id, "COMPLETED", source=API)
        again, resumed = store.runs.create(new("other", external_id="e", config={"a": {"y": 2}}, tags=["u"]))
        assert (resumed, again.id, again.name, again.tags) == (True, run.id, "run", ["t"])
        assert again.config == {"a": {"x": 1, "y": 2}}
        assert again.status == "RUNNING"
        assert store.statuses.events(run.id)[-1].source == RESUME
        assert store.runs.create(new(project="q", external_id="e"))[1] is False

    def test_values_and_names_are_taken_away(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new(config={"a": {"b": 1, "c": 2}, "a/b": 3}))
        with store.runs.edit(run.id) as editor:
            editor.add_names({"m": "METRIC", "t": "DATA"})
        store.summaries.put(run.id, [MetricSummary(name, 1, 1, 1, 1, 0, 1) for name in ("m", "n")], complete=True)
        with store.runs.edit(run.id) as editor:
            editor.remove_config(["a/b", "nothing"])
            editor.forget_names(["m", "t", "unknown"])
            editor.add_names({"t": "METRIC"})
        found = store.runs.get(run.id)
        assert found is not None and found.config == {"a": {"c": 2}}
        assert store.runs.names(run.id) == {"t": "METRIC"}
        (overview,) = store.overviews.page(OverviewQuery("p", 9, metrics=None))
        assert [summary.name for summary in overview.summaries] == ["n"]
        assert store.search.fields([run.id], "config") == {run.id: {"a.c": 2.0}}

    def test_blobs_are_released(self, store: MetadataStore) -> None:
        run, other = (store.runs.create(new())[0].id for _ in range(2))
        for number, hashes in ((run, "abcd"), (other, "b")):
            with store.runs.edit(number) as editor:
                editor.add_blobs(hashes)
        assert store.runs.release(run, {"c"}, 0) == []
        freed = store.runs.release(run, {"c"}, 2**60)
        assert sorted(sha for sha, _ in freed) == ["a", "d"]
        assert store.runs.release(run, {"c"}, 2**60) == []
        assert sorted(sha for sha, _ in store.runs.delete(run) or ()) == ["c"]
        assert [sha for sha, _ in store.runs.delete(other) or ()] == ["b"]

    def test_projects_are_made_and_forgotten(self, store: MetadataStore) -> None:
        made = store.runs.create_project("p", "KEY", "text")
        assert (made.name, made.prefix, made.description, made.runs) == ("p", "KEY", "text", 0)
        run, _ = store.runs.create(new())
        assert run.display_id == "KEY-1" and store.runs.of_project("p") == [run.id]
        for name, prefix in (("p", None), ("q", "KEY")):
            with pytest.raises(KeyError, match="already"):
                store.runs.create_project(name, prefix, None)
        assert store.runs.delete_project("p") is False is store.runs.delete_project("q")
        store.runs.delete(run.id)
        assert store.runs.delete_project("p") is True and store.runs.projects(9) == []

    def test_last_values_are_kept_of_ended_runs(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new())
        lasts = [LastValue("t", "", "string-series", 2.0, 5, "x\ud800"), LastValue("INFO", "s", "LINE", 1.0, 6, "line")]
        store.summaries.put_lasts(run.id, lasts)
        query = OverviewQuery("p", 9, lasts=["t"])
        assert store.overviews.page(query)[0].lasts is None
        store.statuses.set(run.id, "COMPLETED", source=API)
        assert store.overviews.page(query)[0].lasts is None
        store.summaries.put(run.id, [], complete=True)
        (last,) = store.overviews.page(query)[0].lasts or ()
        assert (last.name, last.step, last.time, last.body) == ("t", 2.0, 5, "x?")
        store.summaries.put_lasts(run.id, lasts[1:])
        assert store.overviews.page(OverviewQuery("p", 9, lasts=None))[0].lasts == lasts[1:]
        store.summaries.mark_stale(run.id)
        assert store.overviews.page(query)[0].lasts is None
        store.summaries.put_lasts(99, lasts)

    def test_a_run_gives_its_identity_up(self, store: MetadataStore) -> None:
        names = []
        for _ in range(3):
            run, resumed = store.runs.create(new(external_id="e"))
            assert not resumed
            names.append((run.id, store.runs.set_aside(run.id)))
        assert [name for _, name in names] == ["e~1", "e~2", "e~3"]
        assert store.runs.by_external_id("p", "e") is None
        for number, name in names:
            found = store.runs.by_external_id("p", str(name))
            assert found is not None
            assert found.id == number
        assert store.runs.set_aside(10**9) is None
        assert store.runs.set_aside(store.runs.create(new())[0].id) is None

    def test_editing(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new(config={"a": {"x": 1}, "b": 2}, system_metadata={"s": {"x": 1}}))
        with store.runs.edit(run.id) as editor:
            editor.merge_config({"a": {"y": float("nan")}, "b": [1]})
            editor.merge_system_metadata({"s": {"y": 2}})
            editor.set_tags(["one", "group:g", "one"])
            editor.rename("new name")
            editor.set_notes("note")
            editor.add_names({"loss": "METRIC", "im": "IMAGE"})
        with store.runs.edit(run.id) as editor:
            editor.add_names({"loss": "DATA", "acc": "METRIC"})
        after = store.runs.get(run.id)
        assert after is not None
        assert repr(after.config) == "{'a': {'x': 1, 'y': nan}, 'b': [1]}"
        assert after.system_metadata == {"s": {"y": 2}}
        assert (after.tags, after.name, after.notes) == (["one", "group:g"], "new name", "note")
        assert store.runs.names(run.id) == {"loss": "METRIC", "im": "IMAGE", "acc": "METRIC"}
        assert store.runs.names(run.id, 1) == {"loss": "METRIC"}
        with store.runs.edit(run.id) as editor:
            editor.replace_config({"only": 1})
        replaced = store.runs.get(run.id)
        assert replaced is not None
        assert replaced.config == {"only": 1}
        assert store.search.fields([run.id], "config") == {run.id: {"only": 1.0}}

    def test_an_edit_that_fails_changes_nothing(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new(tags=["t"]))
        with pytest.raises(ZeroDivisionError), store.runs.edit(run.id) as editor:
            editor.merge_config({"a": 1})
            raise ZeroDivisionError
        assert store.runs.get(run.id) == run
        with store.runs.edit(run.id) as editor, pytest.raises(ValueError, match="group"):
            editor.set_tags(["group:a", "group:b"])
        with pytest.raises(LookupError), store.runs.edit(run.id + 1):
            pass

    def test_statuses_go_up_only(self, store: MetadataStore) -> None:
        run = store.runs.create(new())[0].id
        for status, then in [
            ("RUNNING", "RUNNING"), ("TERMINATED", "TERMINATED"), ("COMPLETED", "TERMINATED"), ("FAILED", "FAILED"),
            ("CANCELLED", "FAILED"), ("FAILED", "FAILED"), ("RUNNING", "RUNNING"), ("COMPLETED", "COMPLETED"),
        ]:  # fmt: skip
            assert store.statuses.set(run, status, source=API)
            assert store.statuses.status(run) == then
        moves = [(event.from_status, event.to_status) for event in store.statuses.events(run)]
        assert moves == [
            (None, "RUNNING"), ("RUNNING", "TERMINATED"), ("TERMINATED", "FAILED"), ("FAILED", "RUNNING"),
            ("RUNNING", "COMPLETED"),
        ]  # fmt: skip
        assert not store.statuses.set(run + 1, "FAILED", source=API)
        assert store.statuses.status(run + 1) is None

    def test_a_guess_gives_way(self, store: MetadataStore) -> None:
        run = store.runs.create(new())[0].id
        store.statuses.set(run, "FAILED", source=STALE, metadata={"reason": "x"})
        assert store.statuses.events(run)[-1].metadata == {"reason": "x"}
        assert store.statuses.beat(run) == "RUNNING"
        store.statuses.set(run, "FAILED", source=STALE)
        store.statuses.set(run, "COMPLETED", source=API)
        assert store.statuses.status(run) == "COMPLETED"
        assert store.statuses.beat(run) == "COMPLETED"

    def test_time_of_status(self, store: MetadataStore) -> None:
        run = store.runs.create(new())[0].id
        store.statuses.set(run, "COMPLETED", source=API, at=5_000)
        store.statuses.set(run, "COMPLETED", source=API)
        after = store.runs.get(run)
        assert after is not None
        assert after.status_updated == 5_000

    def test_cancelling(self, store: MetadataStore) -> None:
        run = store.runs.create(new())[0].id
        assert store.statuses.beat(run) == "RUNNING"
        assert store.statuses.cancel(run)
        assert store.statuses.cancel(run)
        assert store.statuses.beat(run) == "CANCELLED"
        store.statuses.set(run, "RUNNING", source=RESUME)
        assert store.statuses.beat(run) == "RUNNING"
        assert not store.statuses.cancel(run + 1)
        assert store.statuses.beat(run + 1) is None

    def test_quiet_runs(self, store: MetadataStore) -> None:
        beating, silent, ended = (store.runs.create(new())[0].id for _ in range(3))
        store.statuses.beat(beating)
        store.statuses.set(ended, "FAILED", source=API)
        far = 1 << 50
        assert [run.id for run in store.statuses.quiet(0, 0)] == []
        assert [run.id for run in store.statuses.quiet(far, 0)] == [beating]
        assert [run.id for run in store.statuses.quiet(0, far)] == [silent]

    def test_deleting(self, store: MetadataStore) -> None:
        parent = store.runs.create(new(tags=["t"], config={"a": 1}))[0].id
        child = store.runs.create(new(forked_from=parent, fork_step=2.5))[0].id
        for run, blobs in ((parent, ["aa", "bb"]), (child, ["bb"])):
            with store.runs.edit(run) as editor:
                editor.add_blobs(blobs)
        freed = store.runs.delete(parent)
        assert freed is not None
        assert [sha for sha, _ in freed] == ["aa"]
        assert store.runs.get(parent) is None
        orphan = store.runs.get(child)
        assert orphan is not None
        assert (orphan.forked_from, orphan.fork_step) == (None, 2.5)
        assert store.runs.delete(parent) is None
        assert store.search.find(RunQuery("p"))[1] == 1

    def test_display_ids(self, store: MetadataStore) -> None:
        one = store.runs.create(new(project="training"))[0]
        two = store.runs.create(new(project="tramway"))[0]
        assert one.display_id == two.display_id == "TRA-1"
        assert store.runs.by_display_id("TRA", 1) == [one, two]
        assert store.runs.by_display_id("TRA", 1, "tramway") == [two]
        assert store.runs.by_display_id("TRA", 2) == []

    def test_projects(self, store: MetadataStore) -> None:
        for project in ("a", "b", "b"):
            store.runs.create(new(project=project))
        assert [(project.name, project.runs) for project in store.runs.projects(9)] == [("b", 2), ("a", 1)]
        assert len(store.runs.projects(1)) == 1

    def test_metric_names_of_a_project(self, store: MetadataStore) -> None:
        runs = [store.runs.create(new())[0].id for _ in range(2)]
        for run, names in zip(runs, ({"b": "METRIC", "im": "IMAGE"}, {"b": "METRIC", "a": "METRIC"}), strict=True):
            with store.runs.edit(run) as editor:
                editor.add_names(names)
        assert store.runs.project_names("p", None, "METRIC") == ["a", "b"]
        assert store.runs.project_names("p", runs[:1], "METRIC") == ["b"]
        assert store.runs.project_names("q", None, "METRIC") == []

    def test_pages_and_orders(self, store: MetadataStore) -> None:
        runs = [
            store.runs.create(new(name, created_at=at, config=config))[0].id
            for name, at, config in (("b", 3, {"lr": 10}), ("A", 1, {"lr": "9"}), ("c", 2, {}))
        ]
        b, a, c = runs

        def found(sort: Sort, **page: Any) -> list[int]:
            items, total = store.search.find(RunQuery("p", sort=sort, **page))
            assert total == 3
            return [item.id for item in items]

        assert found(Sort("createdAt", descending=True)) == [b, c, a]
        assert found(Sort("createdAt"), limit=1, offset=1) == [c]
        assert found(Sort("name")) == [a, b, c]
        assert found(Sort("config", "lr")) == [a, b, c]
        assert found(Sort("config", "lr", descending=True)) == [b, a, c]

    def test_metric_orders_leave_out_runs_without(self, store: MetadataStore) -> None:
        low, high, none, infinite = (store.runs.create(new())[0].id for _ in range(4))
        for run, last in ((low, 1.0), (high, 2.0), (infinite, None)):
            summary = MetricSummary("loss", 3, 0.0, 9.0, 4.0, 1.0, last)
            store.summaries.put(run, [summary], complete=False)
        items, total = store.search.find(RunQuery("p", sort=Sort("metric", "loss", descending=True)))
        assert ([item.id for item in items], total) == ([high, low], 2)
        assert none not in [item.id for item in items]
        ranked = store.search.leaderboard("p", "loss", "last", descending=False, limit=1, offset=1)
        assert ranked == ([(high, 2.0)], 2)

    def test_stale_summaries(self, store: MetadataStore) -> None:
        run = store.runs.create(new())[0].id
        assert store.summaries.stale("p") == [(run, False)]
        store.statuses.set(run, "COMPLETED", source=API)
        assert store.summaries.stale("p") == [(run, True)]
        store.summaries.put(run, [], complete=True)
        assert store.summaries.stale("p") == []
        store.summaries.mark_stale(run)
        assert store.summaries.stale("p") == [(run, True)]

    @pytest.mark.parametrize(
        ("filter", "names"),
        [
            ('{"state": "finished"}', {"b"}),
            ('{"status": {"$ne": "running"}}', {"b"}),
            ('{"name": {"$regex": "A"}}', {"a", "ab"}),
            ('{"name": {"$in": ["a", "b"]}}', {"a", "b"}),
            ('{"tags": "t1"}', {"a"}),
            ('{"tags": {"$in": ["t1", "t2"]}}', {"a", "b"}),
            ('{"tags": {"$nin": ["t1", "t2"]}}', {"ab"}),
            ('{"config.lr": 0.1}', {"a"}),
            ('{"config.lr": "0.1"}', {"a"}),
            ('{"config.lr.value": 0.1}', {"a"}),
            ('{"config.lr": {"$gt": 0.05, "$lte": 0.2}}', {"a", "b"}),
            ('{"config.lr": {"$ne": 0.1}}', {"b", "ab"}),
            ('{"config.lr": null}', {"ab"}),
            ('{"config.lr": {"$ne": null}}', {"a", "b"}),
            ('{"config.opt.name": {"$regex": "^ad.m$"}}', {"a"}),
            ('{"config.flag": true}', {"b"}),
            ('{"config.list": "[1, 2]"}', {"b"}),
            ('{"systemMetadata.host": {"$in": ["h1", null]}}', {"a", "b", "ab"}),
            ('{"summary_metrics.loss": {"$lt": 1}}', {"a"}),
            ('{"createdAt": {"$gte": "1970-01-01T00:00:02Z"}}', {"b", "ab"}),
            ('{"created_at": 1000}', {"a"}),
            ('{"$and": [{"tags": "t2"}, {"state": "completed"}]}', {"b"}),
            ('{"$or": [{"tags": "t1"}, {"state": "completed"}]}', {"a", "b"}),
            ('{"$not": {"tags": "t1"}}', {"b", "ab"}),
            ('{"tags": "t1", "state": "completed"}', set()),
            ("{}", {"a", "b", "ab"}),
        ],
    )
    def test_filters(self, store: MetadataStore, filter: str, names: set[str]) -> None:
        a = new(
            "a", tags=["t1"], created_at=1_000, system_metadata={"host": "h1"},
            config={"lr": 0.1, "opt": {"name": "adam"}},
        )  # fmt: skip
        b = new("b", tags=["t2"], created_at=2_000, config={"lr": "0.2", "flag": True, "list": [1, 2]})
        ids = {made.name: store.runs.create(made)[0].id for made in (a, b, new("ab", created_at=3_000))}
        store.statuses.set(ids["b"], "COMPLETED", source=API)
        store.summaries.put(ids["a"], [MetricSummary("loss", 1, 0.5, 0.5, 0.5, 0.0, 0.5)], complete=False)
        items, total = store.search.find(RunQuery("p", condition=parse(filter)))
        assert {item.name for item in items} == names
        assert total == len(names)

    def test_heartbeat_filter(self, store: MetadataStore) -> None:
        run, _ = store.runs.create(new())
        store.runs.create(new("never"))
        store.statuses.beat(run.id)
        condition = parse('{"heartbeat_at": {"$gt": "2020-01-01"}}')
        assert [item.id for item in store.search.find(RunQuery("p", condition=condition))[0]] == [run.id]
        ordered, total = store.search.find(RunQuery("p", sort=Sort("heartbeat")))
        assert ([item.id for item in ordered], total) == ([run.id], 1)

    def test_search_text_is_no_pattern(self, store: MetadataStore) -> None:
        for name in ("50% done", "500 done", "a_b", "axb"):
            store.runs.create(new(name))

        def found(search: str) -> list[str]:
            items, _ = store.search.find(RunQuery("p", search=search, sort=Sort("name")))
            return [item.name for item in items]

        assert found("50%") == ["50% done"]
        assert found("A_B") == ["a_b"]
        assert found("p-2") == ["500 done"]

    def test_keys(self, store: MetadataStore) -> None:
        key = store.keys.add("laptop", "hash", "mlps_…abcd", None)
        assert store.keys.find("hash") == key
        assert store.keys.find("other") is None
        assert store.keys.revoke(key.id)
        assert not store.keys.revoke(key.id)
        revoked = store.keys.find("hash")
        assert revoked is not None
        assert revoked.revoked_at is not None
        assert [kept.label for kept in store.keys.list()] == ["laptop"]
