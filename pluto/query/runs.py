"""Projects and runs: lists, look-ups, deletion, cancellation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pluto.core.jsonable import to_json
from pluto.query import filters as grammar
from pluto.query.connection import Connection, telling
from pluto.query.errors import QueryError

_PAGE: Final = 200
_MAX_OFFSET: Final = 100_000
_DISPLAY_ID: Final = re.compile(r"[A-Za-z0-9]+-\d+\Z")


class Runs:
    """Reads of runs. A `run_id` is the server's number (int), a display id (`"MMP-1"`) or an external id."""

    _connection: Connection

    def list_projects(self) -> list[dict[str, Any]]:
        """The projects: `id`, `name`, `runCount`, `createdAt`, `updatedAt`."""
        return list(self._connection.get("/api/runs/projects")["projects"])

    def list_runs(
        self,
        project: str,
        search: str | None = None,
        tags: list[str] | None = None,
        limit: int = 50,
        sort: str | None = None,
        offset: int = 0,
        filters: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        """Up to `limit` runs: `id`, `name`, `number`, `displayId`, `projectName`, `status`, `tags`, `createdAt`.

        `search`: part of a name or display id. `tags`: runs that have all of them. `sort`: `+` or `-` and `createdAt`,
        `updatedAt`, `name`, `status`, `heartbeat_at`, `config.<key>`, `systemMetadata.<key>` or
        `summary_metrics.<name>`; newest first when not given. `filters`: `{field: value}` or `{field: {op: value}}`
        with `$eq $ne $gt $gte $lt $lte $in $nin $regex`, combined by `$and`, `$or` and `$not`; fields are `status`,
        `name`, `tags`, `created_at`, `updated_at`, `heartbeat_at`, `config.<key>`, `systemMetadata.<key>` and
        `summaryMetrics.<name>`. All conditions must hold.

        Raises `ValueError` for filters outside this grammar, `QueryError` where the server can't answer.
        """
        if limit < 0:
            raise ValueError(f"limit is at least 0, not {limit}")
        runs: list[dict[str, Any]] = []
        for page in self._pages(project, search, tags, sort, max(offset, 0), filters, limit):
            runs.extend(page)
        return runs[:limit]

    def iter_runs(
        self,
        project: str,
        search: str | None = None,
        tags: list[str] | None = None,
        sort: str | None = None,
        filters: dict[str, Any] | None = None,
        details: bool = False,
    ) -> Iterator[dict[str, Any]]:
        """Every run that `list_runs` would find, page after page; with `details`, each as `get_run` gives it."""
        for page in self._pages(project, search, tags, sort, 0, filters, None):
            if not details:
                yield from page
            elif self._connection.extended:
                asked = {"runIds": [run["id"] for run in page]}
                yield from self._connection.ask("/details", asked, fresh=False)["runs"]
            else:
                for run in page:
                    yield self.get_run(project, run["id"])

    def get_run(self, project: str, run_id: int | str) -> dict[str, Any]:
        """One run: `id`, `name`, `displayId`, `status`, `tags`, `config`, `systemMetadata`, `logNames`, …

        A text is taken for a display id first, then for an external id, then (digits only) for the server's number;
        `find_run` takes one of them only. Raises `QueryError` with status 404 where there is none.
        """
        if isinstance(run_id, int):
            return self._details(project, f"/api/runs/details/{run_id:d}")
        found = None
        if _DISPLAY_ID.match(run_id):
            found = self._or_none(lambda: self.find_run(project, display_id=run_id))
        if found is None and self._connection.extended:
            found = self._or_none(lambda: self.find_run(project, external_id=run_id))
        if found is None and run_id.isdecimal() and run_id.isascii():
            found = self._or_none(lambda: self._details(project, f"/api/runs/details/{int(run_id)}"))
        if found is None:
            raise QueryError(f"there is no run {run_id!r} in project {project!r} of {self._connection.where}", 404)
        return found

    def find_run(
        self, project: str, *, number: int | None = None, display_id: str | None = None, external_id: str | None = None
    ) -> dict[str, Any]:
        """The run with this number within the project, this display id, or this external id, as `get_run` gives it.

        Raises `ValueError` unless exactly one is given, `QueryError` with status 404 where there is no such run.
        """
        if sum(given is not None for given in (number, display_id, external_id)) != 1:
            raise ValueError("give one of number, display_id and external_id")
        if display_id is not None:
            if not _DISPLAY_ID.match(display_id):
                raise QueryError(f"{display_id!r} is no display id: they look like MMP-1", 404)
            return self._details(project, f"/api/runs/details/by-display-id/{display_id}")
        if external_id is not None:
            self._connection.demand("look-ups by external id", "use the display id or the number")
            asked = {"projectName": project, "externalId": external_id}
            return dict(self._connection.extension("/runs/lookup", asked))
        for run in self.iter_runs(project, search=f"-{number}"):
            if run.get("number") == number:
                return self.get_run(project, run["id"])
        raise QueryError(f"there is no run number {number} in project {project!r} of {self._connection.where}", 404)

    def delete_run(self, project: str, run_id: int | str) -> None:
        """Deletes a run with everything logged to it. There is no way back. Needs Pluto's own server."""
        self._connection.demand("deletion", "delete the run in its web page")
        number = self._id_within(project, run_id)
        with telling(f"run {run_id!r}"):
            self._connection.calls.delete_run(number)

    def cancel_run(self, project: str, run_id: int | str) -> None:
        """Asks the run's processes to stop; they notice within seconds. Needs Pluto's own server."""
        self._connection.demand("cancellation", "cancel the run in its web page")
        number = self._id_within(project, run_id)
        with telling(f"run {run_id!r}"):
            self._connection.calls.cancel(number)

    def update_config(self, project: str, run_id: int | str, config: Mapping[str, Any]) -> None:
        """Merges a dict deeply into the config of a run, open or ended, and leaves everything else as it is."""
        number = self._id_within(project, run_id)
        with telling(f"run {run_id!r}"):
            self._connection.calls.merge_config(number, to_json(config))

    def _id(self, project: str, run_id: int | str) -> int:
        return run_id if isinstance(run_id, int) else int(self.get_run(project, run_id)["id"])

    def _id_within(self, project: str, run_id: int | str) -> int:
        """The run's number, after a look that it is a run of this project: what can't be undone asks twice."""
        run = self.get_run(project, run_id)
        if run["projectName"] != project:
            raise QueryError(f"run {run_id!r} belongs to project {run['projectName']!r}, not to {project!r}", 404)
        return int(run["id"])

    def _details(self, project: str, path: str) -> dict[str, Any]:
        return dict(self._connection.get(path, {"projectName": project}))

    @staticmethod
    def _or_none(look: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return look()
        except QueryError as error:
            if error.status_code in (400, 404):
                return None
            raise

    def _pages(
        self,
        project: str,
        search: str | None,
        tags: Sequence[str] | None,
        sort: str | None,
        offset: int,
        filters: dict[str, Any] | None,
        limit: int | None,
    ) -> Iterator[list[dict[str, Any]]]:
        if filters is not None:
            grammar.check(filters)
        # The `tags` parameter finds runs with any of the tags, and splits at commas: only one plain tag can go there.
        plain = tags is not None and len(tags) == 1 and "," not in tags[0]
        if tags and not plain:
            wanted: list[dict[str, Any]] = [{"tags": {"$eq": tag}} for tag in tags]
            filters = {"$and": wanted + ([filters] if filters else [])}
        params = {
            "projectName": project,
            "search": search,
            "tags": tags[0] if plain and tags else None,
            "sort": sort,
            "filter": None if filters is None else json.dumps(filters),
        }
        left = limit
        fresh = True
        while left is None or left > 0:
            if offset > _MAX_OFFSET:
                raise QueryError(f"a server lists at most {_MAX_OFFSET:,} runs: narrow down by search, tags or filters")
            asked = _PAGE if left is None else min(left, _PAGE)
            page = self._connection.get(
                "/api/runs/list", {**params, "limit": asked, "offset": offset or None}, fresh=fresh
            )["runs"]
            yield page
            if len(page) < asked:
                return
            fresh = False
            offset += len(page)
            left = None if left is None else left - len(page)
