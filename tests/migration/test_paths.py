"""Paths that archives name: where they lead, and where they must not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pluto_migration.paths import inside, local_path, located, mapped, of_run
from pluto_migration.source import SourceError

RUN = "0123abcd"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("file:///a/b%20c", "/a/b c"),
        ("/a/b c", "/a/b c"),
        ("rel/b", "rel/b"),
        ("C:\\a\\b", "C:\\a\\b"),
        ("s3://bucket/a", None),
        ("dbfs:/a", None),
        ("mlflow-artifacts:/a", None),
        ("file://[bad", None),
        ("", ""),
    ],
)
def test_addresses_of_files(address: str, path: str | None) -> None:
    assert local_path(address) == path


def test_prefixes_are_replaced_the_longest_first(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    path_map = {"/old": str(here), "/old/data": str(there), "s3://b/x": str(here)}
    assert list(mapped("/old/data/f", path_map)) == [there / "f", here / "data/f"]
    assert next(mapped("file:///old/data/f", path_map)) == there / "f"
    assert list(mapped("s3://b/x/f", path_map)) == [here / "f"]
    assert list(mapped("/old", path_map)) == [here]
    assert list(mapped("/older/f", path_map)) == []
    assert list(mapped("/old/../../etc/passwd", path_map)) == []
    assert list(mapped("C:\\old\\a\\f", {"C:\\old": str(here)})) == [here / "a/f"]


def test_a_runs_files_are_looked_for_under_its_id_alone(tmp_path: Path) -> None:
    assert list(of_run(f"/srv/1/{RUN}/artifacts", RUN, [tmp_path])) == [
        Path(f"/srv/1/{RUN}/artifacts"),
        tmp_path / f"srv/1/{RUN}/artifacts",
        tmp_path / f"1/{RUN}/artifacts",
        tmp_path / f"{RUN}/artifacts",
    ]
    for hostile in ("/etc", f"/srv/{RUN}/../../etc", "s3://b/" + RUN, f"/srv/{RUN}x/a", ""):
        assert list(of_run(hostile, RUN, [tmp_path])) == []


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text("ab/.\\\0:%~ é\udce9", max_size=12))
def test_nothing_leads_out(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    (tmp_path / "a").write_text("outside")
    try:
        assert inside(root, name).resolve().is_relative_to(root.resolve())
    except SourceError:
        pass
    for found in (*mapped("/old/" + name, {"/old": str(root)}), *of_run(f"x/{RUN}/{name}", RUN, [root])):
        assert found.resolve().is_relative_to(root.resolve())
    assert located("/old/" + name, {"/old": str(root)}, [root]) is None


def test_links_do_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("key")
    (root / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(SourceError, match="by a link"):
        inside(root, "link")
    assert list(mapped("/old/link", {"/old": str(root)})) == []
    assert located("/gone/link", {}, [root]) is None
