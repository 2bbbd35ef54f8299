"""Artifacts of processes that are killed, of files that change, of servers that are not there."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import pluto.query as pq
from pluto.core.uploader.loop import deliver
from pluto.query import Client
from tests.programs import Scripts, Server, free_port
from tests.waiting import until

KILLED = """
    import os, signal
    import pluto.compat.wandb as wandb

    run = wandb.init(project="proj", id="killed")
    artifact = wandb.Artifact("data", "dataset")
    for index in range(20):
        with artifact.new_file(f"{index}.txt") as file:
            file.write(str(index) * 100_000)
    run.log_artifact(artifact, aliases=["best"])
    os.kill(os.getpid(), signal.SIGKILL)
"""

LOGGER = """
    import sys
    import pluto.compat.wandb as wandb

    with wandb.init(project="proj") as run:
        for index in range(5):
            artifact = wandb.Artifact("data", "dataset")
            with artifact.new_file("f") as file:
                file.write(f"{sys.argv[1]} {index}")
            run.log_artifact(artifact, aliases=[f"{sys.argv[1]}-{index}"])
"""


def environment(server: Server | None = None, **more: str) -> dict[str, str]:
    found = {"WANDB_MODE": "online", "WANDB_CONSOLE": "off", "WANDB__DISABLE_STATS": "true", **more}
    if server is not None:
        found |= {"PLUTO_HOST": server.url, "PLUTO_API_KEY": "x"}
    return found


def arrived(client: Client, name: str = "data", version: str = "latest") -> dict[str, Any]:
    def there() -> dict[str, Any] | None:
        try:
            return client.get_artifact("proj", name, version)
        except pq.QueryError:
            return None

    return until(there, 60, f"{name}:{version}")


def test_a_killed_process_loses_nothing(scripts: Scripts) -> None:
    process = scripts.start(KILLED, env=environment())
    assert process.wait(60) == -signal.SIGKILL
    process.communicate()
    with Client() as client:
        found = arrived(client)
        assert (found["aliases"], found["fileCount"], found["size"]) == (["best", "latest"], 20, sum(
            len(str(index)) * 100_000 for index in range(20)
        ))  # fmt: skip
        folder = client.download_artifact("proj", "data", destination=scripts.folder / "got")
        assert (folder / "7.txt").read_text() == "7" * 100_000
        assert len(client.list_artifacts("proj", "data")) == 1


def test_an_uploader_that_is_killed_sends_it_once(scripts: Scripts, server: Server, root: Path) -> None:
    """Wherever the delivery is cut off, the next one goes on, and there is one version."""
    leaves = KILLED.replace("os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)")
    scripts.run(leaves, env=environment(server, WANDB_MODE="offline"))
    with Client(host=server.url, api_token="x") as client:
        for kills in range(3):
            sync = scripts.start("from pluto.cli import pluto; pluto(['sync'])", env=environment(server))
            if kills < 2:
                until(lambda: any((server.store / "blobs").rglob("?" * 64)), 30, "a first blob")
                sync.kill()
            sync.communicate(timeout=60)
        assert arrived(client)["fileCount"] == 20
        assert len(client.list_artifacts("proj", "data")) == 1


@pytest.mark.parametrize("local", [True, False])
def test_processes_that_log_one_name_get_versions_of_their_own(
    scripts: Scripts, request: pytest.FixtureRequest, local: bool
) -> None:
    server = None if local else request.getfixturevalue("server")
    loggers = [scripts.start(LOGGER, name, env=environment(server)) for name in ("a", "b")]
    for logger in loggers:
        _, err = logger.communicate(timeout=90)
        assert logger.returncode == 0, err
    with Client() if server is None else Client(host=server.url, api_token="x") as client:
        for name in ("a", "b"):
            for index in range(5):
                arrived(client, version=f"{name}-{index}")
        versions = client.list_artifacts("proj", "data")
        assert [row["version"] for row in versions] == list(reversed(range(10)))
        assert [row["version"] for row in versions if "latest" in row["aliases"]] == [9]
        order = {alias: row["version"] for row in versions for alias in row["aliases"]}
        for name in ("a", "b"):
            mine = [order[f"{name}-{index}"] for index in range(5)]
            assert mine == sorted(mine)


def test_a_file_that_changes_after_it_was_added_changes_nothing(run: Any, make: Any, place: Path) -> None:
    artifact = make({})
    big = place / "big.bin"
    for name, content in (("small.txt", b"small"), ("big.bin", b"x" * (65 << 20))):
        (place / name).write_bytes(content)
        artifact.add_file(name)
    with big.open("r+b") as file:
        file.write(b"changed in place")
    (place / "small.txt").unlink()
    folder = Path(run.log_artifact(artifact).wait().download())
    assert (folder / "small.txt").read_bytes() == b"small"
    assert (folder / "big.bin").read_bytes() == b"x" * (65 << 20)


def test_a_file_that_was_promised_not_to_change_makes_no_wrong_version(run: Any, make: Any, place: Path) -> None:
    artifact = make({})
    (place / "f.txt").write_text("as added")
    artifact.add_file("f.txt", policy="immutable")
    (place / "f.txt").write_text("changed")
    with pytest.raises(ValueError, match="has changed since it was added"):
        run.log_artifact(artifact).wait()
    again = make({})
    again.add_file("f.txt", policy="immutable")
    assert Path(run.log_artifact(again).wait().download(), "f.txt").read_text() == "changed"


def test_a_file_that_is_gone_is_told(run: Any, make: Any, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    artifact = make({})
    (place / "f.txt").write_text("as added")
    artifact.add_file("f.txt", policy="immutable")
    (place / "f.txt").unlink()
    assert run.log_artifact(artifact) is artifact
    assert "artifact data was not logged" in capsys.readouterr().err
    with pytest.raises(AttributeError, match="used prior to logging"):
        artifact.wait()


def test_an_offline_run_gets_its_versions_when_it_is_synced(wandb: ModuleType, make: Any, root: Path) -> None:
    with wandb.init(project="proj") as run:
        for text in ("one", "two", "one"):
            artifact = run.log_artifact(make({"a.txt": text}), aliases=[text])
        with pytest.raises(AttributeError):
            artifact.wait()
    assert not (root / "store").exists()
    deliver(root / "sync", patience_s=30)
    versions = pq.list_artifacts("proj", "data")
    assert [(row["version"], row["aliases"]) for row in versions] == [(1, ["two"]), (0, ["latest", "one"])]
    assert pq.artifact_runs(versions[0]["id"])["madeBy"]["externalId"] == run.id


def test_waiting_ends_where_no_server_is(
    wandb: ModuleType, make: Any, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("PLUTO_HOST", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PLUTO_API_KEY", "x")
    run = wandb.init(project="proj", settings={"init_timeout": 1, "finish_timeout": 0.1})
    artifact = run.log_artifact(make())
    assert type(until_raised(lambda: artifact.wait(1))).__name__ == "WaitTimeoutError"
    assert type(until_raised(artifact.wait)).__name__ == "WaitTimeoutError"
    assert artifact.is_draft()
    assert type(until_raised(lambda: run.use_artifact("data"))).__name__ == "CommError"


def until_raised(call: Any) -> BaseException:
    with pytest.raises(Exception) as caught:
        call()
    return caught.value


def test_copies_of_processes_that_are_gone_are_cleared_away(scripts: Scripts, make: Any, root: Path) -> None:
    scripts.run(
        """
        import os
        import pluto.compat.wandb as wandb
        with wandb.Artifact("data", "dataset").new_file("f") as file:
            file.write("x")
        os._exit(0)
        """
    )
    staged = root / "cache" / "wandb" / "staging" / "artifacts" / "staging"
    [left] = staged.iterdir()
    make()
    assert not left.exists()
    assert [folder.name.split("-")[-2] for folder in staged.iterdir()] == [str(os.getpid())]


def test_a_process_that_ends_leaves_no_copies(scripts: Scripts, root: Path) -> None:
    scripts.run(
        """
        import pluto.compat.wandb as wandb
        with wandb.Artifact("data", "dataset").new_file("f") as file:
            file.write("x")
        """
    )
    assert list((root / "cache" / "wandb" / "staging" / "artifacts" / "staging").iterdir()) == []


def test_staging_needs_a_place(make: Any, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    (place / "file").write_text("")
    monkeypatch.setenv("WANDB_DATA_DIR", str(place / "file" / "below"))
    with pytest.raises(PermissionError, match="WANDB_DATA_DIR"):
        make()
