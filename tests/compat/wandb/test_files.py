"""Files of a run: saved at once, while they change, or at the end; restored; alerts."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pluto.protocol import records
from pluto.protocol.records import Kind
from tests.core import journals


def kept(root: Path) -> list[tuple[str, bytes]]:
    """Path and content of the files that are kept, in order."""
    return [(media.metadata["path"], media.inline or b"") for media in journals.only(root, lane="files")]


@pytest.fixture
def files(place: Path) -> Path:
    """A folder with files, in the working directory."""
    folder = place / "some" / "deep"
    folder.mkdir(parents=True)
    for name in ("a.txt", "b.txt", "c[1].txt"):
        (folder / name).write_text(name)
    return folder


def test_relative_paths_keep_their_folders(wandb: ModuleType, root: Path, files: Path) -> None:
    run = wandb.init(project="p")
    found = run.save("some/deep/*.txt")
    assert found == [f"{run.dir}/some/deep/{name}" for name in ("a.txt", "b.txt", "c[1].txt")]
    assert all(Path(path).is_symlink() for path in found)
    assert wandb.save("some/deep/a.txt", base_path="some") == [f"{run.dir}/deep/a.txt"]
    run.finish()
    assert [path for path, _ in kept(root)] == [
        "some/deep/a.txt", "some/deep/b.txt", "some/deep/c[1].txt", "deep/a.txt",
    ]  # fmt: skip


def test_absolute_paths_keep_one_folder(wandb: ModuleType, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    assert run.save(str(files / "a.txt")) == [f"{run.dir}/deep/a.txt"]
    assert run.save(files / "b.txt", base_path=files) == [f"{run.dir}/b.txt"]
    assert run.save(str(files / "a.txt").encode()) == [f"{run.dir}/deep/a.txt"]
    assert "Saving files without folders" in capsys.readouterr().err


def test_names_with_brackets(wandb: ModuleType, files: Path) -> None:
    run = wandb.init(project="p")
    assert run.save("some/deep/c[1].txt") == []
    assert run.save("some/deep/c[1].txt", glob=False) == [f"{run.dir}/some/deep/c[1].txt"]
    assert run.save("some/deep/none.txt", glob=False) == []
    assert run.save("some/none*") == []
    assert run.save("s3://bucket/file") == []


@pytest.mark.parametrize("given", [{"policy": "often"}, {"base_path": "some/deep/further"}])
def test_what_can_not_be_saved(wandb: ModuleType, files: Path, given: dict[str, Any]) -> None:
    run = wandb.init(project="p")
    with pytest.raises(ValueError, match=r"policies|base path"):
        run.save("some/deep/a.txt", **given)


def test_policies(wandb: ModuleType, root: Path, files: Path) -> None:
    run = wandb.init(project="p")
    for name, policy in (("a.txt", "live"), ("b.txt", "end"), ("c[1].txt", "now")):
        run.save(f"some/deep/{name}", policy=policy, glob=False)
    run.save("some/deep/a.txt")
    for name in ("a.txt", "b.txt", "c[1].txt"):
        (files / name).write_text(f"new {name}")
    run._keep_watched()
    run.finish()
    assert [(Path(path).name, text.decode()) for path, text in kept(root)] == [
        ("a.txt", "a.txt"), ("c[1].txt", "c[1].txt"), ("a.txt", "new a.txt"), ("b.txt", "new b.txt"),
    ]  # fmt: skip


def test_files_of_the_runs_folder(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    path = Path(run.dir, "sub", "model.pt")
    path.parent.mkdir()
    path.write_bytes(b"weights")
    assert run.save(str(path), base_path=run.dir) == [str(path)]
    assert not path.is_symlink()
    assert run.save("*.none") == []
    run.finish()
    assert kept(root) == [("sub/model.pt", b"weights")]


def test_links_may_be_off_and_files_ignored(wandb: ModuleType, root: Path, files: Path) -> None:
    run = wandb.init(project="p", settings=wandb.Settings(symlink=False, ignore_globs=["*b.txt"]))
    found = run.save("some/deep/[ab].txt")
    assert not any(Path(path).is_symlink() for path in found)
    run.finish()
    assert [path for path, _ in kept(root)] == ["some/deep/a.txt"]


def test_what_is_in_the_runs_folder_in_the_end_is_kept(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    Path(run.dir, "log").mkdir()
    Path(run.dir, "log", "train.txt").write_text("lines")
    Path(run.dir, "model.pt").write_bytes(b"weights")
    run.finish()
    assert dict(kept(root)) == {"log/train.txt": b"lines", "model.pt": b"weights"}


def test_a_file_on_this_machine_is_restored(wandb: ModuleType, place: Path) -> None:
    with pytest.raises(ValueError, match="run_path required"):
        wandb.restore("x.txt")
    run = wandb.init(project="p")
    Path(run.dir, "x.txt").write_text("here")
    with run.restore("x.txt") as file:
        assert file.read() == "here"
    with wandb.restore("x.txt") as file:
        assert file.read() == "here"


def test_alerts(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    run.alert("a", "text")
    run.alert("a", "too soon")
    run.alert("b", "text", level="WARN", wait_duration=0.0001)
    run.alert("c", "text", level=wandb.AlertLevel.ERROR, wait_duration=timedelta(hours=1))
    wandb.alert(title="d", text="text", level="INFO")
    for wrong, error in (({"level": "LOUD"}, ValueError), ({"wait_duration": "long"}, TypeError)):
        with pytest.raises(error):
            run.alert("e", "text", **wrong)
    run.finish()
    assert [(alert.title, alert.body, alert.level) for alert in journals.only(root, Kind.ALERT)] == [
        ("a", "text", "INFO"), ("b", "text", "WARNING"), ("c", "text", "ERROR"), ("d", "text", "INFO"),
    ]  # fmt: skip


def test_labels_and_pins(wandb: ModuleType, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p")
    run._label(code="my_code", repo="my_repo", other="x")
    run.pin_config_keys(["a", "b"])
    run.finish()
    run._label(code="late")
    assert "unsupported key 'other'" in capsys.readouterr().err
    changes = [json.loads(change.body)["_wandb"] for change in journals.only(root, Kind.CONFIG)]
    assert changes == [{"labels": {"code": "my_code", "repo": "my_repo"}}, {"pinned_keys": ["a", "b"]}]


def test_status(wandb: ModuleType) -> None:
    run = wandb.init(project="p")
    run.log({"a": 1})
    status = run.status()
    assert (status.sync_items_total, status.sync_items_pending, status.sync_time) == (2, 2, None)


def test_a_value_is_kept_with_its_row(wandb: ModuleType, root: Path) -> None:
    run = wandb.init(project="p")
    path = Path(run.dir, "media", "images", "x.png")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x89PNG")
    run._keep_file(path, "shown", 7, type="IMAGE", index=2, caption="c", annotations={"a": 1})
    run._keep_file("media/images/none.png", "lost", 7)
    run.finish()
    media: list[records.Media] = journals.only(root, lane="files")
    assert [(one.name, one.step, one.index, one.type, one.file_name, one.caption) for one in media][:1] == [
        ("shown", 7, 2, "IMAGE", "x.png", "c")
    ]
    assert len(media) == 1
