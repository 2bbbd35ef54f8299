"""Every setting once: its default, how a value is checked, and whether it has an effect here."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.lib.run_moment import RunMoment
from pluto.compat.wandb.sdk.lib.setting_checks import (
    Check,
    boolean,
    filters,
    function,
    mapping,
    number,
    numbers,
    one_of,
    optional,
    text,
    texts,
    whole,
)

_FORBIDDEN_IN_PROJECT: Final = "/\\#?%:"
_FORBIDDEN_IN_ID: Final = ":;,#?/'"
_TAG_CHARS: Final = 64
_PROJECT_CHARS: Final = 128


class Field(NamedTuple):
    """One row of the table."""

    default: Any
    check: Check
    heeded: bool = True
    """Whether it has an effect; setting one that has none is told once."""
    make: Callable[[], Any] | None = None
    """Makes the default where it is no constant."""


class _Unset:
    def __repr__(self) -> str:
        return "<unset>"


UNSET: Final[Any] = _Unset()
"""Stands for `anonymous` not given."""


def _anonymous(value: Any) -> Any:
    if value is not UNSET and value is not None:
        termwarn("the anonymous setting has no effect: nothing here needs an account", repeat=False)
    return value


def _console(value: Any) -> str:
    word = one_of("auto", "off", "wrap", "redirect", "wrap_raw", "wrap_emu")(value)
    return "wrap" if word == "auto" else word


def _project(value: Any) -> str:
    name = text(value)
    if len(name) > _PROJECT_CHARS:
        raise UsageError(f"Invalid project name {name!r}: exceeded {_PROJECT_CHARS} characters")
    found = [char for char in _FORBIDDEN_IN_PROJECT if char in name]
    if found:
        raise UsageError(
            f"Invalid project name {name!r}: cannot contain characters {','.join(_FORBIDDEN_IN_PROJECT)!r},"
            f" found {','.join(found)!r}"
        )
    return name


def _identity(what: str, forbidden: str) -> Check:
    def check(value: Any) -> str:
        name = text(value)
        if not name.strip():
            raise UsageError(f"{what} cannot be empty" if not name else f"{what} cannot contain only whitespace")
        if name != name.strip():
            raise UsageError(f"{what} cannot start or end with whitespace")
        if any(char in forbidden for char in name):
            raise UsageError(f"{what} cannot contain the characters: {forbidden}")
        return name

    return check


def _key(value: Any) -> str:
    key = text(value)
    if key != key.strip():
        raise UsageError("API key cannot start or end with whitespace")
    return key


def _tags(value: Any) -> tuple[str, ...]:
    tags = (value,) if isinstance(value, str) else tuple(value)
    wrong = []
    for index, tag in enumerate(tags):
        if not isinstance(tag, str):
            raise ValueError(f"Tag at index {index} is no string")
        if not tag:
            wrong.append(f"Tag at index {index} is empty")
        elif len(tag) > _TAG_CHARS:
            wrong.append(f"Tag {tag[:20] + '...' + tag[-20:]!r} is {len(tag)} characters")
    if wrong:
        raise ValueError("; ".join(f"{each}. Tags must be between 1 and {_TAG_CHARS} characters" for each in wrong))
    return tuple(dict.fromkeys(tags))


def _reinit(value: Any) -> bool | str:
    if isinstance(value, str) and value in ("default", "return_previous", "finish_previous", "create_new"):
        return value
    try:
        return boolean(value)
    except ValueError:
        raise ValueError("Input should be 'default', 'return_previous', 'finish_previous' or 'create_new'") from None


def _resume(value: Any) -> str | None:
    if value is None or value is False:
        return None
    return "auto" if value is True else one_of("allow", "must", "never", "auto")(value)


def _moment(value: Any) -> RunMoment:
    return value if isinstance(value, RunMoment) else RunMoment.from_uri(text(value))


def _not_negative(name: str, check: Check) -> Check:
    def checked(value: Any) -> Any:
        found = check(value)
        if found < 0:
            raise ValueError(f"{name} must be non-negative")
        return found

    return checked


def _interval(value: Any) -> float:
    seconds = number(value)
    if seconds < 0.1:
        raise UsageError("Stats sampling interval cannot be less than 0.1 seconds")
    return seconds


def _url(value: Any) -> str:
    address = text(value)
    if "://" not in address:
        raise ValueError(f"{address!r} is no URL: it begins with http:// or https://")
    return address.rstrip("/")


_text, _flag, _number, _whole = optional(text), optional(boolean), optional(number), optional(whole)

FIELDS: Final[dict[str, Field]] = {
    "allow_media_symlink": Field(False, boolean),
    "allow_offline_artifacts": Field(True, boolean),
    "allow_val_change": Field(False, boolean),
    "anonymous": Field(UNSET, _anonymous),
    "api_key": Field(None, optional(_key)),
    "azure_account_url_to_access_key": Field(None, optional(mapping), False),
    "app_url_override": Field(None, optional(_url), False),
    "base_url": Field("", lambda value: _url(value) if value else "", False),
    "code_dir": Field(None, _text),
    "config_paths": Field(None, optional(texts)),
    "console": Field("wrap", _console),
    "console_multipart": Field(False, boolean, False),
    "console_chunk_max_bytes": Field(0, _not_negative("console_chunk_max_bytes", whole), False),
    "console_chunk_max_seconds": Field(0, _not_negative("console_chunk_max_seconds", whole), False),
    "capture_loggers": Field(None, optional(mapping)),
    "credentials_file": Field("", text, False),
    "disable_code": Field(False, boolean),
    "disable_git": Field(False, boolean),
    "disable_git_fork_point": Field(True, boolean, False),
    "disable_job_creation": Field(True, boolean, False),
    "docker": Field(None, _text),
    "email": Field(None, _text),
    "entity": Field(None, _text),
    "organization": Field(None, _text, False),
    "force": Field(False, boolean, False),
    "fork_from": Field(None, optional(_moment)),
    "git_commit": Field(None, _text),
    "git_remote": Field("origin", text),
    "git_remote_url": Field(None, _text),
    "git_root": Field(None, _text),
    "heartbeat_seconds": Field(30, whole, False),
    "host": Field(None, _text),
    "http_proxy": Field(None, optional(_url)),
    "https_proxy": Field(None, optional(_url)),
    "identity_token_file": Field(None, _text, False),
    "ignore_globs": Field((), texts),
    "init_timeout": Field(90.0, number),
    "finish_timeout": Field(0.0, number),
    "finish_timeout_raises": Field(False, boolean),
    "insecure_disable_ssl": Field(False, boolean),
    "job_name": Field(None, _text, False),
    "job_source": Field(None, optional(one_of("repo", "artifact", "image")), False),
    "label_disable": Field(False, boolean),
    "launch": Field(False, boolean, False),
    "launch_config_path": Field(None, _text, False),
    "login_timeout": Field(None, _number, False),
    "mode": Field("online", one_of("online", "offline", "shared", "disabled", "dryrun", "run")),
    "notebook_name": Field(None, _text),
    "program": Field(None, _text),
    "program_abspath": Field(None, _text),
    "program_relpath": Field(None, _text),
    "project": Field(None, optional(_project)),
    "quiet": Field(False, boolean),
    "reinit": Field("default", _reinit),
    "relogin": Field(False, boolean, False),
    "resume": Field(None, _resume),
    "resume_from": Field(None, optional(_moment)),
    "resumed": Field(False, boolean),
    "root_dir": Field("", text, make=lambda: str(Path.cwd())),
    "run_group": Field(None, _text),
    "run_id": Field(None, optional(_identity("Run ID", _FORBIDDEN_IN_ID))),
    "run_job_type": Field(None, _text),
    "run_name": Field(None, _text),
    "run_notes": Field(None, _text),
    "run_tags": Field(None, optional(_tags)),
    "sagemaker_disable": Field(False, boolean),
    "save_code": Field(None, _flag),
    "settings_system": Field(None, optional(lambda value: str(Path(text(value)).expanduser()))),
    "stop_fn": Field(None, optional(function)),
    "max_end_of_run_history_metrics": Field(10, whole),
    "max_end_of_run_summary_metrics": Field(10, whole),
    "show_colors": Field(None, _flag),
    "show_emoji": Field(None, _flag, False),
    "show_errors": Field(True, boolean),
    "show_info": Field(True, boolean),
    "show_warnings": Field(True, boolean),
    "silent": Field(False, boolean),
    "stop_on_fatal_error": Field(False, boolean, False),
    "strict": Field(None, _flag, False),
    "summary_timeout": Field(60, whole, False),
    "summary_warnings": Field(5, whole, False),
    "sweep_id": Field(None, optional(_identity("Sweep ID", ""))),
    "sweep_param_path": Field(None, _text),
    "symlink": Field(True, boolean, make=lambda: sys.platform != "win32"),
    "sync_tensorboard": Field(None, _flag),
    "table_raise_on_max_row_limit_exceeded": Field(False, boolean),
    "use_dot_wandb": Field(None, _flag),
    "username": Field(None, _text),
    "x_cli_only_mode": Field(False, boolean, False),
    "x_disable_meta": Field(False, boolean),
    "x_disable_stats": Field(False, boolean),
    "x_disable_viewer": Field(False, boolean, False),
    "x_disable_machine_info": Field(False, boolean),
    "x_executable": Field(None, _text),
    "x_extra_http_headers": Field(None, optional(mapping), False),
    "x_file_stream_max_bytes": Field(None, _whole, False),
    "x_file_stream_max_line_bytes": Field(None, _whole, False),
    "x_file_stream_transmit_interval": Field(None, _number, False),
    "x_file_stream_no_gzip": Field(True, boolean, False),
    "x_file_stream_retry_max": Field(None, _whole, False),
    "x_file_stream_retry_wait_min_seconds": Field(None, _number, False),
    "x_file_stream_retry_wait_max_seconds": Field(None, _number, False),
    "x_file_stream_timeout_seconds": Field(None, _number, False),
    "x_file_transfer_retry_max": Field(None, _whole, False),
    "x_file_transfer_retry_wait_min_seconds": Field(None, _number, False),
    "x_file_transfer_retry_wait_max_seconds": Field(None, _number, False),
    "x_file_transfer_timeout_seconds": Field(None, _number, False),
    "x_files_dir": Field(None, _text),
    "x_flow_control_custom": Field(None, _flag, False),
    "x_flow_control_disabled": Field(None, _flag, False),
    "x_graphql_retry_max": Field(None, _whole, False),
    "x_graphql_retry_wait_min_seconds": Field(None, _number, False),
    "x_graphql_retry_wait_max_seconds": Field(None, _number, False),
    "x_graphql_timeout_seconds": Field(None, _number, False),
    "x_history_value_encoding": Field("json", text, False),
    "x_internal_check_process": Field(8.0, number, False),
    "x_jupyter_name": Field(None, _text),
    "x_jupyter_path": Field(None, _text),
    "x_jupyter_root": Field(None, _text),
    "x_label": Field(None, _text),
    "x_live_policy_rate_limit": Field(None, _whole, False),
    "x_live_policy_wait_time": Field(None, _whole, False),
    "x_log_level": Field(20, whole),
    "x_network_buffer": Field(None, _whole, False),
    "x_primary": Field(True, boolean),
    "x_proxies": Field(None, optional(mapping), False),
    "x_runqueue_item_id": Field(None, _text, False),
    "x_save_requirements": Field(True, boolean),
    "x_server_side_derived_summary": Field(False, boolean, False),
    "x_service_transport": Field(None, _text, False),
    "x_service_wait": Field(30.0, number, False),
    "x_skip_transaction_log": Field(False, boolean, False),
    "x_start_time": Field(None, _number),
    "x_stats_pid": Field(0, whole, False, make=os.getpid),
    "x_stats_sampling_interval": Field(15.0, _interval),
    "x_stats_neuron_monitor_config_path": Field(None, _text, False),
    "x_stats_dcgm_exporter": Field(None, _text, False),
    "x_stats_open_metrics_endpoints": Field(None, optional(mapping), False),
    "x_stats_open_metrics_filters": Field(None, optional(filters), False),
    "x_stats_open_metrics_http_headers": Field(None, optional(mapping), False),
    "x_stats_disk_paths": Field(("/",), optional(texts), False),
    "x_stats_cpu_count": Field(None, _whole, False),
    "x_stats_cpu_logical_count": Field(None, _whole, False),
    "x_stats_gpu_count": Field(None, _whole, False),
    "x_stats_gpu_type": Field(None, _text, False),
    "x_stats_gpu_device_ids": Field(None, optional(numbers), False),
    "x_stats_buffer_size": Field(0, whole, False),
    "x_stats_coreweave_metadata_base_url": Field("", text, False),
    "x_stats_coreweave_metadata_endpoint": Field("", text, False),
    "x_stats_track_process_tree": Field(False, boolean, False),
    "x_stats_no_cgroup": Field(False, boolean, False),
    "x_stats_self_usage": Field(False, boolean, False),
    "x_sync": Field(False, boolean, False),
    "x_sync_dir_suffix": Field("", text),
    "x_transaction_log_flush_interval": Field(15.0, number, False),
    "x_update_finish_state": Field(True, boolean),
}
"""The settings, in the order they have as parameters."""

ALIASES: Final = {"x_primary_node": "x_primary"}
"""Other names, and what each stands for."""

OLD: Final = {
    "start_method": "processes need no method here",
    "_start_method": "processes need no method here",
    "x_start_method": "processes need no method here",
    "problem": "it is always an error",
    "disable_hints": "there are no hints",
    "_require_service": "there is nothing to require",
    "x_require_service": "there is nothing to require",
    "_require_core": "there is nothing to require",
    "x_require_core": "there is nothing to require",
    "x_require_legacy_service": "there is nothing to require",
}
"""Settings of older releases that have no successor, and why none is needed."""
