"""Settings: parameters, then the settings object, then `PLUTO_*`, then old `MLOP_*`, then the defaults of the table."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pluto.core.options import OPTIONS, RENAMED, Options, SettingsError, admit, find, from_environment, say_once

__all__ = ["Local", "Remote", "Settings", "SettingsError", "resolve", "setup"]

_URLS = ("url_app", "url_api", "url_ingest", "url_py")
_PORTS = {"url_app": 3000, "url_api": 3001, "url_ingest": 3003, "url_py": 3004}
_ENDPOINTS = {
    "url_token": ("url_app", "/api-keys"),
    "url_login": ("url_api", "/api/slug"),
    "url_start": ("url_api", "/api/runs/create"),
    "url_resume": ("url_api", "/api/runs/resume"),
    "url_stop": ("url_api", "/api/runs/status/update"),
    "url_meta": ("url_api", "/api/runs/logName/add"),
    "url_graph": ("url_api", "/api/runs/modelGraph/create"),
    "url_update_tags": ("url_api", "/api/runs/tags/update"),
    "url_update_config": ("url_api", "/api/runs/config/update"),
    "url_num": ("url_ingest", "/ingest/metrics"),
    "url_data": ("url_ingest", "/ingest/data"),
    "url_file": ("url_ingest", "/files"),
    "url_message": ("url_ingest", "/ingest/logs"),
    "url_alert": ("url_py", "/api/runs/alert"),
    "url_trigger": ("url_py", "/api/runs/trigger"),
}
_RANK = {"parameter": 3, "settings": 2, "default": 0}  # an environment variable's name ranks 1


@dataclass(frozen=True, slots=True)
class Local:
    """The local store of a root."""

    store: Path


@dataclass(frozen=True, slots=True)
class Remote:
    """A server, ours or a stock one. `proxies` maps `http://` and `https://` to proxy addresses."""

    app: str
    api: str
    ingest: str
    py: str
    key: str | None = field(repr=False)
    proxies: dict[str, str] = field(default_factory=dict, repr=False)
    verify: bool = True


class Settings(Options):
    """Options of a run. Attributes are the names in docs/settings.md; setting one checks it (`SettingsError`).

    What was never set reads as its default here; `resolve` and `setup` fill in the environment and the derived
    addresses.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _ENDPOINTS:
            raise SettingsError(f"{name!r} follows from {_ENDPOINTS[name][0]!r}; set that")
        for key, checked in admit([(name, value)]).items():
            self.__dict__[key] = checked
            self._origins[key] = "settings"

    def __delattr__(self, name: str) -> None:
        self.__dict__.pop(find(RENAMED.get(name, name)).name, None)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items() if name in self.__dict__)
        return f"Settings({shown})"

    def __copy__(self) -> Settings:
        other = Settings()
        other.__dict__.update({k: dict(v) if k == "_origins" else v for k, v in self.__dict__.items()})
        return other

    @property
    def _origins(self) -> dict[str, str]:
        origins: dict[str, str] = self.__dict__.setdefault("_origins", {})
        return origins

    @property
    def _auth(self) -> str | None:
        return self.api_key

    @property
    def root(self) -> Path:
        """The folder of everything Pluto keeps on this machine, absolute."""
        return Path(self.dir or "~/.pluto").expanduser().absolute()

    @property
    def proxies(self) -> dict[str, str]:
        """Proxy addresses by scheme, as `Remote.proxies`."""
        pairs = (("http://", self.http_proxy), ("https://", self.https_proxy))
        return {scheme: address for scheme, address in pairs if address}

    def origin(self, name: str) -> str:
        """Where an option's value comes from:

        `parameter`, `settings`, the environment variable's name, or `default`.
        """
        return self._origins.get(find(name).name, "default")

    def update(self, settings: Settings | Mapping[str, Any]) -> None:
        """Takes over what `settings` sets. Raises `SettingsError`."""
        if isinstance(settings, Settings):
            given = {name: value for name, value in settings.__dict__.items() if name in OPTIONS}
        else:
            given = admit(settings.items())
        self._take(given, "settings")
        self.update_host()

    def update_host(self) -> None:
        """Derives the four addresses from `host`; addresses set at the same or a stronger place stay."""
        named = [url for url in _URLS if self.origin(url) not in ("default", "host")]
        weight = {url: _rank(self.origin(url)) for url in named}
        if self.host not in (None, "local"):
            derived = _addresses(str(self.host))
            weakest = _rank(self.origin("host"))
            for url in _URLS:
                if weight.get(url, -1) < weakest:
                    self.__dict__[url], self._origins[url] = derived[url], "host"
        elif named:
            # A private server's other services are looked for beside it, never at an address nobody named.
            beside = "url_api" if "url_api" in named else named[0]
            for url in _URLS:
                if url not in named:
                    self.__dict__[url] = self.__dict__[beside]
        for url in _URLS:
            if url in self.__dict__:
                self.__dict__[url] = self.__dict__[url].rstrip("/")
        self.update_url()

    def update_url(self) -> None:
        """Derives the addresses of the single calls (`url_start`, `url_num`, …) from the four base addresses."""
        for name, (base, path) in _ENDPOINTS.items():
            self.__dict__[name] = getattr(self, base) + path

    def to_dict(self) -> dict[str, Any]:
        """All options that have an effect, by name, without secrets."""
        return {row.name: getattr(self, row.name) for row in OPTIONS.values() if not (row.secret or row.retired)}

    def get_dir(self) -> str:
        """The root folder, as text."""
        return str(self.root)

    def target(self) -> Local | Remote:
        """Where runs go: `Remote` when a key, a host or an address is set or `pluto login` was used, else `Local`."""
        from pluto.core import auth

        if self.host == "local":
            return Local(self.root / "store")
        named = self.host is not None or any(self.origin(url) != "default" for url in _URLS)
        if named or self.api_key:
            key = self.api_key or auth.stored_key(self.root, self.url_api)
            return self._remote(self.url_app, self.url_api, self.url_ingest, self.url_py, key)
        login = auth.last_login(self.root)
        if login is None:
            return Local(self.root / "store")
        return self._remote(*login)

    def _remote(self, app: str, api: str, ingest: str, py: str, key: str | None) -> Remote:
        return Remote(app, api, ingest, py, key, self.proxies, verify=not self.insecure_disable_ssl)

    def _take(self, values: Mapping[str, Any], origin: str) -> None:
        for name, value in values.items():
            self.__dict__[name] = value
            self._origins[name] = origin


