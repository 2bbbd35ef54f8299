"""Configs in files, and what goes wrong with them."""

from __future__ import annotations

import os
from typing import Any

from pluto.compat.wandb.errors.errors import Error
from pluto.compat.wandb.errors.term import termwarn


class ConfigError(Error):
    """A config that can't be read, or a value of it that is not to be changed."""


def dict_from_config_file(filename: str | os.PathLike[str], must_exist: bool = False) -> dict[str, Any] | None:
    """The config in a YAML file of the form `key: {value: …}`; None where there is no file, or nothing in it.

    Raises `ConfigError` for a file that can't be read, or that is not there and has to be.
    """
    try:
        with open(filename, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"config file {filename} doesn't exist") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Couldn't read config file {filename}: {error}") from error
    found = load_yaml(text, filename)
    if found is None:
        termwarn(f"Found an empty config file ({filename}). Proceeding with no defaults.")
        return None
    if not isinstance(found, dict) or found.pop("wandb_version", 1) != 1:
        raise ConfigError(f"Unknown version, or no mapping, in config file {filename}")
    try:
        return {key: value["value"] for key, value in found.items()}
    except (TypeError, KeyError):
        raise ConfigError(f"config file {filename}: every key has a mapping with `value`") from None


def load_yaml(text: str, where: str | os.PathLike[str] = "the text") -> Any:
    """What YAML text holds. Raises `ConfigError` for text that is none, and where PyYAML is missing."""
    try:
        import yaml
    except ImportError:
        raise ConfigError(f"{where} is YAML, which takes PyYAML to read: pip install pyyaml") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"Invalid YAML in {where}: {error}") from error


def save_config_file_from_dict(config_filename: str | os.PathLike[str], config_dict: dict[str, Any]) -> None:
    """Writes such a file. Raises `OSError`."""
    import yaml

    text = "wandb_version: 1"
    if config_dict:
        text += "\n\n" + yaml.safe_dump(config_dict, default_flow_style=False, allow_unicode=True, sort_keys=False)
    os.makedirs(os.path.dirname(os.path.abspath(config_filename)), exist_ok=True)
    with open(config_filename, "w", encoding="utf-8") as file:
        file.write(text)


def dict_strip_value_dict(config_dict: dict[str, Any]) -> dict[str, Any]:
    """The values of a config of the form `key: {value: …}`."""
    return {key: value["value"] for key, value in config_dict.items()}


def merge_dicts(dest: dict[str, Any], src: dict[str, Any]) -> dict[str, Any]:
    """`dest` with the values of `src` in it, dict by dict."""
    for key, value in src.items():
        if isinstance(value, dict) and isinstance(dest.get(key), dict):
            merge_dicts(dest[key], value)
        else:
            dest[key] = value
    return dest
