from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from pluto.protocol import records
from pluto.protocol.artifacts import digest_of
from pluto.protocol.batch import FILES, LANE, PREFIX, WRITER, Answer, Entry
from pluto.protocol.records import Artifact, ArtifactEntry, ArtifactUse
from tests.server.support import PROJECT, Caller

CONTENT = {"a.txt": b"one", "d/b.txt": b"two"}


def put(caller: Caller, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    assert caller.request("PUT", f"{PREFIX}/blobs/{sha256}", content=content).status_code in (200, 201)
    return sha256


def record(caller: Caller, token: str, files: dict[str, bytes] = CONTENT, **fields: Any) -> Artifact:
    entries = [
        ArtifactEntry(
            path, hashlib.md5(content, usedforsecurity=False).hexdigest(), len(content), sha256=put(caller, content)
        )
        for path, content in files.items()
    ]
    digest = digest_of((entry.path, entry.digest) for entry in entries)
    return Artifact(
        **{"time": 1, "token": token, "name": "data", "type": "t", "digest": digest, "entries": entries, **fields}
    )


def send(caller: Caller, run: int, *sent: records.Record, first: int = 1) -> Answer:
    entries = [Entry(seq, int(records.kind_of(one)), records.encode(one)) for seq, one in enumerate(sent, first)]
    headers = {"X-Run-Id": str(run), WRITER: "w", LANE: FILES}
    answer = caller.request("POST", f"{PREFIX}/batch", content=msgspec.msgpack.encode(entries), headers=headers)
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content, type=Answer)


@pytest.fixture
def run(caller: Caller) -> int:
    return caller.create(externalId="r")


def test_a_batch_brings_versions_once(caller: Caller, run: int) -> None:
    one, two = record(caller, "1"), record(caller, "2", {"a": b"x"}, aliases=["best"])
    for _ in range(2):
        assert send(caller, run, one, two).rejected == []
    found = caller.ok(caller.get(f"{PREFIX}/artifacts/find", project=PROJECT, name="data", alias="best"))
    assert (found["version"], found["aliases"], found["type"], found["runId"]) == (1, ["best", "latest"], "t", run)
    assert caller.ok(caller.get(f"{PREFIX}/artifacts/commits/2")) == found
    assert caller.get(f"{PREFIX}/artifacts/commits/3").status_code == 404
    listed = caller.ok(caller.get(f"{PREFIX}/artifact-collections/{found['collectionId']}/versions", limit=1))
    assert [row["version"] for row in listed["rows"]] == [1]
    rest = caller.ok(
        caller.get(f"{PREFIX}/artifact-collections/{found['collectionId']}/versions", cursor=listed["next"])
    )
    assert [row["version"] for row in rest["rows"]] == [0]
    files = caller.ok(caller.get(f"{PREFIX}/artifacts/{rest['rows'][0]['id']}/files", prefix="d/"))
    assert [(row["path"], row["size"]) for row in files["rows"]] == [("d/b.txt", 3)]
    assert caller.get(f"{PREFIX}/blobs/{files['rows'][0]['sha256']}").content == b"two"


def test_what_can_not_be_is_rejected_and_the_rest_is_kept(caller: Caller, run: int) -> None:
    missing = record(caller, "2")
    missing.entries[0].sha256 = "0" * 64
    answer = send(caller, run, record(caller, "1"), missing, record(caller, "3", type="u"), ArtifactUse(1, 10**6))
    assert [(one.seq, one.error.split(":")[0].split(" 0")[0]) for one in answer.rejected] == [
        (2, "the store has no blob"),
        (3, "Artifact data already exists with type 't'; cannot create another with type 'u'"),
        (4, "there is no artifact 1000000 any more"),
    ]
    assert answer.mark == 4


