"""The service: the `wandb` package's own Api, with the key and the proxies that it finds by itself."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pluto_migration.source import SourceError
from pluto_migration.sources.wandb_live.patience import Patience, Refused, hide, plain

EXTRA: Final = "pip install 'pluto-ml[migrate-wandb]'"
_TIMEOUT: Final = 120
"""Seconds that a query may take, with the breaks that the service asks the package for."""
_apis: Final[dict[tuple[int, str | None], Any]] = {}
"""One for each process: it has threads and a process of its own."""


@dataclass(frozen=True)
class Service:
    """Where the service is; `api` is made when it is first asked for, and anew in each process."""

    base_url: str | None = None
    patience: Patience = field(default_factory=Patience)

    @property
    def api(self) -> Any:
        """The package's `Api`. Raises `SourceError` where there is no package, no key, or a wrong one."""
        place = (os.getpid(), self.base_url)
        if place not in _apis:
            wandb = package()
            hide(os.environ.get("WANDB_API_KEY"))
            overrides = None
            if self.base_url:
                overrides = {"base_url": self.base_url}
                # Older releases ask for some things at the environment's address, whatever else they are told.
                os.environ["WANDB_BASE_URL"] = self.base_url
            made = self.patience("the service", lambda: _made(wandb, overrides))
            hide(getattr(made, "api_key", None))
            _apis[place] = made
        return _apis[place]

    def anew(self) -> None:
        """Forgets what was asked: the package keeps lists and runs for good, as they were."""
        _apis.pop((os.getpid(), self.base_url), None)

    def all(self, what: str, pages: Callable[[], Any]) -> Iterator[Any]:
        """What a paginator of the package has, page after page, each tried again on its own."""
        found = self.patience(what, pages)
        at = 0
        while True:
            # By number: the paginator's own iteration passes over something when a page comes at the second try.
            one = self.patience(what, lambda: _at(found, at))  # noqa: B023 called before `at` goes on
            if one is _END:
                return
            yield one
            if isinstance(kept := getattr(found, "objects", None), list):
                kept[at] = None  # it keeps all pages, and there may be many
            at += 1


def package() -> Any:
    """The `wandb` package, the original. Raises `SourceError`."""
    try:
        found = importlib.import_module("wandb")
    except ImportError as error:
        raise SourceError(f"the service is asked by means of the wandb package, which is not there: {EXTRA}") from error
    if found.__name__ != "wandb" or not hasattr(found, "Api"):
        raise SourceError(
            "`wandb` means Pluto's own door in this process, and the service is asked by means of the original: "
            f"run the command without pluto.compat.alias ({EXTRA})"
        )
    return found


def _made(wandb: Any, overrides: dict[str, str] | None) -> Any:
    try:
        return wandb.Api(overrides=overrides, timeout=_TIMEOUT)
    except Exception as error:
        if type(error).__name__ == "UsageError":
            hint = "no key was found: `wandb login`, or WANDB_API_KEY"
            raise Refused(f"{hint} ({plain(error)})") from None
        raise


_END: Final = object()


def _at(pages: Any, at: int) -> Any:
    before = getattr(pages, "last_response", None)
    try:
        return pages[at]
    except IndexError:
        return _END
    except BaseException:
        # A page that came, but of which no objects could be made, would be passed over at the next try.
        pages.last_response = before
        raise
