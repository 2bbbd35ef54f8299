"""`neptune.new`: the former name of everything, with the same objects and one warning."""

from __future__ import annotations

import importlib
import warnings

import pytest

import pluto.compat.neptune
from pluto.compat.neptune.exceptions import NeptunePossibleLegacyUsageException
from tests.programs import Scripts

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pluto.compat.neptune.new as new

MODULES = (
    "types types.atoms.file exceptions attributes integrations integrations.utils constants metadata_containers.run"
    " internal.state version"
)


def test_importing_it_warns_once_at_the_line_that_does(scripts: Scripts) -> None:
    scripts.run(
        """
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import pluto.compat.neptune.new as neptune
            import pluto.compat.neptune.new.types
            from pluto.compat.neptune.new.integrations.python_logger import NeptuneHandler
        (warning,) = caught
        assert warning.category.__name__ == "NeptuneDeprecationWarning", warning
        assert "neptune.new" in str(warning.message)
        assert warning.filename == __file__, warning
        assert warning.lineno == 5, warning
        """
    )


def test_the_alias_leads_there_too(scripts: Scripts) -> None:
    scripts.run(
        """
        import warnings
        warnings.simplefilter("ignore")
        from pluto.compat import alias
        alias.install("neptune")
        import neptune.new as npt
        import neptune
        from neptune.new.types.atoms.file import File
        from neptune.new.exceptions import NeptuneException
        assert npt.Run is neptune.Run
        assert File is neptune.types.File
        import neptune.exceptions
        assert NeptuneException is neptune.exceptions.NeptuneException
        """
    )


@pytest.mark.parametrize("name", MODULES.split())
def test_modules_are_the_same_objects(name: str) -> None:
    former = importlib.import_module(f"pluto.compat.neptune.new.{name}")
    assert former is importlib.import_module(f"pluto.compat.neptune.{name}")
    assert former.__spec__ is not None
    assert former.__spec__.name == f"pluto.compat.neptune.{name}"


def test_names_are_the_same_objects() -> None:
    assert new.init_run is new.Run is pluto.compat.neptune.Run
    assert new.init_project is pluto.compat.neptune.Project
    assert new.__version__ == pluto.compat.neptune.__version__
    runs_table = importlib.import_module("pluto.compat.neptune.new.runs_table")
    table = importlib.import_module("pluto.compat.neptune.table")
    assert runs_table.RunsTable is table.Table
    assert runs_table.RunsTableEntry is table.TableEntry


def test_names_of_its_modules_are_its_own() -> None:
    types = importlib.import_module("pluto.compat.neptune.types")
    assert new.types is types
    assert new.File is types.File
    assert new.RunState is importlib.import_module("pluto.compat.neptune.internal.state").ContainerState
    assert new.NEPTUNE_DATA_DIRECTORY == ".neptune"
    assert new.sync is importlib.import_module("pluto.compat.neptune.cli").sync


def test_what_there_never_was_is_not_found() -> None:
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("pluto.compat.neptune.new.no_such_module")
    with pytest.raises(AttributeError):
        _ = new.init


@pytest.mark.parametrize("name", ["create_experiment", "log_metric", "send_artifact", "append_tag", "stop"])
def test_functions_of_the_api_before_say_so(name: str) -> None:
    with pytest.raises(NeptunePossibleLegacyUsageException):
        getattr(new, name)("x", 1, y=2)
