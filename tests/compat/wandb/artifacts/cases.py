"""What scripts do with artifacts that are not logged, or by an offline run: each case gives an answer as JSON has it.

`recorded.json` has the answers of wandb 0.31.0. To record them again, run this file with its Python: it prints them.
"""

from __future__ import annotations

import datetime
import importlib
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable
from typing import Any

FILES = {
    "d/a.txt": "aaa", "d/sub/b.bin": "\0\1", "d/sub/ü.txt": "ü", "d/empty": "", "x.txt": "hello",
    "code/code.py": "1", "code/requirements.txt": "a", "code/other.c": "a",
}  # fmt: skip
LOGGED_ONLY = (
    "version", "aliases", "tags", "entity", "project", "qualified_name", "ttl", "url", "commit_hash", "file_count",
    "created_at", "updated_at", "collection", "source_collection", "history_step", "linked_artifacts",
    "source_artifact", "source_entity", "source_project", "source_version", "linked_at",
)  # fmt: skip
ALWAYS = (
    "id", "is_link", "distributed_id", "description", "use_as", "name", "source_name", "type", "state", "incremental",
    "digest", "size",
)  # fmt: skip
METHODS: dict[str, tuple[Any, ...]] = {
    "get_entry": ("x",), "get_path": ("x",), "get": ("x",), "download": (), "verify": (), "checkout": (), "file": (),
    "files": (), "logged_by": (), "used_by": (), "delete": (), "unlink": (), "wait": (), "new_draft": (),
    "json_encode": (), "__getitem__": ("q",),
}  # fmt: skip
METADATA: tuple[Any, ...] = (
    {"a": 1}, None, {"a": float("nan")}, {"a": float("inf")}, [1], '{"a": 2}', "", 3,
    {str(i): i for i in range(101)}, {"t": (1, 2), "s": {1}, "n": None, "o": True, 1: 2},
)  # fmt: skip
NAMES = ("a b", "a/b", "", "a:b", "ü", "x" * 129, "x" * 128)
TYPES = ("job", "wandb-x", "run_table", "code", "any thing", "")


def write_files() -> None:
    """The files that the cases need, in the working directory."""
    for name, content in FILES.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        pathlib.Path(name).write_text(content, encoding="utf-8")


def shown(artifact: Any) -> dict[str, Any]:
    manifest = artifact.manifest.to_manifest_json()
    contents = dict(sorted(manifest["contents"].items()))
    return {"manifest": {**manifest, "contents": contents}, "digest": artifact.digest, "size": artifact.size}


def answer(case: Callable[[], Any]) -> Any:
    """What a case gives, or the error it raises, with the working directory as WORK."""
    try:
        found = case()
    except Exception as error:
        family = [kind.__name__ for kind in type(error).__mro__ if kind not in (object, BaseException)]
        found = {"error": family[:3], "text": str(error)}
    # Both how the script names it and how the system does: links may lie between.
    text = json.dumps(found, default=str, ensure_ascii=False)
    return json.loads(text.replace(os.getcwd(), "WORK"))


