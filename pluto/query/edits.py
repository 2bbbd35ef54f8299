"""Changes of runs after the fact."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pluto.query.connection import telling
from pluto.query.runs import Runs

_KEEP: Final[Any] = object()


class Edits(Runs):
    """Writes of what is known of a run; what it logged stays as it is."""

    def edit_run(
        self,
        project: str,
        run_id: int | str,
        *,
        name: str = _KEEP,
        notes: str | None = _KEEP,
        tags: Sequence[str] = _KEEP,
        config: Mapping[str, Any] = _KEEP,
    ) -> None:
        """Changes what is given; `config` takes the place of the one there is. Needs Pluto's own server."""
        self._connection.demand("changes of runs", "change them in its web page")
        number = self._id_within(project, run_id)
        given = {"name": name, "notes": notes, "tags": tags, "config": config}
        body = {key: value for key, value in given.items() if value is not _KEEP}
        with telling(f"run {run_id!r}"):
            self._connection.calls.change("PATCH", f"/runs/{number:d}", body)

    def merge_config(self, project: str, run_id: int | str, values: Mapping[str, Any]) -> None:
        """Merges values into the run's config: dicts deeply, anything else takes the place of what was there."""
        number = self._id_within(project, run_id)
        with telling(f"run {run_id!r}"):
            self._connection.calls.merge_config(number, json.dumps(values))

    def end_run(self, project: str, run_id: int | str, status: str) -> None:
        """Gives a run the status `COMPLETED`, `FAILED` or `TERMINATED`, where nobody else does it any more."""
        if status not in ("COMPLETED", "FAILED", "TERMINATED"):
            raise ValueError(f"a run ends as COMPLETED, FAILED or TERMINATED, not {status!r}")
        number = self._id_within(project, run_id)
        with telling(f"run {run_id!r}"):
            self._connection.calls.set_status(number, status)

    def create_run(
        self, project: str, *, external_id: str, name: str, config: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A new run that nobody logs to yet, as `get_run` gives it; one that has this external id is reopened."""
        body = {"projectName": project, "externalId": external_id, "runName": name, "config": json.dumps(config or {})}
        with telling(f"run {external_id!r}"):
            answer = self._connection.calls.create(body)
        return self.get_run(project, answer.run_id)
