"""What logged artifacts hold, brought back: whole, in part, by way of the cache, and looked at for damage."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.compat.wandb.sdk.artifacts.artifact_file_cache import artifacts_cache_dir, get_artifact_file_cache

FILES = {"a.txt": "one", "d/b.txt": "two", "d/e/c.txt": "three"}


@pytest.fixture
def logged(run: Any, make: Any) -> Any:
    """An artifact that is logged, as another process would find it: nothing of it is in the cache."""
    run.log_artifact(make(FILES)).wait()
    get_artifact_file_cache().cleanup(target_size=0)
    return run.use_artifact("data:latest")


def contents(folder: Any) -> dict[str, str]:
    root = Path(folder)
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*") if path.is_file()}


def cached() -> list[Path]:
    return [path for path in (artifacts_cache_dir() / "obj").rglob("*") if path.is_file()]


def test_everything_comes_back(logged: Any, place: Path) -> None:
    folder = logged.download()
    assert folder == str(place / "artifacts" / "data:v0")
    assert contents(folder) == FILES
    assert len(cached()) == 3
    assert logged.verify() is None


def test_the_folder_can_be_chosen(logged: Any, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert contents(logged.download(place / "here")) == FILES
    assert contents(logged.download(root="there", skip_cache=True)) == FILES
    monkeypatch.setenv("WANDB_ARTIFACT_DIR", str(place / "elsewhere"))
    assert logged.download() == str(place / "elsewhere" / "data:v0")


def test_a_part_comes_back(logged: Any) -> None:
    assert contents(logged.download("part", path_prefix="d/")) == {
        name: FILES[name] for name in ("d/b.txt", "d/e/c.txt")
    }
    assert contents(logged.download("none", path_prefix="x")) == {}
    assert contents(logged.download("one", path_prefix="a", multipart=True)) == {"a.txt": "one"}


def test_without_the_cache(logged: Any) -> None:
    logged.download("x", skip_cache=True)
    assert cached() == []
    assert contents("x") == FILES


def test_the_cache_is_used(logged: Any) -> None:
    logged.download("x")
    for path in cached():
        content = path.read_text()
        path.chmod(0o600)
        path.write_text(content.upper())
    assert contents(logged.download("y")) == {name: text.upper() for name, text in FILES.items()}
    with pytest.raises(ValueError, match="Digest mismatch for file"):
        logged.verify("y")
    get_artifact_file_cache().cleanup()
    assert contents(logged.download("y")) == FILES
    logged.verify("y")


def test_a_file_of_another_length_in_the_cache_is_not_taken(logged: Any) -> None:
    logged.download("x")
    for path in cached():
        path.chmod(0o600)
        path.write_text("cut off")
    assert contents(logged.download("y")) == FILES


def test_what_was_logged_here_is_in_the_cache(run: Any, make: Any, place: Path) -> None:
    artifact = make({})
    (place / "kept.txt").write_text("kept")
    (place / "not.txt").write_text("not")
    artifact.add_file("kept.txt")
    artifact.add_file("not.txt", skip_cache=True)
    run.log_artifact(artifact).wait()
    assert [path.read_text() for path in cached()] == ["kept"]


def test_files_that_are_there_are_left_alone(logged: Any) -> None:
    folder = Path(logged.download("x"))
    before = (folder / "a.txt").stat().st_ino
    (folder / "d" / "b.txt").write_text("changed")
    (folder / "mine.txt").write_text("mine")
    logged.download("x")
    assert (folder / "a.txt").stat().st_ino == before
    assert contents(folder) == {**FILES, "mine.txt": "mine"}
    with pytest.raises(ValueError, match=r"mine\.txt which is not a member"):
        logged.verify("x")
    assert contents(logged.checkout("x")) == FILES
    os.remove(folder / "a.txt")
    with pytest.raises(FileNotFoundError):
        logged.verify("x")


def test_a_folder_in_the_place_of_a_file(logged: Any, capsys: pytest.CaptureFixture[str]) -> None:
    Path("x/a.txt").mkdir(parents=True)
    Path("x/d").write_text("a file")
    logged.download("x")
    assert contents("x") == {"d": "a file"}
    assert capsys.readouterr().err.count("Unable to download") == 3


def test_entries(logged: Any) -> None:
    entry = logged.get_entry("d/b.txt")
    assert (entry.path, entry.size, entry.ref, entry.parent_artifact() is logged) == ("d/b.txt", 3, None, True)
    assert Path(entry.download()).read_text() == "two"
    assert Path(entry.download("x")) == Path("x/d/b.txt")
    assert Path(logged.get_path("a.txt").download(skip_cache=True)).read_text() == "one"
    assert logged._local_path_to_name("x/d/b.txt") == "d/b.txt"
    with pytest.raises(KeyError, match="Path not contained in artifact: no"):
        logged.get_entry("no")
    with pytest.raises(ValueError, match="Only reference"):
        entry.ref_target()


def test_one_file(run: Any, make: Any, logged: Any) -> None:
    assert Path(run.log_artifact(make({"f": "x"}, name="one")).wait().file()).read_text() == "x"
    with pytest.raises(ValueError, match="more than one file"):
        logged.file()
    with pytest.raises(ValueError, match="no file"):
        run.log_artifact(make({}, name="empty")).wait().file()


def test_an_empty_artifact(run: Any, make: Any) -> None:
    artifact = run.log_artifact(make({}, name="empty")).wait()
    assert (artifact.version, artifact.file_count, contents(artifact.download())) == ("v0", 0, {})


def test_entries_of_other_artifacts(run: Any, make: Any, logged: Any) -> None:
    second = make({}, name="second")
    second.add_reference(logged.get_entry("d/b.txt"), "inner.txt")
    second.add_reference(logged.get_entry("a.txt").ref_url())
    second = run.log_artifact(second).wait()
    assert contents(second.download()) == {"inner.txt": "two", "a.txt": "one"}
    third = make({}, name="third")
    third.add_reference(second.get_entry("inner.txt"), "again.txt")
    entry = third.manifest.entries["again.txt"]
    assert (entry.digest, entry.ref) == (logged.get_entry("d/b.txt").digest, logged.get_entry("d/b.txt").ref_url())
    assert contents(run.log_artifact(third).wait().download()) == {"again.txt": "two"}


def test_entries_of_an_artifact_on_its_way(run: Any, make: Any) -> None:
    first, second = make(FILES), make({}, name="second")
    second.add_reference(f"wandb-client-artifact://{first._client_id}/d/b.txt", "inner.txt")
    run.log_artifact(first)
    assert contents(run.log_artifact(second).wait().download()) == {"inner.txt": "two"}
    with pytest.raises(TypeError, match=r"wandb\.Artifact"):
        second.new_draft().add_reference("wandb-client-artifact://nobody/x", "y")


def test_tables_come_back(run: Any, online: ModuleType, make: Any) -> None:
    artifact = make({}, name="tables")
    artifact["t"] = online.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])
    table = run.log_artifact(artifact).wait().get("t")
    assert (table.columns, table.data) == (["a", "b"], [[1, "x"], [2, "y"]])
    assert run.use_artifact("tables")["none"] is None


def test_the_cache_can_be_cleared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = get_artifact_file_cache()
    for index in range(4):
        path, hit, opener = cache.check_digest_obj_path("abcd" * 5 + f"{index}A==", 10)
        assert not hit
        with opener("wb") as file:
            file.write(b"0123456789")
        os.utime(path, (index, index))
    assert cache.check_digest_obj_path("abcd" * 5 + "0A==", 10)[1]
    assert cache.cleanup(target_size=25) == 20
    assert not cache.check_digest_obj_path("abcd" * 5 + "0A==", 10)[1]
    assert cache.check_digest_obj_path("abcd" * 5 + "3A==", 10)[1]
    assert cache.cleanup(target_fraction=0.5) == 10
    draft = Path(cache._temp_dir, "draft")
    draft.write_text("half")
    assert cache.cleanup() == 10
    assert "temporary files" in capsys.readouterr().err
    assert cache.cleanup(remove_temp=True) == 4
    for wrong in ({"target_size": 1, "target_fraction": 0.5}, {"target_size": -1}):
        with pytest.raises(ValueError, match="target_"):
            cache.cleanup(**wrong)
    with pytest.raises(ValueError, match="Appending"), opener("a"):
        pass


def test_a_write_that_fails_leaves_nothing_in_the_cache() -> None:
    path, _, opener = get_artifact_file_cache().check_etag_obj_path("http://h/x", "etag", 3)
    with pytest.raises(ZeroDivisionError), opener("w") as file:
        file.write("ab")
        raise ZeroDivisionError
    assert not Path(path).exists()
    assert list(Path(get_artifact_file_cache()._temp_dir).iterdir()) == []