def drafts(wandb: Any) -> dict[str, Callable[[], Any]]:
    """Artifacts that nobody logs."""
    work = os.getcwd()
    found: dict[str, Callable[[], Any]] = {}

    def new(name: str = "n", type: str = "t", **given: Any) -> Any:
        return wandb.Artifact(name, type, **given)

    def case(name: str, steps: Callable[[Any], Any]) -> None:
        found[name] = lambda: steps(new())

    def filled(name: str, steps: Callable[[Any], Any]) -> None:
        def run(artifact: Any) -> Any:
            steps(artifact)
            return shown(artifact)

        case(name, run)

    def write(artifact: Any, name: str, content: Any, *args: Any) -> None:
        with artifact.new_file(name, *args) as file:
            file.write(content)

    def write_twice(artifact: Any) -> Any:
        write(artifact, "t.txt", "x")
        try:
            write(artifact, "t.txt", "y")
        except ValueError as error:
            return str(error).partition(" at ")[0]

    filled("empty", lambda a: None)
    filled("file", lambda a: a.add_file("x.txt"))
    filled("file renamed", lambda a: a.add_file("x.txt", "sub/y.txt"))
    filled("file of a path", lambda a: a.add_file(pathlib.Path("x.txt")))
    case("file temporary", lambda a: [a.add_file("x.txt", "media/t.table.json", is_tmp=True).path, shown(a)])
    filled("folder", lambda a: a.add_dir("d"))
    filled("folder named", lambda a: a.add_dir("d", "p/q"))
    filled("new file", lambda a: [write(a, "s/t.txt", "x"), write(a, "b.bin", b"\xff", "wb")])
    case("new file twice", write_twice)
    filled("new file written over", lambda a: [write(a, "t.txt", text, "w") for text in "xy"])
    filled("same content twice", lambda a: [a.add_file("x.txt"), a.add_file("x.txt")])
    filled("other content", lambda a: [a.add_file("x.txt"), a.add_file("d/a.txt", "x.txt")])
    filled("other content over", lambda a: [a.add_file("x.txt"), a.add_file("d/a.txt", "x.txt", overwrite=True)])
    case("file missing", lambda a: a.add_file("nope"))
    case("file is a folder", lambda a: a.add_file("d"))
    case("folder missing", lambda a: a.add_dir("nope"))
    case("policy unknown", lambda a: a.add_file("x.txt", policy="x"))
    case(
        "immutable",
        lambda a: [os.path.basename(a.add_file("x.txt", policy="immutable").local_path), shown(a)],
    )
    case("name climbs", lambda a: a.add_file("x.txt", "../x"))
    case("name absolute", lambda a: a.add_file("x.txt", "/x"))
    case("name untidy", lambda a: a.add_file("x.txt", "./a//b").path)
    filled("remove", lambda a: [a.add_dir("d"), a.remove("sub"), a.remove("a.txt")])
    case("remove entry", lambda a: [a.remove(a.add_file("x.txt")), len(a.manifest)])
    case("remove missing", lambda a: a.remove("zzz"))
    filled("ref file", lambda a: a.add_reference(f"file://{work}/x.txt"))
    filled("ref file named", lambda a: a.add_reference(f"file://{work}/x.txt", "q/r"))
    case("ref file by path", lambda a: a.add_reference(f"file://{work}/x.txt", checksum=False)[0].size)
    filled("ref folder", lambda a: a.add_reference(f"file://{work}/d"))
    filled("ref folder named", lambda a: a.add_reference(f"file://{work}/d", "nn"))
    case("ref folder too many", lambda a: a.add_reference(f"file://{work}/d", max_objects=2))
    case("ref missing", lambda a: a.add_reference(f"file://{work}/nope"))
    case("ref without scheme", lambda a: a.add_reference("x.txt"))
    filled("ref unknown scheme", lambda a: a.add_reference("foo://bar/baz", "z"))
    case("ref unknown scheme unnamed", lambda a: a.add_reference("foo://bar/baz"))
    filled("ref http unchecked", lambda a: a.add_reference("http://h.invalid/a/b.txt", checksum=False))
    for name in NAMES:
        found[f"name {name}"] = lambda name=name: new(name).name
    for kind in TYPES:
        found[f"type {kind}"] = lambda kind=kind: new("source-x" if kind == "code" else "run-x", kind).type
    found["type code, other name"] = lambda: new("mine", "code").type
    for number, metadata in enumerate(METADATA):
        found[f"metadata {number}"] = lambda metadata=metadata: new(metadata=metadata).metadata
    setting: dict[str, tuple[str, Any]] = {
        "metadata set": ("metadata", {"x": [1, {"y": 2}]}),
        "metadata set badly": ("metadata", [1]),
        "ttl set": ("ttl", datetime.timedelta(days=2)),
        "ttl none": ("ttl", None),
        "ttl inherited": ("ttl", wandb.ArtifactTTL.INHERIT),
        "ttl zero": ("ttl", datetime.timedelta(0)),
        "aliases set": ("aliases", ["x"]),
        "tags set": ("tags", ["x"]),
    }
    for name, (attribute, value) in setting.items():
        case(
            name,
            lambda a, attribute=attribute, value=value: [setattr(a, attribute, value), str(getattr(a, attribute))],
        )
    for name in (*LOGGED_ONLY, *ALWAYS):
        case(f"draft.{name}", lambda a, name=name: getattr(a, name))
    for name, args in METHODS.items():
        case(f"draft.{name}()", lambda a, name=name, args=args: getattr(a, name)(*args))

    def entry(artifact: Any) -> Any:
        one = artifact.add_file("x.txt")
        told = {name: value for name, value in one.to_json().items() if name != "local_path"}
        facts = [one.path, one.digest, one.size, one.ref, one.extra, one.skip_cache, one.birth_artifact_id]
        return [facts, sorted(one.model_dump()), told]

    case("entry", entry)
    case("entry of a reference", lambda a: repr(a.add_reference("foo://b/c", "n")))
    case("entry ref_target of a file", lambda a: a.add_file("x.txt").ref_target())
    case("entry ref_target", lambda a: a.add_reference("foo://b/c", "n")[0].ref_target())
    case("added path", lambda a: [a.add_file("x.txt", "q") and a.get_added_local_path_name("x.txt"),
                                  a.get_added_local_path_name("zz")])  # fmt: skip
    case("finalized add_file", lambda a: [a.finalize(), a.add_file("x.txt")])
    case("finalized add_dir", lambda a: [a.finalize(), a.add_dir("d")])
    case("finalized remove", lambda a: [a.finalize(), a.remove("x.txt")])
    case("finalized new_file", lambda a: [a.finalize(), write(a, "q", "x")])
    case("finalized add_reference", lambda a: [a.finalize(), a.add_reference("foo://b", "x")])

    def table(artifact: Any) -> Any:
        value = wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])
        return [artifact.add(value, "my").path, artifact.add(value, "other").path, shown(artifact)]

    case("table", table)
    package = wandb.__name__
    manifests = importlib.import_module(f"{package}.sdk.artifacts.artifact_manifest").ArtifactManifest

    def round_trip(artifact: Any) -> Any:
        artifact.add_dir("d")
        artifact.add_reference("foo://b/c", "n")
        again = manifests.from_manifest_json(artifact.manifest.to_manifest_json())
        return [again.digest() == artifact.digest, len(again), again.size()]

    case("manifest again", round_trip)
    case("manifest of an unknown version", lambda _: manifests.from_manifest_json({"version": 7}))
    case("manifest of no version", lambda _: manifests.from_manifest_json({}))
    return found