def resolve(settings: Settings | Mapping[str, Any] | None = None, **parameters: Any) -> Settings:
    """Settings with every option filled in; a parameter that is None counts as not given.

    Raises `SettingsError` for an unknown option (with the nearest name) and for a value an option does not take.
    A log level that was asked for is given to the logger `pluto`.
    """
    resolved = Settings()
    for name, (value, variable) in from_environment().items():
        resolved._take({name: value}, variable)
    if isinstance(settings, Settings):
        for name, value in settings.__dict__.items():
            if name in OPTIONS and settings.origin(name) != "default":
                resolved._take({name: value}, settings.origin(name))
    elif settings is not None:
        if not isinstance(settings, Mapping):
            raise SettingsError(f"settings is a dict or pluto.Settings, not {type(settings).__name__}")
        resolved._take(admit(settings.items()), "settings")
    resolved._take(admit((k, v) for k, v in parameters.items() if v is not None), "parameter")
    resolved.update_host()
    _heed_old_ways(resolved)
    if resolved.origin("x_log_level") != "default":
        logging.getLogger("pluto").setLevel(resolved.x_log_level)
    for row in OPTIONS.values():
        if not row.retired:
            resolved.__dict__.setdefault(row.name, row.default)
    resolved.__dict__["mode"] = OPTIONS["mode"].check(resolved.mode)
    return resolved


def setup(settings: Settings | Mapping[str, Any] | None = None) -> Settings:
    """`resolve` for scripts: a `Settings` given is filled in and returned itself."""
    resolved = resolve(settings)
    if isinstance(settings, Settings):
        settings.__dict__.update(resolved.__dict__)
        return settings
    return resolved


def _heed_old_ways(settings: Settings) -> None:
    for name, old in (("disable_iface", True), ("sync_process_enabled", False)):
        if getattr(settings, name) is old:
            say_once(name, f"setting {name!r} is now mode='offline'")
            if settings.origin("mode") == "default":
                settings._take({"mode": "offline"}, settings.origin(name))


def _rank(origin: str) -> int:
    return _RANK.get(origin, 1)


def _addresses(host: str) -> dict[str, str]:
    if "://" in host:
        return dict.fromkeys(_URLS, host)
    bracketed = host.startswith("[")
    if "]:" in host if bracketed else host.count(":") == 1:
        return dict.fromkeys(_URLS, f"http://{host}")
    inside = f"[{host}]" if ":" in host and not bracketed else host
    return {url: f"http://{inside}:{port}" for url, port in _PORTS.items()}
