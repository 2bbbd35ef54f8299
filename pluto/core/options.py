"""Every option of Pluto, once: name, type, default, environment variables, meaning, and for old names the successor."""

from __future__ import annotations

import difflib
import logging
import math
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar, cast

logger = logging.getLogger("pluto")
T = TypeVar("T")
C = TypeVar("C", bound=type)


class SettingsError(ValueError):
    """An unknown option, or a value an option does not take. The text says what it takes; a key is never in it."""


class Option(NamedTuple):
    """One row of the table."""

    name: str
    type: str
    default: Any
    doc: str
    env: tuple[str, ...] = ()
    """Environment variables, first wins; each also has an old `MLOP_` spelling."""
    choices: Mapping[str, str] = {}
    """Accepted spellings and what each becomes."""
    low: float | None = None
    """Smallest number accepted."""
    secret: bool = False
    retired: bool = False
    """Kept so that old scripts run: setting it has no effect, and one warning says what to do instead (`doc`)."""

    @property
    def old_env(self) -> tuple[str, ...]:
        """The names from before `PLUTO_`."""
        return tuple(dict.fromkeys("MLOP_" + name.removeprefix("PLUTO_") for name in self.env))

    @property
    def accepts(self) -> str:
        """The accepted values, for people."""
        base, optional = self.type.removesuffix(" | None"), self.type.endswith(" | None")
        if self.choices:
            text = ", ".join(self.choices)
        elif base == "bool":
            text = "true or false (also 1, 0, yes, no, on, off)"
        elif base in ("int", "float"):
            text = "a whole number" if base == "int" else "a number"
            text += "" if self.low is None else f", at least {self.low:g}"
        else:
            text = {"str": "text", "dict[str, Any]": "a dict"}.get(base, base)
        return text + (", or None" if optional else "")

    def check(self, value: Any, given: str | None = None) -> Any:
        """The value as the option keeps it; text is read as an environment variable would be.

        Raises `SettingsError`.
        """
        try:
            return self._convert(value)
        except (TypeError, ValueError, OverflowError):
            shown = "the value given" if self.secret else repr(value)[:80]
            variable = f" (environment variable {given or self.env[0]})" if self.env else ""
            raise SettingsError(f"option {self.name!r}{variable} takes {self.accepts}, not {shown}") from None

    def _convert(self, value: Any) -> Any:
        base = self.type.removesuffix(" | None")
        if value is None:
            if base == self.type:
                raise ValueError
            return None
        if self.choices:
            return self.choices.get(_text(value, self).strip().lower()) or _fail()
        return _CONVERT[base](value, self)


def _fail() -> Any:
    raise ValueError


def _text(value: Any, _: Option) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return value if isinstance(value, str) and "\0" not in value else _fail()


def _flag(value: Any, _: Option) -> bool:
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    return False if text in ("0", "false", "no", "off") else _fail()


def _number(value: Any, option: Option) -> float:
    if isinstance(value, bool):
        raise ValueError
    if isinstance(value, str) and option.name == "x_log_level":
        value = _LEVELS.get(value.strip().upper(), value)
    number = float(value)
    if not math.isfinite(number) or (option.low is not None and number < option.low):
        raise ValueError
    return number


def _whole(value: Any, option: Option) -> int:
    number = _number(value, option)
    return int(number) if number == int(number) else _fail()


def _mapping(value: Any, _: Option) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else _fail()


_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_CONVERT: dict[str, Callable[[Any, Option], Any]] = {
    "str": _text, "bool": _flag, "float": _number, "int": _whole, "dict[str, Any]": _mapping,
}  # fmt: skip

OPTIONS: dict[str, Option] = {}
"""The table."""

RENAMED = {
    "_auth": "api_key",
    "_external_id": "run_id",
    "save_dir": "dir",
    "x_thread_join_timeout_seconds": "finish_wait",
    "sync_process_shutdown_timeout": "finish_wait",
    "x_file_stream_timeout_seconds": "http_timeout",
}
"""Old name → the option that takes its value."""

RETIRED_STATE = {
    "_op_name": "pass `name` to pluto.init()",
    "_resume_run_id": "pass `run_id` and `resume` to pluto.init()",
    "_resume_display_id": "pass `run_id` and `resume` to pluto.init()",
    "_fork_run_id": "pass `fork_run_id` to pluto.init()",
    "_fork_step": "pass `fork_step` to pluto.init()",
    "_inherit_config": "pass `inherit_config` to pluto.init()",
    "_inherit_tags": "pass `inherit_tags` to pluto.init()",
    "_op_id": "the run knows it: `Op.id`",
    "_op_status": "the run knows it",
    "_display_id": "the run knows it",
    "_external_id_from_env": "set PLUTO_RUN_ID",
    "_sys": "use pluto.System",
}
"""Fields that were never options; old code may still hand them over."""

_said: set[str] = set()


def say_once(key: str, text: str) -> None:
    """Warns on the logger `pluto`, once per process and key."""
    if key not in _said:
        _said.add(key)
        logger.warning(text)


