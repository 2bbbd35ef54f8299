"""Changes of a run that is read."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from pluto.compat.wandb.apis.attrs import Attrs
from pluto.compat.wandb.apis.normalize import normalize_exceptions
from pluto.compat.wandb.apis.reading.facts import HIDDEN, state_of, stored_tags
from pluto.compat.wandb.errors.errors import Error, UnsupportedError

if TYPE_CHECKING:
    from pluto.compat.wandb.apis.public.summary import HTTPSummary
    from pluto.compat.wandb.apis.reading.records import Record

_POLL_S = 1.0


class RunEditing(Attrs):
    """What is set on a run is kept by `update`."""

    _record: Record
    _service_api: Any
    _state: str
    _summary: HTTPSummary | None = None

    @property
    def config(self) -> dict[str, Any]:
        """The config as people have set it."""
        found: dict[str, Any] = self._attrs["config"]
        return found

    @property
    def rawconfig(self) -> dict[str, Any]:
        """The config with what this door keeps there for itself."""
        found: dict[str, Any] = self._attrs["rawconfig"]
        return found

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """The summary as a dict."""
        found: dict[str, Any] = self._attrs.setdefault("summaryMetrics", self._record.stored.summary)
        return found

    @property
    def summary(self) -> HTTPSummary:
        """The summary; what is set in it is kept by its `update`."""
        from pluto.compat.wandb.apis.public.summary import HTTPSummary

        if self._summary is None:
            self._summary = HTTPSummary(self, self._service_api, summary=self.summary_metrics)
        return self._summary

    @property
    def json_config(self) -> str:
        """The config as W&B's own JSON has it."""
        config = {"_wandb": {"value": self.rawconfig["_wandb"], "desc": None}} if "_wandb" in self.rawconfig else {}
        config |= {name: {"value": value, "desc": None} for name, value in self.config.items()}
        return json.dumps(config)

    @property
    def notes(self) -> str | None:
        """The run's notes."""
        if "notes" not in self._attrs:
            self._attrs["notes"] = self._record.notes
        found: str | None = self._attrs["notes"]
        return found

    @notes.setter
    def notes(self, text: str | None) -> None:
        self._attrs["notes"] = text

    @property
    def description(self) -> str | None:
        """The notes by their older name."""
        return self.notes

    @description.setter
    def description(self, text: str | None) -> None:
        self._attrs["notes"] = text

    @normalize_exceptions
    def update(self) -> None:
        """Keeps name, notes, tags, group, job type, config and summary as they are here."""
        from pluto.compat.wandb.sdk.lib.config_values import config_value

        record = self._record
        # The door's own part may have grown since: only what people have set is replaced.
        stored = record.client.get_run(record.place, record.number).get("config") or {}
        config = {name: stored[name] for name in HIDDEN if name in stored}
        config |= {str(name): config_value(value) for name, value in self.config.items() if name not in HIDDEN}
        changes: dict[str, Any] = {"notes": self.notes} if "notes" in self._attrs else {}
        record.client.edit_run(
            record.place,
            record.number,
            name=self.name,
            tags=stored_tags(list(self.tags or ()), self.group, self.job_type),
            config=config,
            **changes,
        )
        self.summary.update()
        record.reload()

    def save(self) -> None:
        """The same as `update`."""
        self.update()

    @normalize_exceptions
    def delete(self, delete_artifacts: bool = False) -> None:
        """Deletes the run with all it logged; with `delete_artifacts` the artifacts it made, too. No way back."""
        record = self._record
        if delete_artifacts:
            for row in list(record.client.run_artifacts(record.number, "logged")):
                if row.get("runId") in (None, record.number):
                    record.client.delete_artifact(row["id"], aliases=True)
        record.client.delete_run(record.place, record.number)

    @normalize_exceptions
    def wait_until_finished(self) -> None:
        """Waits until the run has ended."""
        while True:
            state = state_of(self._record.client.get_run(self._record.place, self._record.number))
            if state != "running":
                self._state = self._attrs["state"] = state
                return
            time.sleep(_POLL_S)

    @normalize_exceptions
    def update_state(self, state: str) -> bool:
        """Marks a run that is still `running` as `failed`; whether it is. Raises `Error` for any other change."""
        if state == "pending":
            raise UnsupportedError("Runs are never pending here: begin another run with wandb.init()")
        if state != "failed" or self._state not in ("running", "failed"):
            raise Error(f"A run can't go from {self._state!r} to {state!r}; only a running one to 'failed'")
        self._record.client.end_run(self._record.place, self._record.number, "FAILED")
        self._state = self._attrs["state"] = state
        return True

    @normalize_exceptions
    def stop(self) -> None:
        """Asks the run to stop; its processes notice within seconds. One that has ended is left alone."""
        from pluto.query import QueryError

        try:
            self._record.client.cancel_run(self._record.place, self._record.number)
        except QueryError as error:
            if error.status_code != 409:
                raise
