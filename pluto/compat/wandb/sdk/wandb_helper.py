"""What people hand over as a config, as a dict."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.sdk.lib.config_util import dict_from_config_file
from pluto.compat.wandb.sdk.lib.preinit import PreInitObject


def parse_config(
    params: Any, exclude: Iterable[str] | None = None, include: Iterable[str] | None = None
) -> dict[str, Any]:
    """A dict of what is given: a mapping, the path of a YAML file, an argparse namespace, absl flags, any object.

    `include` keeps only these keys, `exclude` all others. Raises `ConfigError` for a file that is not there,
    `TypeError` for what has no attributes, and `UsageError` for both filters together.
    """
    if exclude and include:
        raise UsageError("Expected at most only one of exclude or include")
    found = _to_dict(dict_from_config_file(params, must_exist=True) if isinstance(params, str) else params)
    if include:
        wanted = set(include)
        return {key: value for key, value in found.items() if key in wanted}
    if exclude:
        unwanted = set(exclude)
        return {key: value for key, value in found.items() if key not in unwanted}
    return found


def _to_dict(params: Any) -> dict[str, Any]:
    if isinstance(params, dict):
        return params
    if isinstance(params, PreInitObject):
        return {}
    omegaconf = sys.modules.get("omegaconf")
    if omegaconf is not None and omegaconf.OmegaConf.is_config(params):
        container: dict[str, Any] = omegaconf.OmegaConf.to_container(params, resolve=True)
        return container
    if isinstance(params, Mapping):
        return dict(params)
    from pluto.compat.wandb.sdk.wandb_config import Config

    if isinstance(params, Config):
        return dict(params)
    if isinstance(params, types.ModuleType) and hasattr(params, "FLAGS"):
        params = params.FLAGS
    if type(params).__module__ == "absl.flags._flagvalues":
        return {name: params[name].value for name in dir(params)}
    if not hasattr(params, "__dict__"):
        raise TypeError("config must be a dict or have a __dict__ attribute.")
    return dict(vars(params))
