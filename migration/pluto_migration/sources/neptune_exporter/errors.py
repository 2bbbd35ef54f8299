"""What the exporter could not get, as it says itself: a line of JSON for each attribute, or run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pluto_migration.source import Problems, SourceError

SETTING: Final = "errors"
NAME: Final = "neptune_exporter_errors.jsonl"
_LINE_BYTES: Final = 1 << 20

Key = tuple[str | None, str | None]
"""Project and run, as far as they are told."""


class Errors:
    """What went wrong in all exports whose reports are there, by project and run."""

    def __init__(self) -> None:
        self._told: dict[Key, Counter[tuple[str, str]]] = {}
        self._seen: set[Path] = set()

    def read(self, path: Path, problems: Problems) -> None:
        """Adds a report. Lines that can't be read are noted. Harmless when repeated."""
        real = path.resolve()
        if real in self._seen:
            return
        self._seen.add(real)
        try:
            with open(path, "rb") as file:
                number = 0
                while line := file.readline(_LINE_BYTES):
                    number += 1
                    if line.strip():
                        self._add(line, str(path), f"{path}, line {number}", problems)
        except OSError as error:
            problems.note(path, f"can't be read: {error}")

    def of(self, project: str, run: str) -> tuple[tuple[str, str], ...]:
        """Where it is told, and what, of one run; it is not told again by `rest`."""
        return tuple(self._lines(self._told.pop((project, run), Counter())))

    def rest(self, problems: Problems) -> None:
        """Notes what concerns no run that is there."""
        for (project, run), told in self._told.items():
            for where, what in self._lines(told):
                problems.note(where, f"{project or 'no project'}/{run or 'no run'}: {what}")

    def _add(self, line: bytes, path: str, where: str, problems: Problems) -> None:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            problems.note(where, "can't be read")
            return
        what = _what(row)
        for project in _texts(row.get("project_id")):
            for run in _texts(row.get("run_id")):
                for attribute in _texts(row.get("attribute_path")):
                    named = f"{attribute}: {what}" if attribute else what
                    self._told.setdefault((project, run), Counter())[(path, named)] += 1

    @staticmethod
    def _lines(told: Mapping[tuple[str, str], int]) -> Iterator[tuple[str, str]]:
        for (where, what), count in told.items():
            yield where, what if count == 1 else f"{what} ({count} times)"


def reports(path: Path, settings: Mapping[str, str]) -> Iterable[Path]:
    """The reports that belong to an export: the named one, or those in its folder and the two above.

    The exporter writes it where it is started, as a rule beside the folder of the export. Raises `SourceError` where
    the one that is named is not there.
    """
    named = settings.get(SETTING)
    if named is not None:
        if not Path(named).is_file():
            raise SourceError(f"there is no file {named!r}, which is named as the report of errors")
        return [Path(named)]
    absolute = path.absolute()
    return [folder / NAME for folder in (absolute, *list(absolute.parents)[:2]) if (folder / NAME).is_file()]


def _what(row: Mapping[str, Any]) -> str:
    kind = row.get("attribute_type")
    of = f" ({', '.join(map(str, _texts(kind)))})" if kind else ""
    return f"the export did not get it{of}: {row.get('exception') or 'an error without a name'}"


def _texts(value: Any) -> list[str | None]:
    """One or several of them; None alone for none."""
    if isinstance(value, list):
        return [str(one) for one in value] or [None]
    return [None if value is None else str(value)]