def find(name: str) -> Option:
    """The option of this name. Raises `SettingsError` that suggests what may have been meant."""
    option = OPTIONS.get(name)
    if option is None:
        near = difflib.get_close_matches(name, [*OPTIONS, *RENAMED], 1, 0.7)
        meant = f"; did you mean {near[0]!r}?" if near else "; docs/settings.md lists all options"
        raise SettingsError(f"there is no option {name!r}{meant}")
    return option


def admit(given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Checked values by option name; old names are renamed or dropped with one warning each. Raises `SettingsError`."""
    values: dict[str, Any] = {}
    for name, value in given:
        if name in RETIRED_STATE:
            say_once(name, f"setting {name!r} has no effect: {RETIRED_STATE[name]}")
            continue
        option = find(RENAMED.get(name, name))
        if name in RENAMED:
            say_once(name, f"setting {name!r} is now {option.name!r}")
        if option.retired:
            if value != option.default:
                say_once(name, f"setting {name!r} has no effect: {option.doc}")
            continue
        if option.name == "mode" and value == "debug":
            say_once("debug", "mode 'debug' is now 'online'; x_log_level=10 shows Pluto's own messages")
        values[option.name] = option.check(value)
    return values


def from_environment() -> dict[str, tuple[Any, str]]:
    """Option name → (checked value, variable it came from).

    `MLOP_*` counts where no `PLUTO_*` is set, and warns once.
    """
    found: dict[str, tuple[Any, str]] = {}
    for option in OPTIONS.values():
        for variable in option.env + option.old_env:
            text = os.environ.get(variable)
            if not text:
                continue
            if variable.startswith("MLOP_"):
                say_once("MLOP", f"{variable} is the old name of {option.env[0]}; MLOP_* variables will stop working")
            found[option.name] = option.check(text, variable), variable
            break
    return found


def option(
    default: T,
    doc: str,
    *,
    env: str | tuple[str, ...] = (),
    choices: Mapping[str, str] | Iterable[str] = (),
    low: float | None = None,
    secret: bool = False,
    retired: bool = False,
) -> T:
    """A row of the table, written as a class attribute; without `env` the variable is `PLUTO_` + the name."""
    if not isinstance(choices, Mapping):
        choices = {choice: choice for choice in choices}
    env = (env,) if isinstance(env, str) else env
    return cast(T, Option("", "", default, doc, env, choices, low, secret, retired))


def table(cls: C) -> C:
    """Moves the rows of a class into `OPTIONS` and leaves the defaults as its attributes."""
    for name, kind in cls.__annotations__.items():
        row: Option = cls.__dict__[name]
        env = row.env or (() if row.retired else ("PLUTO_" + name.removeprefix("x_").upper(),))
        OPTIONS[name] = row._replace(name=name, type=kind, env=env)
        setattr(cls, name, row.default)
    return cls


@table
class Options:
    """The options with their types; reading one that was never set gives its default."""

    # where things are
    dir: str | None = option(None, "Root folder of everything Pluto keeps on this machine. None: ~/.pluto.")
    project: str = option("pluto", "Project a run belongs to.")
    run_id: str | None = option(None, "Identity of the run; processes that name the same one write one run.")
    host: str | None = option(
        None,
        "Server. `local`: the local store, whatever else is set. A name or address: the four ports 3000, 3001, 3003 and"
        " 3004 of a self-hosted server. `name:port` or a URL: one address for everything, as `pluto server` gives it.",
    )
    url_app: str = option("https://pluto.trainy.ai", "Address of the web pages. See `host`.")
    url_api: str = option("https://pluto-api.trainy.ai", "Address of the API. See `host`.")
    url_ingest: str = option("https://pluto-ingest.trainy.ai", "Address that takes metrics and logs. See `host`.")
    url_py: str = option("https://pluto-py.trainy.ai", "Address of heartbeats and alerts. See `host`.")
    url_webhook: str | None = option(None, "Address an alert points to when it names none.")
    api_key: str | None = option(
        None,
        "Key of the server. None: the one `pluto login` keeps. Better not written into a script.",
        env=("PLUTO_API_KEY", "PLUTO_API_TOKEN"),
        secret=True,
    )
    http_proxy: str | None = option(None, "Proxy for http:// addresses.", secret=True)
    https_proxy: str | None = option(None, "Proxy for https:// addresses.", secret=True)
    insecure_disable_ssl: bool = option(False, "Do not check the server's certificate.")

    # what is recorded
    mode: str = option(
        "perf",
        "`online`: delivered while the run goes on. `offline`: kept until `pluto sync`. `disabled`: nothing is kept.",
        choices={"online": "online", "offline": "offline", "disabled": "disabled",
                 "perf": "online", "debug": "online", "noop": "disabled"},
    )  # fmt: skip
    disable_console: bool = option(False, "Do not record what the process prints.")
    x_console_fd_capture: bool = option(
        True, "Record C code and child processes too. False: only what goes through sys.stdout and sys.stderr."
    )
    sanitize_logs: bool = option(True, "Remove keys, tokens and passwords from recorded console lines.")
    disable_system_metrics: bool = option(False, "Do not record the use of processor, memory, disk, network and GPUs.")
    x_sys_sampling_interval: float = option(4, "Seconds between two samples of the system metrics.", low=0.1)
    x_sys_label: str = option("sys", "First part of the names of system metrics.")
    x_grad_label: str = option("grad", "First part of the names of watched gradients.")
    x_param_label: str = option("param", "First part of the names of watched parameters.")

    # durability and the end
    durability: str = option(
        "normal",
        "`normal`: a call that returned outlives every process. `full`: a power cut too, one fsync a call.",
        choices=("normal", "full"),
    )
    delivery: str = option(
        "process", "Who delivers: a `process` of its own, or a `thread` of this one.", choices=("process", "thread")
    )
    init_timeout: float = option(30.0, "Seconds a call waits whose meaning is an answer of the server.", low=0)
    finish_wait: float = option(
        30.0,
        "Seconds `finish` and exit wait for delivery before they leave it to the uploader.",
        env=("PLUTO_FINISH_WAIT", "PLUTO_THREAD_JOIN_TIMEOUT_SECONDS"),
        low=0,
    )
    exit_wait: float = option(
        60.0, "The same where the uploader dies with the job: SLURM, Kubernetes, containers, CI.", low=0
    )
    http_timeout: float = option(32.0, "Seconds one request to the server may take.", low=0.1)
    stop_on_cancel: bool = option(False, "Raise KeyboardInterrupt in the main thread when the run is cancelled.")
    x_log_level: int = option(
        16, "Level of Pluto's own messages: a number, or DEBUG, INFO, WARNING, ERROR, CRITICAL.",
        env="PLUTO_DEBUG_LEVEL", low=0,
    )  # fmt: skip

    # old: each still works by another name, or says what to do instead
    disable_iface: bool = option(False, "Old way to say mode='offline'.")
    sync_process_enabled: bool = option(True, "False is the old way to say mode='offline'.")
    tag: str = option("pluto", "the name is fixed.", retired=True)
    compat: dict[str, Any] = option({}, "historical runs are written through the server's API.", retired=True)
    meta: list[str] | None = option(None, "it was internal.", retired=True)
    message: Any = option(None, "it was internal.", retired=True)
    disable_store: bool = option(True, "the journal is always written; mode='disabled' keeps nothing.", retired=True)
    disable_progress: bool = option(True, "there are no progress bars in a training process.", retired=True)
    url_view: str | None = option(None, "the run knows its page: `Op.url`.", retired=True)
    store_db: str = option("store.db", "use `dir` to choose where things lie.", retired=True)
    store_table_num: str = option("num", "use `pluto.query` to read what was logged.", retired=True)
    store_table_file: str = option("file", "use `pluto.query` to read what was logged.", retired=True)
    store_max_size: int = option(2**14, "the journal has no limit to set.", retired=True)
    store_aggregate_interval: float = option(0.5, "nothing is held back.", retired=True)
    x_internal_check_process: int = option(1, "nothing polls.", retired=True)
    x_file_stream_retry_max: int = option(4, "delivery is tried until it succeeds.", retired=True)
    x_file_stream_retry_wait_min_seconds: float = option(0.5, "the uploader chooses; see `http_timeout`.", retired=True)
    x_file_stream_retry_wait_max_seconds: float = option(2, "the uploader chooses; see `http_timeout`.", retired=True)
    x_file_stream_timeout_seconds: int = option(32, "use `http_timeout`.", retired=True)
    x_file_stream_max_conn: int = option(32, "the uploader chooses.", retired=True)
    x_file_stream_max_size: int = option(2**18, "the uploader chooses the size of a batch.", retired=True)
    x_file_stream_transmit_interval: int = option(8, "the uploader sends as soon as there is something.", retired=True)
    x_thread_join_timeout_seconds: int = option(30, "use `finish_wait`.", retired=True)
    x_sigterm_status_enabled: bool = option(
        True, "no signal handler is installed; the uploader marks a run whose process is gone.", retired=True
    )
    x_sigterm_status_timeout_seconds: float = option(5.0, "see `x_sigterm_status_enabled`.", retired=True)
    pluto_version: str | None = option(None, "see `pluto.__version__`.", retired=True)
    pluto_commit: str | None = option(None, "see `pluto version`.", retired=True)
    sync_process_db_path: str | None = option(None, "use `dir` to choose where the journal lies.", retired=True)
    sync_process_flush_interval: float = option(1.0, "every call is durable on return.", retired=True)
    sync_process_shutdown_timeout: float = option(30.0, "use `finish_wait`.", retired=True)
    sync_process_orphan_timeout: float = option(10.0, "the uploader sees at once that a process is gone.", retired=True)
    sync_process_retry_max: int = option(5, "delivery is tried until it succeeds.", retired=True)
    sync_process_retry_backoff: float = option(2.0, "the uploader chooses.", retired=True)
    sync_process_batch_size: int = option(100, "the uploader chooses the size of a batch.", retired=True)
    sync_process_file_batch_size: int = option(10, "the uploader chooses the size of a batch.", retired=True)