def runs(wandb: Any) -> dict[str, Callable[[], Any]]:
    """What an offline run does. A run has to be open."""
    work, found = os.getcwd(), dict[str, Callable[[], Any]]()

    def new(**given: Any) -> Any:
        artifact = wandb.Artifact("n", "t", **given)
        artifact.add_file("x.txt")
        return artifact

    def case(name: str, steps: Callable[[Any], Any]) -> None:
        found[name] = lambda: steps(wandb.run)

    def logged(run: Any, *args: Any, **given: Any) -> Any:
        artifact = run.log_artifact(*args, **given)
        return [artifact.name, artifact.type, shown(artifact), artifact.state, artifact.is_draft()]

    def link(run: Any) -> Any:
        try:
            run.link_artifact(new(), "wandb-registry-m/c")
        except NotImplementedError as error:
            return type(error).__name__

    def code(run: Any, *args: Any, **given: Any) -> Any:
        artifact = run.log_code(*args, **given)
        return artifact and [artifact.name, artifact.type, sorted(artifact.manifest.entries), artifact.digest]

    case("log file", lambda run: logged(run, "x.txt"))
    case("log folder", lambda run: logged(run, "d", name="nn", type="tt"))
    case("log address", lambda run: logged(run, f"file://{work}/x.txt", name="mm"))
    case("log missing", lambda run: run.log_artifact("nope"))
    case("log junk", lambda run: run.log_artifact(3))
    case("log alias with slash", lambda run: run.log_artifact("x.txt", aliases=["a/b"]))
    case("log alias with colon", lambda run: run.log_artifact("x.txt", aliases=["a:b"]))
    case("log bad tag", lambda run: run.log_artifact("x.txt", tags=["a/b"]))
    case("log, then add", lambda run: run.log_artifact(new()).add_file("d/a.txt"))
    case("log, then wait", lambda run: run.log_artifact(new()).wait())
    case("log twice", lambda run: [run.log_artifact(run.log_artifact(new())).name])
    case("use", lambda run: run.use_artifact("n:latest"))
    case("use draft", lambda run: run.use_artifact(new()))
    case("use_model", lambda run: run.use_model("n:latest"))
    case("log_model", lambda run: run.log_model("x.txt"))
    case("link_artifact", link)
    case("link_model of a path", lambda run: run.link_model("x.txt", "a/b"))
    case("upsert", lambda run: run.upsert_artifact(new()))
    case("finish_artifact", lambda run: run.finish_artifact(new()))
    case("upsert with an id", lambda run: run.upsert_artifact(new(), distributed_id="q").distributed_id)
    case("log_code", lambda run: code(run, "code", name="source-c"))
    case("log_code by name", lambda run: code(run, "code", name="a b", include_fn=lambda path: path.endswith(".c")))
    case("log_code of two", lambda run: code(run, "code", name="x", exclude_fn=lambda path, root: root in path))
    case("log_code nothing", lambda run: code(run, "d", name="source-e"))
    case("finished", lambda run: [run.finish(), run.log_artifact("x.txt")])
    return found


if __name__ == "__main__":
    os.chdir(os.path.realpath(tempfile.mkdtemp()))
    for variable in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_DIR", "HOME"):
        os.environ[variable] = os.getcwd()
    os.environ |= {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_CONSOLE": "off"}
    write_files()
    original = importlib.import_module("wandb")
    answers = {name: answer(case) for name, case in drafts(original).items()}
    for name in runs(original):
        with original.init(project="p", id="rid", mode="offline"):
            answers[name] = answer(runs(original)[name])
    json.dump(answers, sys.stdout, indent=1, sort_keys=True, ensure_ascii=False)
