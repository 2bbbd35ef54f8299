"""`import neptune` and its like are Pluto's where that is asked for, and nowhere else."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from pluto.compat import alias
from tests.programs import Scripts

HERE = [name for name, one in alias.MIRRORED.items() if importlib.util.find_spec(one.module)]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    alias.uninstall()
    assert not [name for name in sys.modules if name.partition(".")[0] in HERE]


@pytest.mark.parametrize("name", HERE)
def test_a_package_is_found_imported_and_has_the_version_that_is_mirrored(name: str) -> None:
    about = alias.MIRRORED[name]
    alias.install(name)
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    assert name not in sys.modules
    module = importlib.import_module(name)
    assert module is importlib.import_module(about.module)
    assert module.__spec__ is not None
    assert module.__spec__.name == about.module
    assert importlib.metadata.version(about.distribution) == about.version
    assert importlib.metadata.metadata(about.distribution)["Name"] == about.distribution
    assert importlib.metadata.distribution(about.distribution.replace("-", "_")).version == about.version
    assert importlib.metadata.packages_distributions()[name][0] == about.distribution
    own = getattr(module, "__version__", about.version)
    assert str(own) == about.version


def test_submodules_are_the_same_objects_however_they_are_imported() -> None:
    alias.install("neptune")
    inner = importlib.import_module("neptune.types.atoms.file")
    assert inner is importlib.import_module("pluto.compat.neptune.types.atoms.file")
    assert importlib.import_module("neptune").types is importlib.import_module("pluto.compat.neptune.types")
    assert importlib.import_module("neptune.types").File is inner.File
    assert importlib.import_module("pluto.compat.neptune.types").__spec__.name == "pluto.compat.neptune.types"


def test_what_the_mirror_lacks_is_not_found() -> None:
    alias.install("neptune")
    with pytest.raises(ModuleNotFoundError, match=r"neptune\.legacy"):
        importlib.import_module("neptune.legacy")
    assert importlib.util.find_spec("neptune.no_such_module") is None


def test_nothing_is_found_before_and_after() -> None:
    assert importlib.util.find_spec("neptune") is None
    alias.install("neptune")
    alias.install("neptune")
    importlib.import_module("neptune.types")
    alias.uninstall("neptune")
    assert importlib.util.find_spec("neptune") is None
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        importlib.metadata.version("neptune")


def test_a_name_that_is_not_mirrored_is_refused() -> None:
    with pytest.raises(ValueError, match="'mlflow' is not mirrored"):
        alias.install("mlflow")


def test_a_package_that_is_imported_already_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "neptune.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("neptune")
    try:
        with pytest.raises(ImportError, match="has imported neptune already"):
            alias.install("neptune")
    finally:
        del sys.modules["neptune"]


def test_the_alias_comes_before_an_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "neptune.py").write_text("")
    (tmp_path / "neptune-1.0.dist-info").mkdir()
    (tmp_path / "neptune-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: neptune\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.metadata.version("neptune") == "1.0"
    alias.install("neptune")
    assert importlib.import_module("neptune").__name__ == "pluto.compat.neptune"
    assert importlib.metadata.version("neptune") == alias.MIRRORED["neptune"].version


SCRIPT = """
    import importlib.metadata, multiprocessing, subprocess, sys
    from neptune.types import File

    def child(queue):
        import neptune
        queue.put((neptune.__name__, File.__module__))

    if __name__ == "__main__":
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=child, args=(queue,))
        process.start()
        print(*queue.get(timeout=60))
        process.join()
        print(importlib.metadata.version("neptune"), *sys.argv[1:])
        print(subprocess.check_output([sys.executable, "-c", "import neptune; print(neptune.__name__)"], text=True))
"""


def test_a_script_runs_unchanged_and_so_does_what_it_starts(scripts: Scripts, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("import neptune.types\n")
    (tmp_path / "script.py").write_text("import helper\n" + textwrap.dedent(SCRIPT))
    done = subprocess.run(
        [sys.executable, "-m", "pluto.compat.alias", str(tmp_path / "script.py"), "--epochs", "3"],
        capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    assert done.stdout.split("\n")[:3] == [
        "pluto.compat.neptune pluto.compat.neptune.types.atoms.file",
        f"{alias.MIRRORED['neptune'].version} --epochs 3",
        "pluto.compat.neptune",
    ]
    assert done.stderr == ""


def test_a_module_runs_likewise_beside_a_sitecustomize_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os; os.environ['CUSTOM'] = 'yes'\n")
    (tmp_path / "site" / "training.py").write_text(
        "import subprocess, sys, neptune\n"
        "print(neptune.__name__, __name__, *sys.argv[1:], flush=True)\n"
        "code = 'import os, neptune; print(neptune.__name__, os.environ[\"CUSTOM\"])'\n"
        "subprocess.run([sys.executable, '-c', code])\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pluto.compat.alias", "-m", "training", "x"],
        capture_output=True, text=True, timeout=100, check=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "CUSTOM": "no"},
    )  # fmt: skip
    assert done.stdout.split("\n")[:2] == ["pluto.compat.neptune __main__ x", "pluto.compat.neptune yes"]
    assert done.stderr == ""


def test_without_a_script_it_says_how_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-m", "pluto.compat.alias"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "usage: python -m pluto.compat.alias" in done.stderr


def test_the_module_itself_is_light(scripts: Scripts) -> None:
    scripts.run(
        """
        import sys
        from pluto.compat import alias
        alias.install()
        heavy = {"numpy", "pandas", "httpx", "pluto.core.op", "pluto.compat.neptune"} & set(sys.modules)
        assert not heavy, heavy
        """
    )
