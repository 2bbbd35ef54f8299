"""Which rows a table has, and in which order."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from pluto.compat.attributes.conditions import AllOf, AnyOf, Compare, Condition, Exists, Not
from pluto.compat.attributes.kinds import AttributeKind
from pluto.compat.neptune.common.warnings import NeptuneWarning, warn_once
from pluto.compat.neptune.envs import NEPTUNE_FETCH_TABLE_STEP_SIZE
from pluto.compat.neptune.exceptions import NeptuneInvalidQueryException
from pluto.compat.neptune.internal.backends.failures import telling
from pluto.compat.neptune.internal.backends.utils import construct_progress_bar
from pluto.compat.neptune.internal.container_type import ContainerType
from pluto.compat.neptune.internal.utils import as_list, verify_collection_type, verify_type, verify_value
from pluto.compat.neptune.internal.utils.run_state import RunState
from pluto.compat.neptune.nql import QuerySyntaxError, parse
from pluto.compat.neptune.table import Fields, LeaderboardEntry, Table
from pluto.compat.neptune.typing import ProgressBarCallback

if TYPE_CHECKING:
    from pluto.compat.attributes import AttributeReader, RunAttributes
    from pluto.compat.neptune.typing import ProgressBarType

__all__ = ["fetch_model_versions_table", "fetch_models_table", "fetch_runs_table"]

_CREATED: Final = "sys/creation_time"
_ID: Final = "sys/id"
_MODEL: Final = "sys/model_id"
_SIMPLE: Final = frozenset({
    AttributeKind.BOOL, AttributeKind.INT, AttributeKind.FLOAT, AttributeKind.STRING, AttributeKind.DATETIME,
    AttributeKind.RUN_STATE,
})  # fmt: skip
_NUMBERS: Final = frozenset({AttributeKind.INT, AttributeKind.FLOAT})


def fetch_runs_table(
    reader: AttributeReader | None,
    project: str,
    *,
    query: str | None,
    id: str | Iterable[str] | None,
    state: str | Iterable[str] | None,
    owner: str | Iterable[str] | None,
    tag: str | Iterable[str] | None,
    columns: Iterable[str] | None,
    trashed: bool | None,
    limit: int | None,
    sort_by: str,
    ascending: bool,
    progress_bar: ProgressBarType | None,
) -> Table:
    """`Project.fetch_runs_table`, whose parameters these are. Without a reader (debug mode) there are no rows."""
    if any((id, state, owner, tag)) and query is not None:
        raise ValueError("'query' can't be combined with 'id', 'state', 'owner' or 'tag': write them into the query")
    ids, states, owners, tags = (
        as_list(name, value) for name, value in (("id", id), ("state", state), ("owner", owner), ("tag", tag))
    )
    verify_collection_type("state", states, str)
    for one in states:
        verify_value("state", one.lower(), ("inactive", "active"))
    verify_type("trashed", trashed, (bool, type(None)))
    simple = AllOf([
        *_any(Compare(_ID, AttributeKind.STRING, "=", one) for one in ids),
        *_any(Compare("sys/state", AttributeKind.RUN_STATE, "=", RunState.from_string(one).to_api()) for one in states),
        *_any(Compare("sys/owner", AttributeKind.STRING, "=", one) for one in owners),
        *(Compare("sys/tags", AttributeKind.STRING_SET, "CONTAINS", one) for one in tags),
    ])  # fmt: skip
    _verify(query, limit, sort_by, ascending, progress_bar)
    rows = _Rows(reader, project, ContainerType.RUN, simple, query, trashed)
    return rows.table(columns, limit, sort_by, ascending, progress_bar)


def fetch_models_table(
    reader: AttributeReader | None,
    project: str,
    *,
    query: str | None,
    columns: Iterable[str] | None,
    trashed: bool | None,
    limit: int | None,
    sort_by: str,
    ascending: bool,
    progress_bar: ProgressBarType | None,
) -> Table:
    """`Project.fetch_models_table`, likewise."""
    _verify(query, limit, sort_by, ascending, progress_bar)
    no_version = Not(Exists(_MODEL, AttributeKind.STRING))
    rows = _Rows(reader, project, ContainerType.MODEL, no_version, query, trashed)
    return rows.table(columns, limit, sort_by, ascending, progress_bar)


def fetch_model_versions_table(
    reader: AttributeReader | None,
    project: str,
    model: str,
    *,
    query: str | None,
    columns: Iterable[str] | None,
    limit: int | None,
    sort_by: str,
    ascending: bool,
    progress_bar: ProgressBarType | None,
) -> Table:
    """`Model.fetch_model_versions_table`, likewise; `model` is the model's id."""
    _verify(query, limit, sort_by, ascending, progress_bar)
    its_own = Compare(_MODEL, AttributeKind.STRING, "=", model)
    rows = _Rows(reader, project, ContainerType.MODEL_VERSION, its_own, query, trashed=False)
    return rows.table(columns, limit, sort_by, ascending, progress_bar)


def _any(conditions: Iterable[Condition]) -> Iterator[Condition]:
    parts = list(conditions)
    if parts:
        yield AnyOf(parts)


