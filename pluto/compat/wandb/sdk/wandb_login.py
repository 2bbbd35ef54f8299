"""`wandb.login`: never asks anybody, and needs no account."""

from __future__ import annotations

from typing import Any

from pluto.compat.wandb.errors.errors import AuthenticationError
from pluto.compat.wandb.errors.term import termlog, termwarn
from pluto.compat.wandb.sdk.lib import module
from pluto.compat.wandb.sdk.lib.settings_table import UNSET
from pluto.compat.wandb.sdk.wandb_setup import singleton


def login(
    key: str | None = None,
    relogin: bool | None = None,  # noqa: ARG001  there is no prompt to come again
    host: str | None = None,
    force: bool | None = None,  # noqa: ARG001  nor a choice to forbid
    timeout: int | None = None,  # noqa: ARG001  nor anything to wait for
    verify: bool = True,
    referrer: str | None = None,  # noqa: ARG001  nor a page to come from
    prompt: bool = True,  # noqa: ARG001
    anonymous: Any = UNSET,
) -> bool:
    """Whether runs will be kept: in the local store, or on the Pluto server that is configured; never asks.

    `key` and `host` are those of Weights & Biases and go nowhere: `PLUTO_HOST`, `PLUTO_API_KEY` and `pluto login` name
    a Pluto server. With `verify`, the server is asked whether it takes its key. False where runs are offline or
    disabled, and once a run is open.

    Raises `AuthenticationError` where the server does not take its key.
    """
    if anonymous is not UNSET:
        termwarn("The anonymous parameter to wandb.login() has no effect: nothing needs an account.", repeat=False)
    if module.current() is not None:
        termwarn("Calling wandb.login() after wandb.init() has no effect.")
        return False
    settings = singleton().settings
    if settings._noop:
        return False
    if settings._offline:
        termwarn("Unable to verify login in offline mode.")
        return False
    if key is not None or host is not None:
        termlog(
            "wandb.login: keys and hosts of Weights & Biases are not used; PLUTO_HOST and PLUTO_API_KEY, or"
            " `pluto login`, name a Pluto server",
            repeat=False,
        )
    return _is_taken() if verify else True


def _is_taken() -> bool:
    """Whether the server takes its key; True, too, where it does not answer just now: what is logged is kept."""
    from pluto.core.client import Client, ClientError, Unauthorized
    from pluto.core.settings import Local, resolve

    target = resolve().target()
    if isinstance(target, Local):
        return True
    client = Client(target, timeout_s=5)
    try:
        client.get_json("/api/runs/projects")
    except Unauthorized as error:
        raise AuthenticationError(f"{error}: `pluto login` keeps another key, PLUTO_API_KEY gives one") from error
    except ClientError as error:
        termwarn(f"the Pluto server can't be asked just now ({error}): what is logged is kept and delivered later")
    finally:
        client.close()
    return True
