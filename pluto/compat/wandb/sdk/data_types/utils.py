"""What becomes of a value on its way into a row."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from pluto.compat.wandb.sdk.data_types import figures
from pluto.compat.wandb.sdk.data_types.base_types import native
from pluto.compat.wandb.sdk.data_types.base_types.media import BatchableMedia, Media
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import WBValue
from pluto.compat.wandb.sdk.data_types.cells import cell_to_json as _json_helper
from pluto.compat.wandb.sdk.lib.row_values import Place

_log: Final = logging.getLogger(__name__)
_TABLES: Final = ("table", "partitioned-table", "joined-table")


def history_dict_to_json(
    run: Any, payload: Mapping[str, Any], step: int | None = None, ignore_copy_err: bool | None = None
) -> dict[str, Any]:
    """A row with its data types as JSON; nested dicts, too. Without `step` it is the row's `_step`."""
    step = payload["_step"] if step is None else step
    return {
        key: history_dict_to_json(run, value, step, ignore_copy_err)
        if isinstance(value, Mapping)
        else val_to_json(run, key, value, namespace=step, ignore_copy_err=ignore_copy_err)
        for key, value in list(payload.items())
    }


def val_to_json(
    run: Any, key: str, val: Any, namespace: str | int | None = None, ignore_copy_err: bool | None = None
) -> Any:
    """A value that is, or becomes, a data type as a row has it; others as they are.

    Frames become tables; figures become plotly's, or images. A list of media of one kind is one value. `namespace` is
    the number of the row, or "summary". Raises `ValueError` without it, and what data types raise.
    """
    if namespace is None:
        raise ValueError("val_to_json must be called with a namespace(a step number, or 'summary') argument")
    if isinstance(val, (int, float, str)):
        return val
    if type(val).__module__.partition(".")[0] == "pandas" and type(val).__name__ == "DataFrame":
        from pluto.compat.wandb.sdk.data_types.table import Table

        val = Table(dataframe=val)
    elif figures.is_matplotlib(val) or figures.is_plotly(val):
        from pluto.compat.wandb.sdk.data_types.plotly import Plotly

        val = Plotly.make_plot_media(val)
    elif isinstance(val, (list, tuple, range)) and all(isinstance(item, WBValue) for item in val):
        return _several(run, key, list(val), namespace, ignore_copy_err)
    if not isinstance(val, WBValue):
        return val
    if isinstance(val, Media):
        _bind(val, run, key, namespace)
    found = val.to_json(run)
    if getattr(val, "log_mode", None) == "INCREMENTAL":
        val._last_logged_idx = len(val.data) - 1  # type: ignore[attr-defined]
    return found


def _several(run: Any, key: str, values: list[Any], namespace: str | int, ignore_copy_err: bool | None) -> Any:
    kind: type[Any] = type(values[0]) if values else WBValue
    if not issubclass(kind, BatchableMedia) or not all(isinstance(value, kind) for value in values):
        return [val_to_json(run, key, value, namespace, ignore_copy_err) for value in values]
    limit = getattr(kind, "MAX_ITEMS", len(values))
    if limit < len(values):
        _log.warning("Only %s %s will be uploaded.", limit, kind.__name__)
    kept = values[:limit]
    where = native.place(run, key, namespace)
    for index, value in enumerate(kept):
        # In the summary files are named by that word, and no place is known but the row that is open.
        step = namespace if isinstance(namespace, str) else Place(where, where.row, where.name, index)
        value.bind_to_run(run=run, key=key, step=step, ignore_copy_err=ignore_copy_err)
    return kind.seq_to_json(kept, run, key, namespace)


def _bind(value: Media, run: Any, key: str, namespace: str | int) -> None:
    if value.is_bound():
        if value._run is run or value._run is None:
            value._hand_over_again(key, namespace)
        return
    if value._log_type in _TABLES:
        from pluto.compat.wandb.sdk.data_types.table_artifacts import log_table_artifact

        log_table_artifact(value, key, run)
    if value._log_type in ("partitioned-table", "joined-table"):
        return
    value.bind_to_run(run, key, namespace)


__all__ = ["_json_helper", "history_dict_to_json", "val_to_json"]
