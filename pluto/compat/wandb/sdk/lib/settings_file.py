"""The settings files: one of the user's, one of the working directory; both are INI files with one section."""

from __future__ import annotations

import configparser
from pathlib import Path

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termlog, termwarn

_SECTION = "default"


class SaveSettingsError(Error):
    """A settings file that can't be written."""


class SettingsFiles:
    """What the files say, and changes to them, written by `save`. A file that can't be read counts as empty."""

    def __init__(self, *, global_settings: Path | None, local_settings: Path) -> None:
        self._paths = [global_settings, local_settings]
        self._values = [{} if path is None else _read(path) for path in self._paths]
        self._before = [dict(values) for values in self._values]

    @property
    def sources(self) -> list[Path]:
        """The files that say something."""
        return [path for path, values in zip(self._paths, self._before, strict=True) if path is not None and values]

    def all(self) -> dict[str, str]:
        """The settings by name; the working directory's win."""
        return {**self._values[0], **self._values[1]}

    def set(self, key: str, value: str, *, globally: bool = False) -> None:
        """Sets one for the working directory, or for the user everywhere."""
        if globally and self._paths[0] is not None:
            self._values[1].pop(key, None)
            self._values[0][key] = value
        else:
            self._values[1][key] = value

    def clear(self, key: str, *, globally: bool = False) -> None:
        """Takes one out of the working directory's file, and with `globally` out of the user's."""
        self._values[1].pop(key, None)
        if globally:
            self._values[0].pop(key, None)

    def save(self) -> None:
        """Writes the files that have changed. Raises `SaveSettingsError`."""
        for path, values, before in zip(self._paths, self._values, self._before, strict=True):
            if path is None or values == before:
                continue
            parser = configparser.ConfigParser(interpolation=None)
            parser[_SECTION] = values
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("w", encoding="utf-8") as file:
                    parser.write(file)
            except (OSError, configparser.Error) as error:
                raise SaveSettingsError(f"Error updating settings at {path}: {error}") from error
            termlog(f"Updated settings file {path}")


def _read(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
        return dict(parser.items(_SECTION)) if parser.has_section(_SECTION) else {}
    except (OSError, configparser.Error, UnicodeDecodeError) as error:
        termwarn(f"Error reading settings at {path}: {error}", repeat=False)
        return {}
