from __future__ import annotations

from tests.programs import Scripts


def test_the_old_name_is_the_new_one_with_one_warning(scripts: Scripts) -> None:
    done = scripts.run(
        """
        import warnings
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import mlop
            import mlop.query
            import mlop.core.settings as settings
            from mlop.query import Client
            from mlop import *
        assert [(w.category, str(w.message), w.filename) for w in caught] == [
            (DeprecationWarning, "'mlop' is now 'pluto': write `import pluto`", __file__)
        ], caught
        import importlib, pluto, pluto.query, pluto.core.settings
        assert mlop.query is pluto.query and Client is pluto.query.Client
        assert settings is pluto.core.settings
        assert mlop.init is pluto.init is init and mlop.Settings is pluto.Settings
        assert mlop.__version__ == pluto.__version__ and set(mlop.__all__) == set(pluto.__all__)
        assert set(dir(mlop)) == set(dir(pluto))
        assert pluto.query.__spec__.name == "pluto.query" and importlib.reload(pluto.query) is pluto.query
        """
    )
    assert done.stderr == ""


def test_what_is_not_there_is_an_error_under_the_old_name(scripts: Scripts) -> None:
    scripts.run(
        """
        import warnings
        warnings.simplefilter("ignore")
        import mlop
        try:
            import mlop.nothing
        except ModuleNotFoundError as error:
            assert error.name == "mlop.nothing", error.name
        else:
            raise AssertionError
        try:
            mlop.nothing
        except AttributeError:
            pass
        else:
            raise AssertionError
        """
    )


def test_python_m_mlop_is_the_command(scripts: Scripts) -> None:
    scripts.run(
        """
        import subprocess, sys
        done = subprocess.run([sys.executable, "-m", "mlop", "--help"], capture_output=True, text=True)
        assert done.returncode == 0 and "Usage: pluto" in done.stdout, done
        """
    )
