"""A table of an evaluation: what went in, what came out, and the scores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

from pluto.compat.wandb.errors.errors import UsageError
from pluto.compat.wandb.errors.term import termwarn
from pluto.compat.wandb.sdk.data_types.base_types.wb_value import is_artifact, is_run
from pluto.compat.wandb.sdk.data_types.table import ColumnKey, LogMode, Table

EVAL_TABLE_ROW_INDEX_KEY = "row"
"""By what rows are compared where no column is an input: their number, from 1."""
UnsupportedMediaMode = Literal["stub", "raise"]
Backend = Literal["weave", "ces"]


def validate_unsupported_media_mode(mode: str) -> None:
    """Raises `ValueError` for anything but "stub" and "raise"."""
    known = get_args(UnsupportedMediaMode)
    if mode not in known:
        raise ValueError(f"unsupported_media_mode must be one of {known}, got {mode!r}.")


class EvalTable(Table):
    """A table whose columns are inputs, outputs or scores; a column that is not named is an output.

    Without `columns` they are those of the three lists, in this order. It is kept with the run as a table, offline,
    too: `backend` names services of the original which Pluto has no use for, and cells may be media of every kind
    whatever `unsupported_media_mode` says.

    Raises `UsageError` for another `log_mode` than "IMMUTABLE" and another backend, `ValueError` for a column that is
    not there.
    """

    _log_type = "eval-table"

    def __init__(
        self,
        columns: list[ColumnKey] | None = None,
        data: Any = None,
        rows: Any = None,
        dataframe: Any = None,
        dtype: Any = None,
        optional: bool | list[bool] = True,
        allow_mixed_types: bool = False,
        log_mode: LogMode = "IMMUTABLE",
        *,
        input_columns: list[str] | None = None,
        output_columns: list[str] | None = None,
        score_columns: list[str] | None = None,
        backend: Backend | None = None,
        unsupported_media_mode: UnsupportedMediaMode = "stub",
    ) -> None:
        if log_mode != "IMMUTABLE":
            raise UsageError("EvalTable currently only supports log_mode='IMMUTABLE'.")
        validate_unsupported_media_mode(unsupported_media_mode)
        if backend is not None and backend not in get_args(Backend):
            raise UsageError(f"Unsupported EvalTable backend {backend!r}; expected 'weave' or 'ces'.")
        self._input_columns = list(input_columns or [])
        self._output_columns = list(output_columns or [])
        self._score_columns = list(score_columns or [])
        if columns is None and dataframe is None:
            columns = [*self._input_columns, *self._output_columns, *self._score_columns] or None
        super().__init__(columns, data, rows, dataframe, dtype, optional, allow_mixed_types, log_mode)

    def bind_to_run(
        self, run: Any, key: int | str, step: int | str, id_: Any = None, ignore_copy_err: bool | None = None
    ) -> None:
        """Puts the table into the run's folder."""
        super().bind_to_run(run, key, step, id_, ignore_copy_err)

    def to_json(self, run_or_artifact: Any) -> dict[str, Any]:
        """The table's file, and what its columns are. Raises `TypeError` for an artifact."""
        if is_artifact(run_or_artifact):
            raise TypeError("EvalTable cannot be logged to a wandb.Artifact.")
        if not is_run(run_or_artifact):
            raise TypeError("EvalTable can only be serialized for a wandb.Run.")
        if self._run is None:
            raise UsageError("EvalTable must be logged with run.log().")
        if self._run is not run_or_artifact:
            raise UsageError("EvalTable cannot be serialized for a different run than it was bound to.")
        return {**super().to_json(run_or_artifact), "_type": self._log_type, **self._roles()}

    def _roles(self) -> dict[str, list[str]]:
        named = [*self._input_columns, *self._output_columns, *self._score_columns]
        columns = [str(column) for column in self.columns]
        if twice := _repeated(columns):
            raise ValueError(
                f"EvalTable column names must be unique after converting to strings for EvalTable logging. Duplicate"
                f" column name(s): {twice}."
            )
        if unknown := set(named) - set(columns):
            raise ValueError(
                f"Column(s) {sorted(unknown)} listed in input/output/score_columns do not exist in the table."
            )
        for column in _repeated(named):
            termwarn(
                f"Column {column!r} appears in more than one role list; it will be included in all matching dicts.",
                repeat=False,
            )
        others = [column for column in columns if column not in named]
        return {
            "input_columns": self._input_columns,
            "output_columns": self._output_columns + others,
            "score_columns": self._score_columns,
        }


def _repeated(names: Iterable[str]) -> list[str]:
    names = list(names)
    return sorted({name for name in names if names.count(name) > 1})


__all__ = ["EVAL_TABLE_ROW_INDEX_KEY", "EvalTable", "UnsupportedMediaMode", "validate_unsupported_media_mode"]
