"""What the records of a run have told of it so far, beside what it logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from pluto.core import protobuf
from pluto_migration.model import Facts, Status
from pluto_migration.sources.wandb_local import artifacts, facts, machine
from pluto_migration.sources.wandb_local.history import DEEPEST, BadValueError, decoded, values_of
from pluto_migration.sources.wandb_local.rows import NamePath, Rows
from pluto_migration.sources.wandb_local.summary import Summary

_TELEMETRY: Final = {4: "python_version", 5: "cli_version", 6: "huggingface_version", 13: "platform"}
_TENSORBOARD: Final = {1: "log_dir", 3: "root_dir", 4: "namespace", 5: "save_path"}
_EXTRAS: Final = ("storage_id", "resumed", "forked", "first_step")


class Told:
    """Takes the records of all directories of a run, one after another; a later word on something counts."""

    def __init__(self, note: Callable[[str], object]) -> None:
        """`note` is called with what can't be read."""
        self._note = note
        self.run: dict[str, Any] = {}
        """What the records of the run itself say, as `facts.run` gives it."""
        self.machine: dict[str, Any] = {}
        """What is known of the machine of the directory at hand, as `wandb-metadata.json` has it."""
        self._config: dict[str, Any] = {}
        self._definitions: dict[str, Any] = {}
        self._summary = Summary()
        self._extras: dict[str, Any] = {}
        self._code: int | None = None
        self._ended = 0
        self._preempting = False
        self._row = 0
        self._sent = False

    def begin(self) -> None:
        """Another process went on with the run."""
        self.machine, self._code = {}, None

    def take(self, number: int, record: bytes, row: int, sent: bool) -> bool:
        """Takes a record by the number of its kind; whether it is one of those that tell of the run.

        `row` is the row that comes next; `sent`: by the user's process, and not made by W&B of other records. Raises
        `protobuf.DamagedError`.
        """
        taking = _TAKE.get(number)
        if taking is None:
            return False
        self._row, self._sent = row, sent
        taking(self, record)
        return True

    def value(self, path: NamePath, text: bytes, otherwise: Any = None) -> Any:
        """A value that stands at a path; `otherwise` for one that can't be read, which is noted."""
        try:
            return decoded(text)
        except BadValueError as error:
            self._note(f"{'.'.join(path)!r}: {error}")
            return otherwise

    def labels(self, key: str) -> Any:
        """The names of the classes of a mask, by its key and layer; None where there are none yet."""
        own = self._config.get("_wandb")
        labels = own.get("mask/class_labels") if isinstance(own, dict) else None
        return labels.get(key) if isinstance(labels, dict) else None

    def facts(
        self, heard: int, rows: Rows, starts: dict[str, float], requirements: list[str], folders: list[str]
    ) -> Facts:
        """All of it. `heard`: when the run was last heard of; `starts`: as in the config's `_wandb`."""
        said = self.run
        own = self._config.get("_wandb")
        kept, more = facts.of_wandb(own if isinstance(own, dict) else {})
        point = said.get("branch_point")
        wandb: dict[str, Any] = {"door": "wandb", **kept, **rows.own(), "starts": starts}
        wandb.update({name: said[name] for name in ("entity", "sweep_id", "host") if name in said})
        summary = self._summary.own(rows.last_of, self._definitions)
        wandb.update({"m": self._definitions} if self._definitions else {})
        wandb.update({"summary": summary} if summary else {})
        wandb.update({"preempting": True} if self._preempting else {})
        wandb.update({"branch_point": {"run_id": point.get("run"), "step": point.get("value")}} if point else {})
        extras = {**self._extras, **({"_wandb": more} if more else {}), "directories": folders}
        extras.update({name: said[name] for name in _EXTRAS if said.get(name)})
        git = {"git": said["git"]} if said.get("git") else {}
        status: Status = "crashed" if self._code is None else "failed" if self._code else "finished"
        return Facts(
            name=said.get("name"),
            notes=said.get("notes"),
            tags=facts.tags(said.get("tags", ()), said.get("group"), said.get("job_type")),
            status=status,
            exit_code=self._code,
            ended=max(heard, self._ended) or None,
            config={name: value for name, value in self._config.items() if name != "_wandb"},
            metadata=machine.metadata({**git, **self.machine}, requirements),
            wandb=wandb,
            extras=extras,
        )

    # each kind of record

    def _take_run(self, record: bytes) -> None:
        said = facts.run(record)
        for config in said.pop("config", ()):
            self._take_config(config)
        for summary in said.pop("summary", ()):
            self._take_summary(summary)
        self.run.update(said)

    def _take_config(self, record: bytes) -> None:
        for path, value in self._values(record):
            facts.merged(self._config, path, value)
        for path in values_of(record)[1]:
            facts.taken_out(self._config, path)

    def _take_summary(self, record: bytes) -> None:
        for path, value in self._values(record):
            self._summary.set(path, value, self._row, made=not self._sent)
        for path in values_of(record)[1]:
            self._summary.delete(path, self._row)

    def _values(self, record: bytes) -> Iterator[tuple[NamePath, Any]]:
        for path, text, typed in values_of(record)[0]:
            value = typed if text is None else self.value(path, text, _BAD)
            if len(path) > DEEPEST:
                self._note(f"{'.'.join(path[:3])!r}…: nested more than {DEEPEST} levels deep")
            elif value is not _BAD:
                yield path, value

    def _take_metric(self, record: bytes) -> None:
        found = facts.definition(record)
        if found is not None:
            self._definitions[found[0]] = found[1]

    def _take_exit(self, record: bytes) -> None:
        self._code, runtime = facts.exit_of(record)
        if runtime is not None and "started" in self.run:
            self._ended = max(self._ended, self.run["started"] + runtime * 1_000_000)

    def _take_preempting(self, record: bytes) -> None:  # noqa: ARG002
        self._preempting = True

    def _take_environment(self, record: bytes) -> None:
        self.machine.update(machine.environment(record))

    def _take_use(self, record: bytes) -> None:
        used = artifacts.used(record)
        self._extras.setdefault("used_artifacts", []).append(used)
        name = used.get("name") or used.get("id")
        self._note(f"the run used the artifact {name!r}, whose content is not in its folder")

    def _take_tensorboard(self, record: bytes) -> None:
        self._extras.setdefault("tensorboard", []).append(_named(record, _TENSORBOARD))

    def _take_telemetry(self, record: bytes) -> None:
        self._extras.setdefault("telemetry", {}).update(_named(record, _TELEMETRY))

    def _take_header(self, record: bytes) -> None:
        for number, kind, value in protobuf.fields(record):
            if number == 1 and kind == protobuf.LENGTH:
                self._extras.update(_named(value, {1: "writer"}))


def _named(record: bytes, names: dict[int, str]) -> dict[str, str]:
    return {names[number]: text for number, text in facts.texts(record).items() if number in names and text}


class _Bad:
    """Stands for a value that can't be read."""


_BAD: Final = _Bad()
_TAKE: Final[dict[int, Callable[[Told, bytes], None]]] = {
    3: Told._take_summary,
    5: Told._take_config,
    9: Told._take_tensorboard,
    11: Told._take_telemetry,
    12: Told._take_metric,
    17: Told._take_run,
    18: Told._take_exit,
    21: Told._take_header,
    23: Told._take_preempting,
    25: Told._take_use,
    26: Told._take_environment,
}
"""What is done with each kind of record, by the number of its field."""
