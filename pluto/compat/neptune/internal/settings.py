"""What Neptune's environment variables mean for Pluto."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pluto.compat.neptune.envs import NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE, NEPTUNE_REQUEST_TIMEOUT, PROJECT_ENV_NAME

__all__ = ["cache_folder", "pluto_settings", "project_named"]

DATA_DIRECTORY: Final = "NEPTUNE_DATA_DIRECTORY"


def pluto_settings(proxies: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Settings of Pluto, where only Neptune's variables say something; Pluto's own always win.

    `NEPTUNE_DATA_DIRECTORY` is the folder of everything kept, `NEPTUNE_REQUEST_TIMEOUT` the seconds of one request,
    `NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE` leaves the server's certificate unchecked. `proxies` by scheme.
    """
    found: dict[str, Any] = {}
    if folder := os.environ.get(DATA_DIRECTORY):
        found["dir"] = os.path.abspath(os.path.expanduser(folder))
    if seconds := _number(os.environ.get(NEPTUNE_REQUEST_TIMEOUT)):
        found["http_timeout"] = seconds
    if os.environ.get(NEPTUNE_ALLOW_SELF_SIGNED_CERTIFICATE, "").lower() in ("true", "1"):
        found["insecure_disable_ssl"] = True
    for scheme in ("http", "https"):
        if proxy := (proxies or {}).get(scheme):
            found[f"{scheme}_proxy"] = proxy
    return {name: value for name, value in found.items() if not os.environ.get(f"PLUTO_{name.upper()}")}


def project_named(project: str | None) -> str | None:
    """The project that is meant: the one given, else `NEPTUNE_PROJECT`; None: Pluto's default."""
    return project or os.environ.get(PROJECT_ENV_NAME) or None


def cache_folder() -> Path:
    """Where things are kept that can be had again."""
    from pluto.core.settings import resolve

    return Path(resolve(pluto_settings()).root / "cache")


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if number > 0 else None
