"""Pages for people: what a run's address shows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from pluto.protocol import records
from pluto.protocol.batch import FILES
from pluto.server.keys import KeyRing
from tests.server.support import Caller

NASTY = "\"'><script>alert(1)</script>&amp;"


class Page(HTMLParser):
    """The texts, elements and links of a page."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.links: dict[str, str] = {}
        self.pictures: list[str] = []
        self._link = ""
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        assert not any(name.startswith("on") for name in found)
        if tag == "a":
            self._link = found["href"] or ""
        if tag == "img":
            self.pictures.append(found["src"] or "")

    def handle_data(self, data: str) -> None:
        if self._link:
            self.links[data] = self._link
            self._link = ""
        self.texts.append(data)


def seed(caller: Caller, project: str = "team/vision", name: str = NASTY) -> str:
    """The address of a run with something of everything, all of it hostile."""
    body = {"runName": name, "projectName": project, "tags": [NASTY], "config": '{"lr": 0.5, "<i>": {"b": "<b>"}}'}
    made = caller.ok(caller.post("/api/runs/create", body))
    sha = caller.ok(caller.request("PUT", f"/api/ext/v1/blobs/{HASH}", content=b"hello"))["sha256"]
    run = made["runId"]
    sent: list[records.Record] = [
        records.Metrics(1, step, {NASTY: float(step), "nan": float("nan")}) for step in (1, 2)
    ]
    caller.batch(run, [*sent, records.Notes(1, NASTY), records.Metrics(1, 1, {"sys/cpu": 7.0})])
    files = [
        records.File(1, 1, NASTY, 0, "IMAGE", f"{NASTY}.png", "png", 5, sha, caption=NASTY),
        records.File(1, 1, "f", 0, "FILE", "plain.txt", "txt", 5, sha),
    ]
    caller.batch(run, files, lane=FILES)
    url: str = made["url"]
    return url


HASH = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


def test_the_address_of_a_run_shows_it(caller: Caller) -> None:
    answer = caller.get(seed(caller))
    assert answer.status_code == 200
    page = Page(answer)
    assert page.tags.isdisjoint({"script", "i", "b", "form", "iframe"})
    for text in (f"VIS-1 {NASTY}", "RUNNING", NASTY, "<i>.b", "<b>", "0.5", "plain.txt", "nan", "1.5"):
        assert text in page.texts, text
    assert page.texts.index("nan") < page.texts.index("sys/cpu")
    assert caller.get(page.links["plain.txt"]).content == b"hello"
    assert caller.get(page.pictures[0]).content == b"hello"
    above = Page(caller.get(page.links["team/vision"]))
    assert {NASTY, "VIS-1", "RUNNING"} <= set(above.texts)
    assert f"VIS-1 {NASTY}" in Page(caller.get(above.links["VIS-1"])).texts
    assert Page(caller.get(above.links["Projects"])).links["team/vision"] == page.links["team/vision"]


def test_an_empty_store_has_a_page(caller: Caller) -> None:
    assert "No run has been stored here yet." in Page(caller.get("/")).texts


@pytest.mark.parametrize("path", ["p", "p/zzzzz", "other/{sqid}", "{sqid}", "p/{sqid}/", "", "a/b/c"])
def test_addresses_of_nothing(caller: Caller, path: str) -> None:
    sqid = seed(caller, "q").rpartition("/")[2]
    answer = caller.get(f"/o/local/projects/{path.format(sqid=sqid)}")
    assert answer.status_code == 404
    Page(answer)


def test_a_damaged_run_shows_what_is_known(caller: Caller) -> None:
    url = seed(caller)
    caller.context.series.close()
    (path,) = (caller.store / "series").glob("*.db")
    for left in path.parent.glob("*.db-*"):
        left.unlink()
    path.write_bytes(b"no database" * 1000)
    answer = caller.get(url)
    assert answer.status_code == 200
    assert any("can't be read" in text for text in Page(answer).texts) and "0.5" in Page(answer).texts


def test_long_tables_say_what_they_leave_out(caller: Caller) -> None:
    made = caller.ok(caller.post("/api/runs/create", {"runName": "n", "projectName": "p"}))
    caller.batch(made["runId"], [records.Metrics(1, 1, {f"m{i:03}": 1.0 for i in range(600)})])
    texts = Page(caller.get(made["url"])).texts
    assert "100 more are not shown here." in texts and "m499" in texts and "m500" not in texts


def test_with_keys_the_pages_want_one(tmp_path: Path) -> None:
    with KeyRing(tmp_path / "store") as ring:
        key, _ = ring.create()
    caller = Caller(tmp_path / "store", require_key=True)
    try:
        caller.token = key
        url = seed(caller)
        assert Page(caller.get(url)).texts
        for token in (None, "mlps_wrong"):
            caller.token = token
            for address in (url, "/"):
                answer = caller.get(address)
                assert answer.status_code == 401 and "text/plain" in answer.headers["content-type"]
                assert re.fullmatch(r"This server wants a key, .*not part of this version.*", answer.text)
    finally:
        caller.close()


def test_a_store_called_in_process_gives_no_address(tmp_path: Path) -> None:
    caller = Caller(tmp_path / "store", embedded=True)
    try:
        made = caller.ok(caller.post("/api/runs/create", {"runName": "n", "projectName": "p", "externalId": "e"}))
        joined = caller.ok(caller.post("/api/runs/resume", {"runId": made["runId"]}))
        again = caller.ok(caller.post("/api/runs/create", {"runName": "n", "projectName": "p", "externalId": "e"}))
        assert made["url"] is joined["url"] is again["url"] is None
        query = {"projectName": "p", "logName": "m", "runIds": "1", "runId": "1"}
        for route in ("statistics", "compare"):
            text = caller.get(f"/api/runs/{route}", **query).text
            assert urlsplit(text).netloc == "" and "http" not in text
    finally:
        caller.close()
