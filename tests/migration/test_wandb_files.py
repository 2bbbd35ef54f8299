"""Media, files and artifacts of W&B's local folders."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import os
import shutil
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from pluto_migration.model import Artifact, Console, Data, File

from tests.migration import reading
from tests.migration import wandb_logs as w
from tests.migration.reading import read_all
from tests.migration.wandb_logs import US, artifact, as_row, manifest, md5, read, steps


def put(folder: Path, relative: str, content: bytes) -> dict[str, Any]:
    path = folder / "files" / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"path": relative, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def test_every_kind_of_media(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [])
    labels = {"class_labels": {"1": "cat"}}
    boxes = {"box_data": [{"position": {"minX": 0, "maxX": 1, "minY": 0, "maxY": 1}, "class_id": 1}], **labels}
    one = put(folder, "media/images/a.png", b"png1")
    two = put(folder, "media/images/b.png", b"png2")
    layer = put(folder, "media/metadata/boxes2D/a.boxes2D.json", json.dumps(boxes).encode())
    mask = put(folder, "media/images/mask/a.mask.png", b"mask")
    sound = put(folder, "media/audio/a.wav", b"wav")
    table = put(folder, "media/table/t.table.json", json.dumps({"columns": ["x", 1], "data": [[1, None]]}).encode())
    rows = [
        {"img": {"_type": "image-file", **one, "caption": "c", "boxes": {"p": {"_type": "boxes2D", **layer}},
                 "masks": {"g": {"_type": "mask", **mask}}}},
        {"imgs": {"_type": "images/separated", "count": 2, "filenames": [one["path"], two["path"]],
                  "captions": [None, "two"], "all_masks": [{"g": {"_type": "mask", **mask}}, None]}},
        {"auds": {"_type": "audio", "count": 2, "audio": [{"_type": "audio-file", **sound}] * 2,
                  "captions": ["", "loud"]}},
        {"vid": {"_type": "video-file", **put(folder, "media/videos/v.gif", b"GIF")}},
        {"vids": {"_type": "videos", "count": 1,
                  "videos": [{"_type": "video-file", **put(folder, "media/videos/w.mp4", b"v")}]}},
        {"page": {"_type": "html-file", **put(folder, "media/html/p.html", b"<b>")}},
        {"pages": {"_type": "html", "count": 1,
                   "html": [{"_type": "html-file", **put(folder, "media/html/q.html", b"<i>")}]}},
        {"cloud": {"_type": "object3D-file", **put(folder, "media/object3D/o.pts.json", b"[]")}},
        {"clouds": {"_type": "object3D", "count": 1, "filenames": ["media/object3D/o.pts.json"]}},
        {"mol": {"_type": "molecule-file", **put(folder, "media/molecule/m.pdb", b"ATOM")}},
        {"plot": {"_type": "plotly-file", **put(folder, "media/plotly/p.json", b"{}")}},
        {"tab": {"_type": "table-file", **table, "ncols": 2, "nrows": 1}},
        {"old": {"_type": "images", "count": 2, "captions": ["a", "b"], "format": "png"}},
        {"trace": {"_type": "wb_trace_tree", "root_span_dumps": "{}"}},
        {"packed": {"_type": "histogram", "packedBins": {"min": 0, "size": 1, "count": 2}, "values": [1, 2]}},
    ]  # fmt: skip
    put(folder, "media/images/old_12.png", b"tiles")
    config = w.config({"_wandb": {"mask/class_labels": {"img_wandb_delimeter_g": {"value": {"0": "bg"}}}}})
    w.directory(tmp_path, [w.run(), w.record(5, config), *(as_row(step, row) for step, row in enumerate(rows))])
    (found,) = read_all("wandb", tmp_path).values()
    assert found.problems == []
    files = [(file.name, file.type, file.step, file.index, file.caption, file.mask) for file in found.of(File)]
    assert files == [
        ("media/metadata/boxes2D/a.boxes2D.json", "FILE", 0.0, 0, None, False),
        ("img", "IMAGE", 0.0, 0, None, True),
        ("img", "IMAGE", 0.0, 0, "c", False),
        ("imgs", "IMAGE", 1.0, 0, None, True),
        ("imgs", "IMAGE", 1.0, 0, None, False),
        ("imgs", "IMAGE", 1.0, 1, "two", False),
        ("auds", "AUDIO", 2.0, 0, None, False),
        ("auds", "AUDIO", 2.0, 1, "loud", False),
        ("vid", "VIDEO", 3.0, 0, None, False),
        ("vids", "VIDEO", 4.0, 0, None, False),
        ("page", "FILE", 5.0, 0, None, False),
        ("pages", "FILE", 6.0, 0, None, False),
        ("cloud", "FILE", 7.0, 0, None, False),
        ("clouds", "FILE", 8.0, 0, None, False),
        ("mol", "FILE", 9.0, 0, None, False),
        ("plot", "FILE", 10.0, 0, None, False),
        ("tab", "FILE", 11.0, 0, None, False),
        ("old", "IMAGE", 12.0, 0, "a\nb", False),
    ]
    image = found.of(File)[2]
    assert image.annotations == {
        "boxes": {"p": {"box_data": [{**boxes["box_data"][0], "domain": None}], **labels}},
        "masks": {"g": {"fileName": "a.mask.png", "class_labels": {"0": "bg"}}},
    }
    (drawn,) = [item for item in found.of(Data) if item.type == "TABLE"]
    assert (drawn.body["table"], [column["name"] for column in drawn.body["col"]]) == ([[1, None]], ["x", "1"])
    assert len([item for item in found.of(Data) if item.type == "JSON"]) == len(rows)


def test_files_that_changed_or_are_gone_are_named(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [])
    changed = put(folder, "media/images/a.png", b"now")
    changed["sha256"] = "0" * 64
    broken = put(folder, "media/table/t.table.json", b"{")
    rows = [
        {"a": {"_type": "image-file", **changed}},
        {"b": {"_type": "image-file", "path": "media/images/none.png"}},
        {"c": {"_type": "image-file", "path": 5}},
        {"d": {"_type": "table-file", **broken}},
        {"e": {"_type": "images/separated", "filenames": "no list", "captions": 5}},
        {"f": {"_type": 5}},
        {"g": {"_type": "audio", "audio": [5, {"path": 1}, "media/images/a.png"]}},
        {"h": {"_type": "image-file", "path": "", "boxes": [1], "masks": {"m": 1}}},
    ]
    w.directory(tmp_path, [w.run(), *(as_row(step, row) for step, row in enumerate(rows))])
    (found,) = read_all("wandb", tmp_path).values()
    said = " | ".join(found.problems)
    for words in ("has changed since it was logged", "'media/images/none.png' is not there", "kept as a file only"):
        assert words in said
    assert [file.name for file in found.of(File)] == ["a", "d", "g"]
    assert len(found.of(Data)) == len(rows)


@pytest.mark.parametrize(
    "path",
    ["../../../secret.txt", "/etc/passwd", "media/../../../../secret.txt", "..\\..\\..\\secret.txt", "a\0b", "C:\\x",
     "link/secret.txt", ""],
)  # fmt: skip
def test_paths_do_not_lead_out_of_the_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    inner = tmp_path / "in"
    folder = w.directory(
        inner, [w.run(), as_row(0, {"img": {"_type": "image-file", "path": path}}), as_row(1, {"a": 1})]
    )
    os.symlink(tmp_path, folder / "files" / "link")
    (found,) = read_all("wandb", inner).values()
    assert found.of(File) == []
    assert steps(found, "a") == [(1.0, 1.0)]
    assert found.problems


def test_links_are_followed_below_the_folder_that_wandb_lies_in(tmp_path: Path) -> None:
    inside, outside, hidden = tmp_path / "work" / "model.pt", tmp_path / "other.txt", tmp_path / "work" / ".ssh" / "id"
    hidden.parent.mkdir(parents=True)
    for path in (inside, outside, hidden):
        path.write_text(path.name)
    folder = w.directory(tmp_path / "work", [w.run(), w.record(6, w.message((1, w.message((1, "model.pt")))))])
    for target in (inside, outside, hidden):
        os.symlink(target, folder / "files" / target.name)
    os.symlink("nowhere", folder / "files" / "dangling")
    (found,) = read_all("wandb", tmp_path / "work").values()
    assert [(file.name, file.content) for file in found.of(File)] == [("model.pt", inside)]
    assert len([problem for problem in found.problems if "--set links=follow" in problem]) == 2
    (found,) = read_all("wandb", tmp_path / "work", settings={"links": "follow"}).values()
    assert {file.name for file in found.of(File)} == {"model.pt", "other.txt", "id"}


@pytest.mark.parametrize("name", ["files", "tmp"])
def test_folders_that_lead_elsewhere_are_not_read(tmp_path: Path, name: str) -> None:
    secrets = tmp_path / "home" / "code"
    secrets.mkdir(parents=True)
    (secrets / "output.log").write_text("secret")
    (secrets / "wandb-metadata.json").write_text('{"program": "secret"}')
    folder = w.directory(tmp_path / "work", [w.run(), as_row(0, {"a": {"_type": "image-file", "path": "output.log"}})])
    shutil.rmtree(folder / "files")
    os.symlink(secrets if name == "files" else secrets.parent, folder / name)
    (run,) = reading.runs("wandb", tmp_path / "work")
    found = reading.read(run)
    assert found.of(File) == []
    assert found.of(Console) == []
    assert found.facts.metadata == {}
    assert run.size == (folder / "run-r1.wandb").stat().st_size
    assert any("--set links=follow" in problem for problem in found.problems)
    (followed,) = read_all("wandb", tmp_path / "work", settings={"links": "follow"}).values()
    assert len(followed.of(File)) >= 2


def test_all_files_come_over_once(tmp_path: Path) -> None:
    folder = w.directory(tmp_path, [])
    image = put(folder, "media/images/a.png", b"x")
    put(folder, "saved/deep/model.bin", b"m")
    put(folder, "output.log", b"line\n")
    (folder / "tmp" / "code").mkdir(parents=True)
    (folder / "tmp" / "code" / "train.py").write_text("pass")
    (folder / "files" / os.fsdecode(b"bad\xff.txt")).write_text("x")
    w.directory(tmp_path, [w.run(), as_row(0, {"img": {"_type": "image-file", **image}})])
    (found,) = read_all("wandb", tmp_path).values()
    assert sorted(file.name for file in found.of(File)) == [
        "bad\\xff.txt", "code/train.py", "img", "output.log", "saved/deep/model.bin",
    ]  # fmt: skip
    assert all(file.time == US for file in found.of(File))


def test_artifacts_come_with_contents_references_and_all_they_say(tmp_path: Path) -> None:
    store = tmp_path / "now"
    store.mkdir()
    (store / "tmp1").write_bytes(b"weights")
    cached = tmp_path / "cache" / "artifacts" / "obj" / "md5"
    hexadecimal = hashlib.md5(b"cached", usedforsecurity=False).hexdigest()
    (cached / hexadecimal[:2]).mkdir(parents=True)
    (cached / hexadecimal[:2] / hexadecimal[2:]).write_bytes(b"cached")
    extra = w.message((1, "etag"), (16, '"e"'))
    entries = manifest(
        w.message((1, "a/w.bin"), (2, md5(b"weights")), (4, 7), (6, "/was/here/tmp1")),
        w.message((1, "c.bin"), (2, md5(b"cached")), (6, "/was/here/gone")),
        w.message((1, "r.bin"), (2, "etag-1"), (3, "s3://bucket/r.bin"), (4, 9), (16, extra)),
        w.message((1, "gone.bin"), (2, md5(b"gone")), (6, "/was/here/gone")),
    )
    found = read(
        tmp_path / "run",
        [
            w.run(),
            as_row(4, {"a": 1}),
            artifact(entries, type="model", digest="ab" * 16, description="d", metadata='{"x": NaN}', client="c" * 128,
                     ttl=3600, aliases=["best", "latest", "best"], tags=["t"]),
            artifact(manifest(), type="model"),
        ],
        path_map={"/was/here": str(store)}, settings={"cache": str(tmp_path / "cache")},
    )  # fmt: skip
    first, second = found.of(Artifact)
    assert (first.name, first.type, first.description, first.source_id) == ("net", "model", "d", "c" * 128)
    assert (first.aliases, first.tags, first.ttl, first.step, first.time) == (["best"], ["t"], 3600, 5, US + 4_000_000)
    assert first.digest == "ab" * 16
    assert repr(first.metadata) == repr({"x": math.nan})
    assert second.entries == []
    by_path = {entry.path: entry for entry in first.entries}
    assert by_path["a/w.bin"].content == store / "tmp1"
    assert isinstance(by_path["c.bin"].content, Path)
    assert (by_path["r.bin"].ref, by_path["r.bin"].size) == ("s3://bucket/r.bin", 9)
    assert by_path["gone.bin"].content is None
    assert by_path["gone.bin"].ref == "file:///was/here/gone"
    assert [problem for problem in found.problems if "gone.bin" in problem]


def test_contents_that_changed_are_not_taken_for_what_was_logged(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"other")
    entries = manifest(w.message((1, "f"), (2, md5(b"mine")), (6, str(tmp_path / "f"))))
    found = read(tmp_path / "run", [w.run(), artifact(entries, type="t")], settings={"cache": str(tmp_path)})
    (entry,) = found.of(Artifact)[0].entries
    assert entry.content is None
    assert any("not what was logged" in problem for problem in found.problems)


def test_another_digest_is_checked_and_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"mine")
    digest = base64.b64encode(hashlib.blake2b(b"mine", digest_size=16).digest()).decode()
    entries = manifest(w.message((1, "f"), (2, digest), (6, str(tmp_path / "f"))))
    payloads = [w.run(), artifact(entries, type="t", digest="00", algorithm="MANIFEST_XXH128")]
    # The package xxhash may not be there: another hash of 128 bits stands for it.
    module = types.ModuleType("xxhash")
    module.xxh128 = lambda: hashlib.blake2b(digest_size=16)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "xxhash", module)
    (made,) = read(tmp_path / "run", payloads).of(Artifact)
    assert made.digest is None
    assert (made.entries[0].digest, made.entries[0].extra) == (md5(b"mine"), {"digest": digest})
    assert made.entries[0].content == tmp_path / "f"

    # What can't be checked is not taken: any file of the machine could be named.
    monkeypatch.setitem(sys.modules, "xxhash", None)
    found = read(tmp_path / "run", payloads)
    assert found.of(Artifact)[0].entries[0].content is None
    assert any("need the package xxhash" in problem for problem in found.problems)
    payloads[1] = artifact(entries, type="t", algorithm="MANIFEST_OTHER")
    found = read(tmp_path / "run", payloads)
    assert found.of(Artifact)[0].entries[0].content is None
    assert any("unknown kind 'OTHER'" in problem for problem in found.problems)


def test_versions_that_add_to_the_one_before_have_all_of_it(tmp_path: Path) -> None:
    def grown(*paths: str) -> bytes:
        content = manifest(*(w.message((1, path), (2, f"d-{path}"), (3, "s3://b")) for path in paths))
        return artifact(content, "inc", type="t", digest="ab", more=True)

    found = read(tmp_path, [w.run(), grown("a"), grown("b", "c"), artifact(manifest(), "inc", type="t")])
    assert [[entry.path for entry in one.entries] for one in found.of(Artifact)] == [["a"], ["a", "b", "c"], []]
    assert found.of(Artifact)[1].digest is None


def test_big_manifests_have_a_file_of_their_own(tmp_path: Path) -> None:
    listed = tmp_path / "m.jl.gz"
    lines = [{"path": f"f{number}", "digest": "d", "ref": f"s3://b/{number}"} for number in range(3)]
    listed.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    good = artifact(w.message((5, str(listed))), "good", type="t")
    (tmp_path / "cut.gz").write_bytes(listed.read_bytes()[:30])
    cut = artifact(w.message((5, str(tmp_path / "cut.gz"))), "cut", type="t")
    gone = artifact(w.message((5, "/nowhere.gz")), "gone", type="t")
    found = read(tmp_path / "run", [w.run(), good, cut, gone])
    assert next(len(one.entries) for one in found.of(Artifact)) == 3
    assert any("'cut'" in problem and "can't be read to the end" in problem for problem in found.problems)
    assert any("'gone': its manifest is not there" in problem for problem in found.problems)


@pytest.mark.parametrize("path", ["../up", "/abs", "a/../../b", "C:\\x", "..\\up", "nul\0", ""])
def test_entries_do_not_lead_out_of_an_artifact(tmp_path: Path, path: str) -> None:
    entries = manifest(w.message((1, path), (2, "d"), (3, "s3://b")), w.message((1, "ok"), (2, "d"), (3, "s3://b")))
    found = read(tmp_path, [w.run(), artifact(entries, type="t")])
    assert [entry.path for entry in found.of(Artifact)[0].entries] == ["ok"]
    assert any("is left out" in problem for problem in found.problems)
