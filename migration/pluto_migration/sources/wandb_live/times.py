"""Times as the service writes them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, Final

_PARTS: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?")
_LINE: Final = re.compile(r"(?:ERROR )?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z?) ")


def microseconds(said: Any) -> int | None:
    """A time, ISO 8601 and UTC unless it says otherwise, in whole microseconds; None for what is none."""
    if isinstance(said, datetime):
        moment = said if said.tzinfo else said.replace(tzinfo=timezone.utc)
        return round(moment.timestamp() * 1e6)
    found = _PARTS.fullmatch(said.strip()) if isinstance(said, str) else None
    if found is None:
        return None
    day, hour, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(
            f"{day}T{hour}{'+00:00' if zone in (None, 'Z') else zone[:3] + ':' + zone[-2:]}"
        )
    except ValueError:
        return None
    return round(moment.timestamp()) * 1_000_000 + int((fraction or "0").ljust(6, "0")[:6])


def stamped(line: str) -> tuple[int | None, str]:
    """A line of a log, with the time it begins with, if any."""
    found = _LINE.match(line)
    time = None if found is None else microseconds(found[1])
    return (None, line) if found is None or time is None else (time, line[found.end() :])