def test_lineage(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1"))
    found = caller.ok(caller.get(f"{PREFIX}/artifacts/commits/1"))
    user, other = caller.create("user"), caller.create("other")
    send(caller, user, ArtifactUse(1, found["id"]))
    caller.ok(caller.post(f"{PREFIX}/artifacts/{found['id']}/uses", {"runId": other}))
    runs = caller.ok(caller.get(f"{PREFIX}/artifacts/{found['id']}/runs"))
    assert runs["madeBy"] == {"id": run, "externalId": "r", "name": "run", "projectName": PROJECT}
    assert [one["id"] for one in runs["usedBy"]] == [user, other]
    assert [one["id"] for one in runs["loggedBy"]] == [run]
    for number, role in ((run, "logged"), (user, "used")):
        rows = caller.ok(caller.get(f"{PREFIX}/runs/{number}/artifacts", role=role))["rows"]
        assert [row["id"] for row in rows] == [found["id"]]
    assert caller.get(f"{PREFIX}/runs/{run}/artifacts", role="made").status_code == 400
    assert caller.get(f"{PREFIX}/runs/999/artifacts", role="used").status_code == 404
    assert caller.post(f"{PREFIX}/artifacts/{found['id']}/uses", {"runId": 999}).status_code == 404
    caller.request("DELETE", f"{PREFIX}/runs/{run}")
    assert caller.ok(caller.get(f"{PREFIX}/artifacts/{found['id']}/runs"))["madeBy"] is None


def test_changes(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1", tags=["a"], ttl=60))
    found = caller.ok(caller.get(f"{PREFIX}/artifacts/commits/1"))
    one = f"{PREFIX}/artifacts/{found['id']}"
    changed = caller.ok(
        caller.request(
            "PATCH", one, json={"description": "d", "metadata": {"k": 1}, "addTags": ["b"], "removeTags": ["a"]}
        )
    )
    assert (changed["description"], changed["metadata"], changed["tags"], changed["ttl"]) == ("d", {"k": 1}, ["b"], 60)
    assert caller.ok(caller.request("PATCH", one, json={"description": None, "ttl": None}))["description"] is None
    assert caller.ok(caller.get(one))["ttl"] is None
    body = {"collectionId": found["collectionId"], "add": ["best"], "remove": ["latest"]}
    assert caller.ok(caller.post(f"{one}/aliases", body))["aliases"] == ["best"]
    assert caller.post(f"{one}/aliases", {**body, "add": ["v3"]}).status_code == 400
    assert caller.post(f"{one}/aliases", {**body, "collectionId": 99}).status_code == 404
    assert caller.request("PATCH", f"{PREFIX}/artifacts/999", json={}).status_code == 404
    assert caller.request("PATCH", one, json={"metadata": 3}).status_code == 400


def test_links(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1"))
    found = caller.ok(caller.get(f"{PREFIX}/artifacts/commits/1"))
    one = f"{PREFIX}/artifacts/{found['id']}"
    linked = caller.ok(caller.post(f"{one}/links", {"project": "registry", "collection": "best", "aliases": ["prod"]}))
    assert (linked["project"], linked["collection"], linked["version"]) == ("registry", "best", 0)
    assert (linked["sourceProject"], linked["sourceCollection"], linked["id"]) == (PROJECT, "data", found["id"])
    assert caller.ok(caller.get(f"{one}/links"))["rows"] == [linked]
    assert caller.ok(caller.get(one, collectionId=linked["collectionId"])) == linked
    assert caller.post(f"{one}/links", {"project": PROJECT, "collection": "data"}).status_code == 409
    assert caller.post(f"{one}/links", {"project": " ", "collection": "data"}).status_code == 400
    assert caller.post(f"{PREFIX}/artifacts/999/links", {"project": "p", "collection": "c"}).status_code == 404
    assert caller.request("DELETE", f"{one}/links/{found['collectionId']}").status_code == 409
    assert caller.request("DELETE", f"{one}/links/{linked['collectionId']}").status_code == 200
    assert caller.request("DELETE", f"{one}/links/{linked['collectionId']}").status_code == 404


def test_deleting_takes_the_bytes_that_nobody_else_holds(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1"), record(caller, "2", {"a.txt": b"one"}))
    first, second = (caller.ok(caller.get(f"{PREFIX}/artifacts/commits/{token}")) for token in "12")
    only, shared = (hashlib.sha256(content).hexdigest() for content in (b"two", b"one"))
    assert caller.request("DELETE", f"{PREFIX}/artifacts/{first['id']}").status_code == 200
    assert caller.request("DELETE", f"{PREFIX}/artifacts/{first['id']}").status_code == 404
    assert caller.request("HEAD", f"{PREFIX}/blobs/{only}").status_code == 404
    assert caller.request("HEAD", f"{PREFIX}/blobs/{shared}").status_code == 200
    refused = caller.request("DELETE", f"{PREFIX}/artifacts/{second['id']}")
    assert refused.status_code == 409 and "latest" in refused.text


def test_a_version_goes_when_its_time_is_over(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1", ttl=-1))
    assert caller.get(f"{PREFIX}/artifacts/find", project=PROJECT, name="data").status_code == 404
    assert caller.request("HEAD", f"{PREFIX}/blobs/{hashlib.sha256(b'one').hexdigest()}").status_code == 404


def test_collections(caller: Caller, run: int) -> None:
    send(caller, run, record(caller, "1"))
    body = {"project": PROJECT, "name": "best", "type": "t", "kind": "portfolio", "tags": ["x"]}
    made = caller.ok(caller.post(f"{PREFIX}/artifact-collections", body))
    assert (made["kind"], made["tags"], made["versions"]) == ("portfolio", ["x"], 0)
    assert caller.post(f"{PREFIX}/artifact-collections", body).status_code == 409
    listed = caller.ok(caller.get(f"{PREFIX}/artifact-collections", project=PROJECT, limit=1))
    assert [row["name"] for row in listed["rows"]] == ["data"]
    rest = caller.ok(caller.get(f"{PREFIX}/artifact-collections", project=PROJECT, cursor=listed["next"]))
    assert [row["name"] for row in rest["rows"]] == ["best"]
    one = f"{PREFIX}/artifact-collections/{made['id']}"
    assert caller.ok(caller.request("PATCH", one, json={"name": "top", "addTags": ["y"]}))["tags"] == ["x", "y"]
    assert caller.request("PATCH", one, json={"name": "data"}).status_code == 409
    assert caller.ok(caller.get(one))["name"] == "top"
    assert [row["name"] for row in caller.ok(caller.get(f"{PREFIX}/artifact-types", project=PROJECT))["types"]] == ["t"]
    assert caller.request("DELETE", one).status_code == 200
    assert caller.get(one).status_code == 404
    assert caller.request("DELETE", f"{PREFIX}/artifact-collections/{listed['rows'][0]['id']}").status_code == 200
    assert caller.request("HEAD", f"{PREFIX}/blobs/{hashlib.sha256(b'one').hexdigest()}").status_code == 404
