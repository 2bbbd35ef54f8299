"""Brings the key along into a job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pluto.compat.wandb import env
from pluto.compat.wandb.integration.sagemaker import files
from pluto.core.settings import resolve


def sagemaker_auth(overrides: dict[str, Any] | None = None, path: str = ".", api_key: str | None = None) -> None:
    """Writes `secrets.env` into the folder `path`: the Pluto server's key as PLUTO_API_KEY, and `overrides`.

    Only its owner can read it. Raises `ValueError` where there is no key.
    """
    values = dict(overrides or {})
    key = values.pop(env.API_KEY, None) or api_key or getattr(resolve().target(), "key", None)
    if not key:
        raise ValueError("there is no key of a Pluto server: run `pluto login`, or set PLUTO_API_KEY")
    values["PLUTO_API_KEY"] = key
    file = Path(path) / files.SM_SECRETS
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        opened.writelines(f"{name}={value}\n" for name, value in values.items())
