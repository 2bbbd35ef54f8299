from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from pluto.protocol import records
from pluto.protocol.batch import FILES
from pluto.server.signing import Signer
from tests.server.support import PROJECT, Caller

HELLO = b"hello"
SHA = hashlib.sha256(HELLO).hexdigest()


def announce(caller: Caller, run: int | str, *files: dict[str, Any], **options: Any) -> Any:
    headers = {"X-Run-Id": str(run), "X-Project-Name": PROJECT}
    body = {"files": [{"fileSize": 5, "fileType": "txt", "time": 7, "step": 1, **file} for file in files]}
    return caller.post("/files", body, headers={**headers, **options})


def listed(caller: Caller, run: int, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = caller.ok(caller.get("/api/runs/files", runId=run, projectName=PROJECT, **params))[
        "files"
    ]
    return rows


def test_announce_send_list_fetch(caller: Caller) -> None:
    run = caller.create()
    urls = caller.ok(
        announce(
            caller, run,
            {"logName": "im/a", "fileName": "x.png", "fileType": "PNG", "caption": "c", "annotations": '{"boxes":{}}'},
            {"logName": "conf", "fileName": "x.png", "fileType": {"custom": "yml"}, "step": -0.5, "sampleIndex": 3},
        )
    )  # fmt: skip
    assert [list(rows[0]) for rows in urls.values()] == [["x.png"], ["x.png"]]
    assert [row["url"] for row in listed(caller, run)] == [None, None]
    assert caller.request("PUT", urls["im/a"][0]["x.png"], content=HELLO).status_code == 200
    conf, image = listed(caller, run)
    assert (conf["fileType"], conf["step"], conf["url"]) == ("yaml", -0.5, None)
    url = image.pop("url")
    assert image == {
        "fileName": "x.png", "fileType": "png", "fileSize": 5, "logName": "im/a", "logGroup": "im", "sampleIndex": 0,
        "time": "1970-01-01 00:00:00.007", "step": 1, "caption": "c", "annotations": '{"boxes":{}}',
    }  # fmt: skip
    fetched = caller.get(url)
    assert (fetched.content, fetched.headers["content-type"]) == (HELLO, "image/png")
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert [row["logName"] for row in listed(caller, run, logGroup="im")] == ["im/a"]
    assert [row["logName"] for row in listed(caller, run, logName="conf")] == ["conf"]
    assert caller.details(run)["logNames"][0]["logType"] == "IMAGE"


def test_announced_again_and_sent_once(caller: Caller) -> None:
    run = caller.create()
    file = {"logName": "f", "fileName": "a.txt"}
    caller.ok(announce(caller, run, file))
    url = caller.ok(announce(caller, run, file))["f"][0]["a.txt"]
    caller.request("PUT", url, content=HELLO)
    assert [row["fileSize"] for row in listed(caller, run)] == [5]
    caller.request("PUT", url, content=HELLO + b"!")
    assert caller.get(listed(caller, run)[0]["url"]).content == b"hello!"


def test_addresses_can_not_be_bent(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    run = caller.create()
    url = caller.ok(announce(caller, run, {"logName": "f", "fileName": "../../etc/passwd"}))["f"][0]["../../etc/passwd"]
    for bent in (
        url.replace(f"/{run}/1?", f"/{run}/2?"), url.replace(f"/{run}/1?", "/2/1?"), url + "0", url.split("?")[0],
        url.replace("signature=", "signature=é"), url.replace("expires=", "expires=9"),
    ):  # fmt: skip
        assert caller.request("PUT", bent, content=b"x").status_code == 403, bent
    assert caller.request("PUT", url, content=HELLO).status_code == 200
    got = listed(caller, run)[0]["url"]
    assert caller.get(got).headers["content-disposition"] == "inline; filename*=UTF-8''passwd"
    other = hashlib.sha256(b"other").hexdigest()
    for bent in (got.replace(SHA, other), got.replace("name=", "name=x"), got.split("?")[0]):
        assert caller.get(bent).status_code == 403, bent
    assert caller.get(got.replace(SHA, "..%2f..%2findex.db")).status_code in (400, 404)
    monkeypatch.setattr("pluto.server.signing.time.time", lambda: 1 << 34)
    assert caller.get(got).status_code == 403
    assert not list(Path(caller.store).rglob("passwd*"))


def test_a_deleted_run_takes_no_file(caller: Caller) -> None:
    run = caller.create()
    url = caller.ok(announce(caller, run, {"logName": "f", "fileName": "a"}))["f"][0]["a"]
    caller.request("DELETE", f"/api/ext/v1/runs/{run}")
    assert caller.request("PUT", url, content=HELLO).status_code == 404


@pytest.mark.parametrize(
    ("file", "status"),
    [
        ({"fileName": "a"}, 422), ({"logName": "f"}, 422), ({"logName": "f", "fileName": "a", "step": None}, 422),
        ({"logName": " ", "fileName": "a"}, 422), ({"logName": "f", "fileName": "a", "time": -1}, 422),
        ({"logName": "f", "fileName": "a", "fileSize": "5"}, 422), ({"logName": "f", "fileName": "a", "x": 1}, 200),
    ],
)  # fmt: skip
def test_announcements_that_are_none(caller: Caller, file: dict[str, Any], status: int) -> None:
    run = caller.create()
    assert announce(caller, run, file).status_code == status


def test_announcing_to_nobody(caller: Caller) -> None:
    run = caller.create()
    file = {"logName": "f", "fileName": "a"}
    assert announce(caller, "None", file).status_code == 400
    assert announce(caller, 99, file).status_code == 400
    headers = {"X-Run-Id": str(run), "X-Project-Name": PROJECT}
    assert caller.request("POST", "/files", content=b"{}", headers=headers).status_code == 415
    headers["Content-Type"] = "application/json"
    assert caller.request("POST", "/files", content=b"{", headers=headers).status_code == 400
    assert caller.request("POST", "/files", content=b" " * (3 << 20), headers=headers).status_code == 413


BLOB = f"/api/ext/v1/blobs/{SHA}"


def test_blobs(caller: Caller) -> None:
    assert caller.request("HEAD", BLOB).status_code == 404
    assert caller.get(BLOB).status_code == 404
    wrong = caller.request("PUT", BLOB, content=b"other")
    assert (wrong.status_code, caller.request("HEAD", BLOB).status_code) == (400, 404)
    assert caller.request("PUT", BLOB, content=HELLO).status_code == 201
    assert caller.request("PUT", BLOB, content=HELLO).status_code == 200
    assert caller.request("HEAD", BLOB).status_code == 200
    assert caller.get(BLOB).content == HELLO
    for name in ("abc", SHA.upper(), "g" * 64, "..%2f..%2fsecret"):
        assert caller.get(f"/api/ext/v1/blobs/{name}").status_code in (400, 404)


@pytest.mark.parametrize(
    ("range", "status", "content"),
    [
        ("bytes=1-3", 206, b"ell"), ("bytes=3-", 206, b"lo"), ("bytes=-2", 206, b"lo"), ("bytes=0-99", 206, HELLO),
        ("bytes=-99", 206, HELLO), ("bytes=5-", 416, b""), ("bytes=3-1", 416, b""), ("bytes=0-1,3-4", 200, HELLO),
        ("bytes=-", 200, HELLO), ("lines=1-2", 200, HELLO),
    ],
)  # fmt: skip
def test_ranges(caller: Caller, range: str, status: int, content: bytes) -> None:
    caller.request("PUT", BLOB, content=HELLO)
    got = caller.request("GET", BLOB, headers={"Range": range})
    assert (got.status_code, got.content) == (status, content)


def test_large_blobs_come_in_pieces(caller: Caller) -> None:
    data = os.urandom(3_000_001)
    blob = f"/api/ext/v1/blobs/{hashlib.sha256(data).hexdigest()}"

    async def pieces() -> Any:
        for start in range(0, len(data), 100_000):
            yield data[start : start + 100_000]

    assert caller.request("PUT", blob, content=pieces()).status_code == 201
    got = caller.get(blob)
    assert got.content == data
    assert got.headers["content-length"] == str(len(data))


def file_of(sha: str = SHA, **fields: Any) -> records.File:
    defaults: dict[str, Any] = {
        "time": 7_000, "step": 1.5, "name": "im", "index": 0, "type": "IMAGE", "file_name": "a.png",
        "file_type": "png", "size": 5, "sha256": sha, "metadata": '{"w":1}',
    }  # fmt: skip
    return records.File(**(defaults | fields))


def test_file_records(caller: Caller) -> None:
    run = caller.create()
    early = caller.batch(run, [file_of()], lane=FILES)
    assert [(rejection.seq, "has to be sent first" in rejection.error) for rejection in early.rejected] == [(1, True)]
    caller.request("PUT", BLOB, content=HELLO)
    assert caller.batch(run, [file_of(), file_of(sha="x")], first=2, lane=FILES).rejected[0].seq == 3
    page = caller.ok(caller.get(f"/api/ext/v1/runs/{run}/files"))
    assert page["next"] is None
    (row,) = page["rows"]
    assert caller.get(row.pop("url")).content == HELLO
    assert row == {
        "fileName": "a.png", "fileType": "png", "fileSize": 5, "logName": "im", "logGroup": "", "sampleIndex": 0,
        "time": "1970-01-01 00:00:00.007", "step": 1.5, "caption": None, "annotations": None, "type": "IMAGE",
        "sha256": SHA, "metadata": '{"w":1}', "at": 7_000,
    }  # fmt: skip


class TestDeletion:
    def test_it_frees_what_nobody_else_has(self, caller: Caller) -> None:
        one, two = caller.create(), caller.create()
        other = hashlib.sha256(b"other").hexdigest()
        for content in (HELLO, b"other"):
            caller.request("PUT", f"/api/ext/v1/blobs/{hashlib.sha256(content).hexdigest()}", content=content)
        caller.batch(one, [file_of(), file_of(other)], lane=FILES)
        caller.batch(two, [file_of()], lane=FILES)
        caller.batch(one, [records.Metrics(1, 1, {"a": 1})])
        assert caller.ok(caller.request("DELETE", f"/api/ext/v1/runs/{one}")) == {"success": True}
        assert caller.get(f"/api/runs/details/{one}").status_code == 404
        assert [caller.context.blobs.has(sha) for sha in (SHA, other)] == [True, False]
        assert caller.context.series.names(one) == {}
        caller.request("DELETE", f"/api/ext/v1/runs/{two}")
        assert not caller.context.blobs.has(SHA)
        assert caller.create() > two

    def test_a_blob_just_promised_to_somebody_stays(self, caller: Caller) -> None:
        one, two = caller.create(), caller.create()
        caller.request("PUT", BLOB, content=HELLO)
        caller.batch(one, [file_of()], lane=FILES)
        later = caller.context.metadata.runs
        assert caller.request("HEAD", BLOB).status_code == 200  # the other client won't send the bytes now
        ahead = (os.stat(caller.context.blobs.path(SHA)).st_mtime_ns // 1_000_000) + 5
        os.utime(caller.context.blobs.path(SHA), ns=(ahead * 1_000_000, ahead * 1_000_000))
        caller.request("DELETE", f"/api/ext/v1/runs/{one}")
        assert later.get(one) is None
        assert caller.batch(two, [file_of()], lane=FILES).rejected == []
        assert caller.get(BLOB).content == HELLO


def test_the_secret_is_private_and_shared(tmp_path: Path) -> None:
    one, two = Signer(tmp_path), Signer(tmp_path)
    assert os.stat(tmp_path / "secret").st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    expires, signature = one.sign("a", 1, ttl_s=60)
    assert two.valid("a", 1, expires=str(expires), signature=signature)
    for parts in (("a", 2), ("a1",), ("a", "1", ""), ("", "a", 1)):
        assert not two.valid(*parts, expires=str(expires), signature=signature)
    assert not two.valid("a", 1, expires=str(expires + 1), signature=signature)
    assert not two.valid("a", 1, expires="x", signature=signature)