def _verify(query: Any, limit: Any, sort_by: Any, ascending: Any, progress_bar: Any) -> None:
    verify_type("query", query, (str, type(None)))
    verify_type("limit", limit, (int, type(None)))
    verify_type("sort_by", sort_by, str)
    verify_type("ascending", ascending, bool)
    verify_type("progress_bar", progress_bar, (type(None), bool, type(ProgressBarCallback)))
    if isinstance(limit, int) and limit <= 0:
        raise ValueError(f"limit has to be a positive number or None, not {limit}")


class _Rows:
    """The objects of a project that a table is made of: all that are `within` it, and among them those of the query."""

    def __init__(
        self,
        reader: AttributeReader | None,
        project: str,
        type: ContainerType,
        within: Condition,
        query: str | None,
        trashed: bool | None,
    ) -> None:
        self._reader = reader
        self._project = project
        self._type = type
        self._trashed = trashed
        self._query = query or ""
        self._problem: QuerySyntaxError | None = None
        try:
            self._condition: Condition = AllOf([within, parse(self._query)])
        except QuerySyntaxError as error:
            self._condition, self._problem = within, error

    def table(
        self,
        columns: Iterable[str] | None,
        limit: int | None,
        sort_by: str,
        ascending: bool,
        progress_bar: ProgressBarType | None,
    ) -> Table:
        """The table. Reads nothing yet where the newest come first, else all objects, for the order."""
        runs: Iterable[RunAttributes] = self._read(None if columns is None else {*columns, _ID, sort_by})
        if sort_by != _CREATED or ascending:
            everything = list(runs)
            sort_by, as_text = _sorting(everything, sort_by)
            runs = _sorted(everything, sort_by, as_text, ascending)
        wanted = None if columns is None else {*columns, _ID, sort_by}
        return Table(self._reader, self._type, self._entries(runs, wanted, limit, progress_bar))

    def _read(self, columns: Collection[str] | None) -> Iterator[RunAttributes]:
        if self._reader is None:
            return
        with telling():
            yield from self._reader.runs(
                self._project,
                container="run" if self._type is ContainerType.RUN else "model",
                series=None if columns is None else {*columns, *self._condition.paths()},
                trashed=self._trashed,
            )

    def _entries(
        self,
        runs: Iterable[RunAttributes],
        columns: Collection[str] | None,
        limit: int | None,
        progress_bar: ProgressBarType | None,
    ) -> Iterator[LeaderboardEntry]:
        if self._problem is not None:
            raise NeptuneInvalidQueryException(f"{self._query} ({self._problem})") from self._problem
        found = islice((run for run in runs if self._holds(run)), limit)
        page = int(os.environ.get(NEPTUNE_FETCH_TABLE_STEP_SIZE, "100"))
        for run in _shown(found, min(page, limit or page), progress_bar):
            yield LeaderboardEntry(run.external_id or run.display_id, Fields(run, columns))

    def _holds(self, run: RunAttributes) -> bool:
        try:
            return self._condition.holds(run)
        except TimeoutError as error:
            raise NeptuneInvalidQueryException(f"{self._query} (a regular expression takes too long)") from error


def _shown(runs: Iterator[RunAttributes], page: int, progress_bar: ProgressBarType | None) -> Iterator[RunAttributes]:
    """The runs, with a progress bar that shows how far the caller is where there is more than a page of them.

    A bar that was asked for knows the total, for which all are read at once.
    """
    if progress_bar is False:
        yield from runs
        return
    first = list(islice(runs, page + 1))
    if len(first) <= page:
        yield from first
        return
    rest: Iterable[RunAttributes] = chain(first, runs)
    total = None
    if progress_bar is not None:
        rest = list(rest)
        total = len(rest)
    rest = iter(rest)
    with construct_progress_bar(progress_bar, "Fetching table...") as bar:
        bar.update(by=0, total=total)
        while some := list(islice(rest, page)):
            bar.update(by=len(some), total=total)
            yield from some


def _sorting(runs: Sequence[RunAttributes], path: str) -> tuple[str, bool]:
    """The field that `sort_by` means, and whether its values are compared as texts.

    Raises `ValueError` where no object has it, or one has a field there that holds more than one value.
    """
    kinds = {kind for run in runs if (kind := run.kind(path)) is not None}
    if not kinds and not path.startswith("sys/"):
        kinds = {kind for run in runs if (kind := run.kind(f"sys/{path}")) is not None}
        path = f"sys/{path}" if kinds else path
    if not kinds and path not in (_CREATED, _ID):
        raise ValueError(f"the table can't be sorted by {path!r}: no object has such a field")
    if not kinds <= _SIMPLE:
        raise ValueError(
            f"the table can't be sorted by {path!r}: it holds more than one value, or a file, in some object"
        )
    mixed = len(kinds) > 1 and kinds != _NUMBERS
    if mixed:
        warn_once(
            f"{path!r} has not the same type in all objects: the table is sorted by its values as texts",
            exception=NeptuneWarning,
        )
    return path, mixed


def _sorted(runs: Sequence[RunAttributes], path: str, as_text: bool, ascending: bool) -> Iterator[RunAttributes]:
    """The runs by the value of a field; those without one come last."""
    valued, others = [], []
    for run in runs:
        value: Any = None if run.kind(path) is None else run.atom(path)
        if value is None or value != value:  # NaN has no place in an order
            others.append(run)
        else:
            valued.append((str(value) if as_text else value, run))
    valued.sort(key=lambda pair: pair[0], reverse=not ascending)
    return chain((run for _, run in valued), others)
